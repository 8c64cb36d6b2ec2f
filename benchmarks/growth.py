"""What limits a million calculations that are kept one file each, and handed out by Dask?

    python benchmarks/growth.py 1000 10000 100000

For so many points of a table, which cost nothing themselves: points a second written to a store,
found there again, read by a scan that finds all of them done; bytes on the disk for each; and
calculations a second through a Dask scheduler with two workers, if distributed is installed.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from mlxc_edu.scans import Running, Store

POINT = {"energy": -1.0, "converged": True, "charge": 0.0, "dipole": 0.0, "state": "x" * 200}


def compute(job, memory) -> dict:
    """Nothing, for nothing."""
    return dict(POINT, energy=float(job["r"]))


def jobs(count) -> list[dict]:
    return [dict(system="H2", r=float(i), method="PBE", basis="sto-3g") for i in range(count)]


def seconds(task) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def main(counts):
    print("| points | written /s | found /s | a finished scan /s | kB each | through Dask /s |")
    print("|---|---|---|---|---|---|")
    for count in counts:
        *times, size = kept(jobs(count))
        dask = f"{count / through_dask(jobs(count)):.0f}" if count <= 10_000 else ""
        rates = " | ".join(f"{count / t:.0f}" for t in times)
        print(f"| {count} | {rates} | {size / count / 1000:.1f} | {dask} |", flush=True)


def kept(listed) -> tuple[float, float, float, float]:
    """Seconds to write the points, to find them, and for a scan to find itself done; bytes."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        store = Store(folder)
        written = seconds(lambda: [store.put(job, POINT) for job in listed])
        found = seconds(lambda: [store.get(job) for job in listed])
        size = sum(f.stat().st_blocks * 512 for f in Path(folder).rglob("*.json"))
        run = Running(workers=1, store=other, progress=False)
        run.values(listed, compute)
        return written, found, seconds(lambda: run.values(listed, compute)), size


def through_dask(listed) -> float:
    from distributed import LocalCluster

    few = dict(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with tempfile.TemporaryDirectory() as folder, LocalCluster(**few) as cluster:
        run = Running(store=folder, progress=False, scheduler=cluster.scheduler_address)
        return seconds(lambda: run.values(listed, compute))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main([int(argument) for argument in sys.argv[1:]] or [1000, 10_000])
