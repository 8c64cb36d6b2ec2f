"""What is known exactly, as sums of energies: molecules, ions, fractional charges and spins."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
from pyscf.data import elements

from ..molecules import hund_spin
from ..units import KCAL_PER_HARTREE
from ._planes import ladder

ATOMS = tuple(elements.ELEMENTS[1:19])  # H … Ar
TABLE = Path(__file__).with_name("energies.csv")
KINDS = (
    "molecule", "curve", "barrier", "restricted", "ion", "charge", "shared", "mixture", "spin",
    "plane", "mixed plane", "bound", "total",
)  # fmt: skip
FRACTIONAL = {  # how a density was made, and what its lesson is called
    "fractional": "charge", "mixed": "mixture", "plane": "plane", "plane mixed": "mixed plane",
    "below": "bound",
}  # fmt: skip
EXACTLY = 0.1  # kcal/mol
ION_SCALE = 170.0  # kcal/mol; errors of larger ionisation energies count less, as the square
TOTAL_ERROR = 100.0  # kcal/mol, of an atom's whole energy, most of it in the core
TIMES = {"H": 4, "Li": 2, "Na": 2}  # that planes of these count: one orbital, where all begins
# Where both spins share an open p shell, what must be added has a kink at every whole number, at
# another local occupation for every element, and 14 to 36 kcal/mol off the chord a quarter of an
# electron away (recipe/shells.py). A fit that is asked for it learns steep functions of occupations
# in which its minimiser finds holes; so these planes are lessons to within that.
SHELLS = ("B", "C", "N", "O", "F", "Ne", "Al", "Si", "P", "S", "Cl", "Ar")
EVENLY_SHARED = 15.0  # kcal/mol
HELD_OUT = {"F": "test", "P": "test", "B": "validation"}  # fractional electrons, recipe/split.py


@dataclass(frozen=True)
class Reaction:
    """Σ n E = reference: (n, name of a sample), kcal/mol; ``error`` is the reference's own.
    ``bound``: Σ n E ≥ reference; only less is an error."""

    name: str
    kind: str
    side: str
    parts: tuple[tuple[float, str], ...]
    reference: float
    error: float = EXACTLY
    bound: bool = False


@dataclass(frozen=True)
class Entry:
    """A row of the table of energies: Hartree, kcal/mol, Å. ``fragments`` are what the energy is
    compared with, and ``error`` that of the comparison; none: free atoms."""

    name: str
    kind: str
    side: str
    charge: int
    spin: int
    energy: float
    error: float
    geometry: str
    fragments: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(atom.split()[0] for atom in self.geometry.split("; "))


def energies() -> pd.DataFrame:
    """The exact energies, a row a system: ``name``, ``kind``, ``side`` (train, validation, test),
    ``charge``, ``spin``, ``energy`` in Hartree, its estimated ``error`` in kcal/mol, ``method``,
    ``seconds`` and ``geometry`` in Å."""
    return pd.read_csv(TABLE)


@cache
def entries(path: Path = TABLE) -> dict[str, Entry]:
    """The energies by name. Raises ValueError that names a broken row."""
    found = {}
    with path.open() as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                entry = Entry(
                    row["name"], row["kind"], row["side"], int(row["charge"]), int(row["spin"]),
                    float(row["energy"]), float(row["error"]), row["geometry"],
                    tuple(filter(None, row["fragments"].split("; "))),
                )  # fmt: skip
                electrons = sum(elements.charge(s) for s in entry.symbols) - entry.charge
                if (electrons - entry.spin) % 2 or entry.spin > electrons or entry.energy >= 0:
                    raise ValueError(f"{electrons} electrons, {entry.spin} of them unpaired")
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                name = row.get("name") or "without a name"
                raise ValueError(f"{path.name}, line {line}, {name}: {error}") from error
            found[entry.name] = entry
    return found


def atom_name(symbol, electrons) -> str:
    return f"{symbol} {electrons[0]:g} {electrons[1]:g}"


def neutral_atom(symbol) -> str:
    n, spin = elements.charge(symbol), hund_spin(symbol, 0)
    return atom_name(symbol, ((n + spin) // 2, (n - spin) // 2))


def molecules(table: dict[str, Entry]) -> list[Reaction]:
    """From atoms, or fragments and atoms, to molecules, and each curve's points relative to its
    lowest."""
    found, curves = [], defaultdict(list)
    for e in table.values():
        if e.kind == "atom":
            continue
        numbers = Counter(e.symbols)
        for name in e.fragments:
            numbers.subtract(table[name].symbols)
        numbers.update(e.fragments)
        others = [(n, table[name]) for name, n in numbers.items() if n]
        reference = (e.energy - sum(n * o.energy for n, o in others)) * KCAL_PER_HARTREE
        names = [neutral_atom(o.name) if o.kind == "atom" else o.name for _, o in others]
        parts = ((1.0, e.name), *((-float(n), name) for (n, _), name in zip(others, names)))
        found.append(Reaction(e.name, "molecule", e.side, parts, reference, e.error))
        curves[re.sub(r" ×?[\d.]+( [\d.]+)?(?=[+^-]|$)", "", e.name)].append(e)
    for curve in curves.values():
        lowest = min(curve, key=lambda e: e.energy)
        for e in curve:
            if e is not lowest:
                reference = (e.energy - lowest.energy) * KCAL_PER_HARTREE
                parts = ((1.0, e.name), (-1.0, lowest.name))
                error = abs(e.error - lowest.error) + 0.2
                found.append(Reaction(f"{e.name}, curve", "curve", e.side, parts, reference, error))
    return found


def barriers(table: dict[str, Entry]) -> list[Reaction]:
    """An atom on its way from one neighbour to the other, relative to either end of the way: what
    errors of atomisation have in common cancels, and what is left is a barrier's."""
    pairs: dict[tuple, Entry] = {}
    for e in table.values():
        key = tuple(sorted(e.symbols))
        if len(key) == 2 and not e.charge and (key not in pairs or e.energy < pairs[key].energy):
            pairs[key] = e
    found = {}
    for e in table.values():
        if e.kind != "transfer" or e.charge:
            continue
        a, b, c = e.symbols
        for pair, alone in (((a, b), c), ((b, c), a)):
            end = pairs.get(tuple(sorted(pair)))
            if end is None:
                continue
            side = next(s for s in ("test", "validation", "train") if s in (e.side, end.side))
            reference = (e.energy - end.energy - table[alone].energy) * KCAL_PER_HARTREE
            parts = ((1.0, e.name), (-1.0, end.name), (-1.0, neutral_atom(alone)))
            name = f"{e.name} from {end.name} + {alone}"
            error = abs(e.error - end.error) + 0.2
            found[name] = Reaction(name, "barrier", side, parts, reference, error)
    return [*found.values()]


