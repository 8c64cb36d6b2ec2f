"""The uniform electron gas: exchange, and correlation as Perdew and Wang fitted it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

EXCHANGE_CONSTANT = -1.5 * (3 / (4 * np.pi)) ** (1 / 3)
"""e_LDA = this times (ρα^{4/3} + ρβ^{4/3}): spin-scaled exchange of the uniform gas, −0.9305…"""

# A, α₁, β₁ … β₄ of Perdew and Wang, Phys. Rev. B 45, 13244 (1992), table I.
_PAIRED = (0.0310907, 0.21370, 7.5957, 3.5876, 1.6382, 0.49294)
_PARALLEL = (0.01554535, 0.20548, 14.1189, 6.1977, 3.3662, 0.62517)
_STIFFNESS = (0.0168869, 0.11125, 10.357, 3.6231, 0.88026, 0.49671)
_CURVATURE = 8 / (9 * (2 ** (4 / 3) - 2))  # f''(0), which they round to 1.709921


def _g(rs, constants):
    a, alpha, b1, b2, b3, b4 = constants
    root = jnp.sqrt(rs)
    series = root * (b1 + root * (b2 + root * (b3 + root * b4)))
    return -2 * a * (1 + alpha * rs) * jnp.log1p(1 / (2 * a * series))


def correlation(rho) -> jax.Array:
    """e_c, (...,), Hartree/Bohr³, of spin densities (..., 2) > 0."""
    total = rho.sum(axis=-1)
    rs = (3 / (4 * np.pi * total)) ** (1 / 3)
    zeta = (rho[..., 0] - rho[..., 1]) / total
    f = ((1 + zeta) ** (4 / 3) + (1 - zeta) ** (4 / 3) - 2) / (2 ** (4 / 3) - 2)
    paired, parallel = _g(rs, _PAIRED), _g(rs, _PARALLEL)
    stiffness = -_g(rs, _STIFFNESS) / _CURVATURE
    per_electron = paired + f * (stiffness * (1 - zeta**4) + (parallel - paired) * zeta**4)
    return total * per_electron
