"""``mlxc-edu run``: whose Python executes a notebook, where, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from waiting import PATIENCE

from mlxc_edu.cli import main

v4 = nbformat.v4


def write_notebook(path, *cells, parameters="x = 1", **metadata):
    """Without a kernelspec, as converters write them."""
    first = v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    first = [first] if parameters else []
    nb = v4.new_notebook(cells=[*first, *map(v4.new_code_cell, cells)], metadata=metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


def error_line(capsys):
    """What is left on stderr beside papermill's bar."""
    lines = capsys.readouterr().err.replace("\r", "\n").splitlines()
    said = [line for line in lines if line.strip() and "%|" not in line]
    assert len(said) == 1, said
    return said[0]


SEEN = """import json, os, sys
import mlxc_edu
seen = dict(folder=os.getcwd(), python=sys.executable, beside=open("data.csv").read(), x=x, y=y)
seen |= dict(cache=os.environ["MLXC_EDU_CACHE"], code=mlxc_edu.__file__)
print("SEEN" + json.dumps(seen))"""


def test_our_python_in_the_notebooks_folder(tmp_path, monkeypatch):
    """Whatever kernel a user has called python3, braces in paths, and files here and there."""
    import mlxc_edu

    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    dead = dict(argv=["/nonexistent/python"], display_name="mine", language="python")
    (kernel / "kernel.json").write_text(json.dumps(dead))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("MLXC_EDU_CACHE", "cache")
    monkeypatch.setenv(
        "PYTHONPATH", os.path.relpath(os.path.dirname(mlxc_edu.__path__[0]), tmp_path)
    )
    monkeypatch.chdir(tmp_path)
    cells = "y: int | None = 3\nx = 'none'"
    notebook = write_notebook(tmp_path / "a{b}" / "{x}.ipynb", SEEN, parameters=cells)
    (notebook.parent / "data.csv").write_text("beside")
    (tmp_path / "water.xyz").write_text("")
    given = ["-p", "x", "water.xyz", "-p", "y", "4", "--output", "out{x}"]
    assert main(["run", "a{b}/{x}.ipynb", *given]) == 0
    page = (tmp_path / "out{x}" / "{x}.html").read_text()
    assert "SEEN" in page
    nb = nbformat.read(tmp_path / "out{x}" / "{x}.ipynb", 4)
    seen = json.loads(nb.cells[-1].outputs[0].text.removeprefix("SEEN"))
    assert os.path.samefile(seen["folder"], notebook.parent) and seen["beside"] == "beside"
    assert seen["python"] == sys.executable and os.path.samefile(seen["code"], mlxc_edu.__file__)
    assert seen["x"] == str(tmp_path / "water.xyz") and seen["y"] == 4
    assert seen["cache"] == str(tmp_path / "cache")
    assert os.getcwd() == str(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "metadata", "said"),
    [
        (["-p", "x", "yes"], {}, "x is a whole number such as 1, not 'yes'"),
        (["-p", "y", "1"], {}, "no parameter 'y'; it has x"),
        ([], dict(kernelspec=dict(name="ir", display_name="R", language="R")), "is written in R"),
        ([], dict(language_info=dict(name="julia")), "is written in julia"),
    ],
)
def test_refused_before_a_kernel_starts(arguments, metadata, said, tmp_path, capsys):
    notebook = write_notebook(tmp_path / "a.ipynb", "1", **metadata)
    assert main(["run", str(notebook), *arguments, "--output", str(tmp_path / "out")]) == 2
    assert said in error_line(capsys) and not list((tmp_path / "out").iterdir())


def test_a_notebook_without_parameters_and_a_script(tmp_path, capsys):
    notebook = write_notebook(tmp_path / "a.ipynb", "1", parameters="")
    out = ["--output", str(tmp_path / "out")]
    assert main(["run", str(notebook), "-p", "a", "3", *out]) == 2
    assert "no cell tagged 'parameters'" in error_line(capsys)
    (tmp_path / "script.py").write_text("print(1)")
    assert main(["run", str(tmp_path / "script.py"), *out]) == 2
    assert "cannot be read as a notebook" in error_line(capsys)