def ions(table: dict[str, Entry]) -> list[Reaction]:
    """Ionisation energies of atoms; the first from the neutral atom or anion up."""
    found = []
    for symbol in dict.fromkeys(e.symbols[0] for e in table.values() if e.kind == "atom"):
        for less, more in pairwise(ladder(symbol)):
            charges = [elements.charge(symbol) - sum(n) for n in (less, more)]
            names = [f"{symbol}{f'{c:+d}' if c else ''}" for c in charges]
            if not any(less) and names[1] in table:
                energies = [0.0, table[names[1]].energy]
                parts: tuple = ((-1.0, atom_name(symbol, more)),)
            elif all(n in table for n in names):
                energies = [table[n].energy for n in names]
                parts = ((1.0, atom_name(symbol, less)), (-1.0, atom_name(symbol, more)))
            else:
                continue
            reference = (energies[0] - energies[1]) * KCAL_PER_HARTREE
            error = (reference / ION_SCALE) ** 2
            side = "test" if HELD_OUT.get(symbol) == "test" else "train"
            found.append(Reaction(f"{names[1]} ionised", "ion", side, parts, reference, error))
    return found


def totals(table: dict[str, Entry]) -> list[Reaction]:
    """Whole energies of atoms. No reaction sees the core, which is the same on both sides; these
    keep it from drifting by Hartrees."""
    found = []
    for e in table.values():
        if e.kind == "atom" and e.charge == 0:
            side = "test" if HELD_OUT.get(e.name) == "test" else "train"
            parts = ((1.0, neutral_atom(e.name)),)
            reference = e.energy * KCAL_PER_HARTREE
            name = f"{e.name}, whole energy"
            found.append(Reaction(name, "total", side, parts, reference, TOTAL_ERROR))
    return found


def fractional(symbol, listed) -> list[Reaction]:
    """An atom's fractional electrons on the straight line, its fractional spins on the flat one.

    ``listed``: name, kind and electrons of its samples. A *mixture* of two whole density matrices
    is where the exact energy is linear, but no calculation with one fractional orbital gets there,
    and a functional that is right for both is hard to find; so they are lessons of two kinds.
    """
    side, found = HELD_OUT.get(symbol, "train"), []
    steps = list(pairwise(ladder(symbol)))
    neutral = neutral_atom(symbol)
    evenly = EVENLY_SHARED if symbol in SHELLS else EXACTLY
    for name, kind, electrons in listed:
        if kind.startswith("spin"):
            parts: tuple = ((1.0, name), (-1.0, neutral))
            found.append(Reaction(name, "spin", side, parts, 0.0, evenly))
        elif kind in FRACTIONAL:
            total = sum(electrons)
            less, more = next(s for s in steps if sum(s[0]) <= total <= sum(s[1]))
            x = total - sum(less)
            ends = [(x - 1, less), (-x, more)]
            parts = ((1.0, name), *((c, atom_name(symbol, n)) for c, n in ends if any(n) and c))
            flat, bound = kind.startswith("plane"), kind == "below"
            shared = (flat or " plane " in name) and " of one " not in name
            error = evenly if shared else EXACTLY
            lesson = Reaction(name, FRACTIONAL[kind], side, parts, 0.0, error, bound)
            found += [lesson] * (TIMES.get(symbol, 1) if flat else 1)
    return found
