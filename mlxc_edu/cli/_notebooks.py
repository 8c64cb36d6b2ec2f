"""``mlxc-edu tour``, ``lab`` and ``run``: the notebooks, executed or opened."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ._files import path, writable
from ._lists import RULE, split

PACKAGE = Path(__file__).resolve().parents[1]


def add_to(commands) -> None:
    """Add the commands to the parsers of ``mlxc-edu``."""
    tour = commands.add_parser("tour", help="run the ten-minute tour and open it as a page")
    tour.add_argument("--output", type=path, default=Path("mlxc-edu-tour"), metavar="DIR")
    tour.add_argument("--no-open", action="store_true", help="do not open the page in a browser")
    tour.set_defaults(command=_tour)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.add_argument(
        "--folder",
        type=path,
        metavar="DIR",
        help="work on copies in this folder (default: a checkout's own notebooks, else "
        "mlxc-edu-notebooks); files already there are left as they are",
    )
    lab.add_argument("--no-open", action="store_true", help="do not open a browser")
    lab.add_argument("options", nargs="*", help="after --, options for JupyterLab itself")
    lab.set_defaults(command=_lab)

    run = commands.add_parser("run", help="execute one notebook with your parameters")
    run.add_argument(
        "notebook", metavar="NOTEBOOK", help="a name such as 06_dissociation, or a path"
    )
    run.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="instead of what the cell tagged parameters says, of the same type; may be repeated. "
        f"Lists are {RULE}; files are looked for here first, then beside the notebook",
    )
    run.add_argument(
        "--each",
        nargs=2,
        metavar=("NAME", "VALUES"),
        help=f"execute once with each of several values of one parameter, and write a page that "
        f"compares what came out; values are {RULE}",
    )
    run.add_argument("--output", type=path, default=Path("mlxc-edu-runs"), metavar="DIR")
    run.set_defaults(command=_run)


def _tour(arguments) -> int:
    page = execute_into(notebooks_folder() / "00_tour.ipynb", [], arguments.output, alone=True)
    if page and not arguments.no_open:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    return 0 if page else 1


def _run(arguments) -> int:
    notebook = _find_notebook(arguments.notebook)
    if arguments.each:
        failed = _run_each(notebook, arguments)
    else:
        failed = not execute_into(notebook, arguments.parameters, arguments.output, alone=False)
    if failed:
        return 1
    from ..figures import write_contents

    contents = write_contents(series(), arguments.output)
    there = arguments.output / "index.html"
    print(f"contents: {contents or f'{there} is not ours and was left as it is'}")
    return 0


def _run_each(notebook: Path, arguments) -> bool:
    """Once with each value, and the page that compares them; whether any of them failed."""
    from ..figures import write_comparison

    name, values = arguments.each[0], split(arguments.each[1])
    if name in dict(arguments.parameters):
        raise ValueError(f"{name} is given twice, by -p and by --each")
    if len(values) < 2 or not all(values):
        raise ValueError(f"--each {name} needs two values or more, {RULE}")
    done = {}
    for value in values:
        called = re.sub(r"[^\w.+-]+", "_", f"{notebook.stem}-{value}")
        given = [*arguments.parameters, (name, value)]
        page = execute_into(notebook, given, arguments.output, alone=False, called=called)
        if page:
            done[f"{name} = {value}"] = page.with_suffix(".ipynb")
    if done:
        page = write_comparison(done, arguments.output / f"{notebook.stem}-each-{name}.html")
        print(f"compared: {page}")
    return len(done) < len(values)


def _lab(arguments) -> int:
    import shutil
    import subprocess

    need("jupyterlab")
    source = notebooks_folder()
    in_checkout = source == _checkout_notebooks()
    folder = arguments.folder or (source if in_checkout else Path("mlxc-edu-notebooks"))
    if folder != source:
        writable(folder)
        writable(folder / "exercises")
        for notebook in [*source.glob("*.ipynb"), *source.glob("exercises/*.ipynb")]:
            copy = folder / notebook.relative_to(source)
            if not copy.exists():
                shutil.copy(notebook, copy)
    command = [sys.executable, "-m", "jupyterlab", str(folder), *arguments.options]
    return subprocess.run(command + ["--no-browser"] * arguments.no_open).returncode


def notebooks_folder() -> Path:
    """Where the notebooks are: beside the package in a checkout, inside it in a wheel."""
    for folder in (_checkout_notebooks(), PACKAGE / "notebooks"):
        if (folder / "00_tour.ipynb").is_file():
            return folder
    raise ValueError("the notebooks are missing from this installation; install mlxc-edu again")


def _checkout_notebooks() -> Path:
    return PACKAGE.parent / "notebooks"


def series() -> list[Path]:
    return sorted(notebooks_folder().glob("[0-9]*.ipynb"))


def _find_notebook(name: str) -> Path:
    from difflib import get_close_matches

    known = {p.stem: p for p in sorted(notebooks_folder().glob("*.ipynb"))}
    if path(name).is_file():
        return path(name)
    if name.removesuffix(".ipynb") in known:
        return known[name.removesuffix(".ipynb")]
    near = get_close_matches(name, known, n=3, cutoff=0.3) or list(known)
    raise ValueError(f"no notebook {name!r}; there is {', '.join(near)}")


def execute_into(
    notebook: Path,
    given: list[tuple[str, str]],
    folder: Path,
    alone: bool,
    called: str | None = None,
) -> Path | None:
    """Execute a notebook into a folder, ``called`` as it is there, and write it as a page there,
    too: its path, or None where the notebook failed, which has been said then."""
    import os
    import time
    from unittest.mock import patch

    need("papermill", "nbconvert", "plotly", "latex2mathml", "ipykernel")
    writable(folder)

    from ..figures import write_page
    from ._execute import execute, parameters

    called = called or notebook.stem
    executed, page = folder / f"{called}.ipynb", folder / f"{called}.html"
    if executed.resolve() == notebook.resolve():
        raise ValueError(f"--output {folder} would overwrite {notebook}; choose another folder")
    chosen = parameters(notebook, given)
    began = time.perf_counter()
    # Figures as data: the page then has plotly.js once, and the notebook not at all. Explorers
    # leave pictures (see explore.live).
    with patch.dict(os.environ, PLOTLY_RENDERER="plotly_mimetype", MLXC_EDU_STILLS="1"):
        done = execute(notebook, chosen, executed)
    if not done:
        return None
    write_page(executed, page, alone=alone)
    print(f"done in {time.perf_counter() - began:.0f} s\nnotebook: {executed}\npage:     {page}")
    return page


def need(*packages: str) -> None:
    """Raises ImportError, with the command, where one is missing."""
    from importlib.util import find_spec

    if missing := [p for p in packages if find_spec(p) is None]:
        raise ImportError(f'needs {", ".join(missing)}: pip install "mlxc-edu[notebooks]"')
