"""The explorers of E(N) and of dissociation, driven from Python and in a browser."""

import threading

import numpy as np
import pandas as pd
import pytest
from browsing import browser, new_page, run_first_cell, served
from pyscf import lib
from waiting import PATIENCE, Gate

import mlxc_edu as mx
from mlxc_edu.explore.live import LiveCharge, Worker, _charge, _dissociation
from mlxc_edu.figures.drawings import _density
from mlxc_edu.scans import _tables
from mlxc_edu.units import EV_PER_HARTREE, KCAL_PER_HARTREE
from mlxc_edu.weights import MissingWeights

SAME = 3e-6  # Hartree; two minimisations that start from different orbitals


def charge_explorer(system="H", methods=("PBE", "HF"), basis="6-31g"):
    explorer = mx.explore.fractional_charge(system, methods, basis=basis)
    assert explorer.wait(PATIENCE)
    return explorer


def move(explorer, control, value):
    control.value = value
    assert explorer.wait(PATIENCE)


def test_worker_stops_and_goes_on():
    done, begun, go = [], threading.Event(), threading.Event()

    def work(name, steps):
        try:
            for i in range(steps):
                done.append((name, i))
                begun.set()
                yield
                assert go.wait(PATIENCE)
        finally:
            done.append((name, "end"))

    worker = Worker()
    worker.start(work("a", 100))
    assert begun.wait(PATIENCE)
    assert not worker.wait(0.01)
    worker.start(work("never", 1))
    worker.start(work("b", 2))
    go.set()
    assert worker.wait(PATIENCE)
    names = [name for name, _ in done]
    assert "never" not in names and names.index("b") == names.count("a")
    assert done[-3:] == [("b", 0), ("b", 1), ("b", "end")]
    worker.start(work("c", 10**9))
    worker.stop()
    assert worker.wait(PATIENCE)
    worker.start(work("d", 1))
    assert worker.wait(PATIENCE) and done[-1] == ("d", "end")


def test_every_point_is_the_tables(store):
    explorer = charge_explorer()
    given = dict(basis="6-31g", store=store, workers=1, progress=False)
    expected = mx.fractional_charge("H", ["PBE", "HF"], **given)
    assert list(explorer.curve.columns) == list(expected.columns)
    both = explorer.curve.merge(expected, on=["method", "n"], suffixes=("", "_"))
    assert len(both) == len(expected) == 42
    for column, within in [("energy", SAME), ("line", SAME), ("deviation_kcal", 0.004)]:
        assert np.allclose(both[column], both[f"{column}_"], atol=within), column
    bound = both["n"] <= 1
    assert np.allclose(both["homo"][bound], both["homo_"][bound], atol=1e-4, equal_nan=True)
    assert explorer.curve["converged"].all() and "all converged" in explorer.status.value
    assert "42 points computed now" in explorer.status.value

    move(explorer, explorer.n, 0.37)
    one = mx.fractional_charge("H", ["PBE", "HF"], [0.37], **given)
    assert np.allclose(explorer.numbers["energy"], one["energy"], atol=SAME)
    for _, row in explorer.numbers.iterrows():
        assert f"{row['energy']:.6f}" in explorer.table.value
        assert f"{row['homo'] * EV_PER_HARTREE:.2f}" in explorer.table.value
    assert "N = 0.37" in explorer.table.value and "fraction in H s α" in explorer.table.value
    above, below = explorer.figure.data[-2:]
    assert above.x == below.x == (0.37, 0.37)
    assert np.allclose(below.y, explorer.numbers["deviation_kcal"])
    assert explorer.figure.layout.shapes[-1].x0 == 0.37
    straight = explorer.figure.data[-4]  # PBE's, between the whole numbers
    whole = expected.query("method == 'PBE' and n == 1")["energy"].item()
    line = (explorer.numbers["line"][0] - whole) * EV_PER_HARTREE
    assert np.interp(0.37, straight.x, straight.y) == pytest.approx(line, abs=1e-4)
    state = explorer.figure.get_state()  # what a page is given that opens later
    assert state["_widget_data"][-1]["x"] == [0.37, 0.37]

    explorer.methods["HF"].value = False
    assert explorer.wait(PATIENCE) and list(explorer.numbers["method"]) == ["PBE"]
    assert explorer.density_of.options == ("PBE",)
    move(explorer, explorer.system, "He")
    assert (explorer.n.min, explorer.n.max) == (1, 3) and set(explorer.curve["n"]) > {1, 2, 3}


