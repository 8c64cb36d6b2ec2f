"""Exchange and correlation on a line. Pure functions of JAX arrays; Hartree and Bohr.

A functional maps one-particle density matrices γ (2, points, points), whose diagonal over the
spacing is the density, to an energy. Its derivative by γ, which JAX takes, is its part of the Fock
matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import jax.numpy as jnp
import numpy as np

from ._grid import Grid

# A, C, D, E, α, β, m for a softening of 1 Bohr (Helbig et al., Phys. Rev. A 83, 032503 (2011)).
_PAIRED = (18.40, 7.501, 0.10185, 0.012827, 1.511, 0.258, 4.424)
_POLARISED = (5.24, 1.568, 0.12856, 0.003201, 0.0538, 1.56e-5, 2.958)
_LEAST = 1e-14  # electrons per Bohr

# ∫₀^∞ dt of an analytic even function: the trapezoidal rule converges exponentially.
_WEIGHTS = np.full(160, 0.25)
_WEIGHTS[0] /= 2
_COSH = np.cosh(0.25 * np.arange(160))

Functional = Callable[[jnp.ndarray], jnp.ndarray]


def lda_exchange_per_length(spin_density):
    """Exchange energy per Bohr of electrons of one spin, spread evenly with this density.

    e_x = −(1/2π²) ∫₀^a dq (a − q) K₀(q) with a = 2π n_σ; 2K₀(|q|) is the Fourier transform of
    1/√(x² + 1). With K₀(q) = ∫₀^∞ dt exp(−q cosh t) the integral over q is elementary.
    """
    a = 2 * jnp.pi * spin_density
    integrand = a[..., None] / _COSH + jnp.expm1(-a[..., None] * _COSH) / _COSH**2
    return -(integrand @ _WEIGHTS) / (2 * jnp.pi**2)


def lda_correlation_per_electron(density, polarisation):
    """Correlation energy per electron, between the paired and the polarised gas as ζ²."""
    rs = 1 / (2 * jnp.maximum(density, _LEAST))
    paired, polarised = _helbig(rs, *_PAIRED), _helbig(rs, *_POLARISED)
    return paired + (polarised - paired) * polarisation**2


def _helbig(rs, a, c, d, e, alpha, beta, m):
    above = (rs + e * rs**2) * jnp.log1p(alpha * rs + beta * rs**m)
    return -above / (2 * (a + c * rs**2 + d * rs**3))


@cache
def lda(grid: Grid) -> Functional:
    """The local density approximation: everywhere as in the uniform gas of that density."""

    def energy(gamma):
        up_down = spin_densities(gamma, grid)
        n = up_down.sum(axis=0)
        zeta = (up_down[0] - up_down[1]) / jnp.maximum(n, _LEAST)
        exchange = lda_exchange_per_length(up_down).sum(axis=0)
        return (exchange + n * lda_correlation_per_electron(n, zeta)).sum() * grid.spacing

    return energy


@cache
def exact_exchange(grid: Grid) -> Functional:
    """−½ Σσ ∬ |γσ(x, x')|²/√((x − x')² + a²); no electron exchanges with its own images."""
    repulsion = grid.repulsion() - 2 * grid.self_energy
    return lambda gamma: -0.5 * (gamma**2 * repulsion).sum()


@cache
def hartree(grid: Grid) -> Functional:
    """No exchange, no correlation."""
    return lambda gamma: 0.0 * gamma.sum()


NAMED = {"LDA": lda, "exact exchange": exact_exchange, "Hartree": hartree}


def spin_densities(gamma, grid: Grid):
    """(2, points): electrons per Bohr."""
    return jnp.maximum(jnp.diagonal(gamma, axis1=1, axis2=2), 0.0) / grid.spacing
