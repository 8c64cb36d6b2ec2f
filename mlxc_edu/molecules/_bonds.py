"""Which atoms of a molecule are bonded, as far as distances tell."""

from __future__ import annotations

import numpy as np
from pyscf import gto
from pyscf.data import elements, radii

from ._molecule import hund_spin

STRETCHED = 1.3  # times the sum of covalent radii
SINGLE = 1.1  # the same; a longer bond is a single one at most


def real_atoms(mol: gto.Mole) -> list[int]:
    """Indices of the atoms that have a nucleus: all but PySCF's ghosts (``"ghost-O"``, ``"X-H"``),
    which bring basis functions and grid points and nothing else."""
    return [i for i in range(mol.natm) if not gto.is_ghost_atom(mol.atom_symbol(i))]


def fragments(mol: gto.Mole, reach: float = STRETCHED) -> list[list[int]]:
    """Indices of the atoms of each part into which the molecule falls when only contacts up to
    ``reach`` sums of covalent radii count. Ghosts belong to none."""
    r = np.linalg.norm(mol.atom_coords()[:, None] - mol.atom_coords()[None], axis=-1)
    size = np.array(
        [radii.COVALENT[elements.charge(mol.atom_pure_symbol(i))] for i in range(mol.natm)]
    )
    bonded = r < reach * (size[:, None] + size[None])
    parts, left = [], set(real_atoms(mol))
    bonded[:, [i for i in range(mol.natm) if i not in left]] = False
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            edge = {int(j) for i in edge for j in np.flatnonzero(bonded[i])} - part
        parts.append(sorted(part))
        left -= part
    return parts


def is_stretched(mol: gto.Mole) -> bool:
    """Whether the molecule falls into parts."""
    return len(fragments(mol)) > 1


def breaks_pairs(mol: gto.Mole) -> bool:
    """Whether it falls into parts of which some have unpaired electrons of their own: an odd
    number, or an atom that Hund's rule gives any."""

    def unpaired(part) -> bool:
        if len(part) == 1:
            return hund_spin(mol.atom_pure_symbol(part[0])) > 0
        return sum(elements.charge(mol.atom_pure_symbol(i)) for i in part) % 2 == 1

    parts = fragments(mol)
    return len(parts) > 1 and any(map(unpaired, parts))
