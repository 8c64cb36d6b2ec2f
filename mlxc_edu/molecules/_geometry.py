"""A name, XYZ text, a file or ASE ``Atoms``: which of them is given, and its atoms."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from pyscf.data import elements

from ._ase import from_ase
from ._catalogue import MOLECULES
from ._elsewhere import elsewhere, looks_like_smiles
from ._stated import Stated
from ._xyz import PERIODIC, Geometry, parse

_ION = re.compile(r"^([A-Z][a-z]?)(\d*)([+-]?)$")
_SUFFIX = re.compile(r"\.(?![de]\d+$)[a-z]\w*$", re.IGNORECASE)  # but 1.d0 is a number


def read(system) -> tuple[Geometry, Stated]:
    """Atoms with positions in Å, and what the source says of charge and spin."""
    if hasattr(system, "lattice_vectors"):
        raise ValueError(f"{PERIODIC}; give a molecule")
    if hasattr(system, "atom_coords"):
        raise ValueError("this is a PySCF molecule already; give it to mlxc_edu.KS or solve")
    if hasattr(system, "get_chemical_symbols"):
        return from_ase(system)
    if isinstance(system, os.PathLike):
        return _from_file(os.fsdecode(system))
    if hasattr(system, "read"):
        content = system.read()
        return parse(_decoded(content) if isinstance(content, bytes) else str(content))
    if isinstance(system, bytes):
        system = _decoded(system)
    text = system.lstrip("\ufeff").strip() if isinstance(system, str) else ""
    if not text:
        raise ValueError(
            f"cannot read a molecule from {' '.join(repr(system).split())[:60]}: give a name "
            "such as 'NaCl', XYZ text such as 'H 0 0 0; H 0 0 0.74', the path of an XYZ file, or "
            "ASE Atoms"
        )
    return _from_string(text)


def _from_string(text: str) -> tuple[Geometry, Stated]:
    """What has several lines is XYZ text; a known name is that; what is there is a file; what
    another source knows is that; what ends like a file's name, or has a slash, is a path; else
    several words are XYZ text."""
    if "\n" in text or "\r" in text:
        return parse(text)
    named = _by_name(text)
    if named:
        return named
    if re.match("[a-z]+://", text, re.IGNORECASE):
        raise ValueError(f"{text[:60]!r} is an address on the web: download the file and give it")
    words = len(text.split())
    one_name = words == 1 or text.lower().startswith("pubchem:")
    if one_name and not _exists(text) and (found := elsewhere(text)):
        return found
    if (
        _SUFFIX.search(text)
        or (words == 1 and "." in text)
        or text[0] == "~"
        or ({"/", "\\"} & set(text) and ";" not in text)
        or _exists(text)
    ):
        return _from_file(text)
    if words > 1 or ";" in text:
        return parse(text)
    near = get_close_matches(text, [*MOLECULES, *elements.ELEMENTS[1:]], n=4, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(MOLECULES)}."
    if looks_like_smiles(text) and not find_spec("rdkit"):
        hint += " SMILES are read where RDKit is installed (pip install rdkit)."
    raise ValueError(
        f"unknown molecule {text!r}: {hint} XYZ text or a file work for anything else."
    )


def _exists(path: str) -> bool:
    return "\0" not in path and os.path.exists(path)


def _by_name(name: str) -> tuple[Geometry, Stated] | None:
    if name in MOLECULES:
        return _from_catalogue(name)
    if name[-1] in "+-" and name[:-1] in MOLECULES:  # "O2+" is the molecule's ion, not O with 2+
        entry = MOLECULES[name[:-1]]
        return list(entry.atoms), _ion(entry.charge + (1 if name[-1] == "+" else -1))
    match = _ION.match(name)
    if match and match[1] in elements.ELEMENTS[1:] and (match[3] or not match[2]):
        charge = int(match[2] or 1) * {"+": 1, "-": -1, "": 0}[match[3]]
        return [(match[1], (0.0, 0.0, 0.0))], _ion(charge)
    return next((_from_catalogue(n) for n in MOLECULES if n.lower() == name.lower()), None)


def _from_catalogue(name: str) -> tuple[Geometry, Stated]:
    entry = MOLECULES[name]
    return list(entry.atoms), _ion(entry.charge, entry.spin)


def _ion(charge: int, unpaired: int | None = None) -> Stated:
    multiplicity = None if unpaired is None else unpaired + 1
    return Stated([("charge", charge, ""), ("multiplicity", multiplicity, "")])


def _from_file(name: str) -> tuple[Geometry, Stated]:
    path = Path(os.path.expanduser(name))
    try:
        return parse(_decoded(path.read_bytes()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        if (
            isinstance(error, FileNotFoundError)
            and looks_like_smiles(name)
            and not find_spec("rdkit")
        ):
            reason = f"{reason} (SMILES are read where RDKit is installed: pip install rdkit)"
        raise ValueError(f"cannot read the XYZ file {str(path)!r}: {reason}") from error


def _decoded(content: bytes) -> str:
    """Atoms are ASCII; in what a comment is written does not matter."""
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"its gzip compression is broken: {error}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text:
        raise ValueError("it is not text")
    return text
