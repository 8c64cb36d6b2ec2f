"""A density as one form of functional sees it: what its network looks at, and what that multiplies.

The energy of a density is linear in the few numbers that the network gives at a point
(:mod:`mlxc_edu.functionals.edu26`):

    E = E_0 + Σ_g m_g · u(x_g)

E_0 holds all that needs no network. So x and m are computed once, and a step of training is a
matrix product; likewise for the change along a rotation of the orbitals.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import NamedTuple

import jax
import numpy as np

from ..functionals import Features
from ._samples import Density

AT_ONCE = 8192  # points; XLA compiles for one number of them


class Sample(NamedTuple):
    """One density. N points, K rotations, O outputs of the network; energies in Hartree."""

    energy: np.ndarray  # (), E_0
    spins: np.ndarray  # (N, 2, …), what the network looks at of each spin
    shared: np.ndarray  # (N, …), and of both
    scaled: np.ndarray  # (N, O), m: weight times ingredients
    slope: np.ndarray  # (K,), dE_0/dκ
    spins_slope: np.ndarray  # (K, N, 2, …)
    shared_slope: np.ndarray  # (K, N, …)
    scaled_slope: np.ndarray  # (K, N, O)


def _looked_at(form, features):
    """Inputs, what is added to local exchange without a network, ingredients."""
    inputs = form.inputs(features)
    alone, scaled = form.ingredients(features)
    return inputs.spins, inputs.shared, alone - features[..., Features.HFX].sum(axis=-1), scaled


@partial(jax.jit, static_argnums=0)
def _values(form, features):
    return _looked_at(form, features)


@partial(jax.jit, static_argnums=0)
def _changes(form, features, change):
    return jax.jvp(partial(_looked_at, form), (features,), (change,))[1]


def seen(density: Density, form: ModuleType) -> Sample:
    """The density as a functional of this form sees it."""
    w = density.weights.astype(float)
    spins, shared, alone, scaled = _in_pieces(partial(_values, form), density.features)
    turned = [
        _in_pieces(partial(_changes, form), density.features, change)
        for change in density.features_slope
    ]
    single = np.float32
    return Sample(
        density.energy + w @ alone,
        spins.astype(single),
        shared.astype(single),
        (w[:, None] * scaled).astype(single),
        density.slope + np.array([w @ t[2] for t in turned]),
        _stacked([t[0] for t in turned], spins),
        _stacked([t[1] for t in turned], shared),
        _stacked([w[:, None] * t[3] for t in turned], scaled),
    )


def _in_pieces(of, *arrays) -> list[np.ndarray]:
    """``of`` every point, as many at once as it is compiled for; the last are filled up."""
    count, found = len(arrays[0]), []
    for first in range(0, count, AT_ONCE):
        piece = [np.zeros((AT_ONCE, a.shape[1])) for a in arrays]
        for filled, array in zip(piece, arrays):
            part = array[first : first + AT_ONCE]
            filled[: len(part)] = part
        found.append([np.asarray(a) for a in of(*piece)])
    return [np.concatenate(parts)[:count] for parts in zip(*found)]


def _stacked(rows, like) -> np.ndarray:
    return np.array(rows, np.float32).reshape(len(rows), *like.shape)
