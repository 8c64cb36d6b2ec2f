"""A world with one dimension, where the Schrödinger equation can be solved and seen.

Electrons on a line, soft Coulomb forces 1/√(x² + 1), atomic units: the exact wavefunction of up to
three electrons, the exact Kohn–Sham potential, and Kohn–Sham with a functional of one's own in JAX.
"""

import jax

jax.config.update("jax_enable_x64", True)

from ._ensemble import Ensemble, ensemble  # noqa: E402
from ._exact import Eigenstate, exact  # noqa: E402
from ._functionals import exact_exchange, lda  # noqa: E402
from ._grid import Grid, soft_coulomb  # noqa: E402
from ._inversion import Inversion, invert  # noqa: E402
from ._kohn_sham import KohnSham, Solution, State, kohn_sham  # noqa: E402

__all__ = [
    "Eigenstate",
    "Ensemble",
    "Grid",
    "Inversion",
    "KohnSham",
    "Solution",
    "State",
    "ensemble",
    "exact",
    "exact_exchange",
    "invert",
    "kohn_sham",
    "lda",
    "soft_coulomb",
]
