"""The local occupation n: how much of an electron the exchange hole of an electron holds nearby.

Natural orbitals φᵢ that hold fᵢ electrons of one spin make a hole around r that integrates to

    n(r) = ∫ |γ(r, r')|² d³r' / ρ(r) = Σ fᵢ² |φᵢ(r)|² / Σ fᵢ |φᵢ(r)|²,

1 where orbitals are full or empty. But where a bond breaks, the far half of a hole should not
count, and no density matrix says what is far. So n is read off local exchange e at two ranges:

    n = r 2|e|/ρ X exp(t),   erf(ω r) = e(long range)/e

which is exact where the hole is compact or sits at one distance r. X allows for the extent of
hydrogen-like holes; t (|t| < 0.4, and less the closer the electrons are packed) is what a small
network makes of this spin's numbers at the point. It was fitted to densities whose n is known,
from their orbitals and without any energy (:mod:`mlxc_edu.training`).

Where n is less than r 2|e|/ρ X (t < 0), a part of e comes from far away, all of it long-ranged. So
the near part e' is what n and the short-ranged part of e allow,

    e' erfc(ω r') = e erfc(ω r),   n = r' 2|e'|/ρ X,

and 1 − e'/e is the far share, smoothly from 0 up.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc, erfinv

from ..weights import load_occupation
from ._features import OMEGAS, Features
from .edu26 import FERMI, Point

FARTHEST = 1e-5  # of 1 − e_LR/e_HF; a hole at 8 Bohr, beyond which single precision cannot see
EXTENT, SATURATION = 2.5, 3.2  # fitted to hydrogen-like atoms, Z from ½ to 5
UNIFORM = 0.5  # of k_F² in a hole's extent, chosen so that bonds' midpoints stay near 1
LARGEST = 0.4  # |t|
PACKED = 40.0  # κ² in 1/Bohr², where t can be half as large
MOST = 1.5  # electrons, beyond which the network is told no more
FAINTEST = 1e-4  # electrons/Bohr³, keeps the logarithm finite
STEPS = 4  # of Newton's, to r'
ROUNDED = 0.005  # of e, where its far part sets in
NEAREST = 1e-6  # of ω r, keeps its logarithm finite


class Shape(NamedTuple):
    """The network's parameters; its input has 8 numbers, its layers W."""

    input_w: jax.Array  # (8, W)
    input_b: jax.Array  # (W,)
    block_w: jax.Array  # (W, W)
    block_b: jax.Array  # (W,)
    output_w: jax.Array  # (W,)
    output_b: jax.Array  # ()


class Seen(NamedTuple):
    """Of each spin: ω r, (..., 2); ``compact``, r 2|e|/ρ X, (..., 2); how ``free`` its electrons
    are to have holes of another shape, (..., 2); what the network looks at, (..., 2, 8)."""

    distance: jax.Array
    compact: jax.Array
    free: jax.Array
    numbers: jax.Array


def seen(p: Point, features) -> Seen:
    """What n is made of. κ, an orbital's inverse length, is known from τ and the density."""
    omega = OMEGAS[1]
    distance = erfinv(jnp.clip(p.long, 0, 1) * (1 - FARTHEST))
    squared = 8 * features[..., Features.TAU] / p.rho + UNIFORM * FERMI**2 * p.rho ** (2 / 3)
    extent = 1 + EXTENT * omega**2 / (squared + SATURATION * omega**2)
    compact = 2 * jnp.abs(p.e_hf) / p.rho * distance / omega * extent
    kappa = jnp.sqrt(squared)
    numbers = [
        p.slope / (1 + p.slope),
        p.single,
        1 / (1 + p.speed),
        p.exchange / (1 + p.exchange),
        p.long,
        kappa / (1 + kappa),
        jnp.minimum(compact, MOST),
        jnp.log(p.rho + FAINTEST) / 4,
    ]
    return Seen(distance, compact, 1 / (1 + squared / PACKED), jnp.stack(numbers, axis=-1))


def read(shape: Shape, at: Seen) -> jax.Array:
    """n, of as many points and spins as ``at``."""
    return at.compact * jnp.exp(_exponent(shape, at))


def far(shape: Shape, at: Seen) -> jax.Array:
    """Share of local exchange that comes from far away, 0 … 1, of as many points and spins."""
    t, near = _exponent(shape, at), at.distance + NEAREST
    wanted, log_r = _short(near) - t, jnp.log(near)
    for _ in range(STEPS):
        r = jnp.exp(log_r)
        slope = -2 / np.sqrt(np.pi) * r * jnp.exp(-(r**2)) / erfc(r) - 1
        log_r = log_r - (_short(r) - wanted) / slope
    share = jnp.maximum(1 - jnp.exp(t) * near / jnp.exp(log_r), 0)
    return share**2 / (share + ROUNDED)


def _short(r):
    """Logarithm of erfc(x)/x, x = ω r: what short-ranged exchange of a hole at r is worth."""
    return jnp.log(erfc(r)) - jnp.log(r)


def _exponent(shape: Shape, at: Seen) -> jax.Array:
    """t of the formula for n."""
    h = jnp.tanh(at.numbers @ shape.input_w + shape.input_b)
    h = h + jnp.tanh(h @ shape.block_w + shape.block_b)
    t = h @ shape.output_w + shape.output_b
    return LARGEST * at.free * t / jnp.sqrt(1 + t**2)


@cache
def fitted() -> Shape:
    """The parameters that come with the package."""
    with jax.ensure_compile_time_eval():  # numbers, also where somebody traces
        kept = load_occupation()
        return Shape(*(jnp.asarray(np.asarray(kept[name], float)) for name in Shape._fields))
