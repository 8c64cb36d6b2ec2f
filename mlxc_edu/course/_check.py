"""What a student's answers look like to the tests that a student may see."""

from __future__ import annotations

import re
from copy import deepcopy

import pandas as pd
from nbformat import NotebookNode

from ._exercises import FURTHER, KERNEL, graded, judges


def prepared(notebook: NotebookNode, exercise: NotebookNode) -> NotebookNode:
    """The student's notebook with the tests as they were given out, to be executed: one that was
    changed is put right, one that was lost comes back at the end."""
    notebook, given = deepcopy(notebook), judges(exercise)
    notebook.metadata.kernelspec = KERNEL
    own = judges(notebook)
    for name, test in given.items():
        if name in own:
            own[name].source = test.source
        else:
            notebook.cells.append(deepcopy(test))
    return notebook


def findings(executed: NotebookNode, exercise: NotebookNode) -> pd.DataFrame:
    """A row for each graded cell of the exercise: question, points, what came out (``passed``:
    True, False or None where it is judged later) and what to do."""
    cells, answer = graded(executed), _answers(executed)
    rows = []
    for name, given in graded(exercise).items():
        cell, points = cells.get(name), given.metadata["nbgrader"]["points"]
        if given.cell_type != "code":
            written = cell is not None and cell.source.strip() != given.source.strip()
            said = "a person reads it" if written else "not answered yet"
            rows.append((name, points, None if written else False, said))
        elif not _says_anything(given):
            rows.append((name, points, None, "tested when it is graded"))
        else:
            error = _error(cell)
            further = given.metadata.get(FURTHER, False)
            said = "right so far; more is tested when it is graded" if further else ""
            said = _kind(error, _error(answer.get(name))) if error else said
            rows.append((name, points, False if error else None if further else True, said))
    return pd.DataFrame(rows, columns=["question", "points", "passed", "what to do"])


def _answers(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """For each test the answer that it judges: the nearest one above it."""
    answers, last = {}, None
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader") or {}
        if mark.get("solution") and cell.cell_type == "code":
            last = cell
        elif mark.get("grade") and last is not None:
            answers[mark["grade_id"]] = last
    return answers


def _says_anything(test: NotebookNode) -> bool:
    """Whether anything is left of a test once the hidden ones are taken out."""
    return any(line.strip() and line.strip()[0] != "#" for line in test.source.splitlines())


def _error(cell: NotebookNode | None):
    errors = [o for o in (cell.outputs if cell else []) if o.output_type == "error"]
    return errors[0] if errors else None


def _kind(error, of_answer) -> str:
    """An error in words that help."""
    if error.ename == "NotImplementedError" or (
        of_answer is not None and of_answer.ename == "NotImplementedError"
    ):
        return "not answered yet"
    if of_answer is not None:  # then the test can only say that there is no answer
        why = re.sub(r"\(\d+\.py, ", "(", of_answer.evalue)  # a kernel's name for the cell
        return f"your cell stops with {of_answer.ename}: {why}"
    if error.ename == "AssertionError":
        return error.evalue
    return f"{error.ename}: {error.evalue}"
