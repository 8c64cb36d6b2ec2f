"""One field of an XYZ line, in the dialects in use: an element or a number."""

from __future__ import annotations

import re

from pyscf.data import elements

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)((e|d|\*\^)[+-]?[0-9]+)?", re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
MINUS = str.maketrans("−–", "--")  # as word processors write it
_SYMBOLS = set(elements.ELEMENTS[1:])
_LABEL = re.compile(r"([A-Za-z]{1,2})([0-9]*)")
# In protein files the second letter is a place in the chain: CA1 is a carbon, or is it calcium?
_PLACE_IN_A_PROTEIN = re.compile(r"[HCNOSP][ABDEGHZ][0-9]+")
_GHOST = re.compile(r"ghost|gh\b|bq|x-|xx?[0-9]*$|du|@|.*-bq|.*(:|\(gh\))$", re.IGNORECASE)
_CELL_VECTOR = re.compile(r"tv|vec[1-3]", re.IGNORECASE)


def number(field: str) -> float:
    """With the exponents of Fortran (``1.0D+00``) and Mathematica (``1.0*^-6``), too."""
    text = field.translate(MINUS)
    if _NUMBER.fullmatch(text):
        return float(re.sub(r"\*\^|d", "e", text, flags=re.IGNORECASE))
    if _NOT_FINITE.fullmatch(text):
        return float(text)  # refused where all coordinates are looked at
    strange = next((c for c in text if c not in "0123456789+-.eEdD"), None)
    if strange is None:
        raise ValueError(f"{field!r} is not a number")
    hint = " (write a decimal point)" if strange == "," else ""
    raise ValueError(f"{strange!r} in {field!r} is not part of a number{hint}")


def element(label: str) -> str:
    """The symbol for a symbol, an atomic number or a label such as H2."""
    if re.fullmatch("[0-9]+", label):
        if not 0 < int(label) < len(elements.ELEMENTS):
            raise ValueError(f"{label!r} is not an atomic number")
        return elements.ELEMENTS[int(label)]
    if _CELL_VECTOR.fullmatch(label):
        raise ValueError(f"{label!r} is a cell vector, and periodic cells are not available")
    if _GHOST.match(label):
        raise ValueError(
            f"{label!r} is a ghost or dummy atom: only a pyscf.gto.Mole can hold those"
        )
    match = _LABEL.fullmatch(label)
    symbol = match[1].capitalize() if match else ""
    if symbol in _SYMBOLS:
        if _PLACE_IN_A_PROTEIN.fullmatch(label):
            raise ValueError(f"{label!r} can be {label[0]} or {symbol}: write the element alone")
        return symbol
    strange = next((c for c in label if not (c.isascii() and c.isalnum())), None)
    if strange is None:
        raise ValueError(f"{label!r} is not an element")
    hint = ", and charge= for the whole molecule" if strange in "+-" else ""
    raise ValueError(f"{strange!r} in {label!r}: write the element alone{hint}")
