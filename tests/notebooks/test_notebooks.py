"""Every notebook runs end to end, live, and its page shows its figures without a network."""

import ast
import json
import os
import re
import subprocess
import sys

import browsing
import bs4  # comes with nbconvert
import nbformat
import pytest
from plotly.offline import get_plotlyjs

import mlxc_edu as mx
from mlxc_edu.cli._notebooks import notebooks_folder
from mlxc_edu.figures._formulas import MATH

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
EACH = [pytest.param(p, id=p.stem) for p in NOTEBOOKS]
# All pages are made alike; those of the tour and of the flagship are looked at each time.
PAGES = [
    pytest.param(p, id=p.stem, marks=[] if p.stem[:3] in ("00_", "06_") else [pytest.mark.full])
    for p in NOTEBOOKS
]
KERNEL_MEMORY = 1.5e9  # bytes
PLOTLY = "application/vnd.plotly.v1+json"
STILLS = "application/vnd.mlxc-edu.stills+json"
IN_3D = ".gl-container canvas"  # surfaces are no lines


def statements(cell):
    return sum(isinstance(node, ast.stmt) for node in ast.walk(ast.parse(cell.source)))


@pytest.mark.parametrize("path", EACH)
def test_committed_clean(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    code = [c for c in nb.cells if c.cell_type == "code"]
    assert not any(c.outputs or c.execution_count for c in code)
    assert "widgets" not in nb.metadata
    assert [c.metadata.get("tags") for c in code].count(["parameters"]) == 1
    assert "fast = True" in code[0].source
    assert max(map(statements, code)) <= 15
    assert max(len(line) for c in code for line in c.source.splitlines()) <= 88
    assert max(len(c.source.splitlines()) for c in code) <= 25
    words = [MATH.sub("", c.source) for c in nb.cells if c.cell_type == "markdown"]
    assert not any("$" in text for text in words), "a formula that is none"
    sections = [int(n) for text in words for n in re.findall(r"^## (\d+) ·", text, re.M)]
    assert sections == [*range(1, len(sections) + 1)], "none is lost"
    assert min(map(ord, "".join(c.source for c in nb.cells).replace("\n", " "))) >= 32
    assert 25 <= len(nb.cells) <= 50
    assert not any("nbgrader" in c.metadata for c in nb.cells), "exercises are companions"
    assert any(f"](exercises/{path.name})" in text for text in words)


@pytest.mark.parametrize("path", EACH)
def test_runs_end_to_end(path, executed):
    nb = nbformat.read(executed(path), as_version=4)
    outputs = [o for c in nb.cells if c.cell_type == "code" for o in c.outputs]
    assert not any(o.output_type == "error" for o in outputs)
    figures = [o.data[PLOTLY] for o in outputs if PLOTLY in o.get("data", {})]
    assert len(figures) >= 3
    captions = [figure["layout"].get("meta", {}).get("caption") for figure in figures]
    assert all(captions), "every figure in words"
    explorers = [c for c in nb.cells if c.cell_type == "code" and "mx.explore." in c.source]
    left = sum(STILLS in o.get("data", {}) for o in outputs)
    assert left == len(explorers), "an explorer leaves pictures"
    assert "widgets" not in nb.metadata
    page = executed(path).with_suffix(".html").read_text(encoding="utf-8")
    copies = page.count(get_plotlyjs())
    assert copies == (path.stem == "00_tour"), "the tour is one file, the others share plotly.js"
    assert ('src="plotly.min.js"' in page) == (not copies)
    assert len(page) - copies * len(get_plotlyjs()) < 2e6, "what a visitor loads besides plotly.js"
    contents = executed(path).with_name("index.html")
    if not copies:
        assert contents.with_name("plotly.min.js").read_text(encoding="utf-8") == get_plotlyjs()
        assert f'href="{path.stem}.html"' in contents.read_text(encoding="utf-8")
    kilobytes = int(executed(path).with_suffix(".kB").read_text())
    assert 1e5 * 1024 < kilobytes * 1024 < KERNEL_MEMORY


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_page_shows_figures_offline(path, executed, browser):
    notebook = executed(path)
    figures = sum(
        bool({PLOTLY, STILLS} & {*o.get("data", {})})
        for c in nbformat.read(notebook, as_version=4).cells
        if c.cell_type == "code"
        for o in c.outputs
    )
    page = browsing.new_page(browser, offline=True)
    wanted, errors = [], []
    page.on("requestfailed", lambda request: wanted.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(notebook.with_suffix(".html").as_uri())
    page.wait_for_function(
        f"document.querySelectorAll('.js-plotly-plot .cartesianlayer').length >= {figures}"
    )
    assert page.locator(".js-plotly-plot").count() == figures
    for i in range(figures):
        drawn = (
            page.locator(".js-plotly-plot")
            .nth(i)
            .locator(
                "path.js-line, path.point, .barlayer path, .boxlayer path, .contourlayer path, "
                f"{IN_3D}, .heatmaplayer image"
            )
        )
        assert drawn.count() > 0, f"figure {i} is empty"
    assert page.locator("math").count() > 5, "equations are MathML"
    # 3D views alone may ask for the network, and a page without it still shows the rest.
    assert all("3Dmol" in url for url in wanted)
    if path.stem == "00_tour":
        assert not wanted and not errors


@pytest.mark.full
def test_tour_without_weights_says_how_to_get_them(tmp_path):
    environment = dict(os.environ, MLXC_EDU_DM21_DIR=str(tmp_path))
    command = [sys.executable, "-m", "mlxc_edu", "tour", "--no-open", "--output"]
    run = subprocess.run([*command, str(tmp_path)], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    text = (tmp_path / "00_tour.ipynb").read_text()
    outputs = str([o for c in nbformat.reads(text, 4).cells for o in c.get("outputs", [])])
    assert "mlxc-edu weights fetch DM21" in outputs and "'name': 'EDU26'" in outputs
    assert "DM21m" in text and "'name': 'DM21m'" not in outputs, (
        "nothing is drawn that was not computed"
    )


@pytest.mark.browser
def test_tour_slider_moves_the_electron(executed, browser):
    page = browsing.new_page(browser, offline=True)
    page.goto(executed(notebooks_folder() / "00_tour.ipynb").with_suffix(".html").as_uri())
    slider = page.locator("input[type=range]")
    figure = page.locator("figure", has=slider).locator(".js-plotly-plot")
    figure.locator("path.js-line").first.wait_for()
    position = "g => [g.calcdata[2][0].x, Math.max(...g.calcdata[3].map(p => Math.abs(p.y)))]"
    q_before, spin_before = figure.evaluate(position)
    slider.press("Home")  # its left end, by keyboard
    page.wait_for_function(
        "([g, before]) => g.calcdata[2][0].x != before", arg=[figure.element_handle(), q_before]
    )
    q_after, spin_after = figure.evaluate(position)
    assert q_after < 0.01 < 0.2 < q_before < 0.8
    assert spin_after > spin_before


def test_page_of_nothing_special(tmp_path):
    from mlxc_edu.figures import write_page

    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "A price of $5 and $6, but $x^2$, and\n\n$$E = \\tfrac12$$"
            ),
            nbformat.v4.new_markdown_cell(
                "[![badge](https://example.org/b.svg)](https://example.org)"
            ),
            nbformat.v4.new_code_cell("1 + 1"),
            nbformat.v4.new_code_cell("style = 1", metadata={"tags": ["hide-input"]}),
        ]
    )
    source, page = tmp_path / "a.ipynb", tmp_path / "a.html"
    nbformat.write(nb, source)
    write_page(source, page)
    html = page.read_text()
    assert html.count("<math") == 2 and "price of $5 and $6" in html
    assert "b.svg" not in html and 'href="https://example.org"' in html
    assert 'src=""' not in html
    folds = bs4.BeautifulSoup(html, "html.parser").select("details")
    assert [fold.has_attr("open") for fold in folds] == [True, False], "code can be folded"
    assert [fold.summary.text for fold in folds] == ["code"] * 2 and "1 + 1" in folds[0].text


