"""The text of an XYZ file, plain or extended, becomes atoms.

The plain format is a number of atoms, a line of free text, and that many lines ``symbol x y z``,
of which further columns are not read. In the extended format (https://github.com/libAtoms/extxyz)
the second line holds ``key=value`` pairs; ``Properties=`` there names the columns, and a
``Lattice=`` is periodic unless ``pbc="F F F"`` stands beside it.
"""

from __future__ import annotations

import re

from pyscf.data import elements

from ._fields import element, number
from ._stated import Stated

Geometry = list[tuple[str, tuple[float, float, float]]]
PERIODIC = "periodic cells are not available"

_LINE_END = re.compile(r"\r*\n|\r")  # str.splitlines() has more, and a comment may hold those
_COUNT = re.compile(r"\s*[0-9]+\s*")
_VALUES = [
    r'"(?:\\.|[^"\\])*"',
    r"'(?:\\.|[^'\\])*'",
    r"\{[^}]*\}",
    r"\[[^]]*\]",
    r"(?:(?![,/|]\s*[\w-]+\s*=)[^\s;])+",  # a word, or up to a separator and the next key
]
_PAIR = re.compile(rf"([\w-]+)\s*=\s*({'|'.join(_VALUES)})")
_OTHER_LENGTH = re.compile(r"bohrs?|a\.?u\.?|nm|pm", re.IGNORECASE)
_NEARLY_AN_ATOM = re.compile(
    r"\s*[A-Z][a-z]?[0-9]*[\s,]+([-+−–]?\.?[0-9]\S*[\s,]+){2}[-+−–]?\.?[0-9]"
)
_FALSE = {"f", "false", "0"}
_PLAIN = {"species": range(1), "pos": range(1, 4)}


def parse(text: str) -> tuple[Geometry, Stated]:
    """Atoms in Å, and what the text says of charge and spin.

    Without the first two lines there are atoms only; ``;`` ends a line, too, but in a comment.
    """
    lines = _from_first(_LINE_END.split(text.lstrip("\ufeff")))
    if lines and not _COUNT.fullmatch(lines[0]):
        lines = _from_first([part for line in lines for part in line.split(";")])
    if not lines:
        raise ValueError("the XYZ text holds no atoms")
    if not _COUNT.fullmatch(lines[0]):
        if len(lines[0].split()) < 4:
            raise ValueError(
                f"cannot read {_shown(lines[0])}: XYZ text begins with the number of atoms alone, "
                "or at once with its atoms as 'symbol x y z' in Å"
            )
        found = [line for line in lines if line.strip()]
        atoms = [_atom(line, _PLAIN) for line in found]
        _refuse_odd_columns(found, atoms)
        return atoms, Stated()

    pairs = [(k.lower(), _bare(v)) for k, v in _PAIR.findall("".join(lines[1:2]))]
    columns = _columns(dict(pairs))
    found = _only_frame(lines, columns)
    _refuse_cells(dict(pairs))
    for name, unit in pairs:
        if name in ("unit", "units") and _OTHER_LENGTH.fullmatch(unit):
            raise ValueError(f"{name}={unit} in the comment: XYZ text is read in Å; convert it")
    atoms = [_atom(line, columns) for line in found]
    if columns is _PLAIN:
        _refuse_odd_columns(found, atoms)
    rows = [line.split() for line in found]
    values = [(name, value, "in the comment") for name, value in pairs]
    per_atom = [(name, _column(rows, where), "in its column") for name, where in columns.items()]
    return atoms, Stated(values, per_atom)


def _only_frame(lines: list[str], columns: dict[str, range]) -> list[str]:
    """The lines of the atoms; ValueError if the header does not go with them."""
    count = int(lines[0])
    if count == 0:
        raise ValueError("the XYZ text holds no atoms")
    found, rest = _frame(lines)
    if len(found) < count:
        hint = "; the second line is a comment: is it missing?" if _is_atom(lines[1:2]) else ""
        raise ValueError(f"the XYZ header promises {count} atoms, {len(found)} were found{hint}")
    more = [
        i for i, line in enumerate(rest) if _COUNT.fullmatch(line) and _looks(rest[i + 2 : i + 3])
    ]
    if more:
        raise ValueError(
            f"the XYZ text holds {1 + len(more)} frames; give the lines of one of them"
        )
    follows = [line for line in rest if _is_atom([line], columns) or _looks([line])]
    for line in [*found[count:], *follows]:
        raise ValueError(f"the XYZ header promises {count} atoms, and {_shown(line)} follows them")
    return found


