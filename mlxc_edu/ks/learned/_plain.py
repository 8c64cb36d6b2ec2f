"""From the density matrix γ to the features and back, at some points: the plain way.

What is written out is f[γ]; the Fock matrix ∂E/∂γ and its response are derivatives that JAX takes.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ...functionals import density_features


@jax.custom_jvp
def _local_exchange(e, x):
    """−½ Σ_a e_a x_a, for e (spins, nao, N) and x = ν e (spins, 2, nao, N)."""
    return -0.5 * (e[:, None] * x).sum(axis=2)


@_local_exchange.defjvp
def _(primals, tangents):
    # x is linear in e, and ν symmetric: ½(ė·x + e·ẋ) = ė·x. So the Fock matrix needs no second ν.
    e, x = primals
    return _local_exchange(e, x), -(tangents[0][:, None] * x).sum(axis=2)


def _features(dm, x, chi):
    """(N, 11) features of spin density matrices (spins, nao, nao); one stands for both spins."""
    chi0, slope = chi[0], chi[1:]
    e = jnp.einsum("sab,bg->sag", dm, chi0)
    rho = (e * chi0).sum(axis=1)
    gradient = 2 * (e[:, None] * slope).sum(axis=2)
    tau = 0.5 * sum((jnp.einsum("sab,bg->sag", dm, d) * d).sum(axis=1) for d in slope)
    hfx = _local_exchange(e, x)
    if len(dm) == 1:
        rho, gradient, tau, hfx = (jnp.repeat(a, 2, axis=0) for a in (rho, gradient, tau, hfx))
    return density_features(rho, gradient, tau, hfx)


def _fock(dm, x, chi, v):
    """Σ_g v_g · ∂f_g/∂γ, v (N, 11) with the weights in it."""
    _, pull = jax.vjp(lambda dm: _features(dm, x, chi), dm)
    fock = pull(v)[0]
    return (fock + fock.swapaxes(1, 2)) / 2


features = jax.jit(_features)


@jax.jit
def energy_and_fock(dm, x, chi, weights, e, v):
    """Σ_g w_g e_g and the Fock matrices of some points."""
    return weights @ e, _fock(dm, x, chi, weights[:, None] * v)


@jax.jit
def features_change(dm, x, chi, dm1):
    """The features' first-order change for a change of the density matrices."""
    return jax.jvp(lambda dm: _features(dm, x, chi), (dm,), (dm1,))[1]


@jax.jit
def fock_change(dm, x, chi, weights, v, dm1, x1, v1):
    """The Fock matrices' first-order change, where v changes by v1 and x = ν e by x1."""
    w = weights[:, None]
    return jax.jvp(lambda dm, x, v: _fock(dm, x, chi, v), (dm, x, w * v), (dm1, x1, w * v1))[1]
