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

from ...molecules import hund_spin, real_atoms

SUPERPOSED = "superposed atomic densities"
TRANSFER_ANGLES = (0, 45, 90)  # degrees
_P_IRREPS_UP = ("B1u", "B3u", "B2u")  # z, x, y: the bond axis is the first p singly occupied …
_P_IRREPS_DOWN = ("B2u", "B3u", "B1u")  # … and the last doubly occupied, ready to bond
_D_IRREPS = {"Ag": 2, "B1g": 1, "B2g": 1, "B3g": 1}
_SPIN_SIGNS: dict = {1: ((1,),), 2: ((1, -1), (-1, 1), (1, 1))}
_ATOMS: dict = {}  # free atoms already solved in this process


@dataclass(frozen=True)
class Start:
    """Orbitals to start from; ``atomic`` if they are those of separate atoms or ions."""

    label: str
    mo_coeff: np.ndarray
    mo_occ: np.ndarray
    atomic: bool = False


def default_start(mf) -> Start:
    """PySCF's own guess, one diagonalisation on."""
    dm = mf.get_init_guess(key="minao")
    fock = mf.get_fock(dm=dm)
    energy, coeff = mf.eig(fock, mf.get_ovlp())
    return Start(SUPERPOSED, coeff, mf.get_occ(energy, coeff))


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
    """Unrestricted starts for an atom or a diatomic.

    Where no orientation of the atoms' spins gives the molecule's (two triplet oxygen atoms make a
    singlet or a quintet), electrons are flipped until it does; such a state lies above free atoms.
    """
    atoms = len(real_atoms(mol))
    if atoms > 2:
        return []
    layouts = [_side_by_side(mol, signs) for signs in _SPIN_SIGNS[atoms]]
    fitting = [layout for layout in layouts if layout.ionise(mol)]
    if mol.spin == 0:
        fitting = fitting[:1]  # the others are its mirror images
    if not fitting:
        fitting = [layout.forced(mol) for layout in layouts]
    return [start for layout in fitting for start in _transfers(mol, layout)]


def atomic_spins_fit(mol) -> bool:
    """Whether ground-state atoms, their spins up or down, can make up the molecule's spin."""
    return any(_side_by_side(mol, signs).ionise(mol) for signs in _SPIN_SIGNS[len(real_atoms(mol))])


def _transfers(mol, layout: _Layout) -> list[Start]:
    """A layout as it is, and with an electron handed over in steps."""
    overlap = mol.intor_symmetric("int1e_ovlp")
    pair = layout.transfer_pair() if len(real_atoms(mol)) == 2 else None
    starts = []
    for angle in TRANSFER_ANGLES if pair else (0,):
        turned = [c.copy() for c in layout.coeff]
        if pair:
            spin, donor, acceptor = pair
            c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
            d, a = layout.coeff[spin][:, donor], layout.coeff[spin][:, acceptor]
            turned[spin][:, donor], turned[spin][:, acceptor] = c * d + s * a, c * a - s * d
        label = layout.label + (f", an electron handed over by {angle}°" if angle else "")
        starts.append(_orthonormal(label, turned, layout.occupied, overlap))
    return starts


