"""An exercise is a notebook with nbgrader's cells. Its one source lies in ``teaching/``; what a
student gets is made from it.

In the source a raw cell tagged ``wrong`` may follow an answer: one that a reader might give, with
the names of the tests that refuse it (``fails`` of the cell's metadata). Students never see it.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

OURS = "mlxc_edu"  # of a notebook's metadata: {"exercise": its name, "edition": of its tests}
FURTHER = "further"  # of a test's metadata: more of it is run when it is graded
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
STUB = "# your answer\nraise NotImplementedError"
TEXT_STUB = "*Your answer.*"


def read(path: Path) -> NotebookNode:
    """The notebook in a file; ValueError where there is none."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError:
        raise
    except Exception as error:  # anything may be in the file
        raise ValueError(f"{path} cannot be read as a notebook; hand it in again") from error


def student_version(source: NotebookNode, name: str) -> NotebookNode:
    """What a student gets: without solutions, hidden tests, rubrics and wrong answers.

    Needs nbgrader, whose marks (``### BEGIN SOLUTION``, ``### BEGIN HIDDEN TESTS``) these are.
    """
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearOutput,
        ClearSolutions,
        LockCells,
    )
    from traitlets.config import Config

    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    notebook = for_nbgrader(source)
    for cell in notebook.cells:
        if "### BEGIN HIDDEN TESTS" in cell.source:
            cell.metadata[FURTHER] = True
    for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ClearHiddenTests):
        notebook, _ = step(config=config).preprocess(notebook, {})
    for number, cell in enumerate(notebook.cells):  # as nbstripout numbers them
        cell["id"] = str(number)
    notebook.metadata[OURS] = {"exercise": name, "edition": edition(notebook)}
    return notebook


def for_nbgrader(source: NotebookNode) -> NotebookNode:
    """The source without what only we know of."""
    notebook = deepcopy(source)
    notebook.cells = [c for c in notebook.cells if "wrong" not in c.metadata.get("tags", [])]
    return notebook


def edition(notebook: NotebookNode) -> str:
    """A name for the tests that a student sees: another one where any of them is another."""
    text = "\0".join(name + cell.source for name, cell in judges(notebook).items())
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def graded(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that carry points, by nbgrader's name."""
    marks = [(cell.metadata.get("nbgrader") or {}, cell) for cell in notebook.cells]
    return {mark["grade_id"]: cell for mark, cell in marks if mark.get("grade")}


def judges(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that judge an answer, by nbgrader's name."""
    return {name: c for name, c in graded(notebook).items() if c.cell_type == "code"}


def known_as(notebook: NotebookNode, exercises: dict[str, NotebookNode], called: str) -> str:
    """The name of the exercise that a notebook is, whatever its file is called now.

    By what it says of itself, else by its tests (some platforms throw metadata away). ValueError
    where it is none of the ``exercises``, or one with other tests.
    """
    says = notebook.metadata.get(OURS) or {}
    name = says.get("exercise")
    if name not in exercises:
        own = set(graded(notebook))
        shared = {n: len(own & set(graded(e))) for n, e in exercises.items()}
        name = max(shared, key=shared.__getitem__, default=None)
        if name is None or not shared[name]:
            listed = ", ".join(exercises)
            raise ValueError(f"{called} is none of the exercises; they are {listed}")
    current = exercises[name].metadata[OURS]["edition"]
    if says.get("edition", current) != current:
        raise ValueError(
            f"{called} is {name} of another edition of the course ({says['edition']}, here is "
            f"{current}): copy the answers into a fresh {name}.ipynb"
        )
    return name
