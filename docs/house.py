"""The house: every room of the package with what it uses, from the top floor down.

    python docs/house.py

A room is a folder; what it imports of the package lies on lower floors, and comes from a room's
face, its ``__init__.py``. An import that goes up or past a face is an error, and so is a circle.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "mlxc_edu"
ROOT = "mlxc_edu"
TOP = {"__init__", "__main__"}  # of the root: they open every door and are behind none
FACE_LINES, MODULE_LINES = 40, 250


@dataclass
class Room:
    """A folder, or a module of the root: its files, and the rooms that it uses by the file that
    does so."""

    name: str
    says: str = ""
    files: dict[str, int] = field(default_factory=dict)  # name: lines
    uses: dict[str, set[str]] = field(default_factory=dict)


def read(package: Path = PACKAGE) -> tuple[dict[str, Room], list[str]]:
    """The rooms by name, and what is wrong with how they import."""
    rooms: dict[str, Room] = {}
    wrong = []
    places = {file: _room_of(file.relative_to(package)) for file in sorted(package.rglob("*.py"))}
    names = set(places.values())
    for file, name in places.items():
        if name == "" and file.stem in TOP:
            continue
        room = rooms.setdefault(name, Room(name))
        text = file.read_text(encoding="utf-8")
        room.files[file.stem] = len(text.splitlines())
        tree = ast.parse(text)
        if file.stem in ("__init__", name):
            room.says = (ast.get_docstring(tree) or "").split("\n")[0]
        for target, taken in _imports(tree, file.relative_to(package), names):
            if target == name:
                continue
            room.uses.setdefault(target, set()).add(file.stem)
            if taken.startswith("_"):
                wrong.append(f"{file.relative_to(package)} takes {taken} past the face of {target}")
    return rooms, wrong


def floors(rooms: dict[str, Room]) -> list[list[str]]:
    """Rooms by floor, the lowest first: each stands on the highest room that it uses.

    Raises ValueError where rooms use each other in a circle.
    """
    height: dict[str, int] = {}

    def climb(name: str, way: tuple[str, ...]) -> int:
        if name in way:
            raise ValueError(f"a circle: {' → '.join([*way[way.index(name) :], name])}")
        if name not in height:
            below = [climb(other, (*way, name)) for other in rooms[name].uses]
            height[name] = 1 + max(below, default=-1)
        return height[name]

    for name in rooms:
        climb(name, ())
    return [sorted(n for n in rooms if height[n] == i) for i in range(max(height.values()) + 1)]


def _room_of(path: Path) -> str:
    return ".".join(path.parent.parts) or ("" if path.stem in TOP else path.stem)


def _imports(tree: ast.Module, path: Path, rooms: set[str]):
    """(room, name taken from it) of every import of our own in a file, those inside functions, too.
    The name is a module's where the import goes past the room's face."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        full = node.module.split(".") if node.module else []
        if node.level:
            full = [*path.parent.parts[: len(path.parent.parts) - node.level + 1], *full]
        elif full[0] == ROOT:
            full = full[1:]
        else:
            continue
        for alias in node.names:
            inside = [*full, alias.name]
            if ".".join(inside) in rooms:  # the room itself
                yield ".".join(inside), alias.name
            elif full == []:  # of the root, such as the version
                continue
            elif ".".join(full) in rooms:
                yield ".".join(full), alias.name
            else:
                yield ".".join(full[:-1]), full[-1]


def folded(rooms: dict[str, Room]) -> dict[str, Room]:
    """Rooms with the rooms inside them as one."""
    whole: dict[str, Room] = {}
    for room in rooms.values():
        name = room.name.split(".")[0]
        one = whole.setdefault(name, Room(name, rooms[name].says))
        one.files |= {f"{room.name}.{file}": lines for file, lines in room.files.items()}
        for other, by in room.uses.items():
            if other.split(".")[0] != name:
                one.uses.setdefault(other.split(".")[0], set()).update(by)
    return whole


def picture(rooms: dict[str, Room]) -> str:
    whole, lines = folded(rooms), []
    for number, names in reversed([*enumerate(floors(whole), start=1)]):
        lines += ["", f"floor {number}"]
        for name in names:
            lines += _drawn(whole[name], "  ")
            inside = [
                n for floor in reversed(floors(rooms)) for n in floor if n.startswith(name + ".")
            ]
            for part in inside:
                lines += _drawn(rooms[part], "      ")
    return "\n".join(lines[1:])


def _drawn(room: Room, indent: str) -> list[str]:
    size = f"{len(room.files)} files, {sum(room.files.values())} lines"
    drawn = [f"{indent}{room.name:<14} {room.says}  [{size}]"]
    if room.uses:
        drawn.append(f"{indent}{'':<14} → {', '.join(sorted(room.uses))}")
    return drawn


def untidy(rooms: dict[str, Room]) -> list[str]:
    """Faces and modules that have become long."""
    found = []
    for room in rooms.values():
        for file, lines in room.files.items():
            most = FACE_LINES if file == "__init__" else MODULE_LINES
            if lines > most:
                found.append(f"{room.name}/{file}.py has {lines} lines, more than {most}")
    return found


if __name__ == "__main__":
    house, wrong = read()
    print(picture(house))
    for complaint in [*wrong, *untidy(house)]:
        print(complaint, file=sys.stderr)
    sys.exit(bool(wrong))
