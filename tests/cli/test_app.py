"""``mlxc-edu app``: explorers served by Voilà."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

import nbformat
import pytest
from browsing import browser, errors_of, kept, new_page
from waiting import PATIENCE

from mlxc_edu.cli import main
from mlxc_edu.cli._app import GALLERY, write_apps
from mlxc_edu.explore import GUIDES


def test_an_app_that_is_none_is_named(capsys):
    assert main(["app", "dissociatoin"]) == 2
    assert "no app 'dissociatoin'; there is dissociation" in capsys.readouterr().err


def test_every_app_is_in_the_gallery(tmp_path):
    write_apps(tmp_path)
    gallery = nbformat.read(tmp_path / f"{GALLERY}.ipynb", 4).cells[0].source
    for name, guide in GUIDES.items():
        assert f"[{guide.title}]({name}.ipynb)" in gallery
        code = nbformat.read(tmp_path / f"{name}.ipynb", 4).cells[1].source
        assert f"mx.explore.{name.replace('-', '_')}()" in code


# What an explorer says and draws; not the number beside its slider.
SEEN = """() => [...document.querySelectorAll(".widget-html")].map(said => said.innerText).join()
  + [...document.querySelectorAll(".js-plotly-plot")].map(figure => figure.innerHTML).join()"""


def slide(page):
    """By keyboard."""
    page.locator(".noUi-handle:visible").first.focus()
    page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.press("ArrowRight")


def click(name):
    return lambda page: page.get_by_role("button", name=name).first.click()


MOVES = dict.fromkeys(GUIDES, slide) | {
    "bonding": lambda page: page.locator(".widget-toggle-button:visible").nth(1).click(),
    "scf": click("step"),
    "ladder": click("Cancel"),
}


@contextmanager
def gallery():
    """The address of ``mlxc-edu app``, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlxc_edu", "app", "--no-open", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app:
        try:
            address = app.stdout.readline().split()[-1]
            for _ in range(int(PATIENCE)):
                try:
                    urlopen(address, timeout=PATIENCE).close()
                    break
                except OSError:
                    time.sleep(1)
            yield address
        finally:
            app.terminate()


@pytest.mark.full
@pytest.mark.browser
def test_every_app_moves():
    """From the gallery: each shows a figure and its guide, a control by keyboard changes what is
    said or drawn, and the figure can be saved."""
    with gallery() as address, browser() as chromium:
        for name, guide in GUIDES.items():
            page = new_page(chromium, viewport={"width": 1500, "height": 1300})
            errors = errors_of(page)
            page.goto(address)
            page.get_by_role("link", name=guide.title).click()
            page.wait_for_selector(".js-plotly-plot .main-svg")
            assert page.get_by_text(guide.tries[0]).is_visible()
            before = seen(page)
            MOVES[name](page)
            page.wait_for_function(f"before => ({SEEN})() !== before", arg=before)
            page.get_by_text("Save what is shown").click()
            with page.expect_download() as download:
                page.get_by_role("button", name="figure").first.click()
                page.locator("a[download]").click()
            assert "plotly" in download.value.path().read_text(encoding="utf-8").lower()
            kept(page, f"app-{name}")
            assert not errors, name
            page.context.close()


def seen(page) -> str:
    """What a reader can see to change."""
    return page.evaluate(SEEN)


@pytest.mark.full
@pytest.mark.browser
def test_a_table_of_the_line_can_be_taken_home():
    with gallery() as address, browser() as chromium:
        page = new_page(chromium, viewport={"width": 1500, "height": 1300})
        page.goto(address)
        page.get_by_role("link", name=GUIDES["line"].title).click()
        page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
        page.get_by_text("Save what is shown").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="table (CSV)").click()
            page.get_by_role("link", name="line.csv").click()
        assert download.value.path().read_text().startswith("x (Bohr),exact")


def test_apps_for_a_hub(tmp_path, capsys):
    assert main(["app", "--write", str(tmp_path / "apps")]) == 0
    assert f"{GALLERY}.ipynb" in capsys.readouterr().out
    assert {p.stem for p in (tmp_path / "apps").iterdir()} == {GALLERY, *GUIDES}
