"""A world with one dimension, where the Schrödinger equation can be solved and seen.

Electrons on a line, soft Coulomb forces 1/√(x² + 1), atomic units: the exact wavefunction of up to
three electrons, the exact Kohn–Sham potential, and Kohn–Sham with a functional of one's own in JAX,
or one that learns from the exact solutions.
"""

from ..functionals import set_up

set_up()

from ._crystal import Crystal, crystal  # noqa: E402
from ._eigenstate import Eigenstate  # noqa: E402
from ._ensemble import Ensemble, ensemble  # noqa: E402
from ._exact import exact  # noqa: E402
from ._functionals import exact_exchange, lda  # noqa: E402
from ._grid import Grid, soft_coulomb  # noqa: E402
from ._inversion import Inversion, invert  # noqa: E402
from ._kohn_sham import kohn_sham  # noqa: E402
from ._learning import Fit, learned, train  # noqa: E402
from ._system import KohnSham, Solution, State  # noqa: E402

__all__ = [
    "Crystal", "Eigenstate", "Ensemble", "Fit", "Grid", "Inversion", "KohnSham", "Solution",
    "State", "crystal", "ensemble", "exact", "exact_exchange", "invert", "kohn_sham", "lda",
    "learned", "soft_coulomb", "train",
]  # fmt: skip
