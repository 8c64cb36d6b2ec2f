"""Figures and 3D views show what the tables and calculations say."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import mlxc_edu as mx


@pytest.fixture
def table():
    rows = [
        (m, r, -1.0 - k, 5.0 * k - r, m != "PBE" or r < 3, 0.1 * k)
        for k, m in enumerate(["PBE", "exact", "BLYP"])
        for r in (4.0, 2.0)
    ]
    columns = ["method", "r", "energy", "relative_kcal", "converged", "charge_Na"]
    return pd.DataFrame(rows, columns=columns)


def test_two_panels_share_the_distance(table):
    fig = mx.plot(table)
    assert "kcal/mol" in fig.layout.yaxis.title.text
    assert fig.layout.yaxis2.title.text == "charge on Na (e)"
    assert "Å" in fig.layout.xaxis2.title.text
    energies = [t for t in fig.data if t.yaxis == "y" and t.mode == "lines+markers"]
    charges = [t for t in fig.data if t.yaxis == "y2" and t.mode == "lines+markers"]
    assert [t.name for t in energies] == [t.name for t in charges] == ["PBE", "exact", "BLYP"]
    assert list(energies[0].x) == [2.0, 4.0]
    assert list(energies[1].y) == [3.0, 1.0]
    assert len({t.line.color for t in energies}) == 3


def test_no_line_is_drawn_through_a_jump(table):
    """From ions to atoms at once; a point that did not converge is marked there, too."""
    jump = table.assign(charge_Na=[0.0, 0.95, 0.1, 0.1, 0.2, 0.2])
    fig = mx.plot(jump)
    lines = {(t.name, t.yaxis): t for t in fig.data if t.mode == "lines+markers"}
    for axis in ("y", "y2"):
        assert len(lines["exact", axis].y) == 2
        before, gap, after = lines["PBE", axis].y
        assert np.isnan(gap) and np.isfinite([before, after]).all()
    marked = [t for t in fig.data if "PBE, not converged" in t.name]
    assert [list(t.x) for t in marked] == [[4.0], [4.0]]


def test_unconverged_points_are_marked(table):
    marked = [t for t in mx.plot(table).data if "not converged" in t.name]
    assert [list(t.x) for t in marked] == [[4.0], [4.0]]
    assert any(t.showlegend for t in marked)
    assert not any("not converged" in t.name for t in mx.plot(table.assign(converged=True)).data)


def test_failed_points_are_seen(table):
    table.loc[0, ["relative_kcal", "charge_Na"]] = float("nan")
    marked = [t for t in mx.plot(table).data if "not converged" in t.name]
    assert all(np.isfinite(t.y).all() for t in marked)
    mx.plot(table.assign(relative_kcal=float("nan"), charge_Na=float("nan")))


def test_rounding_errors_are_no_charges(table):
    charge = next(c for c in table.columns if c.startswith("charge_"))
    assert mx.plot(table).layout.yaxis2.range is None
    assert mx.plot(table.assign(**{charge: 1e-8})).layout.yaxis2.range == (-0.5, 0.5)


def test_other_tables_are_refused(table):
    with pytest.raises(ValueError, match="do not know how to plot"):
        mx.plot(table.drop(columns="relative_kcal"))
    with pytest.raises(ValueError, match="no rows"):
        mx.plot(table.iloc[:0])
    with pytest.raises(ValueError, match="takes a table"):
        mx.plot("NaCl")


@pytest.fixture(scope="module")
def calculations():
    mol = mx.molecule("LiH", basis="6-31g")
    return mx.solve(mol, "PBE"), mx.solve(mol, "HF"), mx.solve(mx.molecule("H2"), "PBE")


def test_view_kinds(calculations):
    pbe, hf, _ = calculations
    for view in (mx.view(pbe), mx.view(pbe, "spin"), mx.view(pbe, "difference", hf)):
        html = view._make_html()
        assert "addVolumetricData" in html and "Li " in html


def test_density_on_the_grid_counts_the_electrons(calculations):
    from pyscf.tools import cubegen

    from mlxc_edu.figures._viewer import _on_grid

    pbe = calculations[0]
    cube = cubegen.Cube(pbe.mol, 60, 60, 60, margin=8.0)
    values = _on_grid(pbe.mol, pbe.density_matrix.sum(axis=0), cube)
    box = np.ptp(cube.get_coords(), axis=0)
    # The 1s core of lithium is sharp for such a grid.
    assert values.sum() * np.prod(box / 59) == pytest.approx(4.0, abs=0.1)


def test_views_that_make_no_sense(calculations):
    pbe, _, other = calculations
    with pytest.raises(ValueError, match="density, spin, difference"):
        mx.view(pbe, "orbitals")
    with pytest.raises(ValueError, match="two calculations"):
        mx.view(pbe, "difference")
    with pytest.raises(ValueError, match="same atoms"):
        mx.view(pbe, "difference", other)
    with pytest.raises(ValueError, match="takes results"):
        mx.view("NaCl")


def test_without_plotly_the_command_is_given():
    code = "import sys; sys.modules['plotly'] = None; from mlxc_edu import *; import pandas as pd\n"
    code += "plot(pd.DataFrame({'step': [1], 'loss': [1.0]}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    said = 'ImportError: plots need plotly: pip install "mlxc-edu[notebooks]"'
    assert run.returncode and run.stderr.splitlines()[-1] == said


def test_without_ipywidgets_the_command_is_given():
    code = "import sys; sys.modules['ipywidgets'] = None; import mlxc_edu as mx\n"
    code += "mx.explore.functional(basis='sto-3g')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode and 'pip install "mlxc-edu[notebooks]"' in run.stderr.splitlines()[-1]
