"""Tables that come with the library, and who made them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from waiting import PATIENCE

import mlxc_edu as mx
from mlxc_edu.explore.live import _dissociation
from mlxc_edu.scans import BASIS, SETS, _tables, reactions_of

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "stored_tables.py"


def test_stored_table_and_its_provenance(monkeypatch):
    table = _tables.stored("h2+", "def2-SVPD")
    assert {"PBE", "B3LYP", "HF", "DM21", "exact"} <= set(table["method"])
    assert (table.groupby("method").size() == 25).all()
    assert table["converged"].all() and table["converged"].dtype == bool
    provenance = table.attrs["provenance"]
    assert {"date", "mlxc-edu", "code", "PySCF", "settings", "made by"} <= set(provenance)
    now = mx.dissociation(
        "H2+", ["PBE", "exact"], table["r"].unique()[[3, 16]], progress=False, workers=1
    )
    both = now.merge(table, on=["method", "r"], suffixes=("", "_"))
    assert len(both) == 4 and np.allclose(both["energy"], both["energy_"], atol=5e-6)
    assert _tables.stored("CO") is None

    monkeypatch.setattr(_dissociation, "dissociation", lambda *_, **__: pytest.fail("it is stored"))
    explorer = mx.explore.dissociation("H2+", ["PBE", "exact"])
    assert explorer.wait(PATIENCE) and len(explorer.curve) == 50
    assert set(explorer.curve["origin"]) == {"stored"}
    for said in ("stored, computed on", provenance["date"], provenance["code"], "PySCF"):
        assert said in explorer.provenance.value
    assert set(explorer.numbers["origin"]) == {"computed now"} and explorer.compute.disabled
    monkeypatch.setattr(_tables, "code_version", lambda: "another")
    assert "this is code another" in _tables.origin(provenance)


def test_stored_reactions():
    """Of a learned functional, as a ladder needs them; the reaction that is quickest, again."""
    for name in SETS:
        table = _tables.stored(name.lower(), BASIS)
        assert table["converged"].all() and set(table["method"]) == {"EDU26"}
        assert [*table["reaction"]] == [r.name for r in reactions_of(name)]
        assert table.attrs["provenance"]["settings"].startswith(f"mlxc_edu.benchmark({name!r}")
        assert np.allclose(table["error_kcal"], table["energy_kcal"] - table["reference_kcal"])
    first = reactions_of("G21IP")[0]
    energy = sum(
        n * mx.solve(mx.molecule(s.xyz, basis=BASIS, charge=s.charge, spin=s.spin), "EDU26").energy
        for n, s in first.parts
    )
    told = table.set_index("reaction")["energy_kcal"][first.name]
    assert energy * mx.units.KCAL_PER_HARTREE == pytest.approx(told, abs=2e-3)
    assert _tables.stored("W4-11") is None, "in another basis"


def test_costs_are_those_of_the_benchmarks(monkeypatch):
    """Row by row what the two files of results say, and nobody measured anything else."""
    monkeypatch.syspath_prepend(SCRIPT.parent)
    import cost_table

    stored = mx.stored("Costs", "def2-TZVP")
    assert stored.attrs["provenance"]["made by"].startswith("benchmarks/cost_table.py")
    # The day is git's to say; here the one that the table has.
    on_gpu = stored["device"].str.contains("NVIDIA") | (stored["threads"] == 16)
    days = {cost_table.CPU: stored["date"][~on_gpu], cost_table.GPU: stored["date"][on_gpu]}
    assert all(len(set(day)) == 1 for day in days.values())
    made = cost_table.table({file: day.iloc[0] for file, day in days.items()})
    pd.testing.assert_frame_equal(stored, made, check_dtype=False)
    assert stored["converged"].all()
    assert mx.stored("costs") is None, "in another basis"


# Mean absolute deviations, kcal/mol, def2-QZVP with D4: PBE's of Caldeweyher and others, J. Chem.
# Phys. 150, 154122 (2019), r²SCAN's of Ehlert and others, J. Chem. Phys. 154, 061101 (2021), both
# as github.com/haneug/r2scanx-D4 has them. r²SCAN's 5.93 for ALKBDE10 is not met: we have 5.10.
PUBLISHED = {
    ("ALKBDE10", "def2-qzvp"): {"PBE": 6.36, "PBE-D3BJ": 6.36},
    ("G21IP", "def2-qzvp"): {"PBE": 3.80},
    ("G21IP", "def2-tzvp"): {"PBE": 3.80, "R2SCAN": 4.77},
    ("SIE4x4", "def2-tzvp"): {"PBE": 23.62, "R2SCAN": 18.13},
}


@pytest.mark.parametrize(("name", "basis"), PUBLISHED)
def test_stored_whole_sets_meet_what_is_published(name, basis):
    pytest.importorskip("xcbm")
    table = _tables.stored(name, basis)
    listed = [reaction.name for reaction in reactions_of(name, "full")]
    assert table.attrs["provenance"]["settings"].endswith("subset='full')")
    for method, part in table.groupby("method"):
        assert [*part["reaction"]] == listed
        assert part["converged"].all() or method in ("DM21", "EDU26"), method
    assert table["trouble"].notna().tolist() == (~table["converged"]).tolist()
    found = mx.errors(table).set_index(["method", "set"])["mae_kcal"]
    for method, value in PUBLISHED[name, basis].items():
        assert found[method, name] == pytest.approx(value, abs=0.2), method


def test_script_makes_tables(tmp_path):
    options = ["--methods", "HF", "--basis", "sto-3g", "--store", str(tmp_path / "points")]
    command = [sys.executable, str(SCRIPT), *options, "--workers", "1", "--output"]
    run = subprocess.run([*command, tmp_path, "--systems", "H2+"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (file,) = tmp_path.glob("*.csv")
    assert file.name == "dissociation_H2+_sto-3g.csv"
    assert file.read_text().startswith("# system: H2+\n# basis: sto-3g\n# made by: benchmarks/")
    run = subprocess.run([*command, tmp_path, "--systems", "G21IP"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "# system: G21IP" in (tmp_path / "benchmark_G21IP_sto-3g.csv").read_text()
    run = subprocess.run([*command, tmp_path / "no"], capture_output=True, text=True)
    assert run.returncode and "there is no folder" in run.stderr
