"""Exercises: one source, nothing of it with the students, and answers judged as designed."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest

from mlxc_edu.cli import main
from mlxc_edu.cli._notebooks import notebooks_folder
from mlxc_edu.course import build, findings, grade, known_as, prepared, read, report
from mlxc_edu.course._exercises import edition, for_nbgrader, graded, judges, student_version

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "teaching").glob("*.ipynb"))
EACH = [pytest.param(p, id=p.stem) for p in SOURCES]
QUICK = ("00_tour", "01_schrodinger")
ROUND_TRIPS = [
    pytest.param(p, id=p.stem, marks=[] if p.stem in QUICK else [pytest.mark.full]) for p in SOURCES
]
EXERCISES = notebooks_folder() / "exercises"


def is_answer(cell):
    mark = cell.metadata.get("nbgrader") or {}
    return cell.cell_type == "code" and bool(mark.get("solution"))


def is_wrong(cell):
    return "wrong" in cell.metadata.get("tags", [])


def points(notebook, names):
    cells = graded(notebook)
    return sum(cells[name].metadata["nbgrader"]["points"] for name in names)


def answered_wrong(source):
    """Every answer as the wrong one below it says, and the tests that are to refuse it."""
    notebook, fails, answer = deepcopy(source), set(), None
    for cell in notebook.cells:
        answer = cell if is_answer(cell) else answer
        if is_wrong(cell):
            answer.source = cell.source
            fails |= set(cell.metadata["fails"])
    return for_nbgrader(notebook), fails


def judged_by(source):
    """The tests of each answer, by nbgrader's name of the answer."""
    found, answer = {}, None
    for cell in source.cells:
        mark = cell.metadata.get("nbgrader") or {}
        if is_answer(cell):
            answer = found.setdefault(mark["grade_id"], [])
        elif mark.get("grade") and cell.cell_type == "code":
            answer.append(mark["grade_id"])
    return found


def one_answer_broken(source):
    """All right but for the last answer, which Python cannot read; the tests that are lost."""
    notebook = for_nbgrader(source)
    name, lost = list(judged_by(source).items())[-1]
    for cell in notebook.cells:
        if is_answer(cell) and cell.metadata["nbgrader"]["grade_id"] == name:
            cell.source = "def answer(:"
    return notebook, lost


def secrets(source):
    """Lines that only the teacher's version has."""
    student = student_version(source, "any")
    public = {line.strip() for c in student.cells for line in c.source.splitlines()}
    lines = {line.strip() for c in source.cells for line in c.source.splitlines()}
    return {line for line in lines - public if len(line) > 20 and not line.startswith("### ")}


_TELLS = re.compile(r"assert .*\"|\*\*Rubric|.{50}")  # an assert with its message, a long line


def test_every_notebook_has_its_exercises():
    series = {p.name for p in notebooks_folder().glob("[0-9]*.ipynb")}
    assert {p.name for p in SOURCES} == series == {p.name for p in EXERCISES.glob("*.ipynb")}


@pytest.mark.parametrize("path", EACH)
def test_students_get_what_the_source_says(path):
    made = student_version(read(path), path.stem)
    assert made == read(EXERCISES / path.name), "run python teaching/release.py"


@pytest.mark.parametrize("path", EACH)
def test_source_is_whole(path):
    nb = read(path)
    nbformat.validate(nb)
    assert [c.cell_type for c in nb.cells].count("raw") == sum(map(is_answer, nb.cells))
    assert 5 <= sum(map(is_answer, nb.cells)) <= 6
    assert (points(nb, judges(nb)), points(nb, graded(nb))) == (8, 14), "docs/teaching.md"
    assert "mx.explore" not in str(nb), "explorers hang graders"
    for cell in nb.cells:
        assert not cell.get("outputs") and not cell.get("execution_count")
        if cell.cell_type != "markdown":
            tree = ast.parse(cell.source)
            assert sum(isinstance(node, ast.stmt) for node in ast.walk(tree)) <= 15
            assert max(map(len, cell.source.splitlines())) <= 88
            assert len(cell.source.splitlines()) <= 25
            for node in ast.walk(tree):
                if isinstance(node, ast.Assert) and cell.metadata.get("nbgrader"):
                    assert node.msg is not None, f"a test without a word: {ast.unparse(node)}"
        if is_wrong(cell):
            assert set(cell.metadata["fails"]) <= set(judges(nb)) and cell.metadata["fails"]
    rubrics = [c.source for n, c in graded(nb).items() if n not in judges(nb)]
    assert all("### BEGIN SOLUTION" in text and "ubric" in text for text in rubrics)


