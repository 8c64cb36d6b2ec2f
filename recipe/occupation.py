"""The network that reads local occupations: its densities, its fit, its errors.

    python recipe/occupation.py mlxc_edu/weights/occupation.npz

Atoms' and broken bonds' densities are made here, ten minutes on two processors, and kept; those of
molecules are taken from the folder in which `mlxc-edu train --preset plane` keeps its own, so run
that first. No energy is used. The fit takes six minutes. A new file is shipped with its hash, which
is printed, in `mlxc_edu/weights/_shipped.py`.
"""

import argparse
import hashlib
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from mlxc_edu.training import _cache, _reading
from mlxc_edu.training._occupation import APART_BY, Lesson, of_atom, of_molecules, of_pair
from mlxc_edu.training._restricted import FAR
from mlxc_edu.training._train import ATOMS


def _made(job: tuple[str, str, Path]) -> list[tuple]:
    kind, name, store = job
    by = f" by {' '.join(APART_BY)}" if kind == "pair" else ""
    kept = store / f"{kind} {name}{by}.pkl"
    if not kept.exists():
        found = of_atom(name) if kind == "atom" else of_pair(name)
        kept.write_bytes(pickle.dumps([tuple(lesson) for lesson in found]))
    return pickle.loads(kept.read_bytes())


def lessons(store: Path) -> Iterator[Lesson]:
    store.mkdir(parents=True, exist_ok=True)
    jobs = [("atom", s, store) for s in ATOMS] + [("pair", p, store) for p in FAR]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for found in pool.map(_made, jobs):
            yield from (Lesson(*fields) for fields in found)
    yield from of_molecules(_cache.folder())


if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("output", type=Path)
    said.add_argument("--store", type=Path, default=_cache.folder() / "occupations")
    said.add_argument("--width", type=int, default=_reading.WIDTH)
    said.add_argument("--steps", type=int, default=_reading.STEPS)
    said.add_argument("--seed", type=int, default=0)
    given = said.parse_args()
    known = [*lessons(given.store)]
    shown = [lesson for lesson in known if lesson.side == "train"]
    shape = _reading.fit(
        shown,
        given.width,
        given.steps,
        given.seed,
        report=lambda step, loss: print(step, round(loss, 3), flush=True),
    )
    arrays = {name: np.asarray(a, np.float32) for name, a in shape._asdict().items()}
    np.savez_compressed(given.output, **arrays)
    print(hashlib.sha256(given.output.read_bytes()).hexdigest())
    print(_reading.table(shape, known).round(4).to_string())
