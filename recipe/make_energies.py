"""Compute the energies of all systems, in pieces: what is done is kept, a stopped run goes on.

    python recipe/make_energies.py --workers 2 --minutes 120
    python recipe/make_energies.py --scheduler tcp://host:8786

Writes one line of JSON a system to recipe/energies.jsonl as it is finished; the cheap ones first.
On a Dask cluster (workers with one thread each and the same mlxc-edu) only this process writes.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import pyscf
from atoms import atoms
from energies import METALS, VERSION, NoReference, compute, refreshed
from pyscf import lib
from systems import System, molecules
from threadpoolctl import threadpool_limits
from tqdm import tqdm

FOLDER = Path(__file__).parent
STORE = FOLDER / "energies.jsonl"
FUNCTIONS = {"H": 14, "He": 14}  # roughly, in a TZ basis
HEAVY = 34


def cost(system: System) -> float:
    """In arbitrary units: basis functions and spins of coupled cluster, once more for cores."""
    size = sum(FUNCTIONS.get(s, HEAVY) for s in system.symbols)
    cores = 5 if set(system.symbols) & set(METALS) else 1
    return size**4 * (4 if system.spin else 1) * cores * len(system.symbols)


def one(system: System, old: dict) -> dict:
    """A line of the file; ``old`` is the one before."""
    lib.num_threads(1)
    start = time.perf_counter()
    with threadpool_limits(limits=1):
        try:
            parts = compute(system) if "failed" in old else old | refreshed(system)
        except (NoReference, MemoryError, RuntimeError, ValueError) as error:
            seconds = round(time.perf_counter() - start, 1)
            parts = {"failed": f"{type(error).__name__}: {error}", "version": VERSION}
            parts["seconds"] = seconds
    named = {"name": system.name, "kind": system.kind, "geometry": system.geometry}
    state = {"charge": system.charge, "spin": system.spin, "pyscf": pyscf.__version__}
    return named | state | {k: _short(v) for k, v in parts.items()}


def _short(value):
    return round(float(value), 9) if isinstance(value, float) else value


def done(store=STORE) -> dict[str, dict]:
    if not store.exists():
        return {}
    rows = [json.loads(line) for line in store.read_text().splitlines()]
    return {row["name"]: row for row in rows}


@contextmanager
def executor(options):
    """Where systems are computed, and how many at a time."""
    if options.scheduler is None:
        with ProcessPoolExecutor(options.workers, max_tasks_per_child=50) as pool:
            yield pool, options.workers
        return
    from distributed import Client  # mlxc-edu[cluster]

    with Client(options.scheduler, timeout=10, set_as_default=False) as client:
        for module in ("split", "systems", "energies"):
            client.upload_file(str(FOLDER / f"{module}.py"))
        with client.get_executor(pure=False) as pool:
            yield pool, max(1, len(client.nthreads()))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e9, help="start nothing new after these")
    parser.add_argument("--kinds", nargs="*", help="only these")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask's, in place of processes")
    parser.add_argument("--output", type=Path, default=STORE, metavar="FILE")
    options = parser.parse_args()
    known = done(options.output)
    every = sorted([*atoms(), *molecules()], key=cost)
    todo = [s for s in every if known.get(s.name, {}).get("version") != VERSION]
    if options.kinds:
        todo = [s for s in todo if s.kind in options.kinds]
    end = time.monotonic() + 60 * options.minutes
    with (
        executor(options) as (pool, workers),
        options.output.open("a") as out,
        tqdm(total=len(todo)) as bar,
    ):
        waiting, queue = set(), iter(todo)
        while True:
            while len(waiting) < workers and time.monotonic() < end:
                system = next(queue, None)
                if system is None:
                    break
                old = known.get(system.name, {"failed": "not tried"})
                waiting.add(pool.submit(one, system, old))
            if not waiting:
                return
            finished = next(as_completed(waiting))
            waiting.discard(finished)
            out.write(json.dumps(finished.result()) + "\n")
            out.flush()
            bar.update()


if __name__ == "__main__":
    main()
