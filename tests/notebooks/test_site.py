"""The site: built from the runs that test the notebooks, whole without a network."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import browsing
import bs4
import pytest

import mlxc_edu as mx
from mlxc_edu.book import public_names, write_book
from mlxc_edu.cli._notebooks import notebooks_folder, series


@pytest.fixture(scope="module")
def site(executed, tmp_path_factory):
    """The site's folder."""
    runs = {executed(notebook).parent for notebook in series()}
    folder = tmp_path_factory.mktemp("site")
    write_book(runs.pop(), notebooks_folder() / "exercises", folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {
        page.relative_to(site): bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in site.glob("**/*.html")
    }


@pytest.mark.browser
def test_site(site, pages, browser):
    """All of it in one test: what it is made of takes long to make, and once is enough."""
    assert_every_page_is_there(pages)
    assert_links_lead_somewhere(site, pages)
    assert sum(f.stat().st_size for f in site.glob("**/*") if f.is_file()) < 40e6
    assert_a_reader_can_use_it(site, browser)


def assert_every_page_is_there(pages):
    names = {str(page) for page in pages}
    assert {f"{p.stem}.html" for p in series()} <= names
    assert {f"exercises/{p.stem}.html" for p in series()} <= names
    assert {f"reference/{name}.html" for name in mx.__all__} <= names
    for name, inside in public_names().items():
        text = pages[Path(f"reference/{name}.html")].text
        assert all(member in text for member in inside), name
    for page, html in pages.items():
        said = html.text
        assert "BEGIN SOLUTION" not in said and "BEGIN HIDDEN" not in said
        if str(page) in {f"{p.stem}.html" for p in series()}:
            assert html.select(".js-plotly-plot, .plotly-graph-div"), "figures"
            words = html.select_one("article")
            for code in words.select("pre, code, script"):
                code.extract()
            assert html.select("math") and "$" not in words.text, page
            assert html.select(".prev-next-footer a"), "previous and next"


def assert_links_lead_somewhere(site, pages):
    """Inside: to a page and, if it names one, a place on it. Nothing is loaded from outside."""
    places = {page: {tag["id"] for tag in html.select("[id]")} for page, html in pages.items()}
    outside = set()
    for page, html in pages.items():
        for tag in html.select("script[src], link[rel=stylesheet], img[src]"):
            address = tag.get("src") or tag["href"]
            assert not address.startswith(("http:", "https:", "//")), f"{page} loads {address}"
        for link in html.select("a[href]"):
            to = urlsplit(link["href"])
            if to.scheme or to.netloc:
                outside.add(link["href"])
                continue
            target = (site / page).parent / unquote(to.path) if to.path else site / page
            assert target.exists(), f"{page} links to {link['href']}"
            name = target.resolve().relative_to(site.resolve())
            if to.fragment and name in places:
                assert unquote(to.fragment) in places[name] | {""}, f"{page}: {link['href']}"
    listed = (site / "external-links.txt").read_text().split()
    assert outside <= set(listed)


def assert_a_reader_can_use_it(site, browser):
    page = browsing.new_page(browser, offline=True, viewport={"width": 1300, "height": 900})
    wanted, errors = [], []
    page.on("requestfailed", lambda request: wanted.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto((site / "00_tour.html").as_uri())
    page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
    serious(page)

    # A phone: the page is not wider than the screen.
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("index", "06_dissociation", "apps", "reference/KS", "exercises/01_schrodinger"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 392, name
        serious(page)

    # By keyboard alone: the search, and what it finds.
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("Janak")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert "05_fractional_electrons" in page.inner_html("#search-results")
    assert not [url for url in wanted if not url.startswith("file:")], "no network"
    # What is found is found; excerpts of it come from a server only.
    assert set(errors) <= {"Failed to fetch"}


def serious(page):
    """axe-core's rules, of which those that keep a reader out must hold."""
    page.evaluate(axe())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [
        (v["id"], v["help"], [n["html"][:200] for n in v["nodes"][:3]])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not bad, f"{page.url}: {bad}"


def axe():
    import axe_playwright_python

    (script,) = Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")
    return script.read_text(encoding="utf-8")


def test_every_public_name_has_its_words():
    from mlxc_edu.book._reference import pages

    assert set(pages()) == set(mx.__all__)


def test_a_name_without_words_is_refused(monkeypatch):
    from mlxc_edu.book import _reference

    monkeypatch.setattr(mx.one_d, "exact", lambda: None)
    with pytest.raises(ValueError, match=re.escape("mlxc_edu.one_d.exact has no docstring")):
        _reference.pages()


def test_sections_become_lists():
    from mlxc_edu.book._reference import arranged

    made = arranged(["Text.", "", "Parameters", "----------", "a : one,", "    two", "", "More: x"])
    assert made[2:] == ["", ".. rubric:: Parameters", "", "**a**", "    one,", "    two", "",
                        "More: x"]  # fmt: skip
