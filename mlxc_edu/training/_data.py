"""Samples cut into equal pieces, and reactions as rows of numbers over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy.sparse import csr_array

from ..units import KCAL_PER_HARTREE
from . import _cache
from ._reactions import Reaction
from ._seen import Sample, seen

STEEP = "plane", "spin", "restricted"  # where a minimiser gains most by leaving a lesson's density
PIECE = 256  # points; a processor's cache holds their hidden layers
PIECES = 128 if jax.default_backend() == "cpu" else 2048  # in one call


class Points(NamedTuple):
    """Points of a sample in pieces: C pieces, P points each, filled up with zeros."""

    spins: Any  # (C, P, 2, …), what the network looks at
    shared: Any  # (C, P, …)
    scaled: Any  # (C, P, O), what its outputs multiply


class Turned(NamedTuple):
    """The same with their changes along a rotation of the sample's orbitals."""

    spins: Any
    shared: Any
    scaled: Any
    spins_slope: Any  # (C, P, 2, …)
    shared_slope: Any  # (C, P, …)
    scaled_slope: Any  # (C, P, O)


@dataclass(frozen=True)
class Data:
    """R reactions with the S samples that they need, all in memory."""

    reactions: list[Reaction]
    samples: dict[str, Sample]

    def of_kinds(self, weights: dict[str, float]) -> Data:
        """Only the reactions of a kind that has a weight."""
        return Data([r for r in self.reactions if weights.get(r.kind)], self.samples)

    def with_more(self, other: Data) -> Data:
        """And the reactions and samples of another."""
        return Data([*self.reactions, *other.reactions], self.samples | other.samples)

    @classmethod
    def load(cls, reactions: list[Reaction], where: Path, form: ModuleType) -> Data:
        """As a functional of this form sees it. Raises FileNotFoundError that names a density which
        was not built, ValueError one that holds something else than numbers."""
        samples = {}
        for name in dict.fromkeys(name for r in reactions for _, name in r.parts):
            density, _ = _cache.read(name, where)
            if not all(np.isfinite(array).all() for array in density):
                raise ValueError(f"the density {name!r} in {where} holds what is no number")
            samples[name] = seen(density, form)
        return cls(reactions, samples)

    @cached_property
    def needed(self) -> list[Sample]:
        """The samples of the reactions, in the order of :attr:`numbers`."""
        return [self.samples[name] for name in self._names]

    @cached_property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(name for r in self.reactions for _, name in r.parts))

    @cached_property
    def numbers(self) -> csr_array:
        """How many of each sample a reaction has, (R, S)."""
        place = {name: i for i, name in enumerate(self._names)}
        found = [(i, place[s], n) for i, r in enumerate(self.reactions) for n, s in r.parts]
        rows, columns, values = zip(*found)
        shape = len(self.reactions), len(self._names)
        return csr_array((np.array(values, np.float32), (rows, columns)), shape=shape)

    @cached_property
    def asked(self) -> np.ndarray:
        """What the network should add to each reaction, kcal/mol: its reference less what E_0 of
        the samples gives, so large a sum that it needs double precision."""
        known = self.numbers.astype(float) @ np.array([float(s.energy) for s in self.needed])
        return np.array([r.reference for r in self.reactions]) - KCAL_PER_HARTREE * known

    def points(self) -> Iterator[tuple[np.ndarray, Points]]:
        """All samples, some pieces at a time, and whose these are."""
        for owners, arrays in _stacks((s.spins, s.shared, s.scaled) for s in self.needed):
            yield owners, Points(*arrays)

    def draw(self, count: int, generator) -> list[tuple[Sample, int]]:
        """So many samples, and one of the rotations of each; two thirds of those whose lessons are
        of the kinds ``STEEP``, if there are as many."""
        names = {r.parts[0][1] for r in self.reactions if r.kind in STEEP}
        able = [(n in names, s) for n, s in zip(self._names, self.needed) if len(s.slope)]
        steep, others = (
            [s for is_steep, s in able if is_steep == wanted] for wanted in (True, False)
        )
        first = min(2 * count // 3, len(steep))
        chosen = [steep[i] for i in generator.permutation(len(steep))[:first]] if steep else []
        chosen += [others[i] for i in generator.permutation(len(others))[: count - first]]
        return [(s, int(generator.integers(len(s.slope)))) for s in chosen]


def turned(drawn: list[tuple[Sample, int]]) -> Iterator[tuple[np.ndarray, Turned]]:
    """Drawn samples along their rotations, some pieces at a time, and whose these are."""
    each = (
        (s.spins, s.shared, s.scaled, s.spins_slope[k], s.shared_slope[k], s.scaled_slope[k])
        for s, k in drawn
    )
    for owners, arrays in _stacks(each):
        yield owners, Turned(*arrays)


def _stacks(samples: Iterable[tuple]) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Stacks of one height, for which XLA compiles once; the last is filled up with zeros."""
    owners: list[int] = []
    pieces: list[tuple] = []
    for i, arrays in enumerate(samples):
        for first in range(0, len(arrays[0]), PIECE):
            owners.append(i)
            pieces.append(tuple(a[first : first + PIECE] for a in arrays))
            if len(pieces) == PIECES:
                yield np.array(owners), _stacked(pieces)
                owners, pieces = [], []
    if pieces:
        yield np.array(owners), _stacked(pieces)


def _stacked(pieces) -> list[np.ndarray]:
    stacks = [np.zeros((PIECES, PIECE, *a.shape[1:]), np.float32) for a in pieces[0]]
    for i, piece in enumerate(pieces):
        for stack, array in zip(stacks, piece):
            stack[i, : len(array)] = array
    return stacks
