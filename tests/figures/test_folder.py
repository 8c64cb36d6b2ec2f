"""Pages in a folder share plotly.js and have a page of contents."""

import json
import re

import browsing
import bs4  # comes with nbconvert
import nbformat
import pytest
from colours import contrast
from plotly.offline import get_plotlyjs

import mlxc_edu as mx
from mlxc_edu.cli._notebooks import notebooks_folder
from mlxc_edu.figures import write_contents, write_page

PLOTLY = "application/vnd.plotly.v1+json"
SERIES = sorted(notebooks_folder().glob("[0-9]*.ipynb"))
HEAD = (
    "# {}\n\n**The question.** Why is $x$ in [two](02_b.ipynb)? Because.\n\n**Time:** an hour. So."
)


def executed(file, figures=2, title="A title"):
    """A notebook with figures, as an execution leaves it."""
    data = {PLOTLY: json.loads(mx.figure().add_scatter(y=[1, 2]).to_json())}
    outputs = [nbformat.v4.new_output("display_data", data) for _ in range(figures)]
    words = nbformat.v4.new_markdown_cell(HEAD.format(title))
    cells = [words, nbformat.v4.new_code_cell("mx.show(…)", outputs=outputs)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    return file


def page_of(file, **how):
    write_page(file, file.with_suffix(".html"), **how)
    return file.with_suffix(".html").read_text(encoding="utf-8")


def links(html):
    found = bs4.BeautifulSoup(html, "html.parser").select("a")
    return {a.text: a["href"] for a in found if not a["href"].startswith("#")}


def test_pages_share_plotly_js(tmp_path):
    html = page_of(executed(tmp_path / "01_a.ipynb"), alone=False)
    assert html.count('src="plotly.min.js"') == 1 and get_plotlyjs() not in html
    shared = tmp_path / "plotly.min.js"
    assert shared.read_text(encoding="utf-8") == get_plotlyjs()
    written = shared.stat().st_mtime_ns, shared.stat().st_ino
    page_of(executed(tmp_path / "02_b.ipynb"), alone=False)
    assert (shared.stat().st_mtime_ns, shared.stat().st_ino) == written, "once"
    shared.write_text("another version")
    page_of(executed(tmp_path / "02_b.ipynb"), alone=False)
    assert shared.read_text(encoding="utf-8") == get_plotlyjs()
    assert {f.suffix for f in tmp_path.iterdir()} == {".ipynb", ".html", ".js"}


def test_a_page_alone_needs_nothing_beside_it(tmp_path):
    html = page_of(executed(tmp_path / "00_tour.ipynb"))
    assert html.count(get_plotlyjs()) == 1 and 'src="plotly.min.js"' not in html
    assert not links(html) and not (tmp_path / "plotly.min.js").exists()
    page_of(executed(tmp_path / "01_a.ipynb", figures=0), alone=False)
    assert not (tmp_path / "plotly.min.js").exists(), "no figure, no plotly.js"


def test_contents(tmp_path):
    series = [executed(tmp_path / f"{n}.ipynb", title=n.upper()) for n in ("02_b", "01_a", "01b_c")]
    folder = tmp_path / "the pages"
    folder.mkdir()
    for name in ("01_a", "mine #1"):
        assert "contents" in links(
            page_of(executed(folder / f"{name}.ipynb", title=name), alone=False)
        )
    (folder / "figure.html").write_text("not of a notebook")
    (folder / "damaged.ipynb").write_text("{")
    (folder / "damaged.html").write_text("")
    contents = write_contents(series, folder)
    assert contents == folder / "index.html"
    html = contents.read_text(encoding="utf-8")
    assert links(html) == {
        "01_A": "01_a.html",
        "mine #1": "mine%20%231.html",
        "damaged": "damaged.html",
    }
    page = bs4.BeautifulSoup(html, "html.parser")
    assert [h.text for h in page.select("h3")] == ["01_A", "01B_C", "02_B", "damaged", "mine #1"]
    assert [h.name for h in page.select("h1, h2, h3")][:3] == ["h1", "h2", "h3"]
    assert page.html["lang"] == "en" and page.title.text and page.select("meta[name=viewport]")
    first, second, *_ = page.select("article")
    assert "Why is x in two?" in first.text and "Because" not in first.text
    assert "Time: an hour." in first.text and "So." not in first.text
    assert "Not executed" not in first.text
    assert second.code.text == f"mlxc-edu run 01b_c --output '{folder}'"
    assert "1 of the 3 notebooks" in page.text
    page_of(executed(folder / "01b_c.ipynb"), alone=False)
    assert "01B_C" in links(write_contents(series, folder).read_text(encoding="utf-8"))


def test_a_page_that_comes_while_contents_are_written_is_in_them(tmp_path, monkeypatch):
    series = [executed(tmp_path / "01_a.ipynb")]

    def write_late(file, text):
        (tmp_path / "01_a.html").touch()  # by another process
        file.write_text(text)

    monkeypatch.setattr(mx.figures._folder, "_write_whole", write_late)
    assert links(write_contents(series, tmp_path).read_text()) == {"A title": "01_a.html"}


def test_contents_of_somebody_else_are_left(tmp_path):
    (tmp_path / "index.html").write_text("my site")
    assert "contents" not in links(page_of(executed(tmp_path / "01_a.ipynb"), alone=False))
    assert write_contents([tmp_path / "01_a.ipynb"], tmp_path) is None
    assert (tmp_path / "index.html").read_text() == "my site"


def test_the_series_says_its_questions_and_times(tmp_path):
    html = write_contents(SERIES, tmp_path).read_text(encoding="utf-8")
    articles = bs4.BeautifulSoup(html, "html.parser").select("article")
    assert len(articles) == len(SERIES) and not links(html)
    for notebook, article in zip(SERIES, articles):
        number = re.match(r"\d+b?", notebook.stem)[0]
        assert article.h3.text.startswith(f"{number} · ")
        assert article.p.text.endswith("?") and "Time: " in article.text
        assert f"mlxc-edu run {notebook.stem} " in article.code.text
        assert not set("$*[") & set(article.text)


@pytest.fixture(scope="module")
def browser():
    with browsing.browser() as chromium:
        yield chromium


@pytest.mark.browser
def test_figures_are_drawn_from_a_folder_without_a_network(tmp_path, browser):
    page_of(executed(tmp_path / "01_a.ipynb"), alone=False)
    write_contents(SERIES, tmp_path)
    page = browsing.new_page(browser, offline=True)
    wrong = []
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "01_a.html").as_uri())
    page.wait_for_function("document.querySelectorAll('path.js-line').length == 2")
    page.click("text=contents")
    page.wait_for_selector("text=The series")
    assert not wrong


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contents_can_be_read(scheme, tmp_path, browser):
    notebook = SERIES[0].name
    (tmp_path / notebook).with_suffix(".html").write_text("")
    page = browsing.new_page(
        browser, color_scheme=scheme, viewport=dict(width=400, height=800), offline=True
    )
    page.goto(write_contents(SERIES, tmp_path).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400

    def colour(selector, of):
        rgb = page.eval_on_selector(selector, f"e => getComputedStyle(e).{of}")
        return "#" + "".join(f"{int(c):02x}" for c in re.findall(r"\d+", rgb))

    paper = colour("body", "backgroundColor")
    assert (paper < "#800000") == (scheme == "dark")
    for selector in ("body", "h3 a", ".quiet", "code"):
        assert contrast(colour(selector, "color"), paper) >= 4.5, selector