def test_a_failing_cell_is_named_by_its_first_line(tmp_path, capsys):
    failing = "wanted = 1\nraise ValueError('one\\ntwo')"
    notebook = write_notebook(tmp_path / "a.ipynb", "1", failing)
    assert main(["run", str(notebook), "--output", str(tmp_path / "out")]) == 1
    line = error_line(capsys)
    assert "the cell that begins 'wanted = 1' failed with ValueError: one;" in line
    assert line.endswith(f"the notebook up to there: {tmp_path / 'out' / 'a.ipynb'}")


def test_a_kernel_that_dies(tmp_path, capsys):
    notebook = write_notebook(
        tmp_path / "a.ipynb", "print('so far')", "import os\nos._exit(1)", "2"
    )
    assert main(["run", str(notebook), "--output", str(tmp_path / "out")]) == 1
    line = error_line(capsys)
    assert "a.ipynb: the kernel died, most often for want of memory" in line
    assert "in the cell that begins 'import os'" in line
    executed = tmp_path / "out" / "a.ipynb"
    assert line.endswith(f"the notebook up to there: {executed}")
    assert "so far" in executed.read_text()


def test_a_kernel_that_does_not_start(tmp_path, capsys, monkeypatch):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    notebook = write_notebook(tmp_path / "a.ipynb", "1")
    assert main(["run", str(notebook), "--output", str(tmp_path / "out")]) == 1
    assert "the kernel did not start" in error_line(capsys)


def gone(pid):
    """Ended, if perhaps not yet asked about by who started it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_from_outside(number, tmp_path):
    """One line, the status of the signal, the notebook so far, and no process left."""
    begun = tmp_path / "begun"
    code = f"""import os, pathlib, time
pathlib.Path({str(tmp_path / "part")!r}).write_text(str(os.getpid()))
os.rename({str(tmp_path / "part")!r}, {str(begun)!r})
while True:
    time.sleep(0.1)"""
    notebook = write_notebook(tmp_path / "a.ipynb", "1 + 1", code)
    command = [sys.executable, "-m", "mlxc_edu", "run", str(notebook), "--output", str(tmp_path)]
    command[-1] += "/out"
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not begun.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    lines = err.replace("\r", "\n").splitlines()
    said = [line for line in lines if line.strip() and "%|" not in line]
    executed = tmp_path / "out" / "a.ipynb"
    assert said == [f"mlxc-edu: stopped; the notebook up to there: {executed}"]
    assert nbformat.read(executed, 4).cells[1].outputs[0].data["text/plain"] == "2"
    assert gone(int(begun.read_text()))


def test_each_value_and_a_page_that_compares_them(tmp_path, capsys):
    figure = 'mx.show(mx.figure().add_scatter(y=[x, 2]), f"From {x} to two.")'
    source = write_notebook(tmp_path / "mine.ipynb", f"import mlxc_edu as mx\n{figure}")
    out = tmp_path / "out"
    assert main(["run", str(source), "--each", "x", "3,5", "--output", str(out)]) == 0
    assert (out / "mine-3.html").is_file() and (out / "mine-5.ipynb").is_file()
    page = (out / "mine-each-x.html").read_text()
    assert page.index("x = 3") < page.index("From 3 to two.") < page.index("x = 5")
    assert "From 5 to two." in page and "<summary>code" not in page
    assert str(out / "mine-each-x.html") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--each", "x", "3"], "--each x needs two values or more"),
        (["--each", "y", "3,5"], "has no parameter 'y'; it has x"),
        (["--each", "x", "3,5", "-p", "x", "1"], "x is given twice"),
    ],
)
def test_each_of_what_cannot_be_is_refused(given, said, tmp_path, capsys):
    source = write_notebook(tmp_path / "mine.ipynb", "x")
    assert main(["run", str(source), *given, "--output", str(tmp_path / "out")]) == 2
    assert said in error_line(capsys)
