"""Notebooks executed once, whoever asks for them."""

import fcntl
import os
import subprocess
import sys

import browsing
import pytest

# A child begins with the memory of the process that forks it, so a small one starts the command and
# writes down the most that any of the command's processes took, in kilobytes.
MEASURE = """import pathlib, resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1]).write_text(str(used))
sys.exit(status)"""


@pytest.fixture(scope="module")
def browser():
    with browsing.browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")  # of a module it ends whenever another module has a turn
def executed(tmp_path_factory):
    """Notebooks executed once each through the command line, in a kernel of their own, whichever
    of pytest's processes is the first to ask."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "executed"
    folder.mkdir(exist_ok=True)

    def execute(path):
        done = folder / f"{path.stem}.done"
        with (folder / f"{path.stem}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
            if not done.exists():
                arguments = ["tour", "--no-open"] if path.stem == "00_tour" else ["run", path.stem]
                command = [sys.executable, "-m", "mlxc_edu", *arguments, "--output", str(folder)]
                used = str(folder / f"{path.stem}.kB")
                measured = [sys.executable, "-c", MEASURE, used, *command]
                run = subprocess.run(measured, capture_output=True, text=True)
                assert run.returncode == 0, run.stdout + run.stderr
                done.touch()
        return folder / path.name

    return execute
