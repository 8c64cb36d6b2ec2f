"""What a network's states ask for besides: it need not know that the two spins are alike, feels how
the grid lies, and is rough where pairs of electrons are pulled apart."""

from __future__ import annotations

import warnings

import numpy as np

from ..ks import KS
from ..ks.convergence import Minimum, Start, ended, follow, turn_about_bond
from ..molecules import real_atoms

PBES_DENSITY = "PBE's density"
SAME_STATE = 1e-5  # Hartree
TURN = 15  # degrees
PARTED = 0.1  # an element of the density matrix; those of pairs roughly minimised differ by less


def pbes_density(mf):
    """PBE, converged on the grid of ``mf``."""
    pbe = KS(mf.mol, "PBE", unrestricted=mf.istype("UKS"))
    pbe.grids.level, pbe.goes_on, pbe._eri = mf.grids.level, True, mf._eri
    pbe.conv_tol = SAME_STATE / 10
    pbe.kernel()
    mf._eri = pbe._eri
    return pbe


def pbe_start(pbe) -> Start:
    """Superposed atoms are far from any density that a network was taught: NaCl's minimisation
    takes 42 Fock matrices from there, 7 from here."""
    return Start(PBES_DENSITY, pbe.mo_coeff, pbe.mo_occ)


def led_elsewhere(pbe, starts) -> list[Start]:
    """Where PBE is led to by ``starts``, each place once, without the one that it is at."""
    there: dict[float, Start | None] = {pbe.e_tot: None}
    for start, lead in follow(pbe, starts) if starts else ():
        if min(abs(energy - lead.energy) for energy in there) > SAME_STATE:
            there[lead.energy] = Start(start.label, lead.mo_coeff, lead.mo_occ, start.atomic)
    return list(filter(None, there.values()))


def turned_around(mf, states) -> list[Start]:
    """States, each with its start, with all spins turned around, where that changes the energy
    (notebook 07)."""
    around = []
    for start, state in states:
        coeff, occ = state.mo_coeff[::-1], state.mo_occ[::-1]
        up, down = turned = mf.make_rdm1(coeff, occ)
        if np.abs(up - down).max() < PARTED:
            continue
        if abs(mf.energy_tot(turned) - state.energy) > SAME_STATE:
            around.append(Start(f"{start.label}, turned around", coeff, occ, start.atomic))
    return around


def lowest_about_bond(mf, found: Minimum) -> np.ndarray | None:
    """The orbitals turned to where the grid has them lowest, None if they are: where a shell of a
    linear molecule may point anywhere, the energy differs by up to 70 µHartree from one way to the
    next."""
    mol, overlap = mf.mol, mf.get_ovlp()
    if len(real_atoms(mol)) < 2:
        return None
    dm, turn = mf.make_rdm1(found.mo_coeff, found.mo_occ), turn_about_bond(mol, TURN)
    is_linear = np.allclose(turn.T @ overlap @ turn, overlap, atol=1e-6)
    if not is_linear or np.allclose(turn @ dm @ turn.T, dm, atol=1e-2):
        return None
    ways = [np.linalg.matrix_power(turn, n) for n in range(180 // TURN)]
    energies = [mf.energy_tot(way @ dm @ way.T) for way in ways]
    best = int(np.argmin(energies))
    if energies[best] > energies[0] - SAME_STATE / 10:
        return None
    return ways[best] @ found.mo_coeff


def lowest_pairs(mol, method, grid_level):
    """Where a restricted object's own search ends on a stretched bond, from its own start or from
    PBE's pairs, whichever is lower: that start, both starts, and the object."""
    pbe = KS(mol, "PBE")
    ends = {}
    with warnings.catch_warnings():
        # Of what was not settled the result tells.
        warnings.filterwarnings("ignore", message=".*mlxc_edu.solve tries")
        pbe.kernel()
        for label, density in (("PySCF's guess", None), ("PBE's pairs", pbe.make_rdm1())):
            ends[label] = mf = KS(mol, method)
            mf.grids.level = grid_level
            mf.kernel(density)
        label = min(ends, key=lambda label: (not ends[label].converged, ends[label].e_tot))
        mf = ends[label]
        turned = lowest_about_bond(mf, ended(mf))
        if turned is not None:
            mf.descend(turned)
    return label, tuple(ends), mf
