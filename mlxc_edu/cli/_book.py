"""``mlxc-edu book``: a static site of the notebooks, executed."""

from __future__ import annotations

from pathlib import Path

from ._files import path, writable
from ._notebooks import execute_into, notebooks_folder, series


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    book = commands.add_parser("book", help="write a site of all notebooks, executed")
    book.add_argument("folder", type=path, metavar="DIR")
    book.add_argument(
        "--executed",
        type=path,
        default=Path("mlxc-edu-runs"),
        metavar="DIR",
        help="where mlxc-edu run has put the notebooks (default: mlxc-edu-runs); those that are "
        "not there are executed into it first",
    )
    book.set_defaults(command=_book)


def _book(arguments) -> int:
    from importlib.util import find_spec

    if missing := [p for p in ("sphinx", "myst_nb", "sphinx_book_theme") if find_spec(p) is None]:
        raise ImportError(f'needs {", ".join(missing)}: pip install "mlxc-edu[notebooks,book]"')
    writable(arguments.folder)
    for notebook in series():
        if not (arguments.executed / notebook.name).is_file():
            print(f"executing {notebook.name}", flush=True)
            if not execute_into(notebook, [], arguments.executed, alone=False):
                return 1
    from ..book import write_book

    home = write_book(arguments.executed, notebooks_folder() / "exercises", arguments.folder)
    print(f"site: {home}")
    return 0
