"""The same calculations on a Dask cluster: workers on other machines, found by their scheduler.

A worker that is lost costs the calculation in its hands: Dask gives it to another one. Results come
back to the process that asked and are written down there, and by the worker as well where it sees
the same folder; so a scheduler that is lost costs nothing that was finished either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec
from uuid import uuid4

from ._code import code_version

PATIENCE = 10  # s, for a scheduler to answer


def on_cluster(jobs, task: Callable, store, address: str) -> Iterator[tuple[dict, dict]]:
    """Every job with its value as it comes: ``task(job)`` on a worker.

    Raises
    ------
    ValueError : nobody answers at ``address``, there is no worker, or workers that cannot be used.
    ImportError : Dask is not installed.
    BrokenProcessPool : the scheduler was lost, or a calculation cost too many workers.
    """
    if find_spec("distributed") is None:
        raise ImportError('a scheduler needs Dask: pip install "mlxc-edu[cluster]"')
    from distributed import Client, KilledWorker, as_completed

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error or 'too late'}") from None
    with client:
        _look_at(client, address)
        run = uuid4().hex  # Dask would hand out an older run's results by name
        futures = [
            client.submit(task, job, key=f"mlxc-edu-{run}-{i}", pure=False)
            for i, job in enumerate(jobs)
        ]
        try:
            for future in as_completed(futures, loop=client.loop):
                job, value = future.result()
                if not value["state"].startswith("failed: ") and store.get(job) is None:
                    store.put(job, value)  # the worker saw another folder
                yield job, value
        except KilledWorker as error:
            raise BrokenProcessPool(
                "a calculation cost one worker after another, most often for want of memory; "
                "finished points are kept"
            ) from error
        except (CancelledError, OSError) as error:
            raise BrokenProcessPool(
                f"the scheduler at {address} was lost; finished points are kept: run it again"
            ) from error


def _look_at(client, address) -> None:
    """Refuse workers that would compute something else, or that PySCF cannot share."""
    workers = client.nthreads()
    if not workers:
        raise ValueError(f"the scheduler at {address} has no worker: dask worker {address}")
    several = [worker for worker, threads in workers.items() if threads != 1]
    if several:
        raise ValueError(
            f"{len(several)} of {len(workers)} workers compute several things at once, which PySCF "
            f"does not allow: start them with dask worker {address} --nthreads 1"
        )
    try:
        theirs = client.run(code_version)
    except Exception as error:
        raise ValueError(f"a worker has no mlxc_edu that can be used: {error!r}") from None
    others = {worker: code for worker, code in theirs.items() if code != code_version()}
    if others:
        worker, code = next(iter(others.items()))
        raise ValueError(
            f"{len(others)} of {len(theirs)} workers have another version of mlxc_edu: {worker} "
            f"has code {code}, here is {code_version()}"
        )
