"""What is minimised, as small pure functions of the network's parameters."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ..functionals.edu26 import Inputs, Parameters, coefficients
from ._data import Points, Turned

SCALE = 2.0  # kcal/mol; smaller errors count by their square, larger ones by their size
GAIN = 1.0  # kcal/mol, of one step of self-consistency, likewise
AT_ONCE = None if jax.default_backend() == "cpu" else 256  # pieces


def energy(parameters: Parameters, p: Points) -> jax.Array:
    """Σ m·u of a piece, Hartree."""
    return (p.scaled * coefficients(parameters, Inputs(p.spins, p.shared))).sum()


def slope(parameters: Parameters, p: Turned) -> jax.Array:
    """The derivative of Σ m·u along a rotation, Hartree."""

    def outputs(spins, shared):
        return coefficients(parameters, Inputs(spins, shared))

    u, du = jax.jvp(outputs, (p.spins, p.shared), (p.spins_slope, p.shared_slope))
    return (p.scaled_slope * u + p.scaled * du).sum()


@partial(jax.jit, static_argnums=0)
def _values(of, parameters, pieces):
    return jax.lax.map(lambda p: of(parameters, p), pieces, batch_size=AT_ONCE)


@partial(jax.jit, static_argnums=0)
def _derivatives(of, parameters, pieces):
    flat, unravel = ravel_pytree(parameters)
    one = jax.value_and_grad(lambda x, p: of(unravel(x), p))
    return jax.lax.map(lambda p: one(flat, p), pieces, batch_size=AT_ONCE)


def summed(of, parameters, stacks, count: int) -> np.ndarray:
    """``energy`` or ``slope`` of each of so many samples, (count,)."""
    total = np.zeros(count)
    for owners, pieces in stacks:
        np.add.at(total, owners, np.asarray(_values(of, parameters, pieces))[: len(owners)])
    return total


def differentiated(of, parameters, stacks, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, and its derivatives by all P parameters, (count, P)."""
    total = np.zeros(count)
    width = sum(p.size for p in jax.tree.leaves(parameters))
    jacobian = np.zeros((count, width), np.float32)
    for owners, pieces in stacks:
        values, rows = (np.asarray(a)[: len(owners)] for a in _derivatives(of, parameters, pieces))
        np.add.at(total, owners, values)
        each, first = np.unique(owners, return_index=True)
        jacobian[each] += np.add.reduceat(rows, first)
    return total, jacobian


def robust(x):
    """x²/2 where small, |x| where large."""
    return jnp.sqrt(1 + x**2) - 1


def objective(x, weight) -> float:
    """Σ w ρ(x), of errors in units of what is expected of them."""
    return float((weight * robust(x)).sum())
