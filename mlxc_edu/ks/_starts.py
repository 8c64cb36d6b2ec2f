"""Orbitals to start from: free atoms side by side, an electron handed over or not.

A stretched molecule has several self-consistent states (ionic, neutral, something between) and a
calculation finds the one it starts near. So we build the starts on purpose: the atoms' own orbitals
with opposite or equal spins, then the highest electron of one atom rotated by an angle θ into the
lowest hole of the other. θ = 0° leaves neutral atoms, 90° makes ions, 45° hands over half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from pyscf import dft, gto
from pyscf.data import elements

from .._molecule import hund_spin

TRANSFER_ANGLES = (0, 45, 90)  # degrees
_P_IRREPS_UP = ("B1u", "B3u", "B2u")  # z, x, y: the bond axis is the first p singly occupied …
_P_IRREPS_DOWN = ("B2u", "B3u", "B1u")  # … and the last doubly occupied, ready to bond
_D_IRREPS = {"Ag": 2, "B1g": 1, "B2g": 1, "B3g": 1}
_ATOMS: dict = {}  # free atoms already solved in this process


@dataclass(frozen=True)
class Start:
    label: str
    mo_coeff: np.ndarray
    mo_occ: np.ndarray


def default_start(mf) -> Start:
    """PySCF's own guess, one diagonalisation on."""
    dm = mf.get_init_guess()
    fock = mf.get_fock(dm=dm)
    energy, coeff = mf.eig(fock, mf.get_ovlp())
    return Start("superposed atomic densities", coeff, mf.get_occ(energy, coeff))


def mixed_start(mo_coeff, pairs) -> Start:
    """The spin symmetry of a closed shell broken: HOMO and LUMO rotated by +45° for α, −45° for β.

    ``mo_coeff`` is (nao, nmo), by energy; ``pairs`` is the number of electron pairs.
    """
    coeff = np.array([mo_coeff, mo_coeff])
    if pairs < mo_coeff.shape[1]:
        homo, lumo = mo_coeff[:, pairs - 1], mo_coeff[:, pairs]
        for spin, sign in ((0, 1.0), (1, -1.0)):
            coeff[spin][:, pairs - 1] = (homo + sign * lumo) / np.sqrt(2)
            coeff[spin][:, pairs] = (lumo - sign * homo) / np.sqrt(2)
    occ = (np.arange(mo_coeff.shape[1]) < pairs).astype(float)
    return Start("HOMO and LUMO mixed", coeff, np.array([occ, occ]))


def atomic_starts(mol) -> list[Start]:
    """Unrestricted starts for an atom or a diatomic; none where the atoms' spins do not fit."""
    if mol.natm > 2:
        return []
    overlap = mol.intor_symmetric("int1e_ovlp")
    starts = []
    for flip in (True, False)[: mol.natm]:
        coeff, energy, owner, sigma, occupied = _side_by_side(mol, flip)
        if not _fit_electrons(mol, energy, occupied):
            continue
        kind = "atoms" if mol.natm == 1 else f"atoms, spins {'opposite' if flip else 'parallel'}"
        pair = _transfer_pair(energy, owner, sigma, occupied) if mol.natm == 2 else None
        for angle in TRANSFER_ANGLES if pair else (0,):
            turned = [c.copy() for c in coeff]
            if pair:
                spin, donor, acceptor = pair
                c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
                d, a = coeff[spin][:, donor], coeff[spin][:, acceptor]
                turned[spin][:, donor], turned[spin][:, acceptor] = c * d + s * a, c * a - s * d
            label = kind if not angle else f"{kind}, an electron handed over by {angle}°"
            starts.append(_orthonormal(label, turned, occupied, overlap))
        if mol.spin == 0 and mol.natm == 2 and mol.atom_symbol(0) == mol.atom_symbol(1) and flip:
            break  # spins up–down and down–up are the same state
    return starts


def _side_by_side(mol, flip):
    """The atoms' orbitals as columns over the molecule's basis, for each spin; with each column's
    energy, atom, whether it has σ symmetry about the bond, and occupation."""
    orient = _bond_frame(mol) if mol.natm == 2 else np.eye(3)
    coeff = [np.zeros((mol.nao, mol.nao)) for _ in range(2)]
    energy, sigma, occupied = ([np.zeros(mol.nao) for _ in range(2)] for _ in range(3))
    owner = np.zeros(mol.nao, dtype=int)
    for i, (_, _, first, last) in enumerate(mol.aoslice_by_atom()):
        atom = _free_atom(mol, i)
        turn = atom.mol.ao_rotation_matrix(orient.T)  # PySCF turns the axes, we turn the atom
        columns = slice(first, first + atom.mo_coeff[0].shape[1])
        owner[first:last] = i
        for spin in (0, 1):
            source = 1 - spin if flip and i == 1 else spin
            coeff[spin][first:last, columns] = turn @ atom.mo_coeff[source]
            energy[spin][columns] = atom.mo_energy[source]
            occupied[spin][columns] = atom.mo_occ[source] > 0
            sigma[spin][columns] = np.isin(atom.mo_coeff[source].orbsym, _sigma_irreps(atom.mol))
    return coeff, energy, owner, np.array(sigma) > 0, [o > 0 for o in occupied]