def test_learned_functional_follows_the_slider(released, store):
    live = LiveCharge("H", "6-31g")
    found = [live.point("DM21", n) for n in (0.0, 1.0, 2.0, 0.4, 0.41)]
    assert all(p.converged for p in found)
    given = dict(basis="6-31g", store=store, workers=1, progress=False)
    expected = mx.fractional_charge("H", ["DM21"], [0.41], **given)
    row = live.rows([("DM21", 0.41)]).iloc[0]
    assert row["energy"] == pytest.approx(expected["energy"][0], abs=SAME)
    assert row["homo"] == pytest.approx(expected["homo"][0], abs=1e-4)
    slope = (found[4].energy - found[3].energy) / 0.01
    assert slope == pytest.approx(np.mean([p.homo[0] for p in found[3:]]), abs=1e-4)  # Janak


def test_first_picture_waits_for_the_neighbours_alone():
    live = LiveCharge("He", "6-31g")  # from one electron to three
    assert live.first(1.5) == [1, 2, 1.5] and live.first(2.5) == [2, 3, 2.5]
    assert live.first(1.0) == [1, 2] and live.first(2.0) == [2]
    for n in live.first(1.5):
        assert not live.begun("HF", 1.5)
        live.point("HF", n)
    assert live.begun("HF", 1.5) and len(live.rows([("HF", 1.5)])) == 1
    assert ("HF", 3.0) in live.missing(["HF"])


def test_density_is_that_of_the_slider():
    explorer = charge_explorer("He", ["HF"])
    live = explorer._live()
    grids = mx.KS(live.mol, "PBE").grids.build()
    angstrom = grids.coords * mx.units.ANGSTROM_PER_BOHR
    for n in (1.5, 2.0, 1.0):
        density = live.density("HF", n).sum(axis=0)
        found = _density.values(live.mol, angstrom, density)
        assert grids.weights @ found == pytest.approx(n, abs=1e-4)
    move(explorer, explorer.n, 1.5)
    (picture,) = explorer._density.children
    points = np.column_stack([np.asarray(picture.data[0][k], dtype=float) for k in "xyz"])
    expected = _density.values(live.mol, points, live.density("HF", 1.5).sum(axis=0))
    shown = np.asarray(picture.data[0].value, dtype=float)
    assert np.allclose(shown, np.log10(np.maximum(expected, 1e-6)), atol=1e-3)
    assert "Å" in picture.layout.scene.zaxis.title.text

    move(explorer, explorer.what, "change from the whole system")
    (picture,) = explorer._density.children
    assert np.asarray(picture.data[0].value).min() < -0.01  # half an electron is missing
    move(explorer, explorer.n, 2.0)
    assert explorer._density.children == (picture,) and not np.asarray(picture.data[0].value).any()
    assert "nowhere" in picture.layout.title.text


def test_cancel_keeps_what_is_done(monkeypatch):
    gate = Gate(monkeypatch, LiveCharge, "_compute", passes=8)
    explorer = mx.explore.fractional_charge("H", ["HF"], basis="sto-3g")
    assert gate.held.wait(PATIENCE)
    assert not explorer.cancel.disabled and explorer.progress.layout.visibility == "visible"
    explorer.cancel.click()
    assert "stopping after the point in hand" in explorer.status.value and explorer.cancel.disabled
    gate.opened.set()
    assert explorer.wait(PATIENCE)
    assert explorer.cancel.disabled and not explorer.compute.disabled
    assert len(gate.calls) == 9 and len(explorer.curve) == 9
    assert "12 points of the curves are missing" in explorer.status.value

    move(explorer, explorer.n, 0.44)  # moves, and does not take up the curve again
    assert len(gate.calls) == 10 and len(explorer.numbers) == 1
    explorer.compute.click()
    assert explorer.wait(PATIENCE)
    assert len(gate.calls) == 10 + 12 == len(set(gate.calls)), "no point twice"
    assert len(explorer.curve) == 21 and explorer.compute.disabled


def test_slider_goes_before_the_curve(monkeypatch):
    gate = Gate(monkeypatch, LiveCharge, "_compute", passes=8)
    explorer = mx.explore.fractional_charge("H", ["HF"], basis="sto-3g")
    assert gate.held.wait(PATIENCE)
    for n in (0.61, 0.62, 0.63):
        explorer.n.value = n
    gate.opened.set()
    assert explorer.wait(PATIENCE)
    asked = [n for *_, n in gate.calls]
    assert asked[9] == 0.63 and 0.61 not in asked and 0.62 not in asked
    assert len(explorer.curve) == 21 and explorer.numbers["n"][0] == 0.63


