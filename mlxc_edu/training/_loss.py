"""The loss, as small pure functions of the network's parameters and a batch."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..functionals import edu26
from ..units import KCAL_PER_HARTREE
from ._data import Batch

SCALE = 2.0  # kcal/mol; smaller errors count by their square, larger ones by their size


class Loss(NamedTuple):
    """What is minimised, and what it is made of; errors in kcal/mol."""

    total: jax.Array
    errors: jax.Array  # (R,)
    gains: jax.Array  # (S,), what one step of self-consistency would gain along a rotation


def energies_and_slopes(parameters, batch: Batch, with_slopes: bool):
    """Σ m·u of each sample and its derivative along the sample's rotation, (S,), Hartree."""
    seen = edu26.Inputs(batch.spins, batch.shared)

    def outputs(spins, shared):
        return edu26.coefficients(parameters, edu26.Inputs(spins, shared))

    samples = len(batch.slope)

    def summed(values):
        return jax.ops.segment_sum(values, batch.owner, samples + 1)[:samples]

    if not with_slopes:
        return summed((batch.scaled * outputs(*seen)).sum(axis=1)), None
    u, du = jax.jvp(outputs, tuple(seen), (batch.spins_slope, batch.shared_slope))
    energies = summed((batch.scaled * u).sum(axis=1))
    slopes = batch.slope + summed((batch.scaled_slope * u + batch.scaled * du).sum(axis=1))
    return energies, slopes


def robust(x):
    """x²/2 where small, |x| where large."""
    return jnp.sqrt(1 + x**2) - 1


def loss(parameters, batch: Batch, regulariser: float) -> Loss:
    """Reactions' errors, each by its weight and the reference's own error, and the gain of one step
    of self-consistency, (dE/dκ)² for a rotation of unit length."""
    energies, slopes = energies_and_slopes(parameters, batch, regulariser > 0)
    errors = KCAL_PER_HARTREE * (batch.numbers @ energies) - batch.reference
    scale = SCALE + batch.error
    total = (batch.weight * robust(errors / scale)).sum() / jnp.maximum(batch.weight.sum(), 1e-6)
    if slopes is None:
        return Loss(total, errors, jnp.zeros(len(batch.slope)))
    gains = KCAL_PER_HARTREE * batch.has_slope * slopes**2
    mean = robust(gains / SCALE).sum() / jnp.maximum(batch.has_slope.sum(), 1)
    return Loss(total + regulariser * mean, errors, gains)
