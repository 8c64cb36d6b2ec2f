"""Which code computed a point: what it executes, wherever it stands and however it is written."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# The rooms whose code decides a point's numbers, and modules there that do not.
ROOMS = ("functionals", "weights", "molecules", "ks", "calculations", "scans")
NOT_COUNTED = {
    "calculations": {"_profile"},
    "scans": {
        *("_charge_transfer", "_cluster", "_code", "_equation_of_state"),
        *("_jobs", "_store", "_tables"),
    },
}


@cache
def code_version(rooms: tuple[str, ...] = ROOMS) -> str:
    """A hash of the code that decides a point's numbers: after a change nothing old is trusted.

    Comments, docstrings, line breaks, and the file that a definition stands in change nothing. What
    goes unseen: two modules that swap the values of one name.
    """
    package = Path(__file__).parents[1]
    files = [package / "units.py"]
    for room in rooms:
        unseen = NOT_COUNTED.get(room, set())
        files += [f for f in (package / room).rglob("*.py") if f.stem not in unseen]
    return fingerprint(file.read_text(encoding="utf-8") for file in files)


def fingerprint(sources) -> str:
    """Of the definitions and statements of modules, whichever module each stands in."""
    trees = [ast.parse(source) for source in sources]
    imported = {name for tree in trees for name in _imported(tree)}
    executed = [_written(part) for tree in trees for part in tree.body if not _says_only(part)]
    parts = [*sorted(imported), *sorted(executed)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _imported(tree: ast.Module) -> Iterator[str]:
    """What is imported of other packages. Of our own an import says where something stands, and
    what stands there is counted there: only another name for it counts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            own = isinstance(node, ast.ImportFrom) and node.level > 0
            for alias in node.names:
                if not own or alias.asname:
                    module = "" if own else getattr(node, "module", "")
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
    """A docstring, or an import, which is counted by itself."""
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Import | ast.ImportFrom)
