"""Basis functions, with the core potential they are made for: one without the other is refused."""

from __future__ import annotations

import re
import warnings
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from pyscf import gto, scf
from pyscf.data import elements
from pyscf.gto.basis import ALIAS

# PySCF's bases for Li to Rn: all-electron ones reach 0.95 of the bare nucleus's −Z²/2, or, made for
# relativity, have s exponents above 450 Z². Those for core potentials stay below 0.94 and 170 Z².
CORE = 0.945
RELATIVISTIC = 300
# Names in PySCF's list for fitting, for relativistic Hamiltonians, for spin–orbit coupling.
_OF_ANOTHER_KIND = re.compile(r"fit|ri$|demon|ahlrichs|weigend|^sap|dk|so$")
_ANY = [[0, [1.0, 1.0]]]


def with_core_potentials(basis, labels: list[str]) -> tuple[Any, dict[str, Any]]:
    """A Mole's ``basis`` and ``ecp`` for atoms of these labels ("O", "H1").

    A basis given by its name brings the core potential of that name, for each element by itself.

    Raises ValueError where the basis has no functions for an element, or keys that are no atom's.
    """
    given = _by_label(basis, labels) if isinstance(basis, dict) else dict.fromkeys(labels, basis)
    lacking = [label for label in labels if not _functions(given.get(label), label)]
    if lacking:
        said = f"the basis {basis!r}" if len(repr(basis)) < 80 else "this basis"
        raise ValueError(
            f"{said} has no functions for {', '.join(lacking)} in PySCF; {_hint(basis, labels)}"
        )
    potentials = {label: _core_potential(given[label], label) for label in labels}
    return given if isinstance(basis, dict) else basis, {k: v for k, v in potentials.items() if v}


def require_cores(mol: gto.Mole) -> None:
    """Refuse atoms without functions, and functions that leave no place for an atom's inner
    electrons where no core potential stands for them."""
    atoms = {mol.atom_symbol(i): i for i in range(mol.natm)}
    for label, i in atoms.items():
        z = elements.charge(label)  # 0 for a ghost
        if z and mol.atom_nshells(i) == 0:
            raise ValueError(f"{label} has no basis functions")
        if z > 2 and not mol.atom_nelec_core(i) and not _holds_core(mol, i, z):
            raise ValueError(
                f"the basis functions of {label} are made for a core potential and do not hold "
                "its inner electrons: give the basis by a name that brings the potential along, or "
                "set it, pyscf.gto.M(…, ecp=…)"
            )


def _holds_core(mol, atom, z) -> bool:
    """Whether an atom's functions hold one electron at its bare nucleus nearly as well as 1s, or
    are steeper than any that go with a core potential (contractions made for relativity, with
    which the first is not so)."""
    shells = [i for i in mol.atom_shell_ids(atom) if mol.bas_angular(i) == 0]
    if max((mol.bas_exp(i).max() for i in shells), default=0) > RELATIVISTIC * z**2:
        return True
    first, last = mol.aoslice_by_atom()[atom, :2]
    part = dict(shls_slice=(first, last, first, last), hermi=1)
    with mol.with_rinv_origin(mol.atom_coord(atom)):
        energy = mol.intor("int1e_kin", **part) - z * mol.intor("int1e_rinv", **part)
    orthonormal = scf.addons.canonical_orth_(mol.intor("int1e_ovlp", **part))
    levels = np.linalg.eigvalsh(orthonormal.T @ energy @ orthonormal)
    return bool(levels[0] < -CORE * z**2 / 2)


def _by_label(basis: dict, labels) -> dict[str, Any]:
    """What a dictionary says of each atom: by label, else by element, else by "default". PySCF
    takes elements in any case and atomic numbers, too."""
    by_name = {}
    for key, value in basis.items():
        if str(key).lower() == "default" != key:
            raise ValueError(f"the basis has a key {key!r}: write 'default'")
        if key != "default":
            try:
                (name,) = gto.format_basis({key: _ANY})
            except Exception as error:  # PySCF raises a different type for each way to fail
                raise ValueError(f"the basis has a key {key!r}, which is no atom") from error
            if not name.isalpha() and name not in labels:
                raise ValueError(
                    f"the basis has a key {key!r}; the atoms here are called {', '.join(labels)}"
                )
            by_name[name] = value
    rest = basis.get("default")
    return {label: by_name.get(label, by_name.get(_element(label), rest)) for label in labels}


def _element(label: str) -> str:
    return elements.ELEMENTS[elements.charge(label)]


def _functions(given, label) -> list:
    """In PySCF's internal format; empty if there are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to install another package
        try:
            return gto.format_basis({label: given})[label]
        except Exception:  # PySCF raises a different type for each way to fail
            return []


def _core_potential(given, label):
    """Of a name, or of the names in a list, in PySCF's internal format; None if there is none."""
    names = [given] if isinstance(given, str) else [n for n in given if isinstance(n, str)]
    found = [p for name in names for p in _potentials(name, _element(label))]
    if len({potential[0] for potential in found}) > 1:
        raise ValueError(f"the bases for {label} are made for different core potentials")
    return found[0] if found else None


def _potentials(name: str, element: str) -> list:
    """PySCF reads "unc-" (uncontracted) and "@3s2p" (truncated) in a basis's name, and finds some
    bases in several files; in a core potential's name it does neither."""
    if "\n" not in name:
        name = re.sub("^unc", "", name.split("@")[0], flags=re.IGNORECASE)
    files = ALIAS.get(re.sub("[-_ ]", "", name.lower()))
    if isinstance(files, tuple):
        names = [str(Path(gto.basis.__file__).parent / file) for file in files]
    else:
        names = [name]
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in names:
            try:
                found.append(gto.basis.load_ecp(one, element))
            except Exception:  # PySCF raises a different type for each way to have none
                continue
    return [potential for potential in found if potential]


def _hint(basis, labels) -> str:
    """Names near the one given, of bases that have every element."""
    if isinstance(basis, dict):
        return "give each element's functions, or those of the rest with the key 'default'"
    name = re.sub("[-_ ]", "", basis.lower()) if isinstance(basis, str) else ""
    orbital = [known for known in ALIAS if not _OF_ANOTHER_KIND.search(known)]
    near = get_close_matches(name, orbital, n=40, cutoff=0.5)
    fitting = list(islice((n for n in near if _suits(n, labels)), 4))
    if fitting:
        return f"near names that have: {', '.join(fitting)}"
    whole = [n for n in ("def2-svpd", "def2-tzvp") if _suits(n, labels)]
    return f"try {' or '.join(whole)}" if whole else "give each element its own, as {'H': …}"


def _suits(name, labels) -> bool:
    """Whether a basis has functions for all, with their core potentials."""
    try:
        for label in labels:
            potential = _core_potential(name, label)
            element = _element(label)
            atom = gto.M(
                atom=f"{element} 0 0 0",
                basis={element: _functions(name, label)},
                ecp={element: potential} if potential else {},
                spin=None,
                verbose=0,
            )
            require_cores(atom)
    except Exception:  # PySCF raises a different type for each way to fail
        return False
    return True
