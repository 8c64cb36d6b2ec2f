"""What every figure has in common can be seen, and methods can be told apart without colour."""

from itertools import combinations

import bs4  # comes with nbconvert
import numpy as np
import pandas as pd
import pytest
from colours import contrast

import mlxc_edu as mx
import mlxc_edu.figures.drawings._look as look

METHODS = [*look._LOOKS, "M06", "BLYP", "revPBE", "X3LYP"]


@pytest.mark.parametrize("method", METHODS)
def test_lines_stand_out_from_the_page(method):
    assert contrast(look.colour(method, METHODS)) >= 3
    assert contrast(look.GUIDE) >= 4.5


def test_methods_differ_in_more_than_colour():
    styles = {m: look.style(m, METHODS) for m in METHODS}
    for one, other in combinations(METHODS, 2):
        a, b = styles[one], styles[other]
        assert a["line"]["color"] != b["line"]["color"]
        looks = [(s["line"]["dash"], s["marker"]["symbol"]) for s in (a, b)]
        assert looks[0] != looks[1], (one, other)


def test_guide_lines_are_drawn():
    """simple_white draws a shape without a width of its own nowhere, any other at 30 %."""
    for figure in (mx.figure(), mx.plot(mx.stored("NaCl"))):
        shapes = figure.layout.template.layout.shapedefaults
        assert shapes.opacity == 1 and shapes.line.width >= 1 and shapes.line.color == look.GUIDE


def test_methods_without_a_look_of_their_own():
    assert mx.style("M06", ["PBE", "M06", "BLYP"]) != mx.style("BLYP", ["PBE", "M06", "BLYP"])
    assert mx.style("PBE", ["PBE", "M06"]) == mx.style("PBE")


def test_figure_of_ones_own():
    single = mx.figure(yaxis_title="Hartree")
    assert single.layout.template.layout.shapedefaults.opacity == 1
    assert single.layout.yaxis.title.text == "Hartree"
    panels = mx.figure(1, 2, ["left", "right"], shared_yaxes=True, height=300)
    assert panels.layout.height == 300 and panels.layout.yaxis2.matches == "y"
    assert [a.text for a in panels.layout.annotations] == ["left", "right"]
    panels.add_scatter(x=[0], y=[0], row=1, col=2, **mx.style("PBE"))
    assert panels.data[0].line.color == look.colour("PBE", [])


def test_titled_table():
    table = pd.DataFrame(
        {"energy (eV)": [1.23456, np.nan]}, index=pd.Index(["a", "b"], name="atom")
    )
    steps = table.set_axis(pd.RangeIndex(2, 4, name="step"))  # as pandas 3 keeps 2 and 3
    first_of = ((table, "atom"), (table.reset_index(), "atom"), (table[:1].T, ""), (steps, "step"))
    for frame, first in first_of:
        cells = bs4.BeautifulSoup(mx.titled(frame, "Two atoms", 1).to_html(), "html.parser")
        assert cells.caption.text == "Two atoms"
        assert cells.th.text.strip() == first
        assert "1.2" in [cell.text for cell in cells.find_all("td")]
    assert "–" in mx.titled(table, "Two atoms").to_html()
    small = pd.DataFrame({"q": np.float32([-0.04, 2]), "atoms": [1, 2], "E": [-1e-9, 2e-9]})
    look = mx.titled(small, "", 1).format("{:.0e}", subset="E")
    cells = bs4.BeautifulSoup(look.to_html(), "html.parser").find_all("td")
    assert [cell.text for cell in cells] == ["0.0", "1", "-1e-09", "2.0", "2", "2e-09"]
    assert "spin" in mx.titled(table.assign(spin=1).set_index("spin", append=True), "").to_html()


def test_tables_write_formulas_as_the_text_does():
    said = {
        "H2O → 2 H + O": "H₂O → 2 H + O",
        "He2+": "He₂⁺",
        "DM21 of N2, N2+ and F-": "DM21 of N₂, N₂⁺ and F⁻",
        "R2SCAN": "r²SCAN",
    }
    said |= {same: same for same in ("PBE0", "B3LYP", "B97", "EDU26", "Na–Cl", "ω=0.4", "C–H")}
    frame = pd.DataFrame({key: [key] for key in said})
    cells = bs4.BeautifulSoup(mx.titled(frame, "CH4").to_html(), "html.parser")
    assert [cell.text.strip() for cell in cells.find_all("th")] == [*said.values()]
    assert [cell.text for cell in cells.find_all("td")] == [*said.values()]
    assert cells.caption.text == "CH₄"


def test_a_file_of_parameters_is_shown_by_its_name(tmp_path):
    rows = dict(n=[0.0, 1.0], energy=[0.0, -0.5], deviation_kcal=[0.0, 0.0], converged=True)
    table = pd.DataFrame(rows | dict(homo=-0.5, method=str(tmp_path / "mine.npz")))
    assert {trace.name for trace in mx.plot(table).data} == {"mine"}
