"""The tour in JupyterLab, as a reader runs it."""

import browsing
import nbformat
import pytest

from mlxc_edu.cli._notebooks import notebooks_folder


@pytest.mark.full
@pytest.mark.browser
def test_tour_runs_in_jupyterlab(browser, tmp_path):
    notebook = nbformat.read(notebooks_folder() / "00_tour.ipynb", as_version=4)
    cells = sum(c.cell_type == "code" for c in notebook.cells)
    with browsing.served_notebook(notebook, tmp_path) as address:
        page = browsing.new_page(browser, viewport={"width": 1500, "height": 1000})
        errors = browsing.errors_of(page)
        page.goto(address)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status='idle']")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        last = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").last
        while last.inner_text().strip() != f"[{cells}]:":  # every cell, in order, has been run
            page.wait_for_timeout(1000)
            assert not page.locator("[data-mime-type*=error]").count(), "a cell failed"
        page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
        browsing.kept(page, "tour-in-jupyterlab")
        assert not errors
