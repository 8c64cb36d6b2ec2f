"""Bonds that break with their electrons paired: half an electron of either spin on each atom.

What such a density costs is known wherever the molecule's energy is, and far apart it is that of
free atoms. Where the spins part the density is another, and a lesson already.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from ..units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE
from ._reactions import Entry, Reaction, neutral_atom

HYDROGEN = Path(__file__).with_name("hydrogen.csv")  # recipe/hydrogen.py; Å, Hartree
# Atoms in a row whose bond is broken; those with an alkali metal are still bound at 5 Å. All have
# one bond: where two or three break, the lowest state with paired electrons is of atoms with closed
# shells, 60 to 110 kcal/mol above free ones for good reason.
FAR = (
    "HH", "HF", "FF", "ClCl", "ClF", "BH", "AlH", "BF", "AlF", "AlCl", "LiLi", "NaNa", "LiH", "NaH",
    "NaLi",
)  # fmt: skip
DISTANCES = (5.0, 6.5, 8.0)  # Å
SALTS = "LiCl", "NaF"  # NaCl and LiF judge
SALTS_APART = (6.0, 7.0, 8.0, 9.0, 10.0, 12.0)  # Å
UNSURE = 5.0  # kcal/mol, by which a salt may lie below ion pair and atoms: ions polarise each other
DISPERSION, ERROR = -0.2, 1.0  # kcal/mol, what is left of the bond and how well it is known
PAIRED = " restricted"


@dataclass(frozen=True)
class Restricted:
    """A lesson: what its densities are made of, and its reaction."""

    job: dict
    reaction: Reaction


def restricted(table: dict[str, Entry]) -> list[Restricted]:
    """Of the table's singlets with two atoms, of atoms far apart, and of H2, which no other lesson
    shows, with its spins apart as well."""
    found = []
    for e in table.values():
        if e.kind == "wide" and not e.spin:
            job = dict(name=e.name, geometry=e.geometry, charge=e.charge, spin=0)
            energy = e.energy - sum(table[s].energy for s in e.symbols)
            found.append(_lesson(job, e.symbols, e.side, energy * KCAL_PER_HARTREE, e.error))
    with HYDROGEN.open() as file:
        for row in csv.DictReader(file):
            energy = (float(row["energy"]) + 1) * KCAL_PER_HARTREE
            for paired in (True, False):
                job = apart("HH", float(row["r"]))
                found.append(_lesson(job, "HH", "train", energy, 0.1, paired))
    for pair in FAR:
        a, b = _symbols(pair)
        metal = {a, b} & {"Li", "Na"}
        for r in DISTANCES[1 if metal else 0 :]:
            found.append(_lesson(apart(pair, r), (a, b), "train", DISPERSION, ERROR))
    return [*{f.reaction.name: f for f in found}.values()]


def own_lessons(table: dict[str, Entry]) -> list[Restricted]:
    """Of these a functional's own states are lessons, too: the bonds in ``FAR`` that train, at all
    distances, and salts."""
    known = [
        lesson
        for lesson in restricted(table)
        if lesson.job["restricted"]
        and lesson.reaction.side == "train"
        and lesson.job["name"].split()[0] in FAR
    ]
    return [*known, *salts(table)]


def salts(table: dict[str, Entry]) -> list[Restricted]:
    """Salts pulled apart, with their electrons paired or not, from one side: no state, whatever
    part of an electron is handed over, lies below both the ion pair and the atoms."""
    found = []
    for pair in SALTS:
        metal, other = _symbols(pair)
        ions = table[f"{metal}+1"].energy + table[f"{other}-1"].energy
        ions -= table[metal].energy + table[other].energy
        for r, paired in product(SALTS_APART, (True, False)):
            energy = min(ions - ANGSTROM_PER_BOHR / r, 0.0) * KCAL_PER_HARTREE - UNSURE
            lesson = _lesson(apart(pair, r), (metal, other), "train", energy, ERROR, paired)
            bound = replace(lesson.reaction, kind="bound", bound=True)
            found.append(replace(lesson, reaction=bound))
    return found


def _lesson(job, symbols, side, reference, error, paired=True) -> Restricted:
    name, kind = (job["name"] + PAIRED, "restricted") if paired else (job["name"], "molecule")
    atoms = ((-float(n), neutral_atom(s)) for s, n in Counter(symbols).items())
    reaction = Reaction(name, kind, side, ((1.0, name), *atoms), reference, error)
    return Restricted(job | {"name": name, "restricted": paired}, reaction)


def apart(pair, r) -> dict:
    """The density of ``"NaLi"``, ``r`` Å apart."""
    a, b = _symbols(pair)
    geometry = f"{a} 0 0 0; {b} 0 0 {r}"
    return dict(name=f"{a}{b} {r:.3f}", geometry=geometry, charge=0, spin=0)


def _symbols(pair) -> tuple[str, str]:
    """``"NaLi"`` → Na, Li."""
    second = next(i for i in range(1, len(pair)) if pair[i].isupper())
    return pair[:second], pair[second:]