@dataclass
class _Layout:
    """Free atoms side by side: for each spin their orbitals as columns over the molecule's basis,
    with each column's energy, atom, σ symmetry about the bond, and whether it is occupied."""

    label: str
    coeff: list[np.ndarray]
    energy: list[np.ndarray]
    owner: np.ndarray
    sigma: list[np.ndarray]
    occupied: list[np.ndarray]

    def ionise(self, mol) -> bool:
        """Take or add the electrons of the molecule's charge, the cheapest ones. False where the
        spins do not fit, and nothing is changed then."""
        surplus = [int(o.sum()) - n for o, n in zip(self.occupied, mol.nelec)]
        if any(n * mol.charge < 0 or (n and not mol.charge) for n in surplus):
            return False
        self.forced(mol)
        return True

    def forced(self, mol) -> _Layout:
        """Make the electrons fit, whatever it takes: the highest leave, the lowest holes fill."""
        for energy, occupied, wanted in zip(self.energy, self.occupied, mol.nelec):
            while occupied.sum() > wanted:
                occupied[np.argmax(np.where(occupied, energy, -np.inf))] = False
            while occupied.sum() < wanted:
                occupied[np.argmin(np.where(occupied, np.inf, energy))] = True
        return self

    def transfer_pair(self) -> tuple[int, int, int] | None:
        """(spin, donor column, acceptor column) of the cheapest electron transfer between the atoms
        that the bond's symmetry allows; None where there is no electron or no hole."""
        best, pair = np.inf, None
        for spin in (0, 1):
            occupied, sigma, energy = self.occupied[spin], self.sigma[spin], self.energy[spin]
            holes = np.flatnonzero(~occupied & sigma)
            for donor in np.flatnonzero(occupied & sigma):
                for hole in holes[self.owner[holes] != self.owner[donor]]:
                    if energy[hole] - energy[donor] < best:
                        best, pair = energy[hole] - energy[donor], (spin, int(donor), int(hole))
        return pair


def _side_by_side(mol, signs) -> _Layout:
    """The atoms, each with its spin up (+1) or down (−1). A ghost's functions stay empty."""
    atoms = real_atoms(mol)
    orient = _bond_frame(mol.atom_coords()[atoms]) if len(atoms) == 2 else np.eye(3)
    shape = (2, mol.nao)
    coeff, energy = np.zeros((2, mol.nao, mol.nao)), np.zeros(shape)
    sigma, occupied = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    owner, ghostly = np.zeros(mol.nao, dtype=int), np.ones(mol.nao, dtype=bool)
    for i, sign in zip(atoms, signs):
        first, last = mol.aoslice_by_atom()[i, 2:]
        atom = free_atom(mol, i)
        turn = atom.mol.ao_rotation_matrix(orient.T)  # PySCF turns the axes, we turn the atom
        columns = slice(first, first + atom.mo_coeff[0].shape[1])
        owner[first:last], ghostly[first:last] = i, False
        for spin in (0, 1):
            source = spin if sign > 0 else 1 - spin
            coeff[spin][first:last, columns] = turn @ atom.mo_coeff[source]
            energy[spin][columns] = atom.mo_energy[source]
            occupied[spin][columns] = atom.mo_occ[source] > 0
            sigma[spin][columns] = np.isin(atom.mo_coeff[source].orbsym, _sigma_irreps(atom.mol))
    coeff[:, ghostly, ghostly], energy[:, ghostly] = 1, np.finfo(float).max
    label = {(1,): "atom", (1, 1): "atoms, spins parallel"}.get(signs, "atoms, spins opposite")
    return _Layout(label, list(coeff), list(energy), owner, list(sigma), list(occupied))


def _bond_frame(positions) -> np.ndarray:
    """A rotation that takes the z axis to the bond."""
    bond = np.subtract(*positions[::-1])
    z = bond / np.linalg.norm(bond)
    helper = np.eye(3)[np.argmin(np.abs(z))]
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z]).T


def _sigma_irreps(mol) -> list[int]:
    return [n for n, name in zip(mol.irrep_id, mol.irrep_name) if name in ("Ag", "B1u")]


def free_atom(mol, index):
    """A converged free atom in the molecule's basis. PBE on a coarse grid is good enough to start
    any functional from."""
    label, symbol = mol.atom_symbol(index), mol.atom_pure_symbol(index)
    basis = mol._basis.get(label, mol._basis.get(symbol))
    ecp = mol._ecp.get(label, mol._ecp.get(symbol))
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
        label,
        np.array([c[:, :width] for c in coeffs]),
        np.array([o[:width] for o in occs]),
        atomic=True,
    )
