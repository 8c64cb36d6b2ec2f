"""A geometry, a charge, a spin and a basis, checked, become a ``pyscf.gto.Mole``."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyscf import gto
from pyscf.data import elements

from ._basis import require_cores, with_core_potentials
from ._geometry import read
from ._xyz import Geometry

SHORTEST_DISTANCE = 0.2  # Å; nuclei closer than this are a mistake, not chemistry


def molecule(
    system: Any,
    *,
    bond_length: float | None = None,
    basis: str | dict = "def2-svpd",
    charge: int | None = None,
    spin: int | None = None,
) -> gto.Mole:
    """Build a molecule.

    Parameters
    ----------
    system : a name (``"NaCl"``, ``"H2+"``, ``"Cl"``, ``"Na+"``; see :func:`mlxc_edu.catalogue`),
        XYZ text, an XYZ file (its path, or opened), or ASE ``Atoms``. Positions in Å. A known name
        is never a file; ``"./O2"`` is one. Where ASE is installed, also a name or a formula of its
        G2 set (``"CH3OH"``); where RDKit is, a SMILES (``"CCO"``); with ASE and a network, what
        PubChem knows (``"pubchem:acetone"``; tried against a stand-in, never against PubChem).
        What was taken for such a name is said on stderr. Text is a number of atoms, a line of
        comment and lines ``symbol x y z``, or only the latter, and ``;`` ends a line of these, too;
        one frame, not periodic. Extended XYZ may reorder columns by ``Properties=``; its
        ``Lattice=`` is periodic unless ``pbc="F F F"`` stands beside it.
    bond_length : in Å; replaces the distance in a diatomic.
    basis : anything PySCF takes as a basis: a name, functions, or a dictionary of either with keys
        such as ``"O"``, ``8`` and ``"default"``. A name brings its core potential along.
    charge : in elementary charges. Default: what the source says, else 0. A catalogue's entry does;
        ``charge=`` in an XYZ comment or in ASE's ``info``; charges of atoms, initial or computed,
        by their sum.
    spin : number of unpaired electrons. Default: what the source says of this charge: the
        catalogue; ``multiplicity=`` or ``spin=`` in a comment or ``info``; magnetic moments, by
        their sum. As ``spin`` means the unpaired electrons to some and the multiplicity to more,
        that one is taken which the number of electrons allows. Else Hund's rule for an atom, and
        the lowest possible for a molecule.

    Raises
    ------
    ValueError : unknown name, text that cannot be read, a periodic cell, impossible charge or spin,
        a source that contradicts itself, bad distance, overlapping atoms, or a basis that lacks an
        element or a core potential. The message says what would work.
    """
    atoms, stated = read(system)
    charge = stated.charge() if charge is None else _integer("charge", charge)
    if bond_length is not None:
        atoms = _stretched(atoms, bond_length)
    _check_geometry(atoms)

    electrons = sum(elements.charge(symbol) for symbol, _ in atoms) - charge
    if spin is None:
        spin = stated.spin(charge, electrons)
    spin = _lowest_spin(atoms, electrons) if spin is None else _integer("spin", spin)
    basis, ecp = with_core_potentials(basis, sorted({symbol for symbol, _ in atoms}))
    electrons -= sum(ecp[symbol][0] for symbol, _ in atoms if symbol in ecp)
    _check_electrons(electrons, charge, spin)

    mol = gto.Mole(atom=atoms, unit="Angstrom", basis=basis, charge=charge, spin=spin, verbose=1)
    mol.ecp = ecp
    mol.build()
    require_cores(mol)
    if mol.nelec[0] > mol.nao:
        raise ValueError(
            f"{mol.nelec[0]} electrons of one spin do not fit in the {mol.nao} functions of "
            "this basis; take a larger one or a lower spin"
        )
    return mol


def require_molecule(mol) -> None:
    """Catch the natural slip of giving a name where a molecule is wanted; crystals; and what PySCF
    builds without a word: ghosts alone, two of either at one place, and bases without their core
    potentials."""
    if hasattr(mol, "lattice_vectors"):
        raise NotImplementedError("periodic cells are not available; give a molecule")
    if not isinstance(mol, gto.Mole):
        raise ValueError(f"give a molecule, such as mlxc_edu.molecule('NaCl'), not {mol!r}")
    if not mol.atom_charges().any():
        raise ValueError("this molecule has no nuclei; was it built?")
    positions = mol.atom_coords(unit="Angstrom").tolist()
    _check_geometry([(mol.atom_symbol(i), (x, y, z)) for i, (x, y, z) in enumerate(positions)])
    require_cores(mol)


def hund_spin(symbol: str, charge: int = 0) -> int:
    """Number of unpaired electrons of a free atom or main-group ion, by Hund's rule."""
    electrons = elements.charge(symbol) - charge
    if electrons <= 0:
        return 0
    d_and_f = elements.CONFIGURATION[elements.charge(symbol)][2:]
    if charge and (d_and_f[0] % 10 or d_and_f[1] % 14):
        # A transition metal does not lose its electrons in the order in which its row fills.
        raise ValueError(
            f"give spin= for {symbol} with charge {charge:+d}: Hund's rule is not enough"
        )
    spin = 0
    for angular_momentum, count in enumerate(elements.CONFIGURATION[electrons]):
        capacity = 2 * (2 * angular_momentum + 1)
        in_open_shell = count % capacity
        spin += min(in_open_shell, capacity - in_open_shell)
    return spin


