"""What Binder installs is what the project asks for, and is enough."""

import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
MEMORY = 2e9  # bytes, of all processes of a visitor's machine
EXPLORER = """import mlxc_edu as mx
explorer = mx.explore.dissociation("NaCl")
assert explorer.wait()
explorer.r.value = 8.0
assert explorer.wait() and explorer.figure.data
"""


def test_binder_has_what_the_notebooks_need():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {}
    for requirement in pinned:
        (exactly,) = requirement.specifier
        assert exactly.operator == "=="
        versions[canonicalize_name(requirement.name)] = exactly.version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        assert name in versions, f"pip freeze again: {name} is missing"
        assert requirement.specifier.contains(versions[name]), f"{name} {versions[name]}"


def test_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.full
def test_rehearsal(tmp_path):
    """From Binder's own files, with one processor, JupyterLab running beside: the tour and an
    explorer, all processes together within a visitor's memory."""
    venv, scripts = tmp_path / "venv", tmp_path / "venv" / "bin"
    for command in (
        [sys.executable, "-m", "venv", venv],
        [scripts / "pip", "install", "-q", "-r", ROOT / "binder" / "requirements.txt"],
        [scripts / "pip", "install", "-q", "--no-deps", ROOT],
    ):
        subprocess.run([*map(str, command)], check=True)
    free = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and "NUM_THREADS" not in k}
    free |= dict(MLXC_EDU_CACHE=str(tmp_path / "cache"), PATH=f"{scripts}:{free['PATH']}")
    lab = [scripts / "jupyter", "lab", "--no-browser", "--allow-root", "--port-retries=50"]
    tour = [scripts / "mlxc-edu", "tour", "--no-open", "--output", tmp_path / "tour"]
    said = []
    with subprocess.Popen([*map(str, lab)], env=free, cwd=tmp_path, stderr=subprocess.DEVNULL) as s:
        try:
            for name, command in (
                ("tour", tour),
                ("explorer", [scripts / "python", "-c", EXPLORER]),
            ):
                seconds, most = watched(["taskset", "-c", "0", *map(str, command)], free, s.pid)
                said.append(f"{name}: {seconds:.0f} s, {most / 1e9:.2f} GB with JupyterLab")
                assert most < MEMORY, said
        finally:
            s.terminate()
    print("; ".join(said))


def watched(command, environment, beside) -> tuple[float, float]:
    """Seconds that a command takes, and the most memory that its processes and those of ``beside``
    share out among them, bytes."""
    began, most = time.monotonic(), 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None:
            used = 0
            for root in (run.pid, beside):
                try:
                    tree = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
                    used += sum(process.memory_full_info().pss for process in tree)
                except psutil.NoSuchProcess:  # one that has just ended
                    continue
            most = max(most, used)
            time.sleep(0.3)
    assert run.returncode == 0
    return time.monotonic() - began, most
