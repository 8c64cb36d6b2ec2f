"""An energy density with its derivatives, at many points, by automatic differentiation."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.jit, static_argnums=0)
def energy_and_potential(energy_density, parameters, features) -> tuple[jax.Array, jax.Array]:
    """e and ∂e/∂f at every point.

    Parameters
    ----------
    energy_density : e(parameters, features), features (N, F) → (N,); each point by itself.
    parameters : what ``energy_density`` takes.
    features : (N, F). Every N is compiled anew: give batches of one size. A processor's cache
        holds the hidden layers of some hundred points.

    Returns
    -------
    e (N,), ∂e/∂f (N, F).
    """
    e, pull = jax.vjp(partial(energy_density, parameters), features)
    return e, pull(jnp.ones_like(e))[0]


@partial(jax.jit, static_argnums=0)
def hessian_product(energy_density, parameters, features, direction) -> jax.Array:
    """Σ_j ∂²e/∂f_i∂f_j d_j at every point, (N, F), for directions d (N, F)."""
    gradient = jax.grad(lambda f: energy_density(parameters, f).sum())
    return jax.jvp(gradient, (features,), (direction,))[1]
