"""Every test run computes afresh: its finished points live in a folder of its own."""

import os
import tempfile

import pytest

_CACHE = tempfile.mkdtemp(prefix="mlxc-edu-tests-")
os.environ["MLXC_EDU_CACHE"] = _CACHE  # before anything reads it, and for every subprocess


@pytest.fixture
def store(tmp_path):
    return tmp_path / "points"
