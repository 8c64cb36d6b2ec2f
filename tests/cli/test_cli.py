"""The command line: what it writes, and one-line errors with exit status 2."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mlxc_edu.cli import _notebooks, main
from mlxc_edu.cli._scan import _range


def test_scan_writes_table_and_figure(tmp_path, capsys):
    csv, html = tmp_path / "out" / "h2.csv", tmp_path / "h2.html"
    what = ["--methods", "PBE,exact", "--r", "0.7:1.5:3", "--basis", "sto-3g"]
    status = main(["scan", "H2", *what, "--output", str(csv), "--figure", str(html)])
    assert status == 0
    table = pd.read_csv(csv)
    assert sorted(table["r"].unique()) == pytest.approx([0.7, 1.1, 1.5])
    assert set(table["method"]) == {"PBE", "exact"}
    assert "plotly" in html.read_text()[:5_000_000]
    assert "relative_kcal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("system", "file"), [("H2 ", "H2.csv"), ("nacl", "NaCl.csv"), ("My Documents/water.xyz", None)]
)
def test_scan_writes_to_the_name_of_the_molecule(system, file, tmp_path, monkeypatch):
    from mlxc_edu import scans

    table = pd.DataFrame({"method": ["PBE"], "r": [1.0], "converged": [True], "state": [""]})
    monkeypatch.setattr(scans, "dissociation", lambda *a, **k: table)
    monkeypatch.chdir(tmp_path)
    assert main(["scan", system]) == (0 if file else 2)
    assert [p.name for p in tmp_path.iterdir()] == ([file] if file else [])


def test_scan_says_when_points_did_not_converge(tmp_path, capsys, monkeypatch):
    from mlxc_edu import scans

    table = pd.DataFrame({"method": ["PBE"], "r": [1.0], "converged": [False], "state": [""]})
    monkeypatch.setattr(scans, "dissociation", lambda *a, **k: table)
    assert main(["scan", "H2", "--output", str(tmp_path / "t.csv")]) == 1
    assert "1 of 1 points did not converge" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan", "NaCK"], "did you mean"),
        (["scan", "H2", "--methods", "PBEE"], "near names"),
        (["scan", "H2", "--r", "1:2"], "FIRST:LAST:COUNT"),
        (["scan", "H2", "--r", "1:2:1"], "FIRST:LAST:COUNT"),
        (["scan", "H2", "--r", "0,1"], "positive"),
        (["scan", "H2", "--r", "0,74"], "not 0 of '0,74'; decimals have a point"),
        (["scan", "H2", "--r", "-1,1"], "positive distances in Å, not -1"),
        (["scan", "H2", "--r", "-1:2:4"], "positive distances in Å, not -1"),
        (["scan", "H2", "--r", "0,7:2,5:4"], "with decimal points"),
        (["scan", "H2", "--r", "1,inf"], "positive distances in Å, not inf"),
        (["scan", "H2", "--r", ""], "FIRST:LAST:COUNT"),
        (["scan", "H2", "--methods", "B88,LYP"], "comma in it: --methods 'B88,LYP;'"),
        (["scan", "H2", "--methods", "PBE,0.5*HF+0.5*B88,LYP"], "'PBE;0.5*HF+0.5*B88,LYP'"),
        (["scan", "H2", "--methods", "PBE", "--methods", "B88,LYP"], "--methods 'B88,LYP;'"),
        (["scan", "H2", "--methods", "PBE;LYPP"], "unknown method 'LYPP'"),
        (["scan", "H2", "--methods", "PBE,,HF"], "not ''"),
        (["scan", "H2", "--methods", "PBE,mine.npz"], "mine.npz is missing: `mlxc-edu train"),
        (["scan", "H2", "--basis", "nonsense"], "no functions for H"),
        (["train", "--preset", "hour"], "there are two-minutes, laptop, full"),
        (["train", "--output", "mine"], "ends in .npz"),
        (["train", "--output", "nowhere/mine.npz"], "no folder nowhere"),
        (["train", "--blind", "smell"], "there are share, slope"),
        (["train", "--weight", "spin"], "KIND=NUMBER, such as spin=0.1"),
        (["train", "--weight", "taste=1"], "no lessons are called taste"),
        (["run", "06_disociation"], "there is 06_dissociation"),
        (["run", "00_tour", "-p", "bassis", "sto-3g"], "it has basis, farthest, fast"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert not list(tmp_path.glob("*.csv"))
    assert message in error and error.startswith("mlxc-edu: ") and "\n" not in error


@pytest.mark.parametrize(
    ("given", "methods"),
    [
        ([], ["PBE", "B3LYP", "exact"]),
        (["PBE, HF"], ["PBE", "HF"]),
        (["PBE,HF", "pbe", "exact"], ["PBE", "HF", "exact"]),
        (["b88,lyp;"], ["B88,LYP"]),
        (["PBE;0.5*HF+0.5*B88,LYP"], ["PBE", "0.5*HF+0.5*B88,LYP"]),
        (["PBE", "B88,LYP;HF"], ["PBE", "B88,LYP", "HF"]),
    ],
)
def test_methods_of_a_scan(given, methods, tmp_path, monkeypatch):
    from mlxc_edu import scans

    asked = []

    def dissociation(system, methods, *_, **__):
        asked.extend([system, list(dict.fromkeys(methods))])
        return pd.DataFrame({"method": ["PBE"], "converged": [True], "state": [""]})

    monkeypatch.setattr(scans, "dissociation", dissociation)
    monkeypatch.chdir(tmp_path)
    options = [word for text in given for word in ("--methods", text)]
    assert main(["scan", " h2 ", *options]) == 0
    assert asked == ["H2", methods] and [p.name for p in tmp_path.iterdir()] == ["H2.csv"]


def test_missing_parameters_leave_the_table_alone(tmp_path, capsys, monkeypatch):
    """Of a functional of one's own and of DM21: nothing is computed, nothing overwritten."""
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    csv = tmp_path / "h2.csv"
    csv.write_text("of before")
    what = ["--r", "0.74", "--basis", "sto-3g", "--output", str(csv)]
    for name, said in (("mine.npz", "train --output mine.npz"), ("DM21", "weights fetch DM21")):
        assert main(["scan", "H2", "--methods", f"HF,{name}", *what]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1 and csv.read_text() == "of before"


def test_home_is_where_the_shell_leaves_it_to_us(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    what = ["--methods", "HF", "--r", "0.74", "--basis", "sto-3g", "--output", "~/out/h2.csv"]
    assert main(["scan", "H2", *what]) == 0
    assert [p.name for p in tmp_path.glob("out/*")] == ["h2.csv"] and not (tmp_path / "~").exists()


@pytest.mark.parametrize("command", [["tour", "--no-open"], ["run", "00_tour"], ["scan", "H2"]])
def test_unwritable_output(command, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*command, "--output", str(tmp_path / "file" / "below" / "x.csv")]) == 2
    assert "cannot write to" in capsys.readouterr().err


def test_a_folder_is_not_a_file(tmp_path, capsys):
    assert main(["scan", "H2", "--output", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_a_figure_is_a_page(tmp_path, capsys):
    assert main(["scan", "H2", "--figure", str(tmp_path / "f.png")]) == 2
    assert "name it f.html" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_run_does_not_overwrite_its_source(tmp_path, capsys):
    write_notebook(tmp_path / "mine.ipynb", "1")
    before = (tmp_path / "mine.ipynb").read_bytes()
    assert main(["run", str(tmp_path / "mine.ipynb"), "--output", str(tmp_path)]) == 2
    assert "would overwrite" in capsys.readouterr().err
    assert (tmp_path / "mine.ipynb").read_bytes() == before


def test_what_is_no_notebook_is_refused(tmp_path, capsys):
    (tmp_path / "x.ipynb").write_text('{"not": "a notebook"}')
    assert main(["run", str(tmp_path / "x.ipynb"), "--output", str(tmp_path / "out")]) == 2
    assert "cannot be read as a notebook" in capsys.readouterr().err


def test_range():
    assert _range("1.6:20:25")[0] == 1.6 and _range("1.6:20:25")[-1] == pytest.approx(20)
    assert len(_range("1.6:20:25")) == 25
    assert _range("1,2.5") == [1.0, 2.5]


def write_notebook(path, *cells):
    parameters = nbformat.v4.new_code_cell("distance = 1.0", metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    nb = nbformat.v4.new_notebook(cells=[parameters, *code])
    nb.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(nb, path)


def test_run_takes_parameters_and_writes_a_page(tmp_path):
    write_notebook(tmp_path / "mine.ipynb", "print('distance is', distance)")
    out = tmp_path / "out"
    assert (
        main(["run", str(tmp_path / "mine.ipynb"), "-p", "distance", "2.5", "--output", str(out)])
        == 0
    )
    assert "distance is 2.5" in (out / "mine.html").read_text()
    assert (out / "mine.ipynb").is_file()
    contents = (out / "index.html").read_text()
    assert 'href="mine.html"' in contents and "mlxc-edu run 00_tour --output" in contents


def test_the_tour_is_one_file_and_writes_no_contents(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_notebook(
        tmp_path / "00_tour.ipynb", "import mlxc_edu as mx\nmx.figure().add_scatter(y=[1, 2])"
    )
    monkeypatch.setattr(_notebooks, "notebooks_folder", lambda: tmp_path)
    assert main(["tour", "--no-open", "--output", str(out)]) == 0
    assert "MLXC_EDU_STILLS" not in os.environ, "explorers elsewhere in this process do not wait"
    assert {f.name for f in out.iterdir()} == {"00_tour.ipynb", "00_tour.html"}
    assert (out / "00_tour.html").stat().st_size > 4e6, "plotly.js is inside"


def test_a_failing_cell_is_named(tmp_path, capsys):
    write_notebook(tmp_path / "mine.ipynb", "1 / 0")
    assert main(["run", str(tmp_path / "mine.ipynb"), "--output", str(tmp_path / "out")]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_lab_copies_and_never_overwrites(tmp_path, monkeypatch):
    launched = []

    def launch(command, **_):
        launched.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", launch)
    folder = tmp_path / "mine"
    assert main(["lab", "--folder", str(folder), "--no-open"]) == 0
    assert (folder / "00_tour.ipynb").is_file() and (folder / "06_dissociation.ipynb").is_file()
    (folder / "00_tour.ipynb").write_text("my own work")
    assert main(["lab", "--folder", str(folder), "--", "--port=9999"]) == 0
    assert (folder / "00_tour.ipynb").read_text() == "my own work"
    assert launched[0] == [sys.executable, "-m", "jupyterlab", str(folder), "--no-browser"]
    assert launched[1] == [sys.executable, "-m", "jupyterlab", str(folder), "--port=9999"]


def test_lab_from_a_wheel_works_on_copies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wheel = _notebooks.notebooks_folder()
    monkeypatch.setattr(_notebooks, "_checkout_notebooks", lambda: tmp_path / "nowhere")
    monkeypatch.setattr(_notebooks, "notebooks_folder", lambda: wheel)
    monkeypatch.setattr(subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 0))
    assert main(["lab"]) == 0
    assert (tmp_path / "mlxc-edu-notebooks" / "00_tour.ipynb").is_file()


def test_missing_extra_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["tour", "--output", str(tmp_path)]) == 2
    assert 'pip install "mlxc-edu[notebooks]"' in capsys.readouterr().err


def test_the_installed_command_answers():
    command = Path(sys.executable).with_name("mlxc-edu")
    out = subprocess.run([command, "--help"], capture_output=True, text=True, env=os.environ)
    assert out.returncode == 0
    assert all(word in out.stdout for word in ("tour", "lab", "run", "scan"))
