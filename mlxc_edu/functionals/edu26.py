"""EDU26: a small learned functional with exact limits built in.

The exchange-correlation energy per volume is local Hartree–Fock exchange and a correction that
vanishes where one electron is alone and is that of the uniform gas where the density is uniform:

    e_xc = e_HF + g [e_c + a (e_LDA − e_HF)_near + G (b e_LDA + c e_c)]

a, b, c (−2 … 2) come from a network that looks at fifteen dimensionless numbers at the same point.
g = 1 − ζ² τ_W/τ is zero where a single electron is alone: there e_xc = e_HF is exact, the Coulomb
self-energy is gone. "near" is exchange by erfc(0.4 r)/r only: electrons far apart have all of
Hartree–Fock's whatever a is, so that the halves of an electron shared by two distant atoms do not
repel each other (but for what the network's inputs see of it). G measures how far the density is
from uniform; where it is, e_HF = e_LDA at every range (which obeys the spin scaling of exchange),
G = 0 and g = 1, so that e_xc = e_LDA + e_c is exact, too. e_c is that of Perdew and Wang, Phys.
Rev. B 45, 13244 (1992). Exchanging α and β changes nothing: the network's first layer treats either
spin as the other and adds them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ._features import FEATURES, OMEGAS, Features
from ._uniform_gas import EXCHANGE_CONSTANT, correlation, short_range_share

SMALLEST_DENSITY = 1e-12  # electrons/Bohr³; below it a spin counts as absent
TINY = 1e-20
SLOWEST = 1e-10  # Hartree/Bohr³; or an empty spin's potential would be beyond all bounds
OFFSET = 1e-4  # electrons/Bohr³, keeps the logarithm of a vanishing density finite
FERMI = (6 * np.pi**2) ** (1 / 3)  # k_F of one spin is this times ρσ^{1/3}
KINETIC = 0.3 * FERMI**2  # τ of one spin of the uniform gas is this times ρσ^{5/3}

OWN = ("share", "slope", "single", "fast", "exchange", "range")
SHARED = ("density", "slope", "single")
OUTPUTS: dict[str, str] = {
    "a": "share of uniform-gas exchange instead of local exchange, at short range",
    "b": "uniform-gas exchange beyond that",
    "c": "more correlation than in the uniform gas",
}
"""The network's answer at a point: names and meaning."""
_SQUARES = [list(FEATURES).index(name) for name in ("norm_grad_a", "norm_grad_b", "norm_grad")]


class Parameters(NamedTuple):
    """Weights of the network of width W; the L blocks' are stacked along the first axis."""

    own_w: jax.Array  # (6, W)
    other_w: jax.Array  # (6, W)
    shared_w: jax.Array  # (3, W)
    input_b: jax.Array  # (W,)
    block_w: jax.Array  # (L, W, W)
    block_b: jax.Array  # (L, W)
    output_w: jax.Array  # (W, 3)
    output_b: jax.Array  # (3,)

    @classmethod
    def form(cls) -> tuple[str, int, int, int]:
        """Its name; inputs of a spin, inputs of both, outputs."""
        return "EDU26", len(OWN), len(SHARED), len(OUTPUTS)

    @staticmethod
    def bounded(x: jax.Array) -> jax.Array:
        """An output of the network, between −2 and 2."""
        return 2 * jnp.tanh(x / 2)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dtype="float32") -> Parameters:
        """From arrays by name. Raises ValueError for a missing one or a wrong shape."""
        form, own, both, outputs = cls.form()
        missing = [name for name in cls._fields if name not in arrays]
        if missing:
            raise ValueError(f"parameters of {form} lack {', '.join(missing)}")
        width, blocks = len(arrays["input_b"]), len(arrays["block_b"])
        shapes = dict(
            own_w=(own, width),
            other_w=(own, width),
            shared_w=(both, width),
            input_b=(width,),
            block_w=(blocks, width, width),
            block_b=(blocks, width),
            output_w=(width, outputs),
            output_b=(outputs,),
        )
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                found = arrays[name].shape
                raise ValueError(f"{name} of {form} should have shape {shape}; it is {found}")
        return cls(*(jax.device_put(np.asarray(arrays[name], dtype)) for name in cls._fields))


class Inputs(NamedTuple):
    """What the network looks at: of each spin (..., 2, 6), and of both together (..., 3).

    Of a spin: its share p of the density, and p times each of s²/(1 + s²), τ_W/τ, 1/(1 + τ/τ_0),
    F/(1 + F) with F = e_HF/e_LDA, and the long-range share of e_HF. An empty spin is all zeros.
    Of both: ln ρ, s²/(1 + s²) and τ_W/τ.
    """

    spins: jax.Array
    shared: jax.Array