def _stretched(atoms: Geometry, bond_length: float) -> Geometry:
    if len(atoms) != 2:
        raise ValueError(f"bond_length applies to diatomics; this molecule has {len(atoms)} atoms")
    try:
        bond_length = float(bond_length)
    except (TypeError, ValueError):
        bond_length = np.nan
    if not np.isfinite(bond_length) or bond_length <= 0:
        raise ValueError(f"bond_length must be a positive number of Å, not {bond_length}")
    (a, origin), (b, end) = atoms
    bond = np.subtract(end, origin)
    length = np.linalg.norm(bond)
    direction = bond / length if length > 0 else np.array([0.0, 0.0, 1.0])
    x, y, z = np.add(origin, direction * bond_length)
    return [(a, origin), (b, (float(x), float(y), float(z)))]


def _check_geometry(atoms: Geometry) -> None:
    positions = np.array([p for _, p in atoms])
    if not np.all(np.isfinite(positions)):
        raise ValueError("every coordinate must be a finite number of Å")
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    distances[np.diag_indices(len(atoms))] = np.inf
    i, j = np.unravel_index(np.argmin(distances), distances.shape)
    if distances[i, j] < SHORTEST_DISTANCE:
        raise ValueError(
            f"atoms {i} ({atoms[i][0]}) and {j} ({atoms[j][0]}) are {distances[i, j]:.3g} Å apart; "
            f"nuclei must be at least {SHORTEST_DISTANCE} Å apart (are the positions in Å?)"
        )


def _integer(name: str, value) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, bool) or number != value:
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return number


def _lowest_spin(atoms: Geometry, electrons: int) -> int:
    if len(atoms) == 1 and electrons > 0:
        symbol = atoms[0][0]
        return hund_spin(symbol, elements.charge(symbol) - electrons)
    return electrons % 2


def _check_electrons(electrons: int, charge: int, spin: int) -> None:
    if electrons < 1:
        raise ValueError(f"charge {charge:+d} leaves {electrons} electrons; at least one is needed")
    if spin < 0 or spin > electrons or (electrons - spin) % 2:
        possible = list(range(electrons % 2, electrons + 1, 2))
        shown = ", ".join(map(str, possible[:4])) + (", …" if len(possible) > 4 else "")
        raise ValueError(
            f"spin={spin} is impossible: {electrons} electrons can have {shown} unpaired"
        )
