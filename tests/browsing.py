"""A browser, and the programs that serve a notebook to it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from waiting import PATIENCE

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("MLXC_EDU_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def browser():
    """Chromium. Without it the test is left out, in CI it fails."""
    if chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium")
        pytest.skip("no Chromium: install it, or name it in MLXC_EDU_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS, timeout=PATIENCE * 1e3
        )
        try:
            yield launched
        except Exception:  # what a page said then tells more than what was waited for
            for page in (page for context in launched.contexts for page in context.pages):
                print(page.inner_text("body", timeout=30e3))
            raise
        launched.close()


def new_page(browser, **options):
    """A page that waits as patiently as all tests do."""
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE * 1e3)
    return page


def errors_of(page) -> list[str]:
    """What goes wrong on a page from now on."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


def kept(page, name):
    """A picture to be looked at, in screenshots/."""
    folder = Path(__file__).parents[1] / "screenshots"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


@contextmanager
def served(code, folder, app="jupyterlab"):
    """JupyterLab or Voilà on a notebook with one cell of code; its address."""
    kernel = dict(display_name="Python 3", language="python", name="python3")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code)], metadata=dict(kernelspec=kernel)
    )
    with served_notebook(notebook, folder, app) as address:
        yield address


@contextmanager
def served_notebook(notebook, folder, app="jupyterlab"):
    """The same with any notebook."""
    nbformat.write(notebook, folder / "explorer.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options, address = ["--no-browser", f"--port={port}"], f"http://127.0.0.1:{port}"
    if app == "voila":
        options += ["explorer.ipynb"]
    else:
        options += ["--allow-root", "--IdentityProvider.token=t", f"--ServerApp.root_dir={folder}"]
        address += "/lab/tree/explorer.ipynb?token=t&reset"
    command = [sys.executable, "-m", app, *options]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        while not _listens(port):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _listens(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def run_first_cell(page, address):
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status='idle']")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