def test_nothing_of_a_solution_is_handed_out(tmp_path, monkeypatch):
    hidden = {line for path in SOURCES for line in secrets(read(path))}
    assert len(hidden) > 10 * len(SOURCES)
    # What an installed wheel carries, and what mlxc-edu lab copies out of it.
    monkeypatch.setattr("mlxc_edu.cli._notebooks._checkout_notebooks", lambda: tmp_path / "none")
    monkeypatch.setattr("mlxc_edu.cli._notebooks.PACKAGE", ROOT)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert main(["lab", "--no-open", "--folder", str(tmp_path)]) == 0
    assert (tmp_path / "exercises" / SOURCES[0].name).is_file()
    files = [*ROOT.glob("mlxc_edu/**/*.py"), *ROOT.glob("notebooks/**/*.ipynb")]
    files += tmp_path.glob("**/*.ipynb")
    for file in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".ipynb":
            text = "\n".join(c.source for c in read(file).cells)
        lines = {line.strip() for line in text.splitlines()}
        said = lines & {line for line in hidden if _TELLS.match(line)}
        assert not said, f"{file} gives away {said}"
        assert not any("BEGIN HIDDEN" in line or "BEGIN SOLUTION" in line for line in lines
                       ) or file.parent.name == "course"  # fmt: skip


def test_wheel_and_sdist_leave_the_sources_out():
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    wheel = hatch["targets"]["wheel"]
    assert wheel["packages"] == ["mlxc_edu"] and list(wheel["force-include"]) == ["notebooks"]
    assert not any("teaching" in path for path in hatch["targets"]["sdist"]["include"])
    assert not (ROOT / "mlxc_edu" / "teaching").exists()


@pytest.mark.parametrize("path", ROUND_TRIPS)
def test_round_trip(path, tmp_path):
    """Right answers score all that a machine can give, none nothing, wrong ones what was designed,
    one that Python cannot read costs itself alone."""
    source, name = read(path), path.stem
    everything = points(source, judges(source))
    wrong, refused = answered_wrong(source)
    broken, lost = one_answer_broken(source)
    expected = {
        "broken": everything - points(source, lost),
        "right": everything,
        "untouched": 0,
        "wrong": everything - points(source, refused),
    }
    assert build([path], tmp_path) == [name]
    handed_in = {
        "broken": broken,
        "right": for_nbgrader(source),
        "untouched": read(tmp_path / "release" / name / path.name),
        "wrong": wrong,
    }
    del handed_in["right"].metadata["kernelspec"]
    for student, notebook in handed_in.items():
        place = tmp_path / "submitted" / student / name
        place.mkdir(parents=True)
        # One under a name of the student's own.
        nbformat.write(notebook, place / ("mine (2).ipynb" if student == "wrong" else path.name))
    said = []
    grade(tmp_path, said.append)
    assert said == [f"wrong's mine (2).ipynb is {name}: copied to {path.name}"]
    table = report(tmp_path).set_index("student")
    assert table["score"].to_dict() == expected
    assert set(table["of"]) == {points(source, graded(source))}
    to_read = len(graded(source)) - len(judges(source))
    assert table.loc["right", "to read"] == to_read and not table.loc["untouched", "to read"]


def executed(notebook):
    from nbclient import NotebookClient

    where = {"metadata": {"path": str(EXERCISES)}}
    return NotebookClient(notebook, allow_errors=True, resources=where).execute()


def test_check_helps_at_once():
    """Tests that were changed or lost are put right; messages say what to do."""
    path = ROOT / "teaching" / "01_schrodinger.ipynb"
    exercise, mine = read(EXERCISES / path.name), for_nbgrader(read(path))
    own = judges(mine)
    own["memory-test"].source = "pass"
    mine.cells.remove(own["chain-test"])
    for cell in mine.cells:
        name = (cell.metadata.get("nbgrader") or {}).get("grade_id")
        if name == "memory":
            cell.source = "electrons = 7"
        if name == "sides":
            cell.source = "# your answer\nraise NotImplementedError"
        if name == "nucleus":
            cell.source = "def ground_state_energy(charge, grid:"
    table = findings(executed(prepared(mine, exercise)), exercise).set_index("question")
    assert table["passed"]["chain-test"] and table["passed"]["together-test"]
    assert table["what to do"]["memory-test"].startswith("that many do not fit")
    assert table["what to do"]["sides-test"] == "not answered yet"
    assert "SyntaxError" in table["what to do"]["nucleus-test"]
    assert table["passed"]["chain-more"] is None, "hidden tests are run later"
    assert table["passed"]["chain-test"] is True, "nothing of it is hidden"
    assert table["what to do"]["curves"] == "a person reads it"


