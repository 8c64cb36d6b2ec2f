"""Samples laid end to end, and reactions as rows of numbers over them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..units import KCAL_PER_HARTREE
from . import _cache
from ._reactions import Reaction
from ._samples import Sample


class Sizes(NamedTuple):
    """What a batch has room for; XLA compiles once for each."""

    points: int = 40_000
    samples: int = 160
    reactions: int = 160


class Batch(NamedTuple):
    """P points of S samples, for R reactions; filled up with zeros."""

    spins: Any  # (P, 2, 6), what the network looks at
    shared: Any  # (P, 3)
    scaled: Any  # (P, 4), what its outputs multiply
    owner: Any  # (P,), the sample that a point belongs to
    spins_slope: Any  # (P, 2, 6), their changes along one rotation a sample
    shared_slope: Any  # (P, 3)
    scaled_slope: Any  # (P, 4)
    slope: Any  # (S,), dE_0/dκ
    has_slope: Any  # (S,), 0 or 1
    numbers: Any  # (R, S), how many of each sample a reaction has
    reference: Any  # (R,), kcal/mol, less what the samples' E_0 give
    weight: Any  # (R,)
    error: Any  # (R,), the reference's own, kcal/mol


@dataclass(frozen=True)
class Data:
    """Reactions with the samples that they need, all in memory.

    E_0 of a reaction is summed in double precision and taken off its reference, so that single
    precision is enough for what the network adds.
    """

    reactions: list[Reaction]
    samples: dict[str, Sample]

    @classmethod
    def load(cls, reactions: list[Reaction], where: Path) -> Data:
        """Raises FileNotFoundError that names a sample which was not built, ValueError one that
        holds something else than numbers."""
        samples = {}
        for name in dict.fromkeys(name for r in reactions for _, name in r.parts):
            sample, _ = _cache.read(name, where)
            if not all(np.isfinite(array).all() for array in sample):
                raise ValueError(f"the sample {name!r} in {where} holds what is no number")
            samples[name] = sample
        return cls(reactions, samples)

    def plan(self, sizes: Sizes, generator=None) -> list[list[Reaction]]:
        """All reactions once, in random order if there is a generator, parted into batches that
        each fit the sizes."""
        order = np.arange(len(self.reactions))
        if generator is not None:
            generator.shuffle(order)
        batches: list[list[Reaction]] = []
        names: set[str] = set()
        points = 0
        for i in order:
            reaction = self.reactions[i]
            needed = {name for _, name in reaction.parts}
            more = sum(len(self.samples[n].scaled) for n in needed - names)
            full = (
                points + more > sizes.points
                or len(names | needed) > sizes.samples
                or (batches and len(batches[-1]) == sizes.reactions)
            )
            if full or not batches:
                batches.append([])
                names, points = set(), 0
                more = sum(len(self.samples[n].scaled) for n in needed)
                if more > sizes.points:
                    raise ValueError(
                        f"{reaction.name} has {more} points, a batch room for {sizes.points}"
                    )
            batches[-1].append(reaction)
            names |= needed
            points += more
        return batches

    def batch(self, chosen: list[Reaction], sizes: Sizes, weights: dict, generator) -> Batch:
        """One batch; of each sample a rotation is drawn."""
        names = list(dict.fromkeys(name for r in chosen for _, name in r.parts))
        each = [self.samples[name] for name in names]
        drawn = [generator.integers(len(s.slope)) if len(s.slope) else None for s in each]
        lengths = [len(s.scaled) for s in each]
        used = sum(lengths)

        def joined(arrays, *tail):
            out = np.zeros((sizes.points, *tail), np.float32)
            np.concatenate(arrays, out=out[:used])
            return out

        def slopes(field):
            return [
                np.zeros_like(getattr(s, field)) if k is None else getattr(s, f"{field}_slope")[k]
                for s, k in zip(each, drawn)
            ]

        owner = np.full(sizes.points, sizes.samples, np.int32)
        owner[:used] = np.repeat(np.arange(len(each)), lengths)
        slope, has_slope = np.zeros((2, sizes.samples), np.float32)
        for i, (s, k) in enumerate(zip(each, drawn)):
            if k is not None:
                slope[i], has_slope[i] = s.slope[k], 1.0
        position = {name: i for i, name in enumerate(names)}
        numbers = np.zeros((sizes.reactions, sizes.samples), np.float32)
        reference, weight, error = np.zeros((3, sizes.reactions), np.float32)
        for row, r in enumerate(chosen):
            for n, name in r.parts:
                numbers[row, position[name]] += n
            known = sum(n * float(self.samples[name].energy) for n, name in r.parts)
            reference[row] = r.reference - KCAL_PER_HARTREE * known
            weight[row], error[row] = weights[r.kind], r.error
        return Batch(
            spins=joined([s.spins for s in each], 2, 6),
            shared=joined([s.shared for s in each], 3),
            scaled=joined([s.scaled for s in each], 4),
            owner=owner,
            spins_slope=joined(slopes("spins"), 2, 6),
            shared_slope=joined(slopes("shared"), 3),
            scaled_slope=joined(slopes("scaled"), 4),
            slope=slope,
            has_slope=has_slope,
            numbers=numbers,
            reference=reference,
            weight=weight,
            error=error,
        )
