"""A functional that learns from exact solutions, through the Kohn–Sham loop itself.

The loop is a function of the functional's parameters, so JAX can differentiate what comes out of
it: not only the energy at a fixed density, but the density that the functional leads to (Li et al.,
Phys. Rev. Lett. 126, 036401 (2021)).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.optimize import minimize

from ._eigenstate import Eigenstate
from ._functionals import (
    Functional,
    lda_correlation_per_electron,
    lda_exchange_per_length,
    spin_densities,
)
from ._grid import Grid

WIDTH = 16  # neurons in each of two layers
CYCLES = 15  # of the loop that is trained through
MIXING = 0.6
LEAST = 1e-6  # electrons per Bohr
DENSITY_WEIGHT = 1.0  # Hartree² Bohr, of ∫(n − n_exact)² beside (E − E_exact)²


def new_parameters(seed: int = 0):
    """Of a network that begins as LDA: its last layer is zero."""
    keys = jax.random.split(jax.random.PRNGKey(seed), 2)
    sizes = [(3, WIDTH), (WIDTH, WIDTH)]
    layers = [
        (jax.random.normal(key, size) / np.sqrt(size[0]), jnp.zeros(size[1]))
        for key, size in zip(keys, sizes)
    ]
    return [*layers, (jnp.zeros((WIDTH, 1)), jnp.zeros(1))]


def energy_of_densities(parameters, spins, grid: Grid):
    """Exchange–correlation energy, Hartree, of spin densities (2, points).

    LDA's energy at each point, times 1 + network(log n, how steep, ζ²). Local in the density and
    its gradient: a GGA.
    """
    n = spins.sum(axis=0)
    zeta = (spins[0] - spins[1]) / jnp.maximum(n, 1e-14)
    local = lda_exchange_per_length(spins).sum(axis=0)
    local = local + n * lda_correlation_per_electron(n, zeta)
    steepness = (grid.derivative @ n) ** 2 / (n**2 + LEAST)  # Bohr⁻²
    x = jnp.stack([jnp.log(n + LEAST) / 5, jnp.log1p(steepness), zeta**2], axis=1)
    *hidden, (last, offset) = parameters
    for weights, bias in hidden:
        x = jnp.tanh(x @ weights + bias)
    return (local * (1 + (x @ last + offset)[:, 0])).sum() * grid.spacing


def learned(parameters) -> Callable[[Grid], Functional]:
    """The functional with these parameters, for ``kohn_sham(functional=…)``."""

    @cache
    def functional(grid: Grid) -> Functional:
        return lambda gamma: energy_of_densities(parameters, spin_densities(gamma, grid), grid)

    return functional


@dataclass(frozen=True)
class Fit:
    """What training found.

    Attributes
    ----------
    parameters : of the network.
    functional : for ``kohn_sham(functional=…)``.
    losses : (steps,), Hartree², the mean over the training systems.
    """

    parameters: list
    functional: Callable[[Grid], Functional]
    losses: np.ndarray


def train(
    states: Sequence[Eigenstate],
    *,
    steps: int = 60,
    seed: int = 0,
    progress: Callable[[int, float], object] | None = None,
) -> Fit:
    """Fit a functional to exact energies and densities, through the Kohn–Sham loop.

    Parameters
    ----------
    states : exact solutions, all on one grid.
    steps : of the optimiser (L-BFGS).
    seed : of the network's first parameters.
    progress : called with the step and the loss after each.

    Raises
    ------
    ValueError : no states, or states on different grids.
    """
    states = list(states)
    if not states or any(s.grid != states[0].grid for s in states):
        raise ValueError("training takes exact states, at least one, all on the same grid")
    grid = states[0].grid
    h = jnp.array([grid.kinetic + np.diag(s.nuclei.potential(grid.x)) for s in states])
    filling = jnp.array([_filling(s) for s in states])
    exact = jnp.array([s.spin_density for s in states])
    energies = jnp.array([s.electronic_energy for s in states])
    first, unravel = ravel_pytree(new_parameters(seed))

    def loss(flat):
        parameters = unravel(flat)

        def of_one(h, filling, energy, density):
            found, n = loop(parameters, h, filling, density, grid)
            off = ((n - density) ** 2).sum(axis=(1, 2)) * grid.spacing
            return ((found - energy) ** 2 + DENSITY_WEIGHT * off).mean()

        return jax.vmap(of_one)(h, filling, energies, exact).mean()

    slope = jax.jit(jax.value_and_grad(loss))
    losses: list[float] = []

    def value(flat):
        found, gradient = slope(flat)
        return float(found), np.asarray(gradient, dtype=float)

    def seen(intermediate_result):
        losses.append(float(intermediate_result.fun))
        if progress:
            progress(len(losses), losses[-1])

    losses.append(value(first)[0])
    options = dict(maxiter=steps)
    best = minimize(value, first, jac=True, method="L-BFGS-B", options=options, callback=seen)
    parameters = unravel(jnp.array(best.x))
    return Fit(parameters, learned(parameters), np.array(losses))


def loop(parameters, h, filling, density, grid: Grid):
    """Energies (cycles,) and spin densities (cycles, 2, points) of the second half of a damped
    Kohn–Sham iteration that begins at a density: a functional is right if it stays there."""
    repulsion = jnp.array(grid.repulsion())

    def interaction(n):
        total = n.sum(axis=0)
        hartree = 0.5 * total @ repulsion @ total * grid.spacing**2
        return hartree + energy_of_densities(parameters, n, grid)

    def cycle(n, _):
        potential = jax.grad(interaction)(n) / grid.spacing
        levels, orbitals = jnp.linalg.eigh(h + jax.vmap(jnp.diag)(potential))
        out = (orbitals**2 * filling[:, None]).sum(axis=2) / grid.spacing
        energy = (levels * filling).sum() - (potential * out).sum() * grid.spacing
        return n + MIXING * (out - n), (energy + interaction(out), out)

    _, (energies, densities) = jax.lax.scan(cycle, density, None, length=CYCLES)
    return energies[CYCLES // 2 :], densities[CYCLES // 2 :]


def _filling(state: Eigenstate) -> np.ndarray:
    """(2, points): whole electrons of each spin, from the lowest orbital up."""
    up = (state.electrons + state.spin) // 2
    index = np.arange(state.grid.points)
    return np.array([index < up, index < state.electrons - up], dtype=float)
