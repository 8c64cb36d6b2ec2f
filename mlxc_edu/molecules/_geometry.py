"""A name, XYZ text, a file or ASE ``Atoms`` becomes a list of atoms."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from pyscf.data import elements

from ._catalogue import MOLECULES

_ION = re.compile(r"^([A-Z][a-z]?)(\d*)([+-]?)$")
Geometry = list[tuple[str, tuple[float, float, float]]]


def read(system) -> tuple[Geometry, int, int | None]:
    """Geometry in Å, charge, and the spin if the source knows it (else None)."""
    if hasattr(system, "get_chemical_symbols"):  # ASE Atoms, without importing ASE
        positions = system.get_positions()
        charge = round(float(sum(system.get_initial_charges())))
        unpaired = abs(round(float(sum(system.get_initial_magnetic_moments()))))
        symbols = system.get_chemical_symbols()
        atoms = [(s, (float(x), float(y), float(z))) for s, (x, y, z) in zip(symbols, positions)]
        return atoms, charge, unpaired or None
    if isinstance(system, Path):
        return _parse_xyz(_read_file(system)), 0, None
    if not isinstance(system, str) or not system.strip():
        raise ValueError(
            f"cannot read a molecule from {system!r}: give a name such as 'NaCl', XYZ text, "
            "the path of an XYZ file, or ASE Atoms"
        )
    text = system.strip()
    if len(text.split()) > 1:
        return _parse_xyz(text), 0, None
    if text.lower().endswith(".xyz") or "/" in text:
        return _parse_xyz(_read_file(Path(text))), 0, None
    return _by_name(text)


def _by_name(name: str) -> tuple[Geometry, int, int | None]:
    if name in MOLECULES:
        entry = MOLECULES[name]
        return list(entry.atoms), entry.charge, entry.spin
    if name[-1] in "+-" and name[:-1] in MOLECULES:  # "O2+" is the molecule's ion, not O with 2+
        entry = MOLECULES[name[:-1]]
        return list(entry.atoms), entry.charge + (1 if name[-1] == "+" else -1), None
    match = _ION.match(name)
    if match and match[1] in elements.ELEMENTS[1:] and (match[3] or not match[2]):
        charge = int(match[2] or 1) * {"+": 1, "-": -1, "": 0}[match[3]]
        return [(match[1], (0.0, 0.0, 0.0))], charge, None
    for known, entry in MOLECULES.items():
        if known.lower() == name.lower():
            return list(entry.atoms), entry.charge, entry.spin
    near = get_close_matches(name, [*MOLECULES, *elements.ELEMENTS[1:]], n=4, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(MOLECULES)}."
    raise ValueError(
        f"unknown molecule {name!r}: {hint} XYZ text or a file work for anything else."
    )


def _read_file(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the XYZ file {str(path)!r}: {error}") from error


def _parse_xyz(text: str) -> Geometry:
    """XYZ with its two header lines, or bare ``symbol x y z`` lines (";" also ends a line)."""
    lines = text.replace(";", "\n").strip().splitlines()
    count = None
    if re.fullmatch(r"\s*\d+\s*", lines[0]):
        count = int(lines[0])
        lines = lines[2 : 2 + count]
    atoms: Geometry = []
    for line in filter(str.strip, lines):
        fields = line.split()
        try:
            x, y, z = map(float, fields[1:4])
            number = int(fields[0]) if fields[0].isdigit() else elements.charge(fields[0])
            if not 0 < number < len(elements.ELEMENTS):
                raise ValueError(fields[0])
            symbol = elements.ELEMENTS[number]
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"cannot read {line!r} as 'symbol x y z' in Å") from error
        atoms.append((symbol, (x, y, z)))
    if count is not None and len(atoms) != count:
        raise ValueError(f"the XYZ header promises {count} atoms, {len(atoms)} were found")
    if not atoms:
        raise ValueError("the XYZ text holds no atoms")
    return atoms
