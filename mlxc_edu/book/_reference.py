"""A page for every public name, made from its docstring."""

from __future__ import annotations

import inspect
from types import ModuleType

import mlxc_edu

_SECTIONS = {"Parameters", "Returns", "Raises", "Attributes", "Notes", "Examples"}


def public_names() -> dict[str, list[str]]:
    """Every public name, and for a module what is public in it."""
    names: dict[str, list[str]] = {}
    for name in mlxc_edu.__all__:
        value = getattr(mlxc_edu, name)
        names[name] = _inside(value) if isinstance(value, ModuleType) else []
    return names


def pages() -> dict[str, str]:
    """Of each page its name and its reStructuredText; raises ValueError where a public name says
    nothing of itself."""
    written = {}
    for name, inside in public_names().items():
        value = getattr(mlxc_edu, name)
        if isinstance(value, ModuleType):
            body = f".. automodule:: mlxc_edu.{name}\n\n"
            body += "\n\n".join(_entry(f"mlxc_edu.{name}", value, member) for member in inside)
        else:
            body = _entry("mlxc_edu", mlxc_edu, name)
        title = f"mx.{name}"
        written[name] = f"{title}\n{'=' * len(title)}\n\n{body}\n"
    return written


def _inside(module: ModuleType) -> list[str]:
    ours = getattr(module, "__all__", None)
    if ours is None:
        ours = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and (name.isupper() or _is_of(module, value))
        ]
    return sorted(ours)


def _is_of(module: ModuleType, value) -> bool:
    return getattr(value, "__module__", "").startswith(module.__name__)


def _entry(home: str, module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if not callable(value):
        shown = repr(value) if isinstance(value, int | float | str) else type(value).__name__
        return f".. py:data:: {home}.{name}\n\n   {shown}"
    if not (value.__doc__ or "").strip():
        raise ValueError(f"{home}.{name} has no docstring")
    if not inspect.isclass(value):
        return f".. autofunction:: {home}.{name}"
    return f".. autoclass:: {home}.{name}\n   :members:\n   :undoc-members:"


def arranged(lines: list[str]) -> list[str]:
    """A docstring's sections, ``name : text`` under ``Parameters``, as definition lists; a bar is
    that of an absolute value."""
    lines = ["``".join(_bars(line.split("``"))) for line in lines]
    made: list[str] = []
    section = False
    for i, line in enumerate(lines):
        below = lines[i + 1] if i + 1 < len(lines) else ""
        if line in _SECTIONS and set(below) == {"-"}:
            section = True
            made += ["", f".. rubric:: {line}", ""]
        elif section and set(line) == {"-"}:
            continue
        elif section and " : " in line and not line.startswith(" "):
            name, _, text = line.partition(" : ")
            made += [f"**{name}**", f"    {text}"]
        else:
            made.append(line)
    return made


def _bars(pieces: list[str]) -> list[str]:
    """Every other piece is code."""
    return [piece.replace("|", r"\|") if i % 2 == 0 else piece for i, piece in enumerate(pieces)]
