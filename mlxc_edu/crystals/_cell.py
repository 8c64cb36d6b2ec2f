"""A name or ASE's ``Atoms`` become a ``pyscf.pbc.gto.Cell``, checked."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np
from pyscf.data import elements, radii
from pyscf.pbc import gto
from pyscf.pbc.gto import pseudo as pseudopotentials

from ..units import ANGSTROM_PER_BOHR
from ._catalogue import ALIASES, CRYSTALS, STRUCTURES

BASIS, PSEUDO = "gth-dzvp-molopt-sr", "gth-pbe"
KE_CUTOFF = 120.0  # Hartree
TOUCHING = 0.6  # of two covalent radii; nuclei closer than this are a mistake


def catalogue():
    """The crystals known by name, as a pandas table.

    Columns: ``name``, ``structure``, ``lattice_constant`` (Å), ``bulk_modulus`` (GPa),
    ``cohesive_energy`` (eV an atom), all three without zero-point vibrations, ``gap`` (eV),
    ``source``.
    """
    import pandas as pd

    shown = ("structure", "lattice_constant", "bulk_modulus", "cohesive_energy", "gap", "source")
    rows = [{"name": n} | {f: getattr(e, f) for f in shown} for n, e in CRYSTALS.items()]
    return pd.DataFrame(rows).set_index("name")


def crystal(
    system: Any,
    *,
    lattice_constant: float | None = None,
    basis: str = BASIS,
    pseudo: str = PSEUDO,
    ke_cutoff: float | None = None,
) -> gto.Cell:
    """Build a crystal's primitive cell.

    Parameters
    ----------
    system : a name (``"LiH"``, ``"diamond"``; see :func:`catalogue`), or periodic ASE ``Atoms``.
    lattice_constant : of a named crystal's cube, Å; default: what was measured.
    basis : Gaussians made for the pseudopotentials, by PySCF's name.
    pseudo : Goedecker–Teter–Hutter pseudopotentials, which stand for the cores.
    ke_cutoff : Hartree; says how fine the FFT mesh is. Default: the catalogue's, else 120.

    Raises
    ------
    ValueError : an unknown name (the message lists near ones), Atoms that are not periodic in three
        directions, touching atoms, an element without a pseudopotential or basis.
    """
    if isinstance(system, str):
        name = ALIASES.get(system.strip().lower(), system.strip())
        if name not in CRYSTALS:
            known = [*CRYSTALS, *ALIASES]
            near = get_close_matches(name, known, n=3, cutoff=0.4) or known
            raise ValueError(
                f"unknown crystal {system!r}: did you mean {', '.join(near)}? ASE Atoms work for "
                "anything else"
            )
        entry = CRYSTALS[name]
        a = entry.lattice_constant if lattice_constant is None else float(lattice_constant)
        if not np.isfinite(a) or a <= 0:
            raise ValueError(f"a lattice constant is a length in Å, not {lattice_constant!r}")
        vectors = a / 2 * (np.ones((3, 3)) - np.eye(3))
        second = (STRUCTURES[entry.structure] * a,) * 3
        atoms = list(zip(entry.atoms, [(0.0, 0.0, 0.0), second]))
        ke_cutoff = ke_cutoff or entry.ke_cutoff
    else:
        if lattice_constant is not None:
            raise ValueError("a lattice constant goes with a name; ASE Atoms have their own cell")
        vectors, atoms = _from_ase(system)
    _require_potentials({symbol for symbol, _ in atoms}, basis, pseudo)
    cell = gto.Cell(
        a=vectors, atom=atoms, basis=basis, pseudo=pseudo, ke_cutoff=ke_cutoff or KE_CUTOFF
    )
    cell.unit, cell.verbose = "Angstrom", 0
    electrons = sum(int(elements.charge(symbol)) for symbol, _ in atoms)
    cell.spin = electrons % 2
    _require_distances(vectors, atoms)
    cell.build()
    cell.mesh = [_odd_and_fast(int(n)) for n in cell.mesh]
    return cell


def resized(cell: gto.Cell, factor: float) -> gto.Cell:
    """The same with all lengths times ``factor``, on a mesh of equally many points."""
    atoms = [[cell.atom_symbol(i), cell.atom_coord(i) * factor] for i in range(cell.natm)]
    found = gto.Cell(a=cell.lattice_vectors() * factor, atom=atoms, mesh=cell.mesh)
    found.unit, found.verbose, found.spin = "Bohr", cell.verbose, cell.spin
    found.basis, found.pseudo, found.max_memory = cell.basis, cell.pseudo, cell.max_memory
    return found.build()


def _odd_and_fast(points: int) -> int:
    """At least as many, odd, so that every wave has its opposite, and a product of 3, 5, 7, 11, for
    29 transform as slowly as 60."""
    rest = points
    for prime in (3, 5, 7, 11):
        while rest % prime == 0:
            rest //= prime
    return points if rest == 1 else _odd_and_fast(points + 1)


def _from_ase(atoms) -> tuple[np.ndarray, list]:
    if not hasattr(atoms, "get_chemical_symbols"):
        raise ValueError(
            f"cannot read a crystal from {' '.join(repr(atoms).split())[:60]}: give a name such as "
            "'LiH' or periodic ASE Atoms"
        )
    if not np.all(atoms.pbc) or abs(np.linalg.det(np.asarray(atoms.cell))) < 1e-6:
        raise ValueError(
            "ASE Atoms of a crystal are periodic in three directions: set cell and pbc"
        )
    positions = atoms.get_positions().tolist()
    return np.asarray(atoms.cell), [*zip(atoms.get_chemical_symbols(), map(tuple, positions))]


def _require_potentials(symbols: Iterable[str], basis, pseudo) -> None:
    for symbol in sorted(symbols):
        try:
            pseudopotentials.load(pseudo, symbol)
        except Exception:  # PySCF raises several kinds
            raise ValueError(f"{pseudo} has no pseudopotential of {symbol}") from None
        try:
            gto.basis.load(basis, symbol)
        except Exception:
            raise ValueError(
                f"{basis} has no functions of {symbol}; with {pseudo} go those named gth-…"
            ) from None


def _require_distances(vectors, atoms) -> None:
    """Between atoms of a cell and all their images."""
    shifts = np.stack(np.meshgrid(*[range(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    images = shifts @ np.asarray(vectors)
    for i, (a, at) in enumerate(atoms):
        for j, (b, to) in enumerate(atoms[i:], start=i):
            apart = np.linalg.norm(np.subtract(to, at) + images, axis=1)
            shortest = apart[apart > 1e-9].min() if i == j else apart.min()  # not from itself
            limit = sum(radii.COVALENT[elements.charge(s)] for s in (a, b)) * ANGSTROM_PER_BOHR
            if shortest < TOUCHING * limit:
                raise ValueError(
                    f"{a} and {b} are {shortest:.2f} Å apart: they touch (bonds of them are near "
                    f"{limit:.2f} Å); is the lattice constant in Å?"
                )
