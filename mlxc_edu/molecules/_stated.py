"""What a file or an object states of the charge and the spin, under the names in use for them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ._fields import MINUS

OF_THE_MOLECULE = {
    **dict.fromkeys(["charge", "total_charge", "net_charge", "molecular_charge", "chrg"], "charge"),
    **dict.fromkeys(
        ["multiplicity", "mult", "spin_multiplicity", "molecular_multiplicity"], "multiplicity"
    ),
    **dict.fromkeys(["spin", "total_spin", "uhf"], "spin"),
    "magmom": "moment",
}
OF_ATOMS = {
    **dict.fromkeys(["initial_charges", "charges", "charge"], "charge"),
    **dict.fromkeys(["initial_magmoms", "magmoms"], "moment"),
}


class Stated:
    """Statements are kept with who makes them, and read when they are asked for: where the caller
    says it himself, they need not be right.

    Parameters
    ----------
    values : triples (name, number, where), for the whole molecule. Names not known are passed over.
    per_atom : triples (name, numbers, where).

    A moment that is zero, and charges or moments of atoms that all are, say nothing: programs write
    them when there was nothing to write.
    """

    def __init__(self, values: Iterable = (), per_atom: Iterable = ()):
        said = []
        for name, value, where in values:
            kind = OF_THE_MOLECULE.get(name)
            said_nothing = value is None or str(value).strip() in ("", "None")
            if kind and not said_nothing and not (kind == "moment" and _number(value) == 0):
                said.append((f"{name}={' '.join(str(value).split())[:40]} {where}", kind, value))
        moment_is_known = any(kind == "moment" for _, kind, _ in said)
        for name, numbers, where in per_atom:
            if name == "magmoms" and moment_is_known:
                continue  # local moments leave out what lies between the atoms
            total, shown = _sum(numbers) if name in OF_ATOMS and numbers is not None else (0, "")
            if shown:
                said.append((f"{name} ({shown}) {where}", OF_ATOMS[name], total))
        self._charges = [(who, value) for who, kind, value in said if kind == "charge"]
        self._spins = [statement for statement in said if statement[1] != "charge"]

    def charge(self) -> int:
        """The charge that all statements agree on; 0 if there are none."""
        return _agreed("charge", [(who, _whole("charge", who, v)) for who, v in self._charges]) or 0

    def spin(self, charge: int, electrons: int) -> int | None:
        """The number of unpaired electrons; None if nothing is stated for this charge.

        ``spin`` counts unpaired electrons or is the multiplicity: the one that the number of
        electrons allows.
        """
        charges = [_number(value) for _, value in self._charges]
        found = []
        for who, kind, value in self._spins:
            # Moments belong to the charge beside them or to none; a multiplicity alone, to any.
            holds = charge in charges if charges else (charge == 0 or kind != "moment")
            if not holds:
                continue
            n = _whole("spin", who, value)
            if kind == "moment":
                n = abs(n)
            elif kind == "multiplicity" or (electrons - n) % 2:
                n -= 1
            if n < 0 or (electrons - n) % 2:
                raise ValueError(f"{who} does not go with {electrons} electrons; give spin=")
            found.append((who, n))
        return _agreed("spin", found)


def _agreed(name: str, found: list[tuple[str, int]]) -> int | None:
    for who, value in found:
        if value != found[0][1]:
            raise ValueError(f"{found[0][0]} and {who} disagree; give {name}=")
    return found[0][1] if found else None


def _whole(name: str, who: str, value) -> int:
    number = _number(value)
    if not number.is_integer():
        raise ValueError(f"{who} is not a whole number; give {name}=")
    return int(number)


def _number(value) -> float:
    """NaN for what is none. A number may come as text, or as an array of one."""
    try:
        item = np.asarray(value).item()
        item = item.translate(MINUS) if isinstance(item, str) else item
        return np.nan if isinstance(item, bool) else float(item)
    except (TypeError, ValueError):
        return np.nan


def _sum(numbers) -> tuple[float, str]:
    """The sum, whole to within a twentieth, and what to call it; nothing if all are zero."""
    try:
        array = np.asarray(numbers, dtype=float)
    except (TypeError, ValueError):
        return np.nan, "not numbers"
    if not np.any(array):
        return 0.0, ""
    if array.ndim != 1:
        return np.nan, "not collinear"
    total = float(array.sum())
    return round(total, 1), f"sum {total:.4g}"
