"""Many calculations in parallel, each written down as soon as it is finished."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky import process_executor
from pyscf import lib
from tqdm.auto import tqdm

from .. import weights

MEMORY_PER_WORKER = 500  # MB; PySCF, SciPy and a diatomic's integrals


def run_jobs(jobs, compute, store, *, workers, memory, progress) -> dict[tuple, dict[str, Any]]:
    """The value of every job, from the store or computed in parallel; by :func:`identity`."""
    values, missing = {}, []
    for job in map(_with_parameters, jobs):
        value = store.get(job)
        if value is None:
            missing.append(job)
        else:
            values[identity(job)] = value
    with tqdm(total=len(jobs), initial=len(values), unit="point", disable=not progress) as bar:
        for job, value in _parallel(missing, compute, store, workers, memory):
            values[identity(job)] = value
            bar.set_postfix_str(f"{job['system']} {job['method']}", refresh=False)
            bar.update()
    return values


def _with_parameters(job) -> dict[str, Any]:
    """A functional named by a file is what the file holds, not what it is called."""
    if weights.is_file(job["method"]):
        return dict(job, parameters=weights.fingerprint(job["method"]))
    return job


def _parallel(jobs, compute, store, workers, memory) -> Iterator[tuple[dict, dict]]:
    workers = workers or max(1, min(joblib.cpu_count(), memory // MEMORY_PER_WORKER))
    workers = min(workers, len(jobs))
    if workers <= 1:
        for job in jobs:
            yield _one_thread(job, compute, store, memory)
        return
    # The longest first, so that no worker is left alone with one at the end.
    jobs = sorted(jobs, key=lambda job: job["method"] != "exact")
    with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        run = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        task = joblib.delayed(_in_worker)
        yield from run(task(job, compute, store, memory // workers) for job in jobs)


def _in_worker(job, compute, store, memory):
    os.environ["NPROC"] = "1"  # the size of JAX's thread pool, read when JAX is loaded
    # What JAX compiles is kept on purpose: a worker that grows does not leak and must not be ended.
    process_executor._MAX_MEMORY_LEAK_SIZE = int(1e12)
    return _one_thread(job, compute, store, memory)


def _one_thread(job, compute, store, memory):
    # On small molecules a second thread gains little, and two scans at a time would fight.
    with lib.with_omp_threads(1):
        return job, _finish(job, compute, store, memory)


def _finish(job, compute, store, memory) -> dict[str, Any]:
    """Compute a job and write it down before anyone else hears of it. One that fails is reported
    in the table and not stored; the others go on."""
    began = time.perf_counter()
    try:
        value = compute(job, memory)
    except Exception as error:
        nothing = dict(energy=np.nan, converged=False, charge=np.nan, dipole=np.nan)
        return dict(nothing, seconds=time.perf_counter() - began, state=f"failed: {error!r}")
    value["seconds"] = time.perf_counter() - began
    store.put(job, value)
    return value


def identity(job) -> tuple:
    """What tells a job from its neighbours in one scan."""
    electrons = tuple(job.get("electrons", ()))
    return job["system"], job["r"], job["method"], job.get("path"), electrons


@cache
def code_version() -> str:
    """A hash of the code that decides a point's numbers: after a change nothing old is trusted."""
    package = Path(__file__).parents[1]
    rooms = ("functionals", "weights", "molecules", "ks", "calculations", "scans")
    files = [file for room in rooms for file in sorted((package / room).rglob("*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
