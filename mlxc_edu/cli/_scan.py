"""``mlxc-edu scan``."""

from __future__ import annotations

import sys
from pathlib import Path

from ._files import writable


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    scan = commands.add_parser("scan", help="pull a diatomic apart and write the table")
    scan.add_argument("system", metavar="MOLECULE", help="a diatomic, such as NaCl")
    scan.add_argument("--methods", default="PBE,B3LYP,exact", help="comma-separated")
    scan.add_argument("--r", metavar="FIRST:LAST:COUNT", help="Å; or a comma-separated list")
    scan.add_argument("--basis", default="def2-svpd")
    scan.add_argument("--workers", type=int, help="processes; default: one a processor")
    scan.add_argument("--store", type=Path, metavar="DIR", help="where finished points are kept")
    scan.add_argument("--output", type=Path, metavar="FILE.csv", help="default: MOLECULE.csv")
    scan.add_argument("--figure", type=Path, metavar="FILE.html", help="write the figure, too")
    scan.set_defaults(command=_scan)


def _scan(arguments) -> int:
    from ..scans import diatomic, dissociation

    # What cannot be scanned is refused before a folder is made.
    name, _, _ = diatomic(arguments.system)
    distances = _range(arguments.r) if arguments.r else None
    output = arguments.output or Path(f"{name}.csv")
    for file in filter(None, (output, arguments.figure)):
        writable(file.parent)
        if file.is_dir():
            raise ValueError(f"{file} is a folder; name a file")

    table = dissociation(
        arguments.system,
        arguments.methods.split(","),
        distances,
        basis=arguments.basis,
        workers=arguments.workers,
        store=arguments.store,
    )
    table.to_csv(output, index=False)
    print(table.drop(columns="state").to_string(index=False, float_format="{:.6f}".format))
    print(f"table: {output}")
    if arguments.figure:
        from ..figures import plot

        plot(table).write_html(arguments.figure, include_plotlyjs=True)
        print(f"figure: {arguments.figure}")
    failed = table[~table["converged"]]
    if len(failed):
        print(f"{len(failed)} of {len(table)} points did not converge:", file=sys.stderr)
        print(*failed["state"].unique(), sep="\n", file=sys.stderr)
    return 1 if len(failed) else 0


def _range(text: str) -> list[float]:
    try:
        if ":" not in text:
            return [float(x) for x in text.split(",")]
        first, last, count = text.split(":")
        n = int(count)
        if n < 2:
            raise ValueError
        step = (float(last) - float(first)) / (n - 1)
        return [float(first) + i * step for i in range(n)]
    except ValueError as error:
        raise ValueError(
            f"--r takes FIRST:LAST:COUNT or a comma-separated list of Å, not {text!r}"
        ) from error
