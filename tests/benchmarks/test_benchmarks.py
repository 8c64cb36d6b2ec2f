"""The benchmarks run, write down what they did, and do not do it twice. No time is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pyscf import dft, gto
from waiting import PATIENCE

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPT = BENCHMARKS / "learned_functional.py"


def run(folder, *options):
    command = [sys.executable, SCRIPT, "--systems", "H2/sto-3g", "--repeat", "1", "--json"]
    return subprocess.run(
        [*command, "--output", folder, *options], capture_output=True, text=True, timeout=PATIENCE
    )


def test_learned_functional(tmp_path):
    if not os.environ.get("MLXC_EDU_DM21_DIR"):
        pytest.skip("MLXC_EDU_DM21_DIR names no folder with the released parameters")
    methods = ["--methods", "DM21,b3lyp,B3LYP density-fitted"]
    out = run(tmp_path, *methods)
    assert out.returncode == 0, out.stderr
    (file,) = tmp_path.glob("learned_functional_?pu.json")
    results = json.loads(file.read_text())
    assert json.loads(out.stdout) == results
    assert file.with_suffix(".html").exists()
    assert {"cpu", "processors", "OMP_NUM_THREADS", "jax_device", "jax", "pyscf"} <= set(
        results["settings"]
    )

    learned, plain = (results["systems"]["H2/sto-3g"]["methods"][m] for m in ("DM21", "B3LYP"))
    for row in (learned, plain):
        assert row["converged"] and not row["error"]
        assert len(row["runs"]) == 2 and len(row["alone"]) == 1  # one to warm up, one to count
        assert row["seconds"] == row["runs"][1]["seconds"]
        assert row["first_seconds"] == row["alone"][0]["seconds"]
        assert row["ratio"] == pytest.approx(row["seconds"] / plain["seconds"])
    # JAX comes with a hundred megabytes, and PySCF's own functionals do not pay for them.
    assert 30 < plain["peak_mb"] < learned["peak_mb"] - 100
    mol = gto.M(atom="H 0 0 0; H 0 0 0.7414", basis="sto-3g", verbose=0)
    expected = dft.RKS(mol, xc="B3LYP").run().e_tot
    assert plain["runs"][1]["energy"] == pytest.approx(expected, abs=1e-5)
    fitted = results["systems"]["H2/sto-3g"]["methods"]["B3LYP density-fitted"]["runs"][1]
    assert 1e-9 < abs(fitted["energy"] - plain["runs"][1]["energy"]) < 1e-3
    assert results["systems"]["H2/sto-3g"]["floor"] > 0

    (profile,) = learned["profile"]
    parts = {
        "staged start",
        "local-exchange integrals",
        "network",
        "contractions",
        "Coulomb",
        "grid",
    }
    assert {label for label in profile["spent"] if ":" not in label} == parts
    assert all(seconds > 0 for seconds in profile["spent"].values())
    assert sum(profile["spent"].values()) < profile["seconds"]

    again = run(tmp_path, *methods)
    assert again.returncode == 0 and json.loads(file.read_text()) == results
    other = run(tmp_path, "--methods", "B3LYP")
    assert other.returncode == 1 and "has other methods; give --fresh" in other.stderr


def test_large_systems_are_calculated_once(tmp_path):
    """Their first calculations count: here everything is large."""
    code = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import learned_functional as l; "
    code += "l.LARGE = 1; l.main()"
    command = [sys.executable, "-c", code, "--systems", "1H2O/sto-3g", "--methods", "B3LYP,EDU26"]
    command += ["--output", tmp_path]
    out = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert out.returncode == 0, out.stderr
    (file,) = tmp_path.glob("learned_functional_?pu.json")
    system = json.loads(file.read_text())["systems"]["1H2O/sto-3g"]
    assert system["basis_functions"] == 7
    for name, row in system["methods"].items():
        assert not row["runs"] and row["seconds"] == row["alone"][0]["seconds"]
        assert len(row["profile"]) == (name == "EDU26")
    assert "growth" in file.with_suffix(".html").read_text()


def test_a_failure_is_reported(tmp_path):
    out = run(tmp_path, "--methods", "B3LYP,NOFUNCTIONAL")
    assert out.returncode == 2 and "error: unknown method 'NOFUNCTIONAL'" in out.stderr


def test_minima(tmp_path):
    """A sample of the table: minima, by no route lower. Two threads only for the smallest: beside
    another process they wait for each other more than they compute."""
    file = tmp_path / "minima.csv"
    command = [sys.executable, BENCHMARKS / "minima.py", "--file", file, "--methods", "PBE"]
    command += ["--times", "2.5", "--molecules", "H2"]
    out = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert out.returncode == 0, out.stderr
    assert "4 calculations; 0 not converged" in out.stdout
    more = [*command, "HF", "--threads", "1"]
    assert subprocess.run(more, capture_output=True, timeout=PATIENCE).returncode == 0
    rows = pd.read_csv(file)
    assert sorted(rows["threads"]) == [1, 1, 1, 1, 2, 2]
    assert rows["converged"].all() and (rows["curvature"] > -1e-3).all()
    for route in ("kernel", "from_pbe"):
        assert (rows["solve"] < rows[route] + 5e-6).all()
    energies = rows.groupby(["molecule", "orbitals"])["solve"]
    assert (energies.max() - energies.min() < 5e-6).all()
    apart = rows[rows["threads"] == 1].set_index(["molecule", "orbitals"])["solve"]
    for name in ("H2", "HF"):
        assert apart[name, "unrestricted"] < apart[name, "restricted"] - 0.005

    assert subprocess.run(more, capture_output=True, timeout=PATIENCE).returncode == 0
    assert len(pd.read_csv(file)) == 6


def test_gpu_protocol_runs_on_a_cpu(tmp_path):
    """Parameters of DM21 need not be there."""
    env = {k: v for k, v in os.environ.items() if k != "MLXC_EDU_DM21_DIR"}
    command = [sys.executable, BENCHMARKS / "gpu.py", "--systems", "H2/sto-3g", "1H2O/sto-3g"]
    out = subprocess.run(
        [*command, "--output", tmp_path], capture_output=True, text=True, env=env, timeout=PATIENCE
    )
    assert out.returncode == 0, out.stderr
    (file,) = tmp_path.glob("gpu_*.json")
    rows = json.loads(file.read_text())["rows"]
    assert [row["method"] for row in rows] == ["EDU26", "B3LYP"] * 2
    assert all(run["converged"] and not run["error"] for row in rows for run in row["runs"])
    assert "no GPU" in out.stderr or "cpu" not in file.name.lower()


def test_readme_has_what_was_measured_on_a_gpu():
    results = json.loads((BENCHMARKS / "results" / "gpu_NVIDIA_H200.json").read_text())
    second = {(r["system"], r["method"]): r["runs"][-1]["seconds"] for r in results["rows"]}
    lines = (BENCHMARKS.parent / "README.md").read_text().splitlines()
    for name, system in [
        ("H2O, def2-TZVP", "H2O/def2-tzvp"),
        ("NaCl, def2-TZVP", "NaCl/def2-tzvp"),
        ("2 H2O, def2-TZVP", "2H2O/def2-tzvp"),
        ("benzene, def2-SVP", "tilted benzene/def2-svp"),
    ]:
        cells = [f"{second[system, method]:.2f}" for method in ("EDU26", "DM21", "B3LYP")]
        assert f"| {name} | {' | '.join(cells)} |" in lines
        for method in ("EDU26", "DM21"):  # "a quarter to two fifths of B3LYP"
            assert 0.24 < second[system, method] / second[system, "B3LYP"] < 0.4


def test_readme_has_what_was_measured_on_two_cores():
    results = json.loads((BENCHMARKS / "results" / "learned_functional_cpu.json").read_text())
    text = (BENCHMARKS.parent / "README.md").read_text()
    for name, system in [
        ("NaCl, def2-TZVP", "NaCl/def2-tzvp"),
        ("benzene along the axes, def2-SVP", "benzene/def2-svp"),
        ("benzene, tilted", "tilted benzene/def2-svp"),
        ("H2O, def2-TZVP", "1H2O/def2-tzvp"),
        *((f"{n} H2O, def2-TZVP", f"{n}H2O/def2-tzvp") for n in (2, 3, 4, 6, 7)),
    ]:
        entry = results["systems"][system]
        rows = entry["methods"]
        assert all(row["converged"] and not row["error"] for row in rows.values())
        ratios = [rows[m]["ratio"] for m in ("EDU26", "DM21", "B3LYP density-fitted", "R2SCAN")]
        memory = [rows[m]["peak_mb"] / 1e3 for m in ("EDU26", "DM21", "B3LYP")]
        cells = [name, f"{entry['basis_functions']}", f"{rows['B3LYP']['seconds']:.1f}"]
        cells += [*(f"{ratio:.1f} ×" for ratio in ratios), ", ".join(f"{gb:.2f}" for gb in memory)]
        assert f"| {' | '.join(cells)} |" in text
