"""A complete course for nbgrader, made from the sources in ``teaching/``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from ._exercises import STUB, TEXT_STUB, for_nbgrader, read, student_version

# A companion's cells take seconds; a machine that grades eighty may be busy.
CONFIG = '''"""nbgrader's settings for this course; yours to change."""

c = get_config()
c.CourseDirectory.course_id = "mlxc-edu"
c.Execute.timeout = 60  # seconds a cell; what hangs is interrupted and scores nothing
c.Execute.startup_timeout = 180
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.ClearSolutions.text_stub = {text_stub!r}
'''


def build(sources: list[Path], folder: Path) -> list[str]:
    """Write a course: ``nbgrader_config.py``, ``source/`` and ``release/``, an assignment for each
    source; returns their names.

    What nbgrader already holds of answers and scores is left. Raises ValueError where nbgrader
    refuses, with its reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nbgrader_config.py"
    if not config.exists():
        config.write_text(CONFIG.format(stub=STUB, text_stub=TEXT_STUB))
    for source in sources:
        place = folder / "source" / source.stem
        place.mkdir(parents=True, exist_ok=True)
        notebook = for_nbgrader(read(source))
        notebook.metadata |= student_version(notebook, source.stem).metadata
        nbformat.write(notebook, place / source.name)
    names = [source.stem for source in sources]
    for name in names:
        nbgrader(folder, "generate_assignment", name, "--force")
    return names


def release(source: Path, exercises: Path) -> Path:
    """Write what students get of one source into a folder; returns the file."""
    made = exercises / source.name
    nbformat.write(student_version(read(source), source.stem), made)
    return made


def nbgrader(course: Path, *arguments: str) -> str:
    """Run nbgrader in a course; returns what it said. ValueError with the last of it where it
    fails."""
    # nbgrader calls alembic by name: it must be that of this Python.
    environment = dict(os.environ)
    scripts = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([scripts, environment.get("PATH", "")])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line] or ["it failed"]
        raise ValueError(f"nbgrader {arguments[0]}: {errors[-1]}")
    return done.stderr
