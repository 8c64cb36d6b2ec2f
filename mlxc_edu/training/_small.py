"""A few samples that come with the package: enough to train something in two minutes.

Coarse grids, inputs in half precision and no slopes: fit for learning how it is done, not for use.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ._seen import Sample

FILE = Path(__file__).with_name("small.npz")


def pack(samples: dict[str, Sample], lists: dict[str, list]) -> None:
    """``lists``: of each atom, name, kind and electrons of its samples."""
    every = list(samples.values())
    said = {"names": list(samples), "lists": lists}
    np.savez_compressed(
        FILE,
        said=np.array(json.dumps(said)),
        energy=np.array([s.energy for s in every]),
        length=np.array([len(s.scaled) for s in every]),
        spins=np.concatenate([s.spins for s in every]).astype(np.float16),
        shared=np.concatenate([s.shared for s in every]).astype(np.float16),
        scaled=np.concatenate([s.scaled for s in every]),
    )


def unpack() -> tuple[dict[str, Sample], dict[str, list]]:
    with np.load(FILE) as kept:
        said = json.loads(str(kept["said"]))
        ends = np.cumsum(kept["length"])[:-1]
        columns = [np.split(kept[name], ends) for name in ("spins", "shared", "scaled")]
        energies = kept["energy"]
    none = np.zeros(0)
    samples = {}
    for name, energy, *arrays in zip(said["names"], energies, *columns):
        spins, shared, scaled = (a.astype(np.float32) for a in arrays)
        slopes = (np.zeros((0, *a.shape), np.float32) for a in (spins, shared, scaled))
        samples[name] = Sample(energy, spins, shared, scaled, none, *slopes)
    lists = {
        symbol: [(name, kind, tuple(electrons)) for name, kind, electrons in rows]
        for symbol, rows in said["lists"].items()
    }
    return samples, lists
