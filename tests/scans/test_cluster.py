"""Scans on a Dask cluster: real schedulers and workers, killed while they work."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import pytest
from waiting import PATIENCE

import mlxc_edu as mx
from mlxc_edu.scans import _cluster

pytest.importorskip("distributed")
DISTANCES = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6]
SCAN = dict(methods=["PBE", "HF"], r=DISTANCES, basis="6-31g", progress=False)


@contextmanager
def scheduler(folder):
    """Its address."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    command += ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    with started(command, folder / "scheduler.log") as process:
        wait_for(lambda: file.is_file() and "tcp://" in file.read_text(), process)
        yield pd.read_json(file, typ="series")["address"], process


@contextmanager
def started(command, log, **environment):
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | environment, cwd=log.parent
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def worker(address, folder, name, threads=1, **environment):
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
    command += ["--nthreads", str(threads), "--name", name, "--no-dashboard"]
    command += ["--local-directory", str(folder / name)]
    return started(command, folder / f"{name}.log", **environment)


def wait_for(ready, process=None):
    until = time.monotonic() + PATIENCE
    while not ready():
        assert process is None or process.poll() is None, "it ended"
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.1)


def workers_of(address) -> int:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return len(client.nthreads())


def finished(store) -> dict[Path, float]:
    return {file: file.stat().st_mtime_ns for file in Path(store).glob("*/*.json")}


@pytest.mark.full
def test_two_of_three_workers_are_killed(tmp_path):
    """The table is that of one process; what was finished is not computed again."""
    alone = mx.dissociation("H2", **SCAN, workers=1, store=tmp_path / "alone")
    with ExitStack() as stack:
        address, _ = stack.enter_context(scheduler(tmp_path))
        names = ("a", "b", "c")
        workers = [stack.enter_context(worker(address, tmp_path, name)) for name in names]
        wait_for(lambda: workers_of(address) == 3)
        found: list = []
        given = dict(SCAN, store=tmp_path / "far", scheduler=address)
        thread = threading.Thread(target=lambda: found.append(mx.dissociation("H2", **given)))
        thread.start()
        wait_for(lambda: len(finished(tmp_path / "far")) >= 2)
        for victim in workers[:2]:
            victim.send_signal(signal.SIGKILL)
        before = finished(tmp_path / "far")
        thread.join(PATIENCE)
        assert len(found) == 1
        after = finished(tmp_path / "far")
        assert {file: after[file] for file in before} == before, "written once"
        assert len(after) == 2 * (len(DISTANCES) + 1)
    pd.testing.assert_frame_equal(
        found[0].drop(columns="seconds"), alone.drop(columns="seconds"), atol=2e-6
    )


@pytest.mark.full
def test_scheduler_is_killed_and_comes_back(tmp_path):
    """One line says that the rest is to be run again; what was finished stays."""
    given = dict(SCAN, store=tmp_path / "far")
    with scheduler(tmp_path) as (address, process), worker(address, tmp_path, "a"):
        wait_for(lambda: workers_of(address) == 1)
        said: list = []

        def scan():
            try:
                mx.dissociation("H2", **given, scheduler=address)
            except BrokenProcessPool as error:
                said.append(str(error))

        thread = threading.Thread(target=scan)
        thread.start()
        wait_for(lambda: len(finished(tmp_path / "far")) >= 2)
        process.send_signal(signal.SIGKILL)
        thread.join(PATIENCE)
        assert said and "was lost; finished points are kept: run it again" in said[0]
    before = finished(tmp_path / "far")
    (tmp_path / "scheduler.json").unlink()
    with scheduler(tmp_path) as (address, _), worker(address, tmp_path, "b"):
        wait_for(lambda: workers_of(address) == 1)
        table = mx.dissociation("H2", **given, scheduler=address)
    after = finished(tmp_path / "far")
    assert table["converged"].all() and {file: after[file] for file in before} == before


def test_workers_that_cannot_be_used(tmp_path, monkeypatch):
    """Each in one line, before anything is computed."""
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        monkeypatch.setattr(_cluster, "PATIENCE", 1)
        mx.dissociation("H2", **SCAN, store=tmp_path / "s", scheduler="tcp://127.0.0.1:1")
    monkeypatch.undo()
    with scheduler(tmp_path) as (address, _):
        given = dict(SCAN, store=tmp_path / "s", scheduler=address)
        with pytest.raises(ValueError, match=f"has no worker: dask worker {address}"):
            mx.dissociation("H2", **given)
        with worker(address, tmp_path, "two", threads=2):
            wait_for(lambda: workers_of(address) == 1)
            with pytest.raises(ValueError, match="--nthreads 1"):
                mx.dissociation("H2", **given)
        wait_for(lambda: workers_of(address) == 0)
        other = tmp_path / "other" / "mlxc_edu"
        shutil.copytree(Path(mx.__file__).parent, other)
        (other / "units.py").write_text((other / "units.py").read_text() + "\nNEW = 1\n")
        with worker(address, tmp_path, "old", PYTHONPATH=str(other.parent)):
            wait_for(lambda: workers_of(address) == 1)
            with pytest.raises(ValueError, match="another version of mlxc_edu"):
                mx.dissociation("H2", **given)
    assert not finished(tmp_path / "s")
    monkeypatch.setattr(_cluster, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="mlxc-edu\\[cluster\\]"):
        mx.dissociation("H2", **given)
