"""Free atoms, and parts of a molecule by themselves, in the molecule's basis: what it is put
together from. PBE on a coarse grid is good enough to start any functional from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyscf import dft, gto
from pyscf.data import elements

from ...molecules import hund_spin, real_atoms

_P_IRREPS_UP = ("B1u", "B3u", "B2u")  # z, x, y: the bond axis is the first p singly occupied …
_P_IRREPS_DOWN = ("B2u", "B3u", "B1u")  # … and the last doubly occupied, ready to bond
_D_IRREPS = {"Ag": 2, "B1g": 1, "B2g": 1, "B3g": 1}
_SOLVED: dict = {}  # in this process


@dataclass(frozen=True)
class Part:
    """An atom or a fragment by itself: its basis ``functions`` in the molecule, and for each spin
    its orbitals over them with energy, occupation, and whether they are of σ symmetry about the
    bond of a diatomic."""

    functions: np.ndarray
    coefficients: list[np.ndarray]
    energies: list[np.ndarray]
    occupied: list[np.ndarray]
    sigma: list[np.ndarray]

    @property
    def is_open(self) -> bool:
        return bool(self.occupied[0].sum() != self.occupied[1].sum())


def atom_part(mol, index, bonded) -> Part:
    """A free atom; if it is one of two ``bonded`` its axis is the bond."""
    atom = free_atom(mol, index)
    turn = np.eye(atom.mol.nao)
    if len(bonded) == 2:  # PySCF turns the axes, we turn the atom
        turn = atom.mol.ao_rotation_matrix(bond_frame(mol.atom_coords()[bonded]).T)
    names = zip(atom.mol.irrep_id, atom.mol.irrep_name)
    about_the_axis = [number for number, name in names if name in ("Ag", "B1u")]
    return Part(
        functions=functions_of(mol, [index]),
        coefficients=[turn @ c for c in atom.mo_coeff],
        energies=list(atom.mo_energy),
        occupied=[occ > 0 for occ in atom.mo_occ],
        sigma=[np.isin(c.orbsym, about_the_axis) for c in atom.mo_coeff],
    )


def fragment_part(mol, atoms) -> Part:
    """Several atoms by themselves, where they stand, neutral, with paired electrons or one left."""
    labels = [mol.atom_symbol(i) for i in atoms]
    alone = gto.M(
        atom=list(zip(labels, mol.atom_coords()[atoms].tolist())),
        unit="Bohr",
        basis=mol._basis,
        ecp=mol._ecp,
        spin=sum(elements.charge(mol.atom_pure_symbol(i)) for i in atoms) % 2,
        cart=mol.cart,
        verbose=0,
    )
    mf = dft.UKS(alone, xc="PBE")
    mf.grids.level = 0
    mf.kernel()
    return Part(
        functions=functions_of(mol, atoms),
        coefficients=list(mf.mo_coeff),
        energies=list(mf.mo_energy),
        occupied=[occ > 0 for occ in mf.mo_occ],
        sigma=[np.ones(len(e), dtype=bool) for e in mf.mo_energy],
    )


def points(mol, index) -> bool:
    """Whether an atom's open p shell is not the same in all directions."""
    p = elements.CONFIGURATION[elements.charge(mol.atom_pure_symbol(index))][1]
    return p % 6 not in (0, 3)


def functions_of(mol, atoms) -> np.ndarray:
    """Indices of their basis functions."""
    slices = mol.aoslice_by_atom()[:, 2:]
    return np.concatenate([np.arange(*slices[i]) for i in atoms])


def bond_frame(positions) -> np.ndarray:
    """A rotation that takes the z axis to the bond."""
    bond = np.subtract(*positions[::-1])
    z = bond / np.linalg.norm(bond)
    helper = np.eye(3)[np.argmin(np.abs(z))]
    x = np.cross(helper, z)
    x /= np.linalg.norm(x)
    return np.array([x, np.cross(z, x), z]).T


def turn_about_bond(mol, degrees) -> np.ndarray:
    """What a turn about the line through the first two atoms does to the basis, (nao, nao)."""
    frame = bond_frame(mol.atom_coords()[real_atoms(mol)[:2]])
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return mol.ao_rotation_matrix((frame @ turn @ frame.T).T)


def free_atom(mol, index):
    """A converged free atom."""
    label, symbol = mol.atom_symbol(index), mol.atom_pure_symbol(index)
    basis = mol._basis.get(label, mol._basis.get(symbol))
    ecp = mol._ecp.get(label, mol._ecp.get(symbol))
    key = (symbol, repr(basis), repr(ecp), mol.cart)
    if key not in _SOLVED:
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
        _SOLVED[key] = mf.run()
    return _SOLVED[key]


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
