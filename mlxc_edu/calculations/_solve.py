"""The careful driver: find the lowest self-consistent state, say how, and never hide a failure."""

from __future__ import annotations

import numpy as np
from pyscf import gto

from .._threads import one_blas_thread
from ..ks import KS
from ..ks.convergence import atomic_spins_fit
from ..ks.methods import canonical_name
from ..molecules import real_atoms, require_molecule
from ..units import KCAL_PER_HARTREE
from ._result import Result, make_result
from ._states import GRID_LEVEL, SAME_STATE, lowest_state

NO_ATOMIC_LIMIT = "no product of ground-state atoms has this spin: stretched, it ends above them"


@one_blas_thread
def solve(
    mol: gto.Mole,
    method: str = "PBE",
    *,
    unrestricted: bool | None = None,
    occupations=None,
) -> Result:
    """Find the lowest self-consistent state of a molecule.

    Atoms, diatomics and stretched molecules are started from several densities (atoms or fragments
    with opposite spins, two atoms' open p shells along all axes, ions, an electron half handed
    over, PySCF's own guess, HOMO and LUMO mixed; with restricted orbitals only where a bond is
    stretched, pairs moved across the gap), each minimised directly on a coarse grid, and the lowest
    refined. A learned functional's states near equilibrium are looked for from PBE's; of something
    that falls apart, the lowest that atoms, ions or fragments lead to is taken. A lower one is
    named in the notes.
    Anything else is an ordinary self-consistent field from one start, minimised directly where that
    does not converge. The end is a minimum of the energy in rotations of the orbitals, or
    ``converged`` is False.

    Parameters
    ----------
    mol : the molecule.
    method : as for :func:`mlxc_edu.KS`.
    unrestricted : None lets a closed shell break its spin symmetry where it may want to (diatomics
        and stretched molecules); True always lets it; False never does.
    occupations : fractional electrons, as for :func:`mlxc_edu.KS`. Then there is one start, and
        None for ``unrestricted`` means restricted where the occupations allow.

    Returns
    -------
    Result. A calculation that did not converge is returned with ``converged=False``; it does not
    raise.

    Raises
    ------
    ValueError : unknown method, or a restricted calculation asked for unpaired electrons.
    """
    require_molecule(mol)
    method = canonical_name(method)
    if occupations is not None:
        return _with_occupations(mol, method, bool(unrestricted), occupations)
    state = lowest_state(mol, method, unrestricted)
    mf = state.mean_field
    notes = []
    if state.tried:
        tried = "; ".join(sorted(state.tried))  # their energies may be equal but for rounding
        notes.append(f"from: {state.label}; lowest of {len(state.tried)} starts ({tried})")
    else:
        notes.append(f"from: {state.label}, the only start")
    if state.passed_over > SAME_STATE:
        lower = state.passed_over * KCAL_PER_HARTREE
        notes.append(f"a state that no atoms or ions lead to lies {lower:.1f} kcal/mol lower")
    if len(real_atoms(mol)) == 2 and not atomic_spins_fit(mol):
        notes.append(NO_ATOMIC_LIMIT)
    if mol.spin == 0 and state.spin_square > 1e-3:
        notes.append(f"spin symmetry broken, ⟨S²⟩ = {state.spin_square:.3f}")
    if (highest := _highest_occupied(mf)) > 0:
        notes.append(
            f"the last electron is not bound: its orbital lies at {highest:+.3f} Hartree, held by "
            "the basis"
        )
    if state.saddle:
        notes.append("a saddle: the energy curves down, and where that leads was not found")
    elif not state.converged:
        notes.append("the orbitals did not converge; the energy is an upper estimate")
    return make_result(method, mol, state.energy, state.converged, spin_density(mf), mf, notes)


def _with_occupations(mol, method, unrestricted, occupations) -> Result:
    mf = KS(mol, method, unrestricted=unrestricted, occupations=occupations)
    mf.grids.level = GRID_LEVEL
    mf.kernel()
    full = 2 if mf.mo_occ.ndim == 1 else 1
    partly = [f"{f:.3f}" for f in np.unique(mf.mo_occ.round(6)) if 0 < f < full]
    notes = [f"orbitals that hold {', '.join(partly)} electrons"] if partly else []
    if not mf.converged:
        notes.append("the orbitals did not converge; the energy is an upper estimate")
    occupied = (np.asarray(mf.occupations) > 0).sum(axis=1)
    density = spin_density(mf)
    return make_result(method, mol, mf.e_tot, mf.converged, density, mf, notes, occupied)


def _highest_occupied(mf) -> float:
    return float(np.asarray(mf.mo_energy)[np.asarray(mf.mo_occ) > 0].max())


def spin_density(mf) -> np.ndarray:
    """(2, nao, nao) density matrices of a restricted or unrestricted object."""
    dm = np.asarray(mf.make_rdm1())
    return dm if dm.ndim == 3 else np.array([dm / 2, dm / 2])
