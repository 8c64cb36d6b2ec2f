"""EDU27: EDU26, and the flat plane in closed form.

Put nα and nβ electrons into one orbital. Exact energies are linear in nα + nβ between whole numbers
and do not see the spin (P. Mori-Sánchez, A. J. Cohen, W. Yang, Phys. Rev. Lett. 102, 066403
(2009)), so exchange and correlation must be

    e_xc = e_α + e_β − 2 d √(e_α e_β),   d = min[1, (1 − nα)(1 − nβ) / (nα nβ)]

with local Hartree–Fock exchange e_σ of each spin. In a molecule nσ is the local occupation
(:mod:`mlxc_edu.functionals.occupation`): how much of an electron the exchange hole of a σ electron
at a point holds nearby. The rest is EDU26, its network included, but for g:

    e_xc = e_EDU26(g) − 2 U R N {d + K [u d + v (d' − d)]} √(e_α e_β)
           + R d g [a (e_LDA − e_HF)_near + G (b e_LDA + c e_c)]

Where EDU26 has 1 − ζ² τ_W/τ, which is zero where one electron is alone, here is
g = 1 − [1 − (1 − ζ²)(1 − d)] τ_W/τ: zero also where fractions of two electrons, one at most, share
one orbital, of whatever spins. There e_α + e_β − 2 √(e_α e_β) is exact, and g and
K = 1 − d (τ_W/τ)⁴/(1 + A²/α²), α = 0.03, keep the answers of its own network out: u (−½ … ½),
v (−1 … 1), and a, b, c (−2 … 2). d' is d where half as much again is missing of each electron,
1 − n' = 3 (1 − n)/2. U vanishes in the uniform gas. R = d² (1 + δ²)/(d² + δ²), δ = 0.03, for n is
never read exactly where it is 1. N = 1 − A, where A is the sum over both spins of the share of
local exchange that comes from far away: half a hole on another atom, at a distance R, is worth
1/2R, and no part of the electrons' repulsion at home.

Several orbitals that hold fractions aᵢ of α and bᵢ of β electrons need Σ K_ij √(aᵢ āᵢ b_j b̄_j),
ā = 1 − a, where aᵢ + bᵢ = 1. With nσ = Σ aᵢ²/Σ aᵢ, and K_ii larger than the others, that is
d = √[(1 − nα)(1 − nβ) / (nα nβ)], of which EDU26's own terms have a fifth; (τ_W/τ)⁴ tells the two
cases apart. Everything else is as in :mod:`mlxc_edu.functionals.edu26`.
"""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp

from ..weights import load_ours
from . import edu26, occupation
from .edu26 import Inputs

OWN = (*edu26.OWN, "occupation", "hole", "far")
SHARED = (*edu26.SHARED, "static", "holes")
OUTPUTS: dict[str, str] = {
    "u": "more of the term of fractional spins and charges",
    "v": "that a hole has a part far away",
    **edu26.OUTPUTS,
}
"""The network's answer at a point: names and meaning."""

SHARPNESS = 12  # power of the mean that rounds d's corner at nα + nβ = 1
ALONE = 4  # power of τ_W/τ that tells one orbital from several
UNSEEN = 0.01  # of an electron, which full shells seem to lack
SHELL = 0.8  # of what Hartree–Fock lacks; EDU26's terms have the rest
FAINT = 0.03  # of d; less is taken for an error of n
ROUNDED = 0.02  # of an electron, the corner at n = 1
APART = 0.03  # of local exchange from far away, from where on nothing is taken for exact
VANISHING = 1e-7  # Hartree/Bohr³, keeps √'s slope finite where a spin is empty


class Parameters(edu26.Parameters):
    """Of the network beside EDU26's: as that one's, with more inputs and outputs."""

    @classmethod
    def form(cls) -> tuple[str, int, int, int]:
        return "EDU27", len(OWN), len(SHARED), len(OUTPUTS)

    @staticmethod
    def bounded(x: jax.Array) -> jax.Array:
        """Between −2 and 2; one that a fit took near either end finds back, as it would not with
        EDU26's tanh."""
        return x / jnp.sqrt(1 + (x / 2) ** 2)


