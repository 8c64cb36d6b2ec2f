"""The uniform electron gas: exchange, and correlation as Perdew and Wang fitted it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf

EXCHANGE_CONSTANT = -1.5 * (3 / (4 * np.pi)) ** (1 / 3)
"""e_LDA = this times (ρα^{4/3} + ρβ^{4/3}): spin-scaled exchange of the uniform gas, −0.9305…"""

# A, α₁, β₁ … β₄ of Perdew and Wang, Phys. Rev. B 45, 13244 (1992), table I.
_PAIRED = (0.0310907, 0.21370, 7.5957, 3.5876, 1.6382, 0.49294)
_PARALLEL = (0.01554535, 0.20548, 14.1189, 6.1977, 3.3662, 0.62517)
_STIFFNESS = (0.0168869, 0.11125, 10.357, 3.6231, 0.88026, 0.49671)
_CURVATURE = 8 / (9 * (2 ** (4 / 3) - 2))  # f''(0), which they round to 1.709921

_SMOOTH = 2.0  # ω/2k_F above which the share's series converges and its formula cancels
_SERIES = (1 / 36, -1 / 960, 1 / 26880, -1 / 829440, 1 / 28385280)  # in powers of (2k_F/ω)²


def short_range_share(rho, omega: float) -> jax.Array:
    """How much of e_LDA is exchange by erfc(ωr)/r; of one spin's density, or each spin's, > 0
    (P. M. W. Gill, R. D. Adamson, J. A. Pople, Mol. Phys. 88, 1005 (1996))."""
    a = omega / (2 * (6 * np.pi**2 * rho) ** (1 / 3))
    x, y = jnp.minimum(a, _SMOOTH), jnp.maximum(a, _SMOOTH) ** -2
    fast = jnp.exp(-1 / (4 * x**2))
    bracket = np.sqrt(np.pi) * erf(1 / (2 * x)) + (2 * x - 4 * x**3) * fast - 3 * x + 4 * x**3
    series = sum(c * y ** (n + 1) for n, c in enumerate(_SERIES))
    return jnp.where(a < _SMOOTH, 1 - 8 / 3 * x * bracket, series)


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
