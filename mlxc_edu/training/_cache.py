"""Densities kept in a folder, one file each, so that a run which was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from tqdm import tqdm

from ._samples import Density

TOGETHER = 8  # densities in one go
FORMAT = 3  # of densities; raise it when what they hold changes


def folder() -> Path:
    """Where samples are kept: ``MLXC_EDU_TRAINING_DIR``, or the user's cache."""
    given = os.environ.get("MLXC_EDU_TRAINING_DIR")
    return Path(given) if given else user_cache_path("mlxc-edu") / f"training-{FORMAT}"


def _file(name: str, where: Path) -> Path:
    """Names hold signs that files should not."""
    return where / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.npz"


def write(name: str, density: Density, where: Path, **said) -> None:
    path = _file(name, where)
    temporary = path.with_suffix(f".{os.getpid()}")
    with temporary.open("wb") as file:
        np.savez(file, said=json.dumps({"name": name, **said}), **density._asdict())
    temporary.replace(path)


def read(name: str, where: Path) -> tuple[Density, dict]:
    """A density and what was said of it. Raises FileNotFoundError where it was not built."""
    path = _file(name, where)
    if not path.exists():
        raise FileNotFoundError(f"no density {name!r} in {where}; mlxc-edu train builds it")
    with np.load(path) as kept:
        return Density(*(kept[field] for field in Density._fields)), json.loads(str(kept["said"]))


def has(name: str, where: Path) -> bool:
    return _file(name, where).exists()


def _molecule(job, where) -> None:
    """A molecule's density, or that of a ``functional``'s own lowest state."""
    from ._build import molecule_density
    from ._own import own_state

    if "functional" in job:
        given = {k: job[k] for k in ("geometry", "functional", "restricted", "settled")}
        density = own_state(**given)
    else:
        given = {k: job[k] for k in ("geometry", "charge", "spin", "restricted") if k in job}
        density = molecule_density(**given)
    write(job["name"], density, where)


def _atom(job, where) -> None:
    """An atom's densities, or those of a ``functional``'s own states."""
    from ._build import atom_points
    from ._own import states_of_atom

    symbol, names, by = job["atom"], [], ""
    points = atom_points(symbol)
    if "functional" in job:
        points, by = states_of_atom(symbol, job["functional"], job["seed"]), f" by {job['list']}"
    for point in points:
        name = point.name + by
        write(name, point.density, where, electrons=point.electrons, kind=point.kind)
        names.append([name, point.kind, point.electrons])
    _list_file(job["list"], where).write_text(json.dumps(names))


def _list_file(name, where) -> Path:
    return where / f"{name}.json"


def atom_list(name, where: Path) -> list[tuple[str, str, tuple[float, float]]]:
    """Name, kind and electrons of an atom's samples, by the name of its list."""
    listed = json.loads(_list_file(name, where).read_text())
    return [(name, kind, tuple(electrons)) for name, kind, electrons in listed]


def _some(jobs, where) -> dict[str, str]:
    """One after another; those that failed, with why."""
    from pyscf import lib

    lib.num_threads(1)
    failed = {}
    for job in jobs:
        try:
            (_atom if "atom" in job else _molecule)(job, where)
        except ArithmeticError as error:
            failed[job.get("name") or job["list"]] = str(error)
    return failed


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile use one thread; JAX reads that when it is loaded."""
    wanted = {"NPROC": "1", "OMP_NUM_THREADS": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def build(jobs: Iterable[dict], where: Path, workers: int) -> dict[str, str]:
    """Make what is not there yet; the jobs that failed, with why. An ``atom``'s densities are many,
    and the job names their ``list``."""
    where.mkdir(parents=True, exist_ok=True)
    missing = [
        j
        for j in jobs
        if not (_list_file(j["list"], where).exists() if "atom" in j else has(j["name"], where))
    ]
    # Molecules of the same atoms go to the same worker: JAX compiles for them once.
    alike = defaultdict(list)
    for job in missing:
        key = job.get("atom") or sorted(a.split()[0] for a in job["geometry"].split("; "))
        alike[str(key)].append(job)
    chunks = [g[i : i + TOGETHER] for g in alike.values() for i in range(0, len(g), TOGETHER)]
    failed: dict[str, str] = {}
    with (
        _one_thread_each(),
        ProcessPoolExecutor(workers, get_context("spawn")) as pool,
        tqdm(total=len(missing), desc="densities", disable=not missing) as bar,
    ):
        running = {pool.submit(_some, chunk, where): len(chunk) for chunk in chunks}
        for future in as_completed(running):
            failed |= future.result()
            bar.update(running[future])
    return failed
