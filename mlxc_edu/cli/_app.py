"""``mlxc-edu app``: an explorer by itself in a browser, or all of them, served by Voilà."""

from __future__ import annotations

import sys
from pathlib import Path

from ._files import path, writable
from ._notebooks import need

GALLERY = "gallery"


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    app = commands.add_parser("app", help="open an explorer in a browser, without any code")
    app.add_argument(
        "name", nargs="?", metavar="NAME", help="of an explorer; without one, all of them to choose"
    )
    app.add_argument("--no-open", action="store_true", help="do not open a browser")
    app.add_argument("--port", type=int, help="default: one that is free")
    app.add_argument(
        "--write",
        type=path,
        metavar="DIR",
        help="only write the apps there, as notebooks for a hub's own Voilà",
    )
    app.add_argument("options", nargs="*", help="after --, options for Voilà itself")
    app.set_defaults(command=_app)


def _app(arguments) -> int:
    import subprocess
    import tempfile
    import threading
    import webbrowser
    from difflib import get_close_matches

    from ..explore import GUIDES

    name = arguments.name
    if name is not None and name not in GUIDES:
        near = get_close_matches(name, GUIDES, n=3, cutoff=0.4) or list(GUIDES)
        raise ValueError(f"no app {name!r}; there is {', '.join(near)}")
    if arguments.write is not None:
        writable(arguments.write)
        write_apps(arguments.write)
        print(f"apps: {arguments.write / GALLERY}.ipynb leads to all")
        return 0
    need("voila", "nbformat", "ipykernel", "plotly", "ipywidgets")
    port = arguments.port or _free_port()
    with tempfile.TemporaryDirectory(prefix="mlxc-edu-app-") as folder:
        write_apps(Path(folder))
        address = f"http://localhost:{port}/voila/render/{name or GALLERY}.ipynb"
        print(f"serving at {address}\nCtrl-C stops it", flush=True)
        command = [sys.executable, "-m", "voila", folder, f"--port={port}", "--no-browser"]
        command += arguments.options
        served = subprocess.Popen(command)
        if not arguments.no_open:
            opener = threading.Timer(3, webbrowser.open, [address])
            opener.daemon = True
            opener.start()
        try:
            return served.wait()
        finally:
            served.terminate()


def write_apps(folder: Path) -> None:
    """A notebook for each explorer, and one that leads to all."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    from ..explore import GUIDES

    def write(name, title, *cells):
        notebook = new_notebook(cells=cells)
        notebook.metadata |= {
            "title": title,
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        }
        nbformat.write(notebook, folder / f"{name}.ipynb")

    for name, guide in GUIDES.items():
        code = f"import mlxc_edu as mx\n\nexplorer = mx.explore.{name.replace('-', '_')}()"
        code += "\nexplorer.folded.selected_index = 0\nexplorer"
        heading, back = f"# {guide.title}", f"[All apps]({GALLERY}.ipynb)"
        cells = new_markdown_cell(heading), new_code_cell(code), new_markdown_cell(back)
        write(name, guide.title, *cells)
    listed = "\n".join(
        f"- **[{guide.title}]({name}.ipynb).** {guide.about.split('. ')[0]}."
        for name, guide in GUIDES.items()
    )
    text = f"# From Schrödinger to a learned density functional\n\nThings to play with:\n\n{listed}"
    write(GALLERY, "Apps", new_markdown_cell(text))


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]