class Point(NamedTuple):
    """Quantities of the density that everything is made of."""

    rho: jax.Array  # (..., 2)
    total: jax.Array  # (...,)
    share: jax.Array  # (..., 2)
    slope: jax.Array  # (..., 2), s² of each spin
    slope_total: jax.Array  # (...,)
    single: jax.Array  # (..., 2), τ_W/τ
    single_total: jax.Array  # (...,)
    speed: jax.Array  # (..., 2), τ/τ_0
    exchange: jax.Array  # (..., 2), F
    long: jax.Array  # (..., 2)
    e_lda: jax.Array  # (..., 2)
    e_hf: jax.Array  # (..., 2)
    e_hf_lr: jax.Array  # (..., 2)


def point(features) -> Point:
    rho = jnp.maximum(features[..., Features.RHO], SMALLEST_DENSITY)
    total = rho.sum(axis=-1)
    tau = features[..., Features.TAU]
    e_hf, e_hf_lr = features[..., Features.HFX], features[..., Features.HFX_LR]
    squares = features[..., jnp.array(_SQUARES)]
    weizsaecker = squares[..., :2] / (8 * rho)
    e_lda = EXCHANGE_CONSTANT * rho ** (4 / 3)
    k_total = (3 * np.pi**2) ** (1 / 3) * total ** (1 / 3)
    return Point(
        rho=rho,
        total=total,
        share=rho / total[..., None],
        slope=squares[..., :2] / (2 * FERMI * rho ** (4 / 3)) ** 2,
        slope_total=squares[..., 2] / (2 * k_total * total) ** 2,
        single=weizsaecker / (tau + TINY),
        single_total=squares[..., 2] / (8 * total) / (tau.sum(axis=-1) + TINY),
        speed=tau / (KINETIC * rho ** (5 / 3) + SLOWEST),
        exchange=e_hf / e_lda,
        long=e_hf_lr / (e_hf - TINY),
        e_lda=e_lda,
        e_hf=e_hf,
        e_hf_lr=e_hf_lr,
    )


def inputs(features) -> Inputs:
    """Features (..., 11) in atomic units → what the network looks at."""
    p = point(features)
    of_spins = [
        jnp.ones_like(p.share),
        p.slope / (1 + p.slope),
        p.single,
        1 / (1 + p.speed),
        p.exchange / (1 + p.exchange),
        p.long,
    ]
    shared = [
        jnp.log(p.total + OFFSET) / 4,
        p.slope_total / (1 + p.slope_total),
        p.single_total,
    ]
    return Inputs(p.share[..., None] * jnp.stack(of_spins, axis=-1), jnp.stack(shared, axis=-1))


def ingredients(features) -> tuple[jax.Array, jax.Array]:
    """Energies per volume in Hartree/Bohr³: the one that needs no network, (...,), and the three
    that the network's outputs multiply, (..., 3)."""
    p = point(features)
    return terms(p, 1 - polarisation(p) * p.single_total)


def terms(p: Point, several) -> tuple[jax.Array, jax.Array]:
    """The same with any ``several``, (...,), 0 where one electron is alone."""
    e_hf, e_lda = p.e_hf.sum(axis=-1), p.e_lda.sum(axis=-1)
    e_c = correlation(p.rho)
    near = p.e_lda * short_range_share(p.rho, OMEGAS[1]) - (p.e_hf - p.e_hf_lr)
    uneven = several * departure(p) / (1 + departure(p))
    scaled = [
        several * near.sum(axis=-1),
        uneven * e_lda,
        uneven * e_c,
    ]
    return e_hf + several * e_c, jnp.stack(scaled, axis=-1)


def polarisation(p: Point) -> jax.Array:
    """ζ², (...,)."""
    return (p.share[..., 0] - p.share[..., 1]) ** 2


def departure(p: Point) -> jax.Array:
    """From the uniform gas, where it is 0, (...,)."""
    far = p.slope + (p.speed - 1) ** 2 + (p.exchange - 1) ** 2
    return (p.share * far).sum(axis=-1)


def coefficients(parameters: Parameters, seen: Inputs) -> jax.Array:
    """What the network says at every point, (..., 3) a, b, c in this form, at the parameters'
    precision."""
    p, dtype = parameters, parameters.own_w.dtype
    spins, shared = seen.spins.astype(dtype), seen.shared.astype(dtype)
    both = shared @ p.shared_w + p.input_b
    own, other = spins @ p.own_w, spins @ p.other_w
    h = jnp.tanh(own[..., 0, :] + other[..., 1, :] + both)
    h = h + jnp.tanh(own[..., 1, :] + other[..., 0, :] + both)
    for w, b in zip(p.block_w, p.block_b):
        h = h + jax.nn.silu(h @ w + b)
    return p.bounded(h @ p.output_w + p.output_b)


def energy_density(parameters: Parameters, features) -> jax.Array:
    """e_xc, (...,), Hartree/Bohr³, from features (..., 11); float64 whatever the network's
    precision."""
    alone, scaled = ingredients(features)
    return alone + (coefficients(parameters, inputs(features)) * scaled).sum(axis=-1)
