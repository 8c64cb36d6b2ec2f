"""Every test run computes afresh: its finished points live in a folder of its own.

A test's process has one thread: two at a time keep two cores busy and no more.
"""

import os
import tempfile
from pathlib import Path

import pytest

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"):  # the last one is JAX's
    os.environ[_threads] = "1"
_CACHE = tempfile.mkdtemp(prefix="mlxc-edu-tests-")
os.environ["MLXC_EDU_CACHE"] = _CACHE  # before anything reads it, and for every subprocess


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
