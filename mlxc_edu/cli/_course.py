"""``mlxc-edu course``: the exercises checked, handed out, graded."""

from __future__ import annotations

import sys
from pathlib import Path

from ._files import path, writable
from ._notebooks import PACKAGE, need, notebooks_folder

SECONDS = 60  # a cell; a companion's take a few


def add_to(commands) -> None:
    """Add the commands to the parsers of ``mlxc-edu``."""
    course = commands.add_parser("course", help="check your exercises; build and grade a course")
    parts = course.add_subparsers(required=True, metavar="PART")

    check = parts.add_parser("check", help="what the tests say of your answers, at once")
    check.add_argument("notebook", type=path, metavar="NOTEBOOK", help="yours, whatever its name")
    check.set_defaults(command=_check)

    build = parts.add_parser("build", help="write a complete course for nbgrader into a folder")
    build.add_argument("folder", type=path, metavar="DIR")
    build.add_argument(
        "--source",
        type=path,
        default=PACKAGE.parent / "teaching",
        metavar="DIR",
        help="notebooks with solutions (default: teaching/ of the checkout that this is)",
    )
    build.set_defaults(command=_build)

    grade = parts.add_parser("grade", help="grade what lies under DIR/submitted/STUDENT/EXERCISE")
    grade.add_argument("folder", type=path, metavar="DIR")
    grade.set_defaults(command=_grade)

    report = parts.add_parser("report", help="a table of the scores")
    report.add_argument("folder", type=path, metavar="DIR")
    report.add_argument("--output", type=path, metavar="FILE.csv", help="write it there, too")
    report.set_defaults(command=_report)


def _check(arguments) -> int:
    need("nbclient", "nbformat", "ipykernel")
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    from ..course import findings, known_as, prepared, read
    from ._execute import PATIENCE, OurKernel

    exercises = {p.stem: read(p) for p in _exercises()}
    mine = read(arguments.notebook)
    exercise = exercises[known_as(mine, exercises, str(arguments.notebook))]
    executed = prepared(mine, exercise)
    begun: list = []  # cells
    client = NotebookClient(
        executed,
        kernel_manager_class=OurKernel,
        timeout=SECONDS,
        startup_timeout=PATIENCE,
        interrupt_on_timeout=True,
        allow_errors=True,
        extra_arguments=["--log-level=CRITICAL"],
        on_cell_execute=lambda cell, cell_index: begun.append(cell),
        resources={"metadata": {"path": str(arguments.notebook.absolute().parent)}},
    )
    try:
        client.execute()
    except DeadKernelError as error:
        line = begun[-1].source.strip().splitlines()[0]
        raise ValueError(
            f"the kernel died in the cell that begins {line!r}: most often memory was not enough, "
            "or something called exit()"
        ) from error
    table = findings(executed, exercise)
    signs = {True: "✓", False: "✗", None: "…"}
    width = max(map(len, table["question"]))
    for row in table.itertuples(index=False):
        print(f"{signs[row[2]]} {row[0]:{width}}  {row[3]}".rstrip())
    right, of = (table["points"][table["passed"].map(w)].sum() for w in (_is_right, _is_judged))
    print(f"{right} of {of} points that can be tested here; {table['points'].sum()} in all")
    return 0


def _is_right(passed) -> bool:
    return passed is True


def _is_judged(passed) -> bool:
    return passed is not None


def _build(arguments) -> int:
    from ..course import build

    sources = sorted(arguments.source.glob("[0-9]*.ipynb"))
    if not sources:
        raise ValueError(
            f"no notebooks with solutions in {arguments.source}: they do not come with the "
            "installed package, so that students do not have them. They lie in teaching/ of the "
            "source, https://github.com/mlxc-edu/mlxc-edu; --source says where yours is"
        )
    _need_nbgrader()
    writable(arguments.folder)
    names = build(sources, arguments.folder)
    print(f"{len(names)} exercises: {', '.join(names)}")
    print(f"hand out {arguments.folder / 'release'}, collect in {arguments.folder / 'submitted'}")
    return 0


def _grade(arguments) -> int:
    _need_nbgrader()
    from ..course import grade

    grade(arguments.folder, lambda what: print(f"mlxc-edu: {what}", file=sys.stderr))
    return _report(arguments)


def _report(arguments) -> int:
    _need_nbgrader()
    from ..course import report

    table = report(arguments.folder)
    if output := getattr(arguments, "output", None):
        table.to_csv(output, index=False)
    print(table.to_string(index=False))
    return 0


def _exercises() -> list[Path]:
    return sorted((notebooks_folder() / "exercises").glob("[0-9]*.ipynb"))


def _need_nbgrader() -> None:
    from importlib.util import find_spec

    if find_spec("nbgrader") is None:
        raise ImportError('needs nbgrader: pip install "mlxc-edu[course]"')
