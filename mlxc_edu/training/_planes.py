"""An atom's ions, and the points of flat planes between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from pyscf.data import elements

from ..calculations import Frontier, plane_occupations, plane_weights
from ..molecules import hund_spin

PLANE = (  # parts of the last α and the last β electron
    (0, 0), (0.25, 0.25), (0.5, 0.25), (0.25, 0.5), (0, 0.5),
    (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0, 1),
    (0.5, 0.75), (0.75, 0.5), (0.75, 0.75), (0.5, 1), (1, 0.5), (1, 1),
    *((x, y) for x in (0.125, 0.375, 0.625, 0.875) for y in (0.125, 0.375, 0.625, 0.875)),
)  # fmt: skip
EIGHTHS = tuple(i / 8 for i in range(9))
PLANE_OF_ONE = tuple((x, y) for x in EIGHTHS for y in EIGHTHS if x + y >= 0.5)  # one open orbital
OF_ION = 0.25  # of the places drawn
PLANE_OF_IONS = (0.25, 0.25), (0, 0.5), (0.5, 0.5), (0.25, 0.75), (0, 1), (0.75, 0.75), (0.5, 1)
MOST_IONISED = 3
ANIONS = ("H", "Li", "B", "C", "O", "F", "Na", "Al", "Si", "P", "S", "Cl")

Electrons = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A point of a plane: (α, β) ``electrons``, ``occupations`` (2, nmo), and its ``corners``, each
    with its weight, the electrons of the known ion, and those it has here, its spin turned (none
    where no mixture of them is wanted)."""

    label: str
    seed: int
    electrons: Electrons
    occupations: np.ndarray
    corners: tuple[tuple[float, tuple[int, int], tuple[int, int]], ...] = ()


def ladder(symbol) -> list[tuple[int, int]]:
    """(α, β) electrons of an atom's ions in Hund's order, from the most to the least ionised."""
    protons = elements.charge(symbol)
    charges = range(min(MOST_IONISED, protons), -(symbol in ANIONS) - 1, -1)
    found = []
    for charge in charges:
        electrons = protons - charge
        spin = hund_spin(symbol, charge) if electrons else 0
        found.append(((electrons + spin) // 2, (electrons - spin) // 2))
    return found


def places(symbol, charge, shared: Frontier, whole) -> Iterator[Place]:
    """Of the plane of an atom's or ion's last electrons, in orbitals that both spins share and with
    no open shell; ``whole``: electrons of the ions that are known."""
    parts = PLANE if charge == 0 else PLANE_OF_IONS
    if charge == 0 and _open(symbol, charge) == [0, 1, 0]:
        parts = PLANE_OF_ONE
    for x, y in parts:
        place = place_at(symbol, charge, shared, whole, x, y)
        if place is not None:
            yield place


def drawn_places(symbol, shared: Frontier, whole, count, generator) -> Iterator[Place]:
    """Of the planes of an atom and its first ion ``count`` places at random, at most: eighths, the
    line where only the spins are shared, whole and half electrons more often than others."""
    drawn = set()
    for _ in range(count):
        charge = int(generator.random() < OF_ION)
        x, y = generator.random(2).round(3)
        kind = generator.random()
        if kind < 0.4:
            x, y = generator.integers(0, 9, 2) / 8
        elif kind < 0.6:
            x, y = generator.integers(0, 3, 2) / 2
        elif kind < 0.75:
            y = 1 - x
        place = place_at(symbol, charge, shared, whole, x, y)
        if place is None and _open(symbol, charge) == [0, 1, 0]:
            place = place_at(symbol, charge, shared, whole, y, x)
        if place is not None and place.label not in drawn:
            drawn.add(place.label)
            yield place


def drawn_of_one_orbital(symbol, shared: Frontier, whole, count, generator) -> Iterator[Place]:
    """Where one orbital alone holds parts of both spins, those below it full: between a closed
    shell and the ion with an electron more and, unless it is a cation's, with one less; ``count``
    places at random, at most. Chlorine's last p orbital so is what a stretched NaCl has, and no
    plane that p orbitals share evenly."""
    steps = [
        n
        for n, m in pairwise(whole)
        if n[0] == n[1] > 0 or (m[0] == m[1] and sum(m) >= elements.charge(symbol))
    ]
    drawn = set()
    for _ in range(count if steps else 0):
        less = steps[generator.integers(len(steps))]
        x, y = sorted(generator.random(2).round(3), reverse=True)
        if generator.random() < 0.6:
            x, y = sorted(generator.integers(0, 9, 2) / 8, reverse=True)
        if (x + y > 1) if less[0] == less[1] else (x + y < 1):
            x, y = 1 - y, 1 - x
        full = less[1]
        between, label = (full + x, full + y), f"of one {full} {x:g} {y:g}"
        if between in {(0, 0), *whole} or label in drawn:
            continue
        drawn.add(label)
        occupations = np.zeros((2, shared.coefficients.shape[2]))
        occupations[:, :full], occupations[:, full] = 1, (x, y)
        yield Place(label, round(100 * x + 10 * y), between, occupations)


def place_at(symbol, charge, shared: Frontier, whole, x, y) -> Place | None:
    """Where x and y of the last α and β electrons are there; none where that is a whole ion, where
    an ion is not known, or the same as another place with the spins exchanged."""
    spins, known = _open(symbol, charge), {sum(n): n for n in whole}
    electrons = elements.charge(symbol) - charge
    if electrons < 1 or not spins[1] or electrons - 1 not in known:
        return None
    if x + y > 1 and electrons + 1 not in known:
        return None
    a, b = known[electrons]
    between = a - 1 + x, b + y
    if (y > x and spins == [0, 1, 0]) or between in {(0, 0), *known.values()}:
        return None
    corners = ((a - 1, b), (a, b), (a - 1, b + 1), (a, b + 1))
    weighted = zip(plane_weights(x, y), corners)
    return Place(
        f"{charge:+d} {x:g} {y:g}",
        round(100 * x + 10 * y),
        between,
        plane_occupations(replace(shared, electrons=known[electrons]), spins, x, y),
        tuple((w, known[sum(n)], n) for w, n in weighted if w),
    )


def _open(symbol, charge) -> list[int]:
    """Open electrons of the ion with one electron less, the ion, and that with one more."""
    return [hund_spin(symbol, charge + c) for c in (1, 0, -1)]
