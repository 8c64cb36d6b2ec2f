"""ASE ``Atoms`` become atoms, without importing ASE."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyscf.data import elements

from ._stated import Stated
from ._xyz import PERIODIC, Geometry


def from_ase(atoms) -> tuple[Geometry, Stated]:
    """Atoms in Å, and what ``info``, initial charges and moments, and the results that a calculator
    holds say of charge and spin. Nothing is computed."""
    if np.any(getattr(atoms, "pbc", False)):
        raise ValueError(f"{PERIODIC}; for a molecule in a box set atoms.pbc = False")
    numbers = [int(z) for z in getattr(atoms, "numbers", ())]
    if any(not 0 <= z < len(elements.ELEMENTS) for z in numbers):
        raise ValueError(f"the ASE Atoms hold an atomic number that is none: {numbers}"[:120])
    symbols = atoms.get_chemical_symbols()
    if not len(symbols):
        raise ValueError("the ASE Atoms hold no atoms")
    if "X" in symbols:
        raise ValueError(f"atom {symbols.index('X')} of the ASE Atoms is a dummy (X); delete it")
    positions = atoms.get_positions()
    geometry = [(s, (float(x), float(y), float(z))) for s, (x, y, z) in zip(symbols, positions)]

    results = getattr(getattr(atoms, "calc", None), "results", None)
    results = dict(results) if isinstance(results, Mapping) else {}
    info = getattr(atoms, "info", {})
    values = [(str(key).lower(), value, "in info") for key, value in info.items()]
    values += [("magmom", results.get("magmom"), "of the calculator")]
    asked = getattr(getattr(atoms, "calc", None), "parameters", None)
    asked = dict(asked) if isinstance(asked, Mapping) else {}
    values += [(n, asked.get(n), "of the calculator") for n in ("charge", "mult", "multiplicity")]
    per_atom = [
        ("initial_charges", atoms.get_initial_charges(), "of the Atoms"),
        ("initial_magmoms", atoms.get_initial_magnetic_moments(), "of the Atoms"),
        ("charges", getattr(atoms, "arrays", {}).get("charges"), "of the Atoms"),
        *((name, results.get(name), "of the calculator") for name in ("charges", "magmoms")),
    ]
    return geometry, Stated(values, per_atom)
