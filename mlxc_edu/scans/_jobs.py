"""Many calculations in parallel, each written down as soon as it is finished."""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache, cached_property, partial, wraps
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyscf
from joblib.externals.loky import process_executor
from joblib.externals.loky.backend import resource_tracker
from pyscf import lib
from tqdm.auto import tqdm

from .. import weights
from ..ks.methods import split_dispersion
from ._cluster import on_cluster
from ._code import code_version
from ._store import Store

MEMORY_PER_WORKER = 500  # MB; PySCF, SciPy and a diatomic's integrals
UNTRACKED = "ignore:resource_tracker"  # an option of Python, -W


@dataclass(frozen=True)
class Running:
    """How the points of a table are computed: keyword arguments that all tables share.

    Attributes
    ----------
    workers : processes, each on one thread; None: one a processor, as far as memory goes.
    memory : MB for all workers together.
    store : folder of finished points; None: the user's cache.
    progress : show a progress bar.
    scheduler : address of a Dask scheduler, ``"tcp://…"``, whose workers compute instead;
        ``memory`` is then of each of them.
    """

    workers: int | None = None
    memory: int = 4000
    store: str | os.PathLike | None = None
    progress: bool = True
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            raise ValueError(f"workers must be a whole number of at least 1, not {self.workers!r}")

    @cached_property
    def points(self) -> Store:
        return Store(self.store)

    def values(self, jobs, compute) -> dict[tuple, dict[str, Any]]:
        """The value of every job, from the store or computed in parallel; by :func:`identity`.

        Raises
        ------
        OSError, ValueError : parameters of a functional are missing or wrong; nothing is computed.
        BrokenProcessPool : a worker was killed; what was finished is in the store.
        """
        store, values, missing = self.points, {}, []
        for job in map(_with_origin, jobs):
            value = store.get(job)
            if value is None:
                missing.append(job)
            else:
                values[identity(job)] = value
        for method in dict.fromkeys(job["method"] for job in missing):
            _find_parameters(method)
        bar = tqdm(total=len(jobs), initial=len(values), unit="point", disable=not self.progress)
        with bar:
            for job, value in self._computed(missing, compute):
                values[identity(job)] = value
                bar.set_postfix_str(f"{job['system']} {job['method']}", refresh=False)
                bar.update()
        return values

    def _computed(self, jobs, compute) -> Iterator[tuple[dict, dict]]:
        if self.scheduler is None:
            return _parallel(jobs, compute, self.points, self.workers, self.memory)
        if not jobs:
            return iter(())
        task = partial(_far_away, compute=compute, folder=self.points.folder, memory=self.memory)
        return on_cluster(jobs, task, self.points, self.scheduler)


def makes_a_table(function: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Give a function the keyword arguments of :class:`Running`; it takes them as one, ``run``."""
    shared = inspect.signature(Running).parameters.values()
    own = inspect.signature(function)
    shown = [p for p in own.parameters.values() if p.name != "run"]
    shown += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shared]
    signature = own.replace(parameters=shown)

    @wraps(function)
    def table(*args, **kwargs) -> pd.DataFrame:
        signature.bind(*args, **kwargs)  # a wrong argument is a TypeError of this signature
        given = {p.name: kwargs.pop(p.name) for p in shared if p.name in kwargs}
        return function(*args, run=Running(**given), **kwargs)

    annotated = {p.name: p.annotation for p in shown} | {"return": own.return_annotation}
    table.__annotations__ = annotated
    table.__signature__ = signature  # type: ignore[attr-defined]
    return table


def _with_origin(job) -> dict[str, Any]:
    """What a point's numbers depend on besides its settings. A functional named by a file is what
    the file holds, not what it is called."""
    job = dict(job, code=code_version(), pyscf=pyscf.__version__)
    if weights.is_file(job["method"]):
        job["parameters"] = weights.fingerprint(job["method"])
    return job


def _find_parameters(method: str) -> None:
    """Say that they are missing once, and not at every point."""
    name, _ = split_dispersion(method)
    if name in weights.SHIPPED or weights.is_file(name):
        weights.load_ours(name)
    elif name in weights.LEARNED:
        weights.load(name)


def _parallel(jobs, compute, store, workers, memory) -> Iterator[tuple[dict, dict]]:
    workers = workers or max(1, min(joblib.cpu_count(), memory // MEMORY_PER_WORKER))
    workers = min(workers, len(jobs))
    if workers <= 1:
        for job in jobs:
            yield _one_thread(job, compute, store, memory)
        return
    _track_silently()
    # The longest first, so that no worker is left alone with one at the end.
    jobs = sorted(jobs, key=lambda job: job["method"] != "exact")
    with joblib.parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        run = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        task = joblib.delayed(_in_worker)
        shared = dict(compute=compute, store=store, memory=memory // workers, parent=os.getpid())
        try:
            yield from run(task(job, **shared) for job in jobs)
        except process_executor.TerminatedWorkerError as error:
            raise BrokenProcessPool(
                "a worker was killed, most often for want of memory; finished points are kept, and "
                "workers=1 needs the least"
            ) from error


def _track_silently() -> None:
    """Start the process by which loky unlinks what is left of it. Of a scan that was stopped it
    would warn, now and then, that a semaphore is gone already."""
    sys.warnoptions.append(UNTRACKED)  # which the process is started with
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(UNTRACKED)


@cache  # once a worker
def _end_with(parent: int) -> None:
    """Do not outlive the process that waits for the points, however it ended."""

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _in_worker(job, compute, store, memory, parent):
    _end_with(parent)
    os.environ["NPROC"] = "1"  # the size of JAX's thread pool, read when JAX is loaded
    # What JAX compiles is kept on purpose: a worker that grows does not leak and must not be ended.
    process_executor._MAX_MEMORY_LEAK_SIZE = int(1e12)
    return _one_thread(job, compute, store, memory)


def _far_away(job, compute, folder, memory):
    """On a worker of a cluster. It may see our folder, and be the second that is asked."""
    store = Store(folder)
    known = store.get(job)
    return _one_thread(job, compute, store, memory) if known is None else (job, known)


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
