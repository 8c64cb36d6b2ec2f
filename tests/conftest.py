"""Every test run computes afresh: what it keeps lies in a folder of its own.

A test's process has one thread: two at a time keep two cores busy and no more.
"""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):  # the last one is JAX's
    os.environ[_threads] = "1"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what tests start would ignore it
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers and every subprocess inherit it
    _CACHE = tempfile.mkdtemp(prefix="mlxc-edu-tests-")
    os.environ["MLXC_EDU_CACHE"] = _CACHE
    # What one process has compiled, others and the notebooks' kernels need not compile again.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = f"{_CACHE}/compiled"
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def pytest_unconfigure():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        shutil.rmtree(_CACHE, ignore_errors=True)


def pytest_collection_modifyitems(items):
    """The longest first, so that no worker is left alone with a notebook at the end; the notebooks'
    pages last, so that none waits for another worker's execution."""

    def place(item):
        return "executed" in item.fixturenames and "browser" in item.fixturenames, (
            "tests/notebooks" not in item.nodeid
        )

    items.sort(key=place)


def pytest_generate_tests(metafunc):
    """MLXC_EDU_TIMES=10 does what drives a browser ten times."""
    times = int(os.environ.get("MLXC_EDU_TIMES", "1"))
    if times > 1 and metafunc.definition.get_closest_marker("browser"):
        metafunc.fixturenames.append("time")
        metafunc.parametrize("time", range(1, times + 1))


@pytest.fixture
def store(tmp_path):
    return tmp_path / "points"


@pytest.fixture(scope="session")
def released():
    """The folder with the released parameters. Without one named, the test is left out; with one
    named that lacks files, it fails."""
    if not os.environ.get("MLXC_EDU_DM21_DIR"):
        pytest.skip("MLXC_EDU_DM21_DIR names no folder with the released parameters")
    return Path(os.environ["MLXC_EDU_DM21_DIR"])


@pytest.fixture(scope="session")
def facts(released):
    """The official energies and their grids, beside the released parameters."""
    return released.parents[1] / "facts"
