"""What becomes of a scan, and of its workers, when one of its processes is killed."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from waiting import PATIENCE

import mlxc_edu as mx
from mlxc_edu.cli._scan import _range
from mlxc_edu.scans import _dissociation

# After three points both workers stand still, so that the kill comes neither early nor late.
SCAN = """
import os, pathlib, sys, time
from mlxc_edu.cli import main
from mlxc_edu.scans import _dissociation

compute = _dissociation._compute

def held(job, memory):
    store = pathlib.Path({store!r})
    while len([*store.rglob("*.json")]) >= 3:
        (store / f"{{os.getpid()}}.held").touch()
        time.sleep(0.1)
    return compute(job, memory)

_dissociation._compute = held
what = ["--methods", "HF,exact", "--r", "0.7:2:5", "--basis", "sto-3g", "--workers", "2"]
sys.exit(main(["scan", "H2", *what, "--store", {store!r}, "--output", {output!r}]))
"""


def ended(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


GONE = """
import sys
import mlxc_edu as mx
from joblib.externals.loky.backend import resource_tracker

mx.dissociation("H2", ["HF"], [0.7, 1.0], basis="sto-3g", store=sys.argv[1], workers=2,
                progress=False)
resource_tracker.register("/loky-gone", "semlock")
"""


def test_a_semaphore_that_is_gone_is_no_news(store):
    """As a scan that was stopped may leave one."""
    command = [sys.executable, "-c", GONE, str(store)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 0 and ended.stderr == ""


@pytest.mark.parametrize(
    ("whom", "number", "status", "said"),
    [
        ("a worker", signal.SIGKILL, 1, "a worker was killed, most often for want of memory"),
        ("the command", signal.SIGTERM, 128 + signal.SIGTERM, "stopped; finished points are kept"),
        pytest.param(
            *("the command", signal.SIGHUP, 128 + signal.SIGHUP, "stopped; finished points"),
            marks=pytest.mark.full,
        ),
        pytest.param(*("the command", signal.SIGKILL, -signal.SIGKILL, ""), marks=pytest.mark.full),
    ],
)
def test_killed(whom, number, status, said, store, tmp_path, monkeypatch):
    """One line, no process left, finished points kept and the table of before untouched."""
    if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("under nohup")
    output = tmp_path / "h2.csv"
    output.write_text("of before")
    script = SCAN.format(store=str(store), output=str(output))
    with (tmp_path / "err").open("w") as err:
        process = subprocess.Popen([sys.executable, "-c", script], stderr=err)
    while len(held := [int(p.stem) for p in store.glob("*.held")]) < 2:
        assert process.poll() is None, (tmp_path / "err").read_text()
        time.sleep(0.02)
    os.kill(held[0] if whom == "a worker" else process.pid, number)
    assert process.wait(PATIENCE) == status
    began = time.monotonic()
    while not all(map(ended, held)):
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.05)
    lines = (tmp_path / "err").read_text().replace("\r", "\n").splitlines()
    lines = [line for line in lines if line.strip() and "%|" not in line]  # the bar
    assert len([line for line in lines if line.startswith("mlxc-edu: ")]) == bool(said)
    assert said in "".join(lines) and "Traceback" not in "".join(lines)
    if said:
        assert len(lines) == 1, lines
    assert output.read_text() == "of before"

    kept, calls = len([*store.rglob("*.json")]), []
    original = _dissociation._compute
    monkeypatch.setattr(
        _dissociation, "_compute", lambda job, m: calls.append(job) or original(job, m)
    )
    given = dict(basis="sto-3g", store=store, workers=1, progress=False)
    table = mx.dissociation("H2", ["HF", "exact"], _range("0.7:2:5"), **given)
    assert table["converged"].all() and len(calls) == 12 - kept and kept >= 3
