"""A functional along a bond, and the controls over it, against PySCF's own numbers."""

import html
import re

import numpy as np
import pytest
from browsing import browser, new_page, run_first_cell, served
from features import pyscf_features

import mlxc_edu as mx
from mlxc_edu.functionals import FEATURES
from mlxc_edu.weights import MissingWeights

FACTORS = ["s_lda", "s_hf", "s_hf_lr"]


def numbers(table_html):
    """Position and values by name, from the explorer's table."""
    rows = re.findall(r"<tr>(.*?)</tr>", table_html)
    cells = [[html.unescape(re.sub("<.*?>", "", c)) for c in row.split("</td>")] for row in rows]
    place = float(re.search(r"at ([-\d.]+) Å", table_html)[1])
    return place, {c[0]: float(c[2]) for c in cells if len(c) > 3}


def test_slider_changes_the_table(released, monkeypatch):
    from mlxc_edu.explore import _functional

    explorer = mx.explore.functional("dm21", molecule="OH", basis="6-31g")
    for slow in ("KS", "solve", "profile"):
        monkeypatch.setattr(_functional, slow, lambda *_, **__: pytest.fail("it only looks it up"))
    seen = set()
    for place in (-1.0, 0.31, 1.9):
        explorer.point.value = place
        x, shown = numbers(explorer.table.value)
        assert abs(x - place) < 0.011 and set(shown) == {*FEATURES, *FACTORS, "e_xc"}
        i = (explorer.profile["position"] - place).abs().idxmin()
        exactly = explorer.profile["position"][i]
        dm = explorer.calc.make_rdm1()
        point = [[0.0, 0.0, exactly]]
        for name, expected in pyscf_features(explorer.calc.mol, dm, point).items():
            assert shown[name] == pytest.approx(expected[0], rel=1e-5), name
        density = [shown["rho_a"], shown["rho_b"]]
        uniform_gas = -1.5 * (3 / (4 * np.pi)) ** (1 / 3) * sum(d ** (4 / 3) for d in density)
        bare, far = (shown[f"{c}_a"] + shown[f"{c}_b"] for c in ("hfx", "hfx_lr"))
        together = np.dot([shown[s] for s in FACTORS], [uniform_gas, bare, far])
        assert shown["e_xc"] == pytest.approx(together, rel=1e-4)
        markers = explorer.figure.data[-3:]
        assert all(m.x[0] == exactly for m in markers)
        assert markers[0].y[0] == pytest.approx(shown["rho_a"], rel=1e-5)
        assert explorer.figure.layout.shapes[0].x0 == exactly
        seen.add(explorer.table.value)
    assert len(seen) == 3


def test_the_explorer_of_what_comes_with_the_package():
    explorer = mx.explore.functional(basis="6-31g")
    assert "EDU26 asked about the density of PBE" in explorer.status.value
    _, shown = numbers(explorer.table.value)
    assert set(shown) == {*FEATURES, "a", "b", "c", "e_xc"}


def test_controls_make_new_bonds(released, monkeypatch):
    explorer = mx.explore.functional("DM21", basis="6-31g")
    assert "H2 at 0.74 Å" in explorer.status.value and "converged" in explorer.status.value
    factors = explorer.profile["s_hf"].to_numpy()
    explorer.density.value = "HF"
    assert "density of HF" in explorer.status.value
    assert not np.allclose(explorer.profile["s_hf"], factors)
    explorer.distance.value = 1.2
    assert explorer.profile.attrs["atoms"][1] == ("H", pytest.approx(1.2))
    assert explorer.point.max == pytest.approx(3.2)
    explorer.molecule.value = "H2+"
    assert "H2+ at 1.05 Å" in explorer.status.value and (explorer.profile["rho_b"] == 0).all()
    assert not explorer.point.disabled

    from mlxc_edu.explore import _functional

    monkeypatch.setattr(_functional, "_calculate", lambda *_: pytest.fail("it is known already"))
    explorer.molecule.value = "H2"
    assert "H2 at 0.74 Å" in explorer.status.value


def test_trouble_is_told_and_nothing_breaks(released, monkeypatch):
    from mlxc_edu.explore import _functional

    explorer = mx.explore.functional("DM21", basis="6-31g")
    shown = explorer.table.value

    def fails(*_):
        raise FloatingPointError("feature rho_a is nan at the grid point <0>")

    with monkeypatch.context() as patch:
        patch.setattr(_functional, "_calculate", fails)
        explorer.molecule.value = "LiH"
    assert "rho_a is nan" in explorer.status.value and "&lt;0&gt;" in explorer.status.value
    assert explorer.table.value == shown and not explorer.molecule.disabled

    mf = mx.KS(mx.molecule("LiH", basis="6-31g"), "HF")
    mf.max_cycle = 1
    mf.kernel()
    monkeypatch.setattr(_functional, "_calculate", lambda *_: mf)
    explorer.density.value = "HF"
    assert "NOT CONVERGED" in explorer.status.value


def test_what_the_explorer_refuses(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="near names: DM21"):
        mx.explore.functional("DM20")
    with pytest.raises(ValueError, match="EDU26, EDU27, DM21, DM21m, DM21mc, DM21mu"):
        mx.explore.functional("PBE")
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(ValueError, match="unknown molecule"):
        mx.explore.functional("DM21", molecule="Unobtainium2")
    with pytest.raises(MissingWeights, match="mlxc-edu weights fetch DM21"):
        mx.explore.functional("DM21")


@pytest.fixture
def lab(released, tmp_path):
    code = 'import mlxc_edu as mx\nmx.explore.functional("DM21", molecule="LiH", basis="6-31g")'
    with served(code, tmp_path) as address:
        yield address


@pytest.mark.full
@pytest.mark.browser
def test_explorer_in_jupyterlab(lab):
    with browser() as chromium:
        page = new_page(chromium, viewport={"width": 1500, "height": 1100})
        run_first_cell(page, lab)
        table = page.locator(".widget-html-content", has_text="hfx_lr_b")
        before = table.inner_text()
        assert before.startswith("at 0.800 Å")  # the middle of the bond
        page.locator(".noUi-handle").nth(1).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.body.innerText.includes('at 0.823 Å')")
        assert table.inner_text().splitlines()[1:] != before.splitlines()[1:]

        marker = "document.querySelector('.js-plotly-plot').data.at(-1).x[0]"
        page.wait_for_function(f"() => Math.abs({marker} - 0.8233) < 1e-3")
        page.locator(".widget-dropdown select").first.select_option("OH")
        page.wait_for_function("() => document.body.innerText.includes('at 0.485 Å')")
        title = page.locator(".widget-html-content", has_text="OH at 0.97 Å")
        title.first.wait_for()
