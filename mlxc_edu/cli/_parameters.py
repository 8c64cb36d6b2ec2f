"""``-p NAME VALUE``: what a value means is said by the default that it replaces."""

from __future__ import annotations

import ast
import json
import os
from typing import Any

from ._lists import split

WORDS = {"true": True, "yes": True, "on": True, "1": True}
WORDS |= {"false": False, "no": False, "off": False, "0": False}


def values(notebook: str, source: str | None, given) -> dict[str, Any]:
    """The parameters that a notebook is run with.

    Parameters
    ----------
    notebook : its name, for messages.
    source : of its parameters cell, plain Python; None where it has none.
    given : pairs of a name and the text that was typed.

    Raises
    ------
    ValueError : there is no such parameter, or it cannot be what the text says.
    """
    if not given:
        return {}
    if source is None:
        raise ValueError(f"{notebook} has no cell tagged 'parameters', so there is nothing to set")
    try:
        known = defaults(source)
    except SyntaxError as error:
        raise ValueError(f"the parameters cell of {notebook} is not Python: {error}") from None
    found = {}
    for name, text in given:
        if name not in known:
            raise ValueError(f"{notebook} has no parameter {name!r}; it has {', '.join(known)}")
        found[name] = _from_here(value(name, known[name], text))
    return found


def defaults(source: str) -> dict[str, Any]:
    """The names that a cell assigns to, with what it assigns; None where that is no plain value."""
    found: dict[str, Any] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign):
            targets: list[ast.expr] = [statement.target]
        elif isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            continue
        for target in targets:
            found |= dict.fromkeys(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            if isinstance(target, ast.Name) and statement.value:
                found[target.id] = _literal(ast.unparse(statement.value), None)
    return found


def value(name: str, default: Any, text: str) -> Any:
    """What a text means as a value of the default's type. ``None`` is None, but for a switch."""
    literal = _literal(text, text)
    number = isinstance(literal, int | float) and not isinstance(literal, bool)
    if isinstance(default, bool):
        if text.strip().lower() not in WORDS:
            raise ValueError(f"{name} is True or False (or yes, no, on, off), not {text!r}")
        return WORDS[text.strip().lower()]
    if literal is None:
        return None
    if isinstance(default, int):
        if not number or not (isinstance(literal, int) or literal.is_integer()):
            raise ValueError(f"{name} is a whole number such as {default}, not {text!r}")
        return int(literal)
    if isinstance(default, float):
        try:
            return float(literal if number else text)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{name} is a number such as {default}, with a decimal point, not {text!r}"
            ) from None
    if isinstance(default, str):
        return literal if isinstance(literal, str) else text
    if isinstance(default, list | tuple):
        return _list(name, default, literal, text)
    if isinstance(default, dict) and not isinstance(literal, dict):
        raise ValueError(f"{name} is a dictionary such as {default}, not {text!r}")
    return _storable(name, {"true": True, "false": False}.get(text.strip(), literal), text)


def _list(name: str, default, literal: Any, text: str) -> list:
    """Written as Python does, or as people do: PBE,B3LYP with or without brackets."""
    kinds = {type(item) for item in default}
    if len(kinds) != 1 or not kinds <= {bool, int, float, str}:
        if not isinstance(literal, list | tuple):
            raise ValueError(f"{name} is a list such as {[*default]}, not {text!r}")
        return _storable(name, [*literal], text)
    if isinstance(literal, list | tuple):
        items = [item if isinstance(item, str) else repr(item) for item in literal]
    else:
        inner = literal if isinstance(literal, str) else text
        items = split(inner.strip().removeprefix("[").removesuffix("]"))
    if not all(items):
        raise ValueError(f"one of {name} in {text!r} is empty")
    return [value(f"each of {name}", default[0], item) for item in items]


def _literal(text: str, otherwise: Any) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return otherwise


def _storable(name: str, found: Any, text: str) -> Any:
    try:
        stored = json.loads(json.dumps(found))
        if isinstance(found, dict) and stored.keys() != found.keys():
            raise TypeError
        return stored
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} cannot be {text!r}: a notebook is given numbers, texts, lists, dictionaries "
            "by text, True, False or None"
        ) from None


def _from_here(found: Any) -> Any:
    """What names a file here is told as an absolute path: the notebook runs in its own folder. So
    is the place of a file to be written. A name without a dot or a slash is no file's."""
    if isinstance(found, list):
        return [_from_here(item) for item in found]
    if not isinstance(found, str):
        return found
    path = os.path.expanduser(found)
    folder = os.path.dirname(path)
    is_one = os.path.isdir(folder) if folder else "." in path and os.path.isfile(path)
    return os.path.abspath(path) if is_one else found
