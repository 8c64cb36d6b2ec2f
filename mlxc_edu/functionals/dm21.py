"""DM21 and its ablations: one network, four sets of parameters.

Kirkpatrick et al., *Science* **374**, 1385 (2021). The exchange-correlation energy per volume is

    e_xc = s₀ e_LDA + s₁ e_HF + s₂ e_HF(ω=0.4)

with the exchange energy of the uniform gas (of each spin as if the gas were unpolarised), the local
Hartree–Fock exchange and its long-range part. The three enhancement factors s come from a network
that looks at eleven features of the density at the same point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ._features import FEATURES, Features
from ._uniform_gas import EXCHANGE_CONSTANT

OFFSET = 1e-9 + 1e-4  # keeps the logarithm of a vanishing feature finite
SMALLEST_DENSITY = 1e-30  # electrons/Bohr³
EPSILON = 1e-5  # in the layer normalisation
BLOCKS = 6
WIDTH = 256

OUTPUTS: dict[str, str] = {
    "s_lda": "factor of uniform-gas exchange",
    "s_hf": "factor of local exchange",
    "s_hf_lr": "factor of long-range local exchange",
}
"""The network's answer at a point: names and meaning."""

_SCOPE = "hub_wrapper/local_functional_v2"


class Parameters(NamedTuple):
    """Weights of the network; the blocks' are stacked along the first axis."""

    input_w: jax.Array  # (11, 256)
    input_b: jax.Array  # (256,)
    block_w: jax.Array  # (6, 256, 256)
    block_b: jax.Array  # (6, 256)
    gamma: jax.Array  # (6, 256)
    beta: jax.Array  # (6, 256)
    output_w: jax.Array  # (256, 3)
    output_b: jax.Array  # (3,)

    @classmethod
    def from_variables(cls, variables: Mapping[str, np.ndarray], dtype="float32") -> Parameters:
        """From the released variables by name. Raises ValueError for a wrong shape or a missing
        one."""

        def get(name, *shape):
            name = f"{_SCOPE}/{name}"
            if name not in variables or variables[name].shape != shape:
                found = variables[name].shape if name in variables else "missing"
                raise ValueError(f"variable {name} should have shape {shape}; it is {found}")
            return np.asarray(variables[name], dtype)

        def stack(name, *shape):
            blocks = ["", *(f"_{i}" for i in range(1, BLOCKS))]
            return np.stack([get(f"MLP/ResidualBlock{b}/{name}", *shape) for b in blocks])

        return cls(
            *map(
                jax.device_put,
                (
                    get("SquashUnprocessedData/linear/w", len(FEATURES), WIDTH),
                    get("SquashUnprocessedData/linear/b", WIDTH),
                    stack("linear/w", WIDTH, WIDTH),
                    stack("linear/b", WIDTH),
                    stack("layer_norm/gamma", WIDTH),
                    stack("layer_norm/beta", WIDTH),
                    get("OutputLayer/linear/w", WIDTH, 3),
                    get("OutputLayer/linear/b", 3),
                ),
            )
        )


def squash(features) -> jax.Array:
    """ln(|f| + 10⁻⁴): the densities' many orders of magnitude become numbers of order ten."""
    return jnp.log(jnp.abs(features) + OFFSET)


def first_layer(parameters: Parameters, features) -> jax.Array:
    """(..., 11) features → (..., 256), at the parameters' precision."""
    x = squash(features).astype(parameters.input_w.dtype)
    return jnp.tanh(x @ parameters.input_w + parameters.input_b)


def residual_block(h, w, b, gamma, beta) -> jax.Array:
    """elu(LayerNorm(h W + b + h)), (..., 256) → (..., 256). What is added to h W, and the mean that
    the norm takes off, are linear in h: they are put into W and b."""
    w = w + jnp.eye(WIDTH, dtype=w.dtype)
    deviation = h @ (w - w.mean(axis=-1, keepdims=True)) + (b - b.mean())
    variance = (deviation**2).mean(axis=-1, keepdims=True)
    return jax.nn.elu(gamma * deviation * jax.lax.rsqrt(variance + EPSILON) + beta)


def last_layer(parameters: Parameters, h) -> jax.Array:
    """(..., 256) → (..., 3): enhancement factors 2 sigmoid(o/2), between 0 and 2."""
    return 2 * jax.nn.sigmoid((h @ parameters.output_w + parameters.output_b) / 2)


def enhancement_factors(parameters: Parameters, features) -> jax.Array:
    """s, (..., 3), from features (..., 11) in atomic units.

    The factors of uniform-gas exchange, of local exchange and of its long-range part, in this
    order, at the parameters' precision.
    """
    h = first_layer(parameters, features)
    for i in range(BLOCKS):
        h = residual_block(
            h,
            parameters.block_w[i],
            parameters.block_b[i],
            parameters.gamma[i],
            parameters.beta[i],
        )
    return last_layer(parameters, h)


def ingredients(features) -> jax.Array:
    """The three energies per volume that the factors multiply, (..., 3), Hartree/Bohr³."""
    # Below zero the 4/3rd power is no number, and at zero its second derivative is none.
    rho = jnp.maximum(features[..., Features.RHO], SMALLEST_DENSITY)
    local = features[..., Features.HFX].sum(axis=-1)
    long_range = features[..., Features.HFX_LR].sum(axis=-1)
    uniform_gas = EXCHANGE_CONSTANT * (rho ** (4 / 3)).sum(axis=-1)
    return jnp.stack([uniform_gas, local, long_range], axis=-1)


def energy_density(parameters: Parameters, features) -> jax.Array:
    """e_xc, (...,), Hartree/Bohr³, from features (..., 11); float64 whatever the network's
    precision."""
    return (enhancement_factors(parameters, features) * ingredients(features)).sum(axis=-1)