def occupations(features) -> jax.Array:
    """nσ, (..., 2): how much of an electron the exchange hole of each spin holds nearby."""
    return _holes(edu26.point(features), features)[0]


def _holes(p, features):
    """nσ, and the share of local exchange that comes from far away."""
    seen, shape = occupation.seen(p, features), occupation.fitted()
    return occupation.read(shape, seen), occupation.far(shape, seen)


def _free(n, rounded=ROUNDED):
    """1 − n, or 0 where that is negative; its corner rounded."""
    return (1 - n + jnp.sqrt((1 - n) ** 2 + rounded**2)) / 2


def static(n, single, unseen=UNSEEN) -> jax.Array:
    """d of local occupations (..., 2): of one orbital where ``single``, τ_W/τ (...,), is 1, of
    open shells beside full ones else; corners rounded."""
    both, none = n.prod(axis=-1), _free(n).prod(axis=-1)
    orbital = none / (both**SHARPNESS + none**SHARPNESS) ** (1 / SHARPNESS)
    open_shell = _free(n + unseen, ROUNDED / 4).prod(axis=-1)
    shell = jnp.sqrt(open_shell / (both**SHARPNESS + open_shell**SHARPNESS) ** (1 / SHARPNESS))
    shell *= SHELL
    return shell + single**ALONE * (orbital - shell)


def inputs(features) -> Inputs:
    """Features (..., 11) in atomic units → what the network looks at."""
    p, seen = edu26.point(features), edu26.inputs(features)
    n, far = _holes(p, features)
    hole = 2 * jnp.sqrt(_free(n))
    own = p.share[..., None] * jnp.stack([n, hole, 4 * far], axis=-1)
    both = jnp.stack([static(n, p.single_total), hole.prod(axis=-1)], axis=-1)
    return Inputs(*(jnp.concatenate(a, axis=-1) for a in zip(seen, (own, both))))


def ingredients(features, dtype="float32") -> tuple[jax.Array, jax.Array]:
    """Energies per volume in Hartree/Bohr³: the one that needs no network of its own, (...,), and
    the five that its network's outputs multiply, (..., 5). ``dtype`` is EDU26's network's."""
    p = edu26.point(features)
    n, far = _holes(p, features)
    d = static(n, p.single_total)
    farther = static(n - _free(n) / 2, p.single_total, unseen=0.0)
    several = 1 - (1 - (1 - edu26.polarisation(p)) * (1 - d)) * p.single_total
    alone, known = edu26.terms(p, several)
    alone += (coefficients(_edu26(str(dtype)), edu26.inputs(features)) * known).sum(axis=-1)
    both = jnp.sqrt(p.e_hf.prod(axis=-1) + VANISHING**2) - VANISHING
    apart = far.sum(axis=-1)
    real = d**2 * (1 + FAINT**2) / (d**2 + FAINT**2)
    paired = -2 * (1 - jnp.exp(-8 * edu26.departure(p))) * real * (1 - apart) * both
    exact = d * p.single_total**ALONE * APART**2 / (apart**2 + APART**2)
    unknown = paired * (1 - exact)
    own = jnp.stack([unknown * d / 4, unknown * (farther - d) / 2], axis=-1)
    scaled = [own, (real * d)[..., None] * known]
    return alone + paired * d, jnp.concatenate(scaled, axis=-1)


@cache
def _edu26(dtype) -> edu26.Parameters:
    with jax.ensure_compile_time_eval():  # numbers, also where somebody traces
        return edu26.Parameters.from_arrays(load_ours("EDU26"), dtype)


coefficients = edu26.coefficients


def energy_density(parameters: Parameters, features) -> jax.Array:
    """e_xc, (...,), Hartree/Bohr³, from features (..., 11); float64 whatever the networks'
    precision."""
    alone, scaled = ingredients(features, parameters.own_w.dtype)
    return alone + (coefficients(parameters, inputs(features)) * scaled).sum(axis=-1)