def test_check_as_a_command(tmp_path, capsys):
    mine = tmp_path / "homework.ipynb"
    nbformat.write(read(EXERCISES / "01_schrodinger.ipynb"), mine)
    assert main(["course", "check", str(mine)]) == 0
    said = capsys.readouterr().out
    assert "memory-test" in said and "not answered yet" in said
    assert "0 of " in said.splitlines()[-1]


def test_exercise_is_known_whatever_it_is_called(tmp_path):
    exercises = {p.stem: read(p) for p in EXERCISES.glob("*.ipynb")}
    mine = deepcopy(exercises["01_schrodinger"])
    assert known_as(mine, exercises, "a.ipynb") == "01_schrodinger"
    mine.metadata = {}
    assert known_as(mine, exercises, "a.ipynb") == "01_schrodinger"
    mine.metadata["mlxc_edu"] = {"exercise": "01_schrodinger", "edition": "old"}
    with pytest.raises(ValueError, match=r"another edition.*copy the answers into a fresh"):
        known_as(mine, exercises, "a.ipynb")
    with pytest.raises(ValueError, match="none of the exercises; they are 00_tour, 01_"):
        known_as(nbformat.v4.new_notebook(), dict(sorted(exercises.items())), "a.ipynb")


def test_edition_follows_the_tests():
    exercise = read(EXERCISES / "01_schrodinger.ipynb")
    assert exercise.metadata["mlxc_edu"]["edition"] == edition(exercise)
    judges(exercise)["chain-test"].source += "\nassert False"
    assert exercise.metadata["mlxc_edu"]["edition"] != edition(exercise)


def test_bad_input_is_one_line(tmp_path, capsys):
    def says(*arguments):
        assert main(["course", *map(str, arguments)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    bad = tmp_path / "bad.ipynb"
    bad.write_text("{")
    assert "cannot be read as a notebook" in says("check", bad)
    assert "No such file" in says("check", tmp_path / "none.ipynb")
    bad.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert "none of the exercises" in says("check", bad)
    mine = read(EXERCISES / "01_schrodinger.ipynb")
    mine.cells.insert(1, nbformat.v4.new_code_cell("import os\nos._exit(1)"))
    nbformat.write(mine, bad)
    assert "the kernel died in the cell that begins 'import os'" in says("check", bad)
    assert "mlxc-edu course build" in says("grade", tmp_path)
    assert "mlxc-edu course grade" in says("report", tmp_path)
    assert "teaching/ of the source" in says("build", tmp_path / "c", "--source", tmp_path)


def test_one_bad_submission_does_not_stop_the_others(tmp_path):
    path = ROOT / "teaching" / "01_schrodinger.ipynb"
    build([path], tmp_path)
    right = for_nbgrader(read(path))
    for student, name, text in (
        ("a", path.name, "{"),
        ("b", path.name, nbformat.writes(right)),
        ("c", "notes.txt", "sorry"),
    ):
        (tmp_path / "submitted" / student / "01_schroedinger").mkdir(parents=True)
        place = tmp_path / "submitted" / student / path.stem
        place.mkdir(parents=True)
        (place / name).write_text(text)
    said = []
    grade(tmp_path, said.append)
    assert any("a/01_schrodinger/01_schrodinger.ipynb cannot be read" in line for line in said)
    assert sum("01_schroedinger is no exercise of this course; did you" in s for s in said) == 3
    assert any(line.startswith("c has no 01_schrodinger.ipynb") for line in said)
    table = report(tmp_path).set_index("student")
    assert table["score"]["b"] == points(right, judges(right))
    assert (tmp_path / "submitted" / "a" / path.stem / path.name).read_text() == "{"


def test_command_is_found_without_nbgrader(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["course", "build", str(tmp_path)]) == 2
    assert 'pip install "mlxc-edu[course]"' in capsys.readouterr().err
    monkeypatch.undo()
    code = "import sys, mlxc_edu.cli; from mlxc_edu.cli._main import _parser; _parser()"
    code += "; assert 'nbgrader' not in sys.modules and 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