def test_a_move_while_stopping_goes_on(monkeypatch):
    gate = Gate(monkeypatch, LiveCharge, "_compute", passes=8)
    explorer = mx.explore.fractional_charge("H", ["HF"], basis="sto-3g")
    assert gate.held.wait(PATIENCE)
    explorer.cancel.click()
    explorer.n.value = 0.44
    gate.opened.set()
    assert explorer.wait(PATIENCE) and explorer.numbers["n"][0] == 0.44
    assert "stopping" not in explorer.status.value and len(gate.calls) == 10
    explorer.cancel.click()  # nothing to stop
    assert explorer.wait(PATIENCE) and "stopping" not in explorer.status.value


def test_tables_have_their_columns_from_the_start(monkeypatch, store):
    gate = Gate(monkeypatch, LiveCharge, "_compute", passes=0)
    explorer = mx.explore.fractional_charge("H", ["HF"], basis="sto-3g")
    assert gate.held.wait(PATIENCE) and explorer.curve.method.empty and explorer.numbers.homo.empty
    before = [*explorer.curve.columns]
    gate.opened.set()
    assert explorer.wait(PATIENCE) and [*explorer.curve.columns] == before
    gate = Gate(monkeypatch, _dissociation.LiveBond, "compute", passes=0)
    explorer = mx.explore.dissociation("H2", ["HF"], basis="sto-3g", store=store)
    assert gate.held.wait(PATIENCE) and explorer.curve.charge_H.empty
    before = [*explorer.curve.columns]
    assert before == [*explorer.numbers.columns] and "origin" in before
    explorer.cancel.click()
    gate.opened.set()
    assert explorer.wait(PATIENCE) and [*explorer.curve.columns] == before and len(explorer.curve)


