"""The guide below each explorer, and what can be saved of it."""

import base64
import inspect
import io
import re

import pandas as pd
import pytest

import mlxc_edu as mx
from mlxc_edu.explore import GUIDES

QUICK = {
    "line": dict(),
    "scf": dict(),
    "functional": dict(basis="sto-3g"),
    "fractional_charge": dict(system="H", methods=["PBE"], basis="sto-3g"),
    "dissociation": dict(system="H2", methods=["PBE"], basis="sto-3g"),
    "bonding": dict(molecule="H2", basis="sto-3g"),
}


def saved(explorer, what):
    """The file's name and text behind the link that a click makes."""
    home = explorer.folded.children[1]
    home.buttons[what].click()
    found = re.fullmatch(
        r'<a download="([^"]*)" href="data:[^,]*,([^"]*)">.*kB\)', home.link.value, re.DOTALL
    )
    assert found, home.link.value
    return found[1], base64.b64decode(found[2]).decode()


def test_every_explorer_has_a_guide():
    public = {name for name, what in inspect.getmembers(mx.explore, inspect.isfunction)}
    assert {name.replace("-", "_") for name in GUIDES} == public


@pytest.mark.parametrize("name", GUIDES)
def test_ten_sentences_and_three_things_to_try(name):
    guide = GUIDES[name]
    sentences = re.split(r"(?<=[.?!])”? (?=[A-Z“])", guide.about.replace("“run”", "Run"))
    assert 9 <= len(sentences) <= 12
    assert len(guide.tries) == 3 and guide.means.endswith(".")


@pytest.fixture(params=QUICK)
def explorer(request, tmp_path):
    options = QUICK[request.param]
    if request.param == "dissociation":
        options = options | dict(store=tmp_path)
    made = getattr(mx.explore, request.param)(**options)
    assert made.wait(120)
    return made


def test_what_is_shown_can_be_taken_home(explorer):
    assert explorer.folded.titles == ("What is this?", "Save what is shown")
    assert explorer.folded.selected_index is None
    offers = explorer.folded.children[1].buttons
    name, page = saved(explorer, "figure (HTML)")
    assert name == "figure.html" and "Plotly.newPlot" in page
    if "table (CSV)" in offers:
        name, text = saved(explorer, "table (CSV)")
        assert name.endswith(".csv") and len(pd.read_csv(io.StringIO(text))) > 1
    if "geometry (XYZ)" in offers:
        name, text = saved(explorer, "geometry (XYZ)")
        assert name.endswith(".xyz") and mx.molecule(text, spin=None).natm in (1, 2)
    if "density (cube)" in offers:
        name, text = saved(explorer, "density (cube)")
        assert name.endswith(".cube") and len(text.split()) > 60**3


def test_what_is_not_there_is_said():
    explorer = mx.explore.dissociation("NaCl", ["PBE"])
    assert explorer.wait(60)
    home = explorer.folded.children[1]
    home.buttons["density (cube)"].click()
    assert home.link.value == "nothing of this is shown yet"
