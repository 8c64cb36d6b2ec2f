"""Which code computed a point: what it executes, wherever it stands and however it is written."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# The rooms whose code decides a point's numbers.
ROOMS = ("functionals", "weights", "molecules", "ks", "calculations", "scans")


@cache
def code_version() -> str:
    """A hash of the code that decides a point's numbers: after a change nothing old is trusted.

    Comments, docstrings, line breaks, and the file that a definition stands in change nothing.
    """
    package = Path(__file__).parents[1]
    files = [file for room in ROOMS for file in (package / room).rglob("*.py")]
    return fingerprint(file.read_text(encoding="utf-8") for file in files)


def fingerprint(sources) -> str:
    """Of the definitions and statements of modules, whichever module each stands in."""
    parts = sorted({part for source in sources for part in _executed(source)})
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _executed(source: str) -> Iterator[str]:
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from _foreign(statement)
        else:
            yield _written(statement)


def _foreign(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """What is imported of other packages. Of our own an import says where something stands, and
    what stands there is counted there."""
    if isinstance(statement, ast.ImportFrom) and statement.level:
        return
    module = getattr(statement, "module", "")
    for alias in statement.names:
        yield f"{module} {alias.name} {alias.asname}"


def _written(node) -> str:
    """A syntax tree as text, the same for every version of Python."""
    if isinstance(node, list):
        return "[" + ",".join(_written(n) for n in node if not _says_only(n)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return f"{type(node).__name__}({','.join(f'{k}={_written(v)}' for k, v in fields)})"


def _says_only(node) -> bool:
    """A docstring, or an import inside a function."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Import | ast.ImportFrom)