def test_captions_are_read_out(tmp_path, monkeypatch):
    """Once as the figure's alternative text, once under it."""
    from mlxc_edu.figures import write_page

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *what: shown.extend(what))
    mx.show(mx.figure().add_scatter(y=[1, 2]), "A line that rises from 1 < 2.")
    figure, words = shown
    data = [{PLOTLY: json.loads(figure.to_json())}, {"text/html": words.data}]
    outputs = [nbformat.v4.new_output("display_data", d) for d in data]
    cell = nbformat.v4.new_code_cell("mx.show(…)", outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    write_page(tmp_path / "a.ipynb", tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text()
    page = bs4.BeautifulSoup(html, "html.parser")
    (image,), (caption,) = page.select("figure [role=figure]"), page.select("figcaption")
    assert image["aria-label"] == caption.text == "A line that rises from 1 < 2."
    assert image.select(".plotly-graph-div") and caption.parent.name == "figure"


def test_pages_know_each_other(tmp_path):
    from mlxc_edu.figures import write_page

    words = "# A title\n\nSee [notebook 02](02_b.ipynb) and [notebook 09](09_c.ipynb)."
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(words)])
    for name in ("00_z", "02_b", "01_a"):
        nbformat.write(nb, tmp_path / f"{name}.ipynb")
        write_page(tmp_path / f"{name}.ipynb", tmp_path / f"{name}.html")
    page = bs4.BeautifulSoup((tmp_path / "01_a.html").read_text(), "html.parser")
    assert page.title.text == "A title"
    links = {a.text: a["href"] for a in page.select("a") if not a["href"].startswith("#")}
    assert links == {
        "notebook 02": "02_b.html",
        "← 00_z": "00_z.html",
        "02_b →": "02_b.html",
    }
    assert "and notebook 09." in page.text, "no link to a page that is not there"

    nbformat.write(nb, tmp_path / "mine.ipynb")
    write_page(tmp_path / "mine.ipynb", tmp_path / "mine.html")
    mine = bs4.BeautifulSoup((tmp_path / "mine.html").read_text(), "html.parser")
    assert "→" not in mine.text and "←" not in mine.text, "a page of no series"