def _bond_frame(mol) -> np.ndarray:
    """A rotation that takes the z axis to the bond."""
    bond = np.subtract(*mol.atom_coords()[::-1])
    z = bond / np.linalg.norm(bond)
    helper = np.eye(3)[np.argmin(np.abs(z))]
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z]).T


def _sigma_irreps(mol) -> list[int]:
    return [n for n, name in zip(mol.irrep_id, mol.irrep_name) if name in ("Ag", "B1u")]


def _free_atom(mol, index):
    """A converged free atom in the molecule's basis. PBE on a coarse grid is good enough to start
    any functional from."""
    label, symbol = mol.atom_symbol(index), mol.atom_pure_symbol(index)
    basis, ecp = mol._basis[label], mol._ecp.get(label)
    key = (symbol, repr(basis), repr(ecp), mol.cart)
    if key not in _ATOMS:
        atom = gto.M(
            atom=f"{symbol} 0 0 0",
            basis={symbol: basis},
            ecp={symbol: ecp} if ecp else {},
            spin=hund_spin(symbol),
            symmetry="D2h",
            cart=mol.cart,
            verbose=0,
        )
        mf = dft.UKS(atom, xc="PBE")
        mf.grids.level = 1
        mf.irrep_nelec = {} if ecp else _hund_occupations(symbol)
        _ATOMS[key] = mf.run()
    return _ATOMS[key]


def _hund_occupations(symbol) -> dict[str, tuple[int, int]]:
    """(α, β) electrons of each D2h irrep, the open p shell oriented to bond along z. Empty, which
    leaves the choice to the energies, where a d or f shell is open."""
    s, p, d, f = elements.CONFIGURATION[elements.charge(symbol)]
    if d % 10 or f:
        return {}
    full_d = d // 10
    counts = {"Ag": [(s + 1) // 2, s // 2]}
    for irrep, multiplicity in _D_IRREPS.items() if full_d else ():
        up, down = counts.get(irrep, (0, 0))
        counts[irrep] = [up + multiplicity * full_d, down + multiplicity * full_d]
    up, down = min(p % 6, 3), max(p % 6 - 3, 0)
    for irrep in _P_IRREPS_UP:
        counts[irrep] = [p // 6, p // 6]
    for irrep in _P_IRREPS_UP[:up]:
        counts[irrep][0] += 1
    for irrep in _P_IRREPS_DOWN[:down]:
        counts[irrep][1] += 1
    return {irrep: (a, b) for irrep, (a, b) in counts.items() if a + b}


def _fit_electrons(mol, energy, occupied) -> bool:
    """Ionise the neutral atoms until the molecule's electrons are matched, changing ``occupied``.
    False where the atoms' spins cannot give the molecule's."""
    for spin, wanted in enumerate(mol.nelec):
        surplus = int(occupied[spin].sum()) - wanted
        if surplus and surplus * mol.charge <= 0:
            return False
        for _ in range(abs(surplus)):
            choice = occupied[spin] if surplus > 0 else ~occupied[spin]
            ends = np.where(choice, energy[spin], -np.inf if surplus > 0 else np.inf)
            k = int(np.argmax(ends) if surplus > 0 else np.argmin(ends))
            occupied[spin][k] = surplus < 0
    return True


def _transfer_pair(energy, owner, sigma, occupied):
    """(spin, donor column, acceptor column) of the cheapest electron transfer between the atoms
    that the bond's symmetry allows; None where there is no electron or no hole."""
    best, pair = np.inf, None
    for spin in (0, 1):
        donors = np.flatnonzero(occupied[spin] & sigma[spin])
        holes = np.flatnonzero(~occupied[spin] & sigma[spin])
        for donor in donors:
            for hole in holes[owner[holes] != owner[donor]]:
                cost = energy[spin][hole] - energy[spin][donor]
                if cost < best:
                    best, pair = cost, (spin, int(donor), int(hole))
    return pair


def _orthonormal(label, coeff, occupied, overlap) -> Start:
    """Occupied orbitals orthonormalised among themselves (Löwdin, which moves them least), the
    virtual ones then made orthogonal to them."""
    coeffs, occs = [], []
    for c, occ in zip(coeff, occupied):
        o = c[:, occ]
        if o.shape[1]:
            o = o @ np.linalg.inv(scipy.linalg.sqrtm(o.T @ overlap @ o).real)
        v = c[:, ~occ] - o @ (o.T @ overlap @ c[:, ~occ])
        weight, turn = np.linalg.eigh(v.T @ overlap @ v)
        keep = weight > 1e-8
        v = v @ turn[:, keep] / np.sqrt(weight[keep])
        coeffs.append(np.hstack([o, v]))
        occs.append((np.arange(o.shape[1] + v.shape[1]) < o.shape[1]).astype(float))
    width = min(c.shape[1] for c in coeffs)
    return Start(
        label, np.array([c[:, :width] for c in coeffs]), np.array([o[:width] for o in occs])
    )
