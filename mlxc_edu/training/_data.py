"""Samples laid end to end, and reactions as rows of numbers over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..units import KCAL_PER_HARTREE
from . import _cache
from ._reactions import Reaction


class Batch(NamedTuple):
    """P points of S samples, for R reactions; padded to fixed sizes with zeros."""

    spins: np.ndarray  # (P, 2, 6)
    shared: np.ndarray  # (P, 3)
    scaled: np.ndarray  # (P, 4)
    owner: np.ndarray  # (P,), which sample a point belongs to
    spins_slope: np.ndarray
    shared_slope: np.ndarray
    scaled_slope: np.ndarray
    slope: np.ndarray  # (S,), dE_0/dκ along one rotation
    has_slope: np.ndarray  # (S,), 0 or 1
    count: np.ndarray  # (R, S), how many of each sample
    reference: np.ndarray  # (R,), kcal/mol, less what E_0 gives
    weight: np.ndarray  # (R,)
    error: np.ndarray  # (R,), the reference's own, kcal/mol


@dataclass
class Data:
    """Reactions with the samples that they need, all in memory.

    A batch's energies are of order one: E_0 of a reaction is summed in double precision and taken
    off its reference, so that single precision is enough for what the network adds.
    """

    reactions: list[Reaction]
    samples: dict

    @classmethod
    def load(cls, reactions: list[Reaction], where: Path) -> Data:
        """Raises FileNotFoundError that names a sample which was not built."""
        names = dict.fromkeys(name for r in reactions for _, name in r.parts)
        return cls(reactions, {name: _cache.read(name, where)[0] for name in names})

    def batches(self, points, samples, rows, weights, generator=None) -> Iterator[Batch]:
        """All reactions once, in random order if there is a generator; each batch is as large as
        the three sizes allow."""
        order = np.arange(len(self.reactions))
        if generator is not None:
            generator.shuffle(order)
        chosen, names, size = [], {}, 0
        for i in order:
            new = {n: None for _, n in self.reactions[i].parts if n not in names}
            more = sum(len(self.samples[n].scaled) for n in new)
            if chosen and (
                size + more > points or len(names) + len(new) > samples or len(chosen) == rows
            ):
                yield self._batch(chosen, list(names), points, samples, rows, weights, generator)
                chosen, names, size = [], {}, 0
                new = {n: None for _, n in self.reactions[i].parts}
                more = sum(len(self.samples[n].scaled) for n in new)
            chosen.append(self.reactions[i])
            names |= new
            size += more
        if chosen:
            yield self._batch(chosen, list(names), points, samples, rows, weights, generator)

    def _batch(self, chosen, names, points, samples, rows, weights, generator) -> Batch:
        each = [self.samples[n] for n in names]
        sizes = [len(s.scaled) for s in each]
        total = sum(sizes)
        if total > points or len(names) > samples:
            raise ValueError(f"{chosen[0].name} needs {total} points and there is room for {points}")

        def joined(arrays, tail):
            out = np.zeros((points, *tail), np.float32)
            np.concatenate(arrays, out=out[:total])
            return out

        which = [
            generator.integers(len(s.slope)) if generator is not None and len(s.slope) else 0
            for s in each
        ]

        def slopes(field, plain):
            return [
                getattr(s, field)[k] if len(s.slope) else np.zeros_like(getattr(s, plain))
                for s, k in zip(each, which)
            ]

        owner = np.full(points, samples, np.int32)
        owner[:total] = np.repeat(np.arange(len(names)), sizes)
        slope, has_slope = np.zeros(samples, np.float32), np.zeros(samples, np.float32)
        for i, (s, k) in enumerate(zip(each, which)):
            if len(s.slope):
                slope[i], has_slope[i] = s.slope[k], 1.0
        count = np.zeros((rows, samples), np.float32)
        reference, weight = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
        error = np.ones(rows, np.float32)
        position = {n: i for i, n in enumerate(names)}
        for row, r in enumerate(chosen):
            known = 0.0
            for n, name in r.parts:
                count[row, position[name]] += n
                known += n * float(self.samples[name].energy)
            reference[row] = r.reference - KCAL_PER_HARTREE * known
            weight[row], error[row] = weights[r.kind], r.error
        return Batch(
            joined([s.spins for s in each], (2, 6)),
            joined([s.shared for s in each], (3,)),
            joined([s.scaled for s in each], (4,)),
            owner,
            joined(slopes("spins_slope", "spins"), (2, 6)),
            joined(slopes("shared_slope", "shared"), (3,)),
            joined(slopes("scaled_slope", "scaled"), (4,)),
            slope, has_slope, count, reference, weight, error,
        )  # fmt: skip


