"""Figures of E(N), of shared spin and of the flat plane."""

import numpy as np
import pandas as pd
import pytest

import mlxc_edu as mx
from mlxc_edu.units import EV_PER_HARTREE, KCAL_PER_HARTREE

COLUMNS = ["method", "n", "energy", "line", "deviation_kcal", "converged", "homo", "lumo"]


@pytest.fixture
def charges():
    rows = [
        (m, n, -1.0 - n * k, -1.0 * k * n, not (m == "HF" and n == 0.5), -0.3 + 0.3 * n)
        for k, m in enumerate(["PBE", "HF"], start=1)
        for n in (2.0, 0.0, 1.5, 0.5, 1.0)
    ]
    return pd.DataFrame(
        rows, columns=["method", "n", "energy", "deviation_kcal", "converged", "homo"]
    )


@pytest.fixture
def plane():
    rows = [
        ("PBE", a, b, -2 * a - b + a * b, -2 * a - b, a * b * 627.5, True, -0.3)
        for a in (0.0, 0.5, 1.0)
        for b in (0.0, 0.5, 1.0)
    ]
    columns = ["method", "n_alpha", "n_beta", "energy", "plane", "deviation_kcal", "converged"]
    return pd.DataFrame(rows, columns=[*columns, "homo"])


def test_figure_of_charges(charges):
    fig = mx.plot(charges)
    assert fig.layout.yaxis.title.text == "E(N) − E(1) (eV)"
    assert fig.layout.yaxis2.title.text == "above the line (kcal/mol)"
    assert fig.layout.xaxis2.title.text == "number of electrons N"
    above = [t for t in fig.data if t.yaxis == "y" and t.mode == "lines+markers"]
    below = [t for t in fig.data if t.yaxis == "y2" and t.mode == "lines+markers"]
    assert [t.name for t in above] == [t.name for t in below] == ["PBE", "HF"]
    assert list(above[0].x) == list(below[1].x) == [0, 0.5, 1, 1.5, 2]
    assert list(above[1].y) == pytest.approx(
        [2 * EV_PER_HARTREE * x for x in (1, 0.5, 0, -0.5, -1)]
    )
    assert list(below[1].y) == [0, -1, -2, -3, -4]
    assert len({t.line.color for t in above}) == 2
    assert len({t.marker.symbol[0] for t in above}) == len({t.line.dash for t in above}) == 2
    for trace in above + below:  # the highest orbital lies above zero beyond N = 1
        filled = trace.marker.symbol[0]
        assert list(trace.marker.symbol) == [filled] * 3 + [f"{filled}-open"] * 2
        assert [("not bound" in hint) for hint in trace.customdata] == [False] * 3 + [True] * 2
    marked = [t for t in fig.data if "not converged" in t.name]
    assert [(list(t.x), t.marker.symbol) for t in marked] == [([0.5], "x")] * 2
    assert sum(t.showlegend for t in marked) == 1
    assert not any("not converged" in t.name for t in mx.plot(charges.assign(converged=True)).data)


def test_failed_points_of_charges_are_seen(charges):
    charges.loc[3, ["energy", "deviation_kcal", "homo"]] = np.nan
    charges.loc[3, "converged"] = False
    marked = [t for t in mx.plot(charges).data if t.name == "PBE, not converged"]
    assert len(marked) == 2 and all(np.isfinite(t.y).all() for t in marked)


def test_failed_neutral_atom_leaves_the_other_energies(charges):
    missing = (charges["method"] == "PBE") & (charges["n"] == 1)
    charges.loc[missing, ["energy", "deviation_kcal", "homo"]] = np.nan
    charges.loc[missing, "converged"] = False
    assert np.isfinite(np.array(mx.plot(charges).data[0].y, dtype=float)).sum() == 4


def test_figure_of_spins(charges):
    spins = charges.rename(columns={"n": "spin"}).assign(spin=charges["n"] - 1)
    fig = mx.plot(spins)
    assert "kcal/mol" in fig.layout.yaxis.title.text
    assert "N<sub>α</sub> − N<sub>β</sub>" in fig.layout.xaxis.title.text
    curves = [t for t in fig.data if t.mode == "lines+markers"]
    assert [t.name for t in curves] == ["PBE", "HF"]
    assert list(curves[0].x) == [-1, -0.5, 0, 0.5, 1]
    marked = [t for t in fig.data if "not converged" in t.name]
    assert [(list(t.x), t.showlegend) for t in marked] == [([-0.5], True)]


def test_figure_of_the_plane(plane):
    fig = mx.plot(plane)
    found, flat = fig.data
    assert (found.type, found.name, flat.name) == ("surface", "PBE", "flat plane")
    # z[i, j] belongs to y[i] and x[j], in kcal/mol above (1, 0).
    assert list(found.x) == list(found.y) == [0, 0.5, 1]
    a, b = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.z, (2 - 2 * a - b + a * b) * KCAL_PER_HARTREE, atol=1e-9)
    np.testing.assert_allclose(flat.z, (2 - 2 * a - b) * KCAL_PER_HARTREE, atol=1e-9)
    assert flat.opacity < 1 and "kcal/mol" in fig.layout.scene.zaxis.title.text
    assert fig.layout.scene.xaxis.title.text == "N_α"
    plane.loc[5, "converged"] = False
    (marked,) = [t for t in mx.plot(plane).data if t.name == "not converged"]
    assert (list(marked.x), list(marked.y)) == ([0.5], [1.0])
    assert list(marked.z) == pytest.approx([0.5 * KCAL_PER_HARTREE])


def test_failed_points_of_the_plane_are_seen(plane):
    plane.loc[5, ["energy", "deviation_kcal"]] = np.nan
    plane.loc[5, "converged"] = False
    (marked,) = [t for t in mx.plot(plane).data if t.name == "not converged"]
    assert np.isfinite(marked.z).all()


def test_planes_that_cannot_be_drawn_are_refused(plane):
    with pytest.raises(ValueError, match="one method at a time"):
        mx.plot(pd.concat([plane, plane.assign(method="HF")]))
    with pytest.raises(ValueError, match="no such point"):
        mx.plot(plane[plane["n_alpha"] < 1])


@pytest.mark.parametrize("column", ["deviation_kcal", "homo", "converged", "energy", "n"])
def test_other_tables_are_refused(charges, column):
    with pytest.raises(ValueError, match="do not know how to plot"):
        mx.plot(charges.drop(columns=column))
    with pytest.raises(ValueError, match="no rows"):
        mx.plot(charges.iloc[:0])
