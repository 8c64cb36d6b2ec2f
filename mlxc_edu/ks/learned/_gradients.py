"""Nuclear gradients of a learned functional: the exact derivative of the energy with exact local
exchange, the movement of its grid included. Where that energy is followed from one density, it and
this differ by what the few points lack.

At fixed density matrix a nucleus B moves its basis functions, ∂χ_a/∂R_B = −∇χ_a, and with them
features and ν; its own quadrature points; and every point's weight. The rest, shared with any mean
field, is PySCF's.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from pyscf import lib
from pyscf.grad import rks, roks, uks
from pyscf.grad.rks import grids_response_cc

from ...functionals import OMEGAS, Features, energy_and_potential
from ..methods import d3bj
from ._local_exchange import ExactExchange
from ._mirrors import distinct_points, find_mirrors, keeping
from ._plain import _features

BATCH_MEMORY = 64e6  # bytes of the derivative integrals of one batch
_SECOND = [[4, 5, 6], [5, 7, 8], [6, 8, 9]]  # where PySCF keeps ∂²χ/∂x_i∂x_j


@jax.jit
def _pull_to_chi(dm, x, chi, weights, v):
    """∂(Σ w e)/∂χ, (4, nao, N), with ν held."""
    _, pull = jax.vjp(lambda chi: _features(dm, x, chi), chi)
    return pull(weights[:, None] * v)[0]


def xc_gradient(mf, dm) -> np.ndarray:
    """∂E_xc/∂R at fixed density matrices ``dm`` (spins, nao, nao), (natm, 3) in Hartree/Bohr."""
    mol, grids = mf.mol, mf.grids
    if moves := _is_own_grid(grids):
        parts = list(grids_response_cc(grids))
    else:  # points from elsewhere stay where they are
        parts = [(grids.coords, grids.weights, None)]
    coords = np.vstack([part[0] for part in parts])
    weights = np.concatenate([part[1] for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part[1]) for part in parts])

    mirrors = keeping(find_mirrors(mol, coords, weights), dm)
    one, members = distinct_points(mol, mirrors, coords)
    weights, owner = np.bincount(members, weights), owner[one]
    energy, total = np.zeros(len(one)), np.zeros((mol.natm, 3))
    for atom in np.unique(owner):
        its = owner == atom
        energy[its], slope = _points_gradient(mf, dm, coords[one][its], weights[its])
        total += slope
        if moves:  # with their atom; where everything moves together nothing changes
            total[atom] -= slope.sum(axis=0)
    total = np.mean([m.of_forces(total) for m in mirrors], axis=0)
    if moves:
        total += np.concatenate([part[2] for part in parts], axis=2) @ energy[members]
    return total


def _points_gradient(mf, dm, coords, weights):
    """e_xc at the points, (n,), and Σ_g w_g ∂e_g/∂R for points held in place, (natm, 3)."""
    mol, functional = mf.mol, mf.functional
    nao = mol.nao
    exchange = ExactExchange(mol, functional.dtype)
    density = exchange.prepare(dm)
    size = int(np.clip(BATCH_MEMORY // (3 * nao**2 * 8), 32, 1024))
    energies, slope = [], np.zeros((nao, 3))
    for start in range(0, len(weights), size):
        count = len(weights[start : start + size])
        points, w = _padded(coords[start : start + size], weights[start : start + size], size)
        values = mol.eval_gto("GTOval_sph_deriv2", points).transpose(0, 2, 1)
        chi = np.ascontiguousarray(values[:4])
        x = exchange.apply(exchange.tables(points), density, chi)
        f = _features(jnp.asarray(dm), x, chi)
        e, v = energy_and_potential(functional.energy_density, functional.parameters, f)
        energies.append(np.asarray(e)[:count])

        # through the basis functions: −Σ (∂E/∂χ_a) ∇χ_a, and the same for their gradients
        pulled = np.asarray(_pull_to_chi(dm, x, chi, w, v))
        for k in range(3):
            moved = values[[k + 1, *_SECOND[k]]]
            slope[:, k] -= np.einsum("cag,cag->a", pulled, moved)

        # through ν: −½ e ∂ν e with ∂ν_ab/∂R_B = −(∇a|b) for a on B, twice for a and b
        v = np.asarray(v) * w[:, None]
        e_density = np.einsum("sab,bg->sag", dm, chi[0])
        for i, omega in enumerate(OMEGAS):
            columns = (Features.HFX, Features.HFX_LR)[i]
            weight = v[:, columns].T
            if len(dm) == 1:
                weight = weight.sum(axis=0, keepdims=True)
            with mol.with_range_coulomb(omega):
                nu = mol.intor("int1e_grids_ip", grids=points)  # (3, g, a, b), g fastest
            for k in range(3):
                for e_s, w_s in zip(e_density, weight):
                    half = np.einsum("bag,bg->ag", nu[k].T, e_s)
                    slope[:, k] += (half * e_s) @ w_s
    per_atom = [slope[first:last].sum(axis=0) for first, last in mol.aoslice_by_atom()[:, 2:]]
    return np.concatenate(energies), np.array(per_atom)


def _padded(coords, weights, size):
    missing = size - len(weights)
    return (
        np.vstack([coords, np.repeat(coords[-1:], missing, axis=0)]),
        np.append(weights, np.zeros(missing)),
    )


def _is_own_grid(grids) -> bool:
    """Whether the points are those that PySCF would lay out, and so move with the nuclei."""
    fresh = grids.copy()
    fresh.reset()
    fresh.build(with_non0tab=False)
    return len(fresh.weights) == len(grids.weights) and np.allclose(
        np.sort(fresh.weights), np.sort(grids.weights)
    )


class _LearnedGradients:
    def get_veff(self, mol=None, dm=None):
        mf = self.base
        dm = mf.make_rdm1() if dm is None else np.asarray(dm)
        spins = dm[None] / 2 if dm.ndim == 2 else dm
        total = dm if dm.ndim == 2 else dm[0] + dm[1]
        vj = self.get_j(mf.mol, total)
        vj = vj if dm.ndim == 2 else np.array([vj, vj])
        return lib.tag_array(vj, exc1=xc_gradient(mf, spins))

    def extra_force(self, atom_id, envs):
        return envs["vhf"].exc1[atom_id]

    def get_dispersion(self, disp=None, with_3body=None, verbose=None):
        return d3bj(self.mol)[1]


class _RestrictedGradients(_LearnedGradients, rks.Gradients):
    pass


class _UnrestrictedGradients(_LearnedGradients, uks.Gradients):
    pass


class _RestrictedOpenGradients(_LearnedGradients, roks.Gradients):
    pass


def Gradients(mf):
    """PySCF's gradients object for a learned functional's mean field."""
    if mf.istype("ROKS"):
        return _RestrictedOpenGradients(mf)
    return _UnrestrictedGradients(mf) if mf.istype("UKS") else _RestrictedGradients(mf)
