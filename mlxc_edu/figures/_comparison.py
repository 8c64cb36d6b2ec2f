"""Executed copies of one notebook, side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ._page import write_page

_SHOWN = ("display_data", "execute_result")


def write_comparison(executed: Mapping[str, Path], page: Path) -> Path:
    """Write a page with every figure and table of executed copies of one notebook, one copy's below
    the other's under the notebook's own headings; returns its path.

    ``executed`` is the copies by what tells them apart. Raises OSError where ``page`` cannot be
    written."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    copies = {label: nbformat.read(path, as_version=4).cells for label, path in executed.items()}
    compared = []
    for cells in zip(*copies.values()):
        first = cells[0]
        if first.cell_type == "markdown":
            headings = [line for line in first.source.splitlines() if line.startswith("#")]
            compared += [new_markdown_cell(line) for line in headings]
            continue
        for label, cell in zip(copies, cells):
            shown = [o for o in cell.get("outputs", []) if o.output_type in _SHOWN]
            if shown:
                compared.append(new_markdown_cell(f"**{label}**"))
                compared.append(new_code_cell(outputs=shown))
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "compared.ipynb"
        nbformat.write(new_notebook(cells=compared), notebook)
        write_page(notebook, page, alone=False)
    return page