def test_nothing_is_shown_as_converged_that_is_not(monkeypatch):
    original = _charge.minimise

    def short(mf, coefficients, occupations, **options):
        return original(mf, coefficients, occupations, max_cycle=1)

    monkeypatch.setattr(_charge, "minimise", short)
    explorer = charge_explorer("He", ["PBE"])
    assert ">NO<" in explorer.table.value and "NOT CONVERGED" in explorer.status.value
    assert any(t.name == "PBE, not converged" for t in explorer.figure.data)

    def fails(*_, **__):
        raise FloatingPointError("feature rho_a is nan at the grid point <0>")

    monkeypatch.setattr(_charge, "minimise", fails)
    move(explorer, explorer.system, "Li")
    assert ">NO<" in explorer.table.value and "&lt;0&gt;" in explorer.table.value
    assert "no density" in explorer._density.children[0].value

    def breaks(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(LiveCharge, "point", breaks)
    move(explorer, explorer.system, "F")
    assert "RuntimeError: a bug" in explorer.status.value and explorer.cancel.disabled


def test_what_fractional_charge_refuses(monkeypatch, tmp_path):
    for system, said in [("Xx", "unknown molecule"), ("Clx", "did you mean"), (17, "name a sys")]:
        with pytest.raises(ValueError, match=said):
            mx.explore.fractional_charge(system)
    with pytest.raises(ValueError, match="unknown method 'PBEE'; near names"):
        mx.explore.fractional_charge("H", ["PBEE"])
    with pytest.raises(ValueError, match="exact needs no calculation"):
        mx.explore.fractional_charge("H", ["exact"])
    with pytest.raises(ValueError, match="near names"):
        mx.explore.fractional_charge("H", basis="def2-svpx")
    with pytest.raises(ValueError, match="does not fit"):
        mx.explore.fractional_charge("He", ["HF"], basis="sto-3g")
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(MissingWeights, match="mlxc-edu weights fetch DM21"):
        mx.explore.fractional_charge("H", ["HF", "DM21"])
    explorer = mx.explore.fractional_charge("H", basis="sto-3g")
    assert explorer.ticked == ["PBE", "B3LYP", "HF", "EDU26"] and explorer.wait(PATIENCE)
    explorer.methods["DM21"].value = True
    assert explorer.wait(PATIENCE) and "mlxc-edu weights fetch DM21" in explorer.status.value
    for box in explorer.methods.values():
        box.value = False
    assert explorer.wait(PATIENCE) and "tick a method" in explorer.status.value


def test_small_diatomic_is_live(store):
    explorer = mx.explore.dissociation("h2", ["HF", "exact"], basis="sto-3g", store=store)
    assert explorer.wait(PATIENCE)
    given = dict(basis="sto-3g", store=store, workers=1, progress=False)
    expected = mx.dissociation("H2", ["HF", "exact"], **given)
    columns = ["method", "r", "energy", "relative_kcal", "converged", "charge_H", "dipole"]
    pd.testing.assert_frame_equal(explorer.curve[columns], expected[columns])
    assert (
        "computed now" in explorer.provenance.value and "missing" not in explorer.provenance.value
    )

    move(explorer, explorer.r, 0.9)
    mol = mx.molecule("H2", bond_length=0.9, basis="sto-3g")
    energies = [mx.solve(mol, "HF").energy, mx.exact(mol).energy]
    assert np.allclose(explorer.numbers["energy"], energies, atol=1e-6)
    atom = mx.solve(mx.molecule("H", basis="sto-3g"), "HF").energy
    above = (np.array(energies) - 2 * atom) * KCAL_PER_HARTREE
    assert np.allclose(explorer.numbers["relative_kcal"], above, atol=1e-3)
    assert explorer.figure.data[-2].x[0] == 0.9 and np.allclose(explorer.figure.data[-2].y, above)
    assert explorer.figure.layout.shapes[-1].x0 == 0.9
    assert "R = 0.90 Å" in explorer.table.value and f"{above[0]:+.2f}" in explorer.table.value
    (picture,) = explorer._density.children
    assert picture.data[1].z[1] == pytest.approx(0.9)

    move(explorer, explorer.what, "spin density")
    assert "nowhere" in explorer._density.children[0].layout.title.text
    move(explorer, explorer.r, 5.0)  # HF's electrons with opposite spins
    values = np.asarray(explorer._density.children[0].data[0].value)
    assert values.max() > 0.1 and values.min() < -0.1


@pytest.fixture
def lithium_fluoride(monkeypatch, tmp_path, store):
    """LiF with two of three distances stored for HF; 12 electrons are too many to be live."""
    monkeypatch.setattr(_dissociation, "scan_distances", lambda *_: [1.3, 1.56, 4.0])
    monkeypatch.setattr(_tables, "FOLDER", tmp_path)
    given = dict(basis="sto-3g", store=store, progress=False, workers=1)
    table = mx.dissociation("LiF", ["HF"], [1.3, 4.0], **given)
    _tables.write(table, "LiF", "sto-3g", "a test", tmp_path)
    return lambda: mx.explore.dissociation("LiF", ["HF", "PBE"], basis="sto-3g", store=store)


def test_large_diatomic_waits_for_its_buttons(lithium_fluoride, store):
    explorer = lithium_fluoride()
    assert explorer.wait(PATIENCE) and list(explorer.curve["r"]) == [1.3, 4.0]
    assert list(explorer.numbers["r"]) == [1.3] and "nearest distance" in explorer.status.value
    assert "no density" in explorer._density.children[0].value
    assert "<b>PBE</b>: 3 of 3 points are missing" in explorer.provenance.value
    assert "<b>HF</b>: stored, computed on" in explorer.provenance.value

    explorer.compute.click()
    assert explorer.wait(PATIENCE) and len(explorer.curve) == 6 and explorer.compute.disabled
    assert list(explorer.curve["origin"]).count("stored") == 2
    assert "PBE, HF</b>: computed now" in explorer.provenance.value
    assert len([*store.rglob("*.json")]) >= 6 + 4  # and the atoms

    explorer.r.value = 1.6
    explorer.here.click()
    assert explorer.wait(PATIENCE) and list(explorer.numbers["r"]) == [1.6, 1.6]
    with lib.with_omp_threads(1):
        expected = mx.solve(mx.molecule("LiF", bond_length=1.6, basis="sto-3g"), "PBE")
    assert explorer.numbers["energy"][0] == pytest.approx(expected.energy, abs=2e-6)
    assert explorer._density.children[0].data[0].type == "isosurface"


def test_cancelled_scan_is_in_the_store(lithium_fluoride, monkeypatch):
    gate = Gate(monkeypatch, _dissociation.LiveBond, "compute", passes=1)
    explorer = lithium_fluoride()
    assert explorer.wait(PATIENCE)
    explorer.compute.click()
    assert gate.held.wait(PATIENCE)
    explorer.cancel.click()
    assert "stopping" in explorer.status.value and explorer.cancel.disabled
    gate.opened.set()
    assert explorer.wait(PATIENCE) and len(explorer.curve) == 4 and not explorer.compute.disabled
    assert "stopping" not in explorer.status.value and explorer.cancel.disabled
    assert "<b>PBE</b>: 1 of 3 points are missing; <b>HF</b>: 1" in explorer.provenance.value

    from mlxc_edu.scans import _dissociation as scan

    calls = []
    original = scan._compute
    monkeypatch.setattr(scan, "_compute", lambda *job: calls.append(job) or original(*job))
    again = lithium_fluoride()
    assert again.wait(PATIENCE)
    again.compute.click()
    assert again.wait(PATIENCE) and len(again.curve) == 6
    assert [(job["method"], job["r"]) for job, _ in calls] == [("PBE", 4.0), ("HF", 1.56)]


def test_what_dissociation_refuses(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="did you mean NaCl"):
        mx.explore.dissociation("NaCI")
    with pytest.raises(ValueError, match="takes a diatomic"):
        mx.explore.dissociation("H2O")
    with pytest.raises(ValueError, match="near names"):
        mx.explore.dissociation("H2", ["B3LYPP"])
    with pytest.raises(ValueError, match="no functions for K"):
        mx.explore.dissociation("KCl", basis="cc-pvdz")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot write finished points"):
        mx.explore.dissociation("H2", store=tmp_path / "file")
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(MissingWeights, match="mlxc-edu weights fetch DM21"):
        mx.explore.dissociation("NaCl", ["DM21"], basis="sto-3g")
    explorer = mx.explore.dissociation("LiF", basis="cc-pvdz", store=tmp_path)
    assert explorer.wait(PATIENCE) and explorer.ticked == ["PBE", "B3LYP", "EDU26", "exact"]
    move(explorer, explorer.system, "KCl")
    assert "no functions for K" in explorer.status.value
    move(explorer, explorer.system, "NaF")
    explorer.methods["DM21"].value = True
    for name in ("PBE", "B3LYP", "EDU26", "exact"):
        explorer.methods[name].value = False
    explorer.compute.click()
    assert explorer.wait(PATIENCE) and "mlxc-edu weights fetch DM21" in explorer.status.value
    assert explorer.curve.empty
    stored = mx.explore.dissociation("H2+", ["PBE", "DM21"], store=tmp_path)
    assert stored.wait(PATIENCE) and "mlxc-edu weights fetch DM21" in stored.status.value
    origins = dict(zip(stored.numbers["method"], stored.numbers["origin"]))
    assert {name for name, origin in origins.items() if origin == "stored"} == {"DM21"}
    assert stored._density.children[0].data[0].type == "isosurface"


# In the kernel: the seventh point waits until the click on Cancel has been seen.
HELD = """
import threading
import mlxc_edu as mx
from mlxc_edu.explore.live import LiveCharge

clicked, compute = threading.Event(), LiveCharge._compute

def held(live, method, n):
    if len(live.points[method]) == 6:
        clicked.wait()
    return compute(live, method, n)

LiveCharge._compute = held
explorer = mx.explore.fractional_charge("Cl", ["PBE"], basis="6-31g")
explorer.cancel.on_click(lambda _: clicked.set())
explorer
"""


@pytest.mark.browser
def test_cancel_in_jupyterlab(tmp_path):
    with served(HELD, tmp_path) as address, browser() as chromium:
        page = new_page(chromium, viewport={"width": 1500, "height": 1300})
        run_first_cell(page, address)
        # The seventh point is under way, and held; a click before it would stop a shorter curve.
        page.wait_for_function("() => document.body.innerText.includes('computing 16.3 electrons')")
        # While the kernel computes. Not by the mouse: on a busy machine the page is still being
        # laid out, and the button moves between its being found and being pressed.
        button = page.get_by_role("button", name="Cancel", disabled=False)
        button.evaluate("button => button.click()")
        page.wait_for_function(
            "() => document.body.innerText.includes('14 points of the curves are missing')"
        )
        page.get_by_role("button", name="Cancel", disabled=True).wait_for()
        points = "() => document.querySelector('.js-plotly-plot').data[0].x.length"
        page.wait_for_function(f"{points} === 7")

        page.locator(".noUi-handle").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.body.innerText.includes('N = 16.51')")
        marker = "() => document.querySelector('.js-plotly-plot').data.at(-1).x[0]"
        page.wait_for_function(f"{marker} === 16.51")
        page.get_by_role("button", name="Compute the missing points").click()
        page.wait_for_function("() => document.body.innerText.includes('22 points computed now')")
        page.wait_for_function(f"{points} === 21")


@pytest.mark.full
@pytest.mark.browser
def test_slider_in_voila(tmp_path):
    code = 'import mlxc_edu as mx\nmx.explore.fractional_charge("H", ["PBE"], basis="6-31g")'
    with served(code, tmp_path, "voila") as address, browser() as chromium:
        page = new_page(chromium, viewport={"width": 1500, "height": 1300})
        page.goto(address)
        page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
        page.locator(".noUi-handle").first.focus()
        before = page.locator("table").first.inner_text()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "before => document.querySelector('table').innerText != before", arg=before
        )
