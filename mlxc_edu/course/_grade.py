"""Eighty submissions through nbgrader, and a table of their scores."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import nbformat
import pandas as pd

from ._build import nbgrader
from ._exercises import KERNEL, known_as, read


def grade(course: Path, say: Callable[[str], None]) -> None:
    """Grade everything under ``submitted/STUDENT/ASSIGNMENT/`` that is not graded yet.

    A notebook saved under another name is found by its tests; one without kernel metadata gets
    ours. What cannot be used is said, a line each, and left where it is; the rest is graded.
    """
    given = {p.stem: read(p) for p in sorted(course.glob("release/*/*.ipynb"))}
    if not given:
        raise ValueError(f"no course in {course}; mlxc-edu course build {course} makes one")
    for place in sorted((course / "submitted").glob("*/*/")):
        if place.name not in given:
            (near,) = get_close_matches(place.name, given, 1, 0)
            say(f"{place} is no exercise of this course; did you mean {near}?")
    for name in given:
        handed_in = sorted((course / "submitted").glob(f"*/{name}"))
        for place in handed_in:
            _make_ready(place, name, given, say)
        if handed_in:
            try:
                nbgrader(course, "autograde", name)
            except ValueError as error:  # of one submission; the others are graded
                say(f"{name}: {error}")


def _make_ready(place: Path, name: str, given: dict, say: Callable[[str], None]) -> None:
    """One submission under the name and with the kernel that nbgrader looks for."""
    wanted, student = place / f"{name}.ipynb", place.parent.name
    for file in [wanted] if wanted.exists() else sorted(place.glob("*.ipynb")):
        try:
            notebook = read(file)
            found = known_as(notebook, given, f"{student}'s {file.name}")
        except ValueError as error:
            say(str(error))
            continue
        if found != name:
            there = f"submitted/{student}/{found}"
            say(f"{student}'s {file.name} is {found}, not {name}; move it to {there}")
            continue
        if file != wanted:
            say(f"{student}'s {file.name} is {name}: copied to {wanted.name}")
        if file != wanted or notebook.metadata.get("kernelspec", {}).get("name") != KERNEL["name"]:
            notebook.metadata.kernelspec = KERNEL
            nbformat.write(notebook, wanted)
        return
    say(f"{student} has no {name}.ipynb that can be graded")


def report(course: Path) -> pd.DataFrame:
    """A row for each graded submission: ``student``, ``exercise``, ``score``, ``of``, ``to read``
    (the number of answers that wait for a person). ValueError where nothing is graded."""
    from nbgrader.api import Gradebook

    book = course / "gradebook.db"
    if not book.is_file():
        raise ValueError(f"no scores in {course}; mlxc-edu course grade {course} makes them")
    with Gradebook(f"sqlite:///{book}", "mlxc-edu") as gradebook:
        rows = [
            (
                submission.student.id,
                assignment.name,
                submission.score,
                submission.max_score,
                sum(g.needs_manual_grade for n in submission.notebooks for g in n.grades),
            )
            for assignment in gradebook.assignments
            for submission in assignment.submissions
        ]
    table = pd.DataFrame(rows, columns=["student", "exercise", "score", "of", "to read"])
    return table.sort_values(["exercise", "student"], ignore_index=True)