def _looks(lines: list[str]) -> bool:
    """Whether the line, if there is one, looks like an atom's, well written or not."""
    return any(_NEARLY_AN_ATOM.match(line) for line in lines)


def _refuse_odd_columns(lines: list[str], atoms: Geometry) -> None:
    """Where something else stands in the place of x, or another atom where nothing is read."""
    rows = [line.split() for line in lines]
    for line, fields in zip(lines, rows):
        rest = fields[4:]
        several = any(w.isalpha() and _is_atom([" ".join(rest[i:])]) for i, w in enumerate(rest))
        if several or "|" in fields:
            raise ValueError(f"{_shown(line)} is one line: end each atom with ';' or a new line")
    without_second = [" ".join(row[:1] + row[2:]) for row in rows]
    if len(rows) < 2 or not all(_is_atom([line]) for line in without_second):
        return
    second = [x for _, (x, _, _) in atoms]
    whole = all(re.fullmatch("[+-]?[0-9]+", row[1]) for row in rows)
    points = all("." in field for row in rows for field in row[2:5])
    kinds = {
        "nuclear charges": second == [elements.charge(symbol) for symbol, _ in atoms],
        "the atoms' numbers": whole and second == [i + 1 for i in range(len(rows))],
        "codes": whole and points,
    }
    for what, is_so in kinds.items():
        if is_so:
            raise ValueError(
                f"the second column of {_shown(lines[0])} seems to hold {what}, not x: leave it "
                "out; if it is x, leave out what follows z"
            )


def _frame(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines of a frame's atoms, and what comes after."""
    found: list[str] = []
    used = 2
    while used < len(lines) and len(found) < int(lines[0]):
        found += filter(str.strip, lines[used].split(";"))
        used += 1
    return found, _from_first(lines[used:])


def _from_first(lines: list[str]) -> list[str]:
    """From the first that is not blank."""
    start = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    return lines[start:]


def _is_atom(lines: list[str], columns: dict[str, range] = _PLAIN) -> bool:
    """Whether the line, if there is one, has a word or an atomic number and three numbers where an
    atom has them."""
    try:
        fields = lines[0].split()
        label = fields[columns["species"].start]
        if not label[0].isalpha():
            element(label)
        return all(isinstance(number(fields[i]), float) for i in columns["pos"])
    except (ValueError, IndexError):
        return False


def _atom(line: str, columns: dict[str, range]) -> tuple[str, tuple[float, float, float]]:
    fields = line.split()
    wanted = max(where.stop for where in columns.values())
    try:
        if len(fields) < wanted:
            raise ValueError(f"it has {len(fields)} columns instead of {wanted}")
        symbol = element(fields[columns["species"].start])
        x, y, z = (number(fields[i]) for i in columns["pos"])
    except ValueError as error:
        later = any(field.isalpha() for field in fields[1:])
        hint = "; the element comes first" if later and not fields[0].isalpha() else ""
        raise ValueError(
            f"cannot read {_shown(line)} as 'symbol x y z' in Å: {error}{hint}"
        ) from error
    return symbol, (x, y, z)


def _columns(pairs: dict[str, str]) -> dict[str, range]:
    """Where each property stands in a line."""
    if "properties" not in pairs:
        return _PLAIN
    parts = pairs["properties"].split(":")
    columns, start = {}, 0
    if len(parts) % 3 == 0 and all(width.isdigit() for width in parts[2::3]):
        for name, width in zip(parts[::3], map(int, parts[2::3])):
            columns[name.lower()] = range(start, start + width)
            start += width
    columns.setdefault("species", columns.get("z", range(0)))
    if (len(columns["species"]), len(columns.get("pos", ()))) != (1, 3):
        raise ValueError(
            f"Properties={pairs['properties']} must name species:S:1 (or Z:I:1) and pos:R:3"
        )
    return columns


def _column(rows: list[list[str]], where: range) -> list:
    if len(where) == 1:
        return [row[where.start] for row in rows]
    return [[row[i] for i in where] for row in rows]


def _refuse_cells(pairs: dict[str, str]) -> None:
    pbc = pairs.get("pbc", "T" if "lattice" in pairs else "F")
    if set(re.split(r"[\s,]+", pbc.lower())) - _FALSE:
        raise ValueError(f'{PERIODIC}; for a molecule in a box write pbc="F F F" in the comment')


def _bare(value: str) -> str:
    """Without quotes or brackets."""
    return value.strip("\"'{}[]").strip().rstrip(",")


def _shown(line: str) -> str:
    return repr(line.strip()[:60])