def begun(name, monkeypatch, tmp_path, **given):
    """What the cells before the first heading make of parameters."""
    monkeypatch.chdir(tmp_path)
    (path,) = notebooks_folder().glob(f"{name}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells[1:4]
    names: dict = {}
    for i, cell in enumerate(c for c in cells if c.cell_type == "code"):
        exec(cell.source, names)
        if i == 0:
            names |= given
    return names


@pytest.mark.parametrize("name", ["05", "08"])
def test_atoms(name, monkeypatch, tmp_path):
    """Electrons are counted and not looked up; what cannot be computed is said at once."""
    if name == "08":
        monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    electrons = dict(H=1, B=5, P=15, K=19, Kr=36)
    for atom, count in electrons.items():
        names = begun(name, monkeypatch, tmp_path, atom=atom)
        assert names.get("Z", names.get("electrons")) == count
    refused = ["I", "Q"] + (["Fe", "H2", "Na+"] if name == "05" else [])
    for atom in refused:
        with pytest.raises(ValueError) as error:
            begun(name, monkeypatch, tmp_path, atom=atom)
        assert "\n" not in str(error.value)


def test_functionals_of_the_ladder(monkeypatch, tmp_path):
    names = begun("04", monkeypatch, tmp_path, methods=["lda", "ωb97x", "B88,LYP", *["PBE"] * 9])
    assert names["methods"] == ["LDA", "wB97X", "B88,LYP", "PBE"] == [*names["styles"]]
    for wrong, said in (
        (["PBEE"], "near names"),
        (["exact"], "name functionals"),
        ([], "at least"),
    ):
        with pytest.raises(ValueError, match=said):
            begun("04", monkeypatch, tmp_path, methods=wrong)


@pytest.mark.parametrize(("name", "least"), [("00", 12.0), ("06", 11.0)])
def test_a_scan_that_ends_before_the_crossing_is_refused(name, least, monkeypatch, tmp_path):
    assert begun(name, monkeypatch, tmp_path, farthest=least)["farthest"] == least
    with pytest.raises(AssertionError, match=f"{least:g} Å or more"):
        begun(name, monkeypatch, tmp_path, farthest=least - 1)


def test_molecule_for_the_end_is_refused_at_the_beginning(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="unknown molecule"):
        begun("07", monkeypatch, tmp_path, molecule="H20")
    assert begun("07", monkeypatch, tmp_path, molecule="NH3")["own"].natm == 4


@pytest.mark.full
def test_the_ladder_takes_any_functionals(tmp_path):
    given = ["-p", "methods", "b3lyp;B88,LYP;hf", "-p", "basis", "sto-3g"]
    command = [sys.executable, "-m", "mlxc_edu", "run", "04_jacobs_ladder", *given]
    run = subprocess.run([*command, "--output", str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
