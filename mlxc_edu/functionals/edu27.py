"""EDU27: EDU26's form, and the flat plane of one orbital in closed form.

Put nα and nβ electrons into one orbital. Exact energies are linear in nα + nβ between whole numbers
and do not see the spin (P. Mori-Sánchez, A. J. Cohen, W. Yang, Phys. Rev. Lett. 102, 066403
(2009)), so exchange and correlation must be

    e_xc = e_α + e_β − 2 d √(e_α e_β),   d = min[1, (1 − nα)(1 − nβ) / (nα nβ)]

with local Hartree–Fock exchange e_σ of each spin. In a molecule nσ is the local occupation: how
much of an electron the exchange hole of a σ electron at a point holds nearby. It is read off local
exchange at two ranges, exactly where the hole is compact or sits at one distance r:

    nσ = r 2|e_σ|/ρσ,   erf(ω r) = e_σ(long range)/e_σ.

A factor near 1 allows for the hole's extent. EDU26's terms follow, switched off where one electron,
or a fraction of two in one orbital, is alone:

    e_xc = e_HF + g [e_c + a (e_LDA − e_HF)_near + G (b e_LDA + c e_c)]
           − 2 U d {√(e_α e_β) + K [u √(e_α e_β) + v √(e_α e_β)_near]}

a, b, c (−2 … 2) and u, v (−½ … ½) are the network's. g = 1 − [1 − (1 − ζ²)(1 − d)] τ_W/τ and
K = 1 − d (τ_W/τ)⁴ are zero where one electron or less is alone in one orbital, of whatever spins:
e_α + e_β − 2 √(e_α e_β) is exact there.

Several orbitals that hold fractions aᵢ of α and bᵢ of β electrons need Σ K_ij √(aᵢ āᵢ b_j b̄_j),
ā = 1 − a, where aᵢ + bᵢ = 1. With nσ = Σ aᵢ²/Σ aᵢ, and K_ii larger than the others, that is
d = √[(1 − nα)(1 − nβ) / (nα nβ)]; (τ_W/τ)⁴ tells the two cases apart. U, like G, vanishes in the
uniform gas. Everything else is as in :mod:`mlxc_edu.functionals.edu26`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import erfinv

from . import edu26
from ._features import OMEGAS, Features
from ._uniform_gas import correlation, short_range_share
from .edu26 import FERMI, Inputs

OWN = (*edu26.OWN, "occupation", "hole")
SHARED = (*edu26.SHARED, "static", "holes")
OUTPUTS: dict[str, str] = {
    **edu26.OUTPUTS,
    "u": "more of the term of fractional spins and charges",
    "v": "the same, at short range",
}
"""The network's answer at a point: names and meaning."""

FARTHEST = 1e-5  # of 1 − e_LR/e_HF; a hole at 8 Bohr, beyond which single precision cannot see
EXTENT, SATURATION = 2.5, 3.2  # fitted to hydrogen-like atoms, Z from ½ to 5
UNIFORM = 0.5  # of k_F² in a hole's extent, chosen so that bonds' midpoints stay near 1
SHARPNESS = 12  # power of the mean that rounds d's corner at nα + nβ = 1
ALONE = 4  # power of τ_W/τ that tells one orbital from several
UNSEEN = 0.035  # of an electron, which full shells seem to lack
ROUNDED = 0.02  # of an electron, the corner at n = 1
VANISHING = 1e-7  # Hartree/Bohr³, keeps √'s slope finite where a spin is empty


class Parameters(edu26.Parameters):
    """As EDU26's, with more inputs and outputs."""

    @classmethod
    def form(cls) -> tuple[str, int, int, int]:
        return "EDU27", len(OWN), len(SHARED), len(OUTPUTS)


def occupations(features) -> jax.Array:
    """nσ, (..., 2): how much of an electron the exchange hole of each spin holds nearby."""
    p, omega = edu26._point(features), OMEGAS[1]
    potential = 2 * jnp.abs(p.e_hf) / p.rho
    distance = erfinv(jnp.clip(p.long, 0, 1) * (1 - FARTHEST)) / omega
    slope = 8 * features[..., Features.TAU] / p.rho + UNIFORM * FERMI**2 * p.rho ** (2 / 3)
    extent = 1 + EXTENT * omega**2 / (slope + SATURATION * omega**2)
    return potential * distance * extent


def _free(n, rounded=ROUNDED):
    """1 − n, or 0 where that is negative; its corner rounded."""
    return (1 - n + jnp.sqrt((1 - n) ** 2 + rounded**2)) / 2


def static(n, single) -> jax.Array:
    """d of local occupations (..., 2): of one orbital where ``single``, τ_W/τ (...,), is 1, of
    open shells beside full ones else; corners rounded."""
    both, none = n.prod(axis=-1), _free(n).prod(axis=-1)
    orbital = none / (both**SHARPNESS + none**SHARPNESS) ** (1 / SHARPNESS)
    open_shell = _free(n + UNSEEN, ROUNDED / 4).prod(axis=-1)
    shell = jnp.sqrt(open_shell / (both**SHARPNESS + open_shell**SHARPNESS) ** (1 / SHARPNESS))
    return shell + single**ALONE * (orbital - shell)


def inputs(features) -> Inputs:
    """Features (..., 11) in atomic units → what the network looks at."""
    p, seen, n = edu26._point(features), edu26.inputs(features), occupations(features)
    hole = 2 * jnp.sqrt(_free(n))
    own = p.share[..., None] * jnp.stack([n, hole], axis=-1)
    both = jnp.stack([static(n, p.single_total), hole.prod(axis=-1)], axis=-1)
    return Inputs(*(jnp.concatenate(a, axis=-1) for a in zip(seen, (own, both))))


def ingredients(features) -> tuple[jax.Array, jax.Array]:
    """Energies per volume in Hartree/Bohr³: the one that needs no network, (...,), and the five
    that the network's outputs multiply, (..., 5)."""
    p = edu26._point(features)
    e_hf, e_lda = p.e_hf.sum(axis=-1), p.e_lda.sum(axis=-1)
    e_c = correlation(p.rho)
    e_near = p.e_hf - p.e_hf_lr
    near = p.e_lda * short_range_share(p.rho, OMEGAS[1]) - e_near
    d = static(occupations(features), p.single_total)
    polarisation = (p.share[..., 0] - p.share[..., 1]) ** 2
    several = 1 - (1 - (1 - polarisation) * (1 - d)) * p.single_total
    departure = p.slope + (p.speed - 1) ** 2 + (p.exchange - 1) ** 2
    departure = (p.share * departure).sum(axis=-1)
    uneven = several * departure / (1 + departure)
    fractional = -2 * d * (1 - jnp.exp(-8 * departure))
    both, both_near = (
        jnp.sqrt(e.prod(axis=-1) + VANISHING**2) - VANISHING
        for e in (p.e_hf, jnp.minimum(e_near, 0))
    )
    unknown = fractional * (1 - d * p.single_total**ALONE) / 4
    scaled = [
        several * near.sum(axis=-1),
        uneven * e_lda,
        uneven * e_c,
        unknown * both,
        unknown * both_near,
    ]
    return e_hf + several * e_c + fractional * both, jnp.stack(scaled, axis=-1)


coefficients = edu26.coefficients


def energy_density(parameters: Parameters, features) -> jax.Array:
    """e_xc, (...,), Hartree/Bohr³, from features (..., 11); float64 whatever the network's
    precision."""
    alone, scaled = ingredients(features)
    return alone + (coefficients(parameters, inputs(features)) * scaled).sum(axis=-1)
