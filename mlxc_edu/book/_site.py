"""The site, made by Sphinx with myst-nb and sphinx-book-theme.

They come from PyPI as a whole, have a search that needs no server, and read docstrings. (MyST's own
builder fetches its theme from the network; nbconvert has neither search nor reference.)
"""

from __future__ import annotations

import re
import shutil
import tempfile
from html import unescape
from pathlib import Path

import nbformat

from ..figures import draw_outputs
from ._words import REPOSITORY, write_words

PLOTLY = "_static/plotly.min.js"
_DRAWS = re.compile(r"^(fig\w* = )?mx\.(show|figure|plot)\(", re.MULTILINE)
_OUTSIDE = re.compile(r"<a[^>]*\shref=\"((?:https?:|mailto:)[^\"]*)\"")
_BADGE = re.compile(r"\[!\[[^\]]*\]\([^)]*\)\]\([^)]*\)\n*")


def write_book(executed: Path, exercises: Path, folder: Path) -> Path:
    """Write a static site; returns its first page.

    ``executed`` is a folder of executed notebooks (``mlxc-edu run``), ``exercises`` one with
    student versions. Nothing of the site asks for the network. Raises ValueError where Sphinx finds
    fault, OSError where ``folder`` cannot be written."""
    from plotly.offline import get_plotlyjs

    with tempfile.TemporaryDirectory(prefix="mlxc-edu-book-") as kept:
        sources = Path(kept) / "source"
        static = sources / "_static"
        static.mkdir(parents=True)
        (static / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
        shutil.copy(Path(__file__).with_name("book.css"), static)
        series = sorted(executed.glob("[0-9]*.ipynb"))
        if not series:
            raise ValueError(f"no executed notebooks in {executed}; mlxc-edu run NN writes one")
        for notebook in series:
            _write_executed(notebook, sources)
        (sources / "exercises").mkdir()
        asked = sorted(exercises.glob("[0-9]*.ipynb"))
        for notebook in asked:
            shutil.copy(notebook, sources / "exercises")
        write_words(sources, series, asked)
        _build(sources, folder, Path(kept) / "trees")
    links = {link for page in folder.glob("**/*.html") for link in _OUTSIDE.findall(_text(page))}
    (folder / "external-links.txt").write_text("\n".join(sorted(links)) + "\n", encoding="utf-8")
    return folder / "index.html"


def _text(page: Path) -> str:
    return unescape(page.read_text(encoding="utf-8"))


def _write_executed(notebook: Path, sources: Path) -> None:
    """An executed notebook as Sphinx is to see it."""
    nb = nbformat.read(notebook, as_version=4)
    draw_outputs(nb, PLOTLY)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = _BADGE.sub("", cell.source)
        elif _DRAWS.search(cell.source):  # its figure says more
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
        for output in cell.get("outputs", []):  # a wide table is moved by keyboard, too
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = data["text/html"].replace("<table", '<table tabindex="0"')
    nbformat.write(nb, sources / notebook.name)


def _build(sources: Path, folder: Path, trees: Path) -> None:
    import io

    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.console import nocolor
    from sphinx.util.docutils import docutils_namespace

    warned = io.StringIO()
    nocolor()
    try:
        with docutils_namespace():
            app = Sphinx(
                sources,
                None,
                folder,
                trees,
                "html",
                confoverrides=_settings(),
                status=None,
                warning=warned,
                freshenv=True,
            )
            app.build(force_all=True)
    except SphinxError as error:
        raise ValueError(f"Sphinx: {error}") from error
    if faults := warned.getvalue().strip():
        raise ValueError(f"Sphinx finds fault:\n{faults}")


def _settings() -> dict:
    return {
        "project": "mlxc-edu",
        "author": "The mlxc-edu authors",
        "language": "en",
        "extensions": ["myst_nb", "sphinx.ext.autodoc", "mlxc_edu.book._extension"],
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 3,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "autodoc_typehints": "none",
        "html_math_renderer": "mathml",
        "html_theme": "sphinx_book_theme",
        "html_title": "mlxc-edu",
        "html_static_path": ["_static"],
        "html_css_files": ["book.css"],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_theme_options": {
            "repository_url": REPOSITORY,
            "path_to_docs": "notebooks",
            "use_repository_button": True,
            "use_download_button": False,
            "collapse_navbar": True,
            "launch_buttons": {
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
                "notebook_interface": "jupyterlab",
            },
        },
    }
