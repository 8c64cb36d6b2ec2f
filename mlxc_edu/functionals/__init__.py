"""Exchange-correlation functionals as pure functions of arrays, in JAX.

Nothing here knows of molecules, basis sets or PySCF: numbers at points go in, energies per volume
come out, and derivatives are JAX's. All in atomic units. Features and energies are float64, so
importing this package switches on JAX's 64-bit numbers.
"""

from ._jax import set_up

set_up()

from . import dm21, edu26, edu27, occupation  # noqa: E402
from ._derivatives import energy_and_potential, hessian_product  # noqa: E402
from ._features import FEATURES, OMEGAS, Features, density_features  # noqa: E402
from ._forms import FORMS, form_of, form_with  # noqa: E402

__all__ = [
    "FEATURES",
    "FORMS",
    "OMEGAS",
    "Features",
    "density_features",
    "dm21",
    "edu26",
    "edu27",
    "energy_and_potential",
    "form_of",
    "form_with",
    "hessian_product",
    "occupation",
    "set_up",
]
