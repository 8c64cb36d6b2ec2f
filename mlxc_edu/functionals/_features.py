"""What a functional is told of the density at a point: names, order and units, here and nowhere
else."""

from __future__ import annotations

import jax
import jax.numpy as jnp

OMEGAS = (0.0, 0.4)
"""Range separations of the local exchange features, 1/Bohr; 0 is the bare Coulomb interaction."""

FEATURES = {
    "rho_a": "ρα, electrons/Bohr³",
    "rho_b": "ρβ, electrons/Bohr³",
    "norm_grad": "|∇ρ|², electrons²/Bohr⁸",
    "norm_grad_a": "|∇ρα|², electrons²/Bohr⁸",
    "norm_grad_b": "|∇ρβ|², electrons²/Bohr⁸",
    "tau_a": "τα = ½ Σᵢ|∇φᵢ|², Hartree/Bohr³",
    "tau_b": "τβ = ½ Σᵢ|∇φᵢ|², Hartree/Bohr³",
    "hfx_a": "local exchange of α electrons, Hartree/Bohr³",
    "hfx_lr_a": "the same with erf(0.4 r)/r in place of 1/r, Hartree/Bohr³",
    "hfx_b": "local exchange of β electrons, Hartree/Bohr³",
    "hfx_lr_b": "the same with erf(0.4 r)/r in place of 1/r, Hartree/Bohr³",
}
"""The features in the order of the last axis of every feature array, with meaning and unit."""

_COLUMN = {name: i for i, name in enumerate(FEATURES)}


class Features:
    """Columns of a feature array, ``features[..., Features.RHO]``; spin α first, ω = 0 first."""

    RHO = (_COLUMN["rho_a"], _COLUMN["rho_b"])
    TAU = (_COLUMN["tau_a"], _COLUMN["tau_b"])
    HFX = (_COLUMN["hfx_a"], _COLUMN["hfx_b"])
    HFX_LR = (_COLUMN["hfx_lr_a"], _COLUMN["hfx_lr_b"])


def density_features(rho, gradient, tau, hfx) -> jax.Array:
    """Line up what is known of the spin densities at each point.

    Parameters
    ----------
    rho : (2, N) spin densities.
    gradient : (2, 3, N) their gradients.
    tau : (2, N) kinetic energy densities ½ Σᵢ|∇φᵢ|².
    hfx : (2, 2, N) local exchange −½ Σ_ab e_a ν_ab e_b, spin first, then ω as in ``OMEGAS``.

    Returns
    -------
    (N, 11), columns as in ``FEATURES``.
    """

    def square(vector):
        return (vector**2).sum(axis=0)

    columns = {
        "rho_a": rho[0],
        "rho_b": rho[1],
        "norm_grad": square(gradient[0] + gradient[1]),
        "norm_grad_a": square(gradient[0]),
        "norm_grad_b": square(gradient[1]),
        "tau_a": tau[0],
        "tau_b": tau[1],
        "hfx_a": hfx[0, 0],
        "hfx_lr_a": hfx[0, 1],
        "hfx_b": hfx[1, 0],
        "hfx_lr_b": hfx[1, 1],
    }
    return jnp.stack([columns[name] for name in FEATURES], axis=-1)
