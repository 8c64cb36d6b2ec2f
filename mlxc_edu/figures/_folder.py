"""What the pages in a folder share: plotly.js, and their contents."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from ._formulas import STYLE, with_formulas

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_QUESTION = re.compile(r"\*\*The question\.\*\*\s+(.+?\?)", re.DOTALL)
_TIME = re.compile(r"\*\*Time:\*\*\s+(.+?)\.(?=\s|$)")
_OURS = '<meta name="generator" content="mlxc-edu">'
_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{ours}
<title>mlxc-edu: contents</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c1c1c; --paper: #ffffff; --quiet: #595959;
  --link: #0b57d0; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e6e6; --paper: #161616;
  --quiet: #a8a8a8; --link: #8ab4f8; }} }}
body {{ margin: 0 auto; max-width: 42rem; padding: 1rem; line-height: 1.5;
  font-family: system-ui, sans-serif; color: var(--ink); background: var(--paper); }}
h1 {{ line-height: 1.2; }}
h3 {{ margin: 2rem 0 0; font-size: 1.1rem; }}
p {{ margin: 0.25rem 0; }}
a {{ color: var(--link); }}
.quiet {{ color: var(--quiet); font-size: 0.9rem; }}
code {{ overflow-wrap: anywhere; }}
{style}
</style>
</head>
<body>
<main>
<h1>From the Schrödinger equation to a learned density functional</h1>
<p>{said}</p>
{sections}
</main>
</body>
</html>
"""


class About(NamedTuple):
    """What a notebook says of itself; empty where it says nothing."""

    title: str
    question: str
    time: str


def write_contents(series: Iterable[Path], folder: Path) -> Path | None:
    """Write a folder's ``index.html``: the notebooks ``series`` in order, each linked where its
    page lies there, else with the command that makes it; then others executed there.

    Its path; None, and nothing written, where an ``index.html`` lies that is not ours. Raises
    OSError where it cannot be written."""
    contents = contents_of(folder)
    if contents is None:
        return None
    notebooks, written = sorted(series), ""
    while (html := _contents(notebooks, folder)) != written:  # another process may add a page
        _write_whole(contents, html)
        written = html
    return contents


def contents_of(folder: Path) -> Path | None:
    """Where the contents of a folder are or may be written; None where somebody else's are."""
    index = folder / "index.html"
    ours = not index.exists() or _OURS in index.read_text(encoding="utf-8", errors="replace")
    return index if ours else None


def share_plotly_js(folder: Path) -> None:
    """Write the installed plotly's ``plotly.min.js`` unless it is there. Raises OSError."""
    from plotly.offline import get_plotlyjs

    shared, installed = folder / "plotly.min.js", get_plotlyjs()
    if not shared.is_file() or shared.read_text(encoding="utf-8", errors="replace") != installed:
        _write_whole(shared, installed)


def title(markdown: str) -> str:
    """Its first heading; empty without one."""
    lines = markdown.splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), "")


def _contents(notebooks: list[Path], folder: Path) -> str:
    names = {n.stem for n in notebooks}
    others = [n for n in sorted(folder.glob("*.ipynb")) if n.stem not in names]
    others = [n for n in others if _page(n, folder).is_file()]
    done = sum(_page(n, folder).is_file() for n in notebooks)
    sections = _section("The series", notebooks, folder)
    if others:
        sections += _section("Others", others, folder)
    said = f"{done} of the {len(notebooks)} notebooks of the series have been executed here."
    return _TEMPLATE.format(ours=_OURS, style=STYLE, said=said, sections=sections)


def _page(notebook: Path, folder: Path) -> Path:
    return folder / f"{notebook.stem}.html"


def _section(heading: str, notebooks: list[Path], folder: Path) -> str:
    return f"<h2>{heading}</h2>\n" + "\n".join(_entry(n, folder) for n in notebooks)


def _entry(notebook: Path, folder: Path) -> str:
    head = _head(notebook)
    page = _page(notebook, folder)
    name = head.title or escape(notebook.stem)
    if page.is_file():
        link = f'<a href="{quote(page.name)}">{name}</a>'
        last = ""
    else:
        link = name
        command = f"mlxc-edu run {notebook.stem} --output {shlex.quote(str(folder))}"
        last = f'<p class="quiet">Not executed yet: <code>{escape(command)}</code></p>'
    question = head.question and f"<p>{head.question}</p>"
    time = head.time and f'<p class="quiet">Time: {head.time}.</p>'
    return f"<article>\n<h3>{link}</h3>\n{question}\n{time}\n{last}\n</article>"


def about(notebook: Path) -> About:
    """Title, question and time that a notebook's text announces, in Markdown."""
    import nbformat

    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except Exception:  # anything may lie in the folder, and may be half written
        return About("", "", "")
    words = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    question, time = _QUESTION.search(words), _TIME.search(words)
    return About(title(words), *(found[1] if found else "" for found in (question, time)))


def _head(notebook: Path) -> About:
    """The same as HTML."""
    said = about(notebook)
    name = with_formulas(escape(said.title, quote=False))
    return About(name, *(_inline(text) if text else "" for text in said[1:]))


def _inline(markdown: str) -> str:
    """One paragraph as HTML, without links: they lead to notebooks, not to pages."""
    from nbconvert.filters import markdown2html

    html = markdown2html(with_formulas(_LINK.sub(r"\1", markdown))).strip()
    return html.removeprefix("<p>").removesuffix("</p>")


def _write_whole(file: Path, text: str) -> None:
    """Other processes may write the same file, or a browser be reading it: never half of it."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
