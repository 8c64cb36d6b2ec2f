"""``mlxc-edu app``: explorers served by Voilà."""

import socket
import subprocess
import sys
from urllib.request import urlopen

import nbformat
import pytest
from browsing import browser, new_page
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


@pytest.mark.full
@pytest.mark.browser
def test_gallery_and_an_app():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlxc_edu", "app", "--no-open", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app:
        try:
            address = app.stdout.readline().split()[-1]
            with browser() as chromium:
                page, errors = new_page(chromium, viewport={"width": 1500, "height": 1300}), []
                page.on("pageerror", lambda error: errors.append(str(error)))
                for _ in range(int(PATIENCE)):
                    try:
                        urlopen(address, timeout=PATIENCE).close()
                        break
                    except OSError:
                        page.wait_for_timeout(1000)
                page.goto(address)
                page.get_by_role("link", name=GUIDES["line"].title).click()
                page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
                assert page.get_by_text(GUIDES["line"].tries[0]).is_visible()
                page.get_by_text("Save what is shown").click()
                with page.expect_download() as download:
                    page.get_by_role("button", name="table (CSV)").click()
                    page.get_by_role("link", name="line.csv").click()
                assert download.value.path().read_text().startswith("x (Bohr),exact")
                assert not errors
        finally:
            app.terminate()
            app.wait(timeout=PATIENCE)
