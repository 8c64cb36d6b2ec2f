"""What explorers leave on a page, where nothing answers their controls."""

import base64

import nbformat
import numpy as np
import pytest
from browsing import browser, new_page

import mlxc_edu as mx
from mlxc_edu.explore.live import WANTED
from mlxc_edu.figures import write_page
from mlxc_edu.figures.drawings import STILLS

DRAWN = "[...document.querySelectorAll('path.js-line')].map(p => p.getAttribute('d')).join()"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def page_wanted(monkeypatch):
    monkeypatch.setenv(WANTED, "1")


def bundle_of(explorer):
    bundle = explorer._repr_mimebundle_()
    assert WIDGET in bundle
    return bundle


def numbers(array):
    if isinstance(array, dict):
        return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return np.array(array, float)


def test_nothing_is_left_where_a_kernel_answers():
    assert STILLS not in bundle_of(mx.explore.line())


def test_each_picture_is_what_the_control_shows(page_wanted):
    explorer = mx.explore.line()
    figure = bundle_of(explorer)[STILLS]
    assert explorer.distance.value == 2.0, "as it was"
    (slider,) = figure["layout"]["sliders"]
    labels = [step["label"] for step in slider["steps"]]
    assert labels == [frame["name"] for frame in figure["frames"]]
    assert labels[slider["active"]] == "2 Bohr"
    for label in ("2 Bohr", "5 Bohr"):
        explorer.distance.value = float(label.split()[0])
        frame = figure["frames"][labels.index(label)]
        now = dict(zip(frame["traces"], frame["data"]))
        exact = next(i for i, t in enumerate(explorer.figure.data) if t.name == "exact")
        np.testing.assert_allclose(numbers(now[exact]["y"]), explorer.results["exact"].density)
    shown = next(trace for trace in figure["data"] if trace["name"] == "exact")
    first = figure["frames"][slider["active"]]["data"][first_of(figure, "exact")]
    np.testing.assert_array_equal(numbers(shown["y"]), numbers(first["y"]))


def first_of(figure, name):
    """Its place among the traces that move."""
    return next(k for k, i in enumerate(figure["frames"][0]["traces"]) if named(figure, i) == name)


def named(figure, i):
    return figure["data"][i].get("name")


def test_a_curve_is_awaited_and_its_marker_moves(page_wanted):
    figure = bundle_of(mx.explore.fractional_charge("H", ["PBE", "HF"], basis="6-31g"))[STILLS]
    assert "PBE, HF" in figure["layout"]["meta"]["caption"]
    assert len(numbers(figure["data"][0]["x"])) == 21, "the whole curve"
    half = next(f for f in figure["frames"] if f["name"] == "0.5")
    assert all(numbers(trace["x"]).tolist() == [0.5, 0.5] for trace in half["data"])
    assert half["layout"]["shapes"][-1]["x0"] == 0.5


def test_the_circle_takes_its_turns(page_wanted):
    explorer = mx.explore.scf("H2")
    figure = bundle_of(explorer)[STILLS]
    assert len(explorer.states) == 1, "as it was"
    errors = numbers(figure["frames"][-1]["data"][-1]["y"])
    assert len(errors) == len(figure["frames"]) and errors[-1] < 1e-4 * errors[0]


@pytest.mark.parametrize(
    "explorer",
    [
        lambda store: mx.explore.dissociation("NaCl", store=store),
        lambda store: mx.explore.functional("EDU26", basis="6-31g"),
        lambda store: mx.explore.bonding("H2", basis="6-31g"),
        lambda store: mx.explore.ladder("BH76", ["LDA"], basis="sto-3g", store=store),
    ],
    ids=["dissociation", "functional", "bonding", "ladder"],
)
def test_others_leave_pictures_too(page_wanted, store, explorer):
    figure = bundle_of(explorer(store))[STILLS]
    assert figure["data"] and "width" not in figure["layout"]
    assert figure["layout"]["meta"]["caption"].endswith("all of its controls move.")


@pytest.mark.browser
def test_the_slider_of_a_page_moves(page_wanted, tmp_path):
    data = bundle_of(mx.explore.line())
    cell = nbformat.v4.new_code_cell("mx.explore.line()")
    cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    notebook = tmp_path / "explored.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), notebook)
    write_page(notebook, notebook.with_suffix(".html"))
    with browser() as chromium:
        page = new_page(chromium, offline=True)
        page.goto(notebook.with_suffix(".html").as_uri())
        plot = page.locator(".js-plotly-plot")
        plot.locator("path.js-line").first.wait_for()
        before = page.evaluate(DRAWN)
        slider = page.get_by_role("slider")
        assert slider.get_attribute("aria-valuetext") == "2 Bohr"
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "3 Bohr"
        page.wait_for_function(f"before => {DRAWN} !== before", arg=before)
        assert page.locator("figcaption").count() == 1
