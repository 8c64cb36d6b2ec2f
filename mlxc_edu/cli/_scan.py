"""``mlxc-edu scan``."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from ._files import path, writable
from ._lists import RULE, mended, split


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    scan = commands.add_parser("scan", help="pull a diatomic apart and write the table")
    scan.add_argument("system", metavar="MOLECULE", help="a diatomic, such as NaCl")
    running_options(scan, methods="PBE,B3LYP,exact", basis="def2-svpd")
    scan.add_argument("--r", metavar="FIRST:LAST:COUNT", help="Å; or a comma-separated list")
    scan.add_argument("--output", type=path, metavar="FILE.csv", help="default: MOLECULE.csv")
    scan.add_argument("--figure", type=path, metavar="FILE.html", help="write the figure, too")
    scan.set_defaults(command=_scan)


def running_options(parser, *, methods: str, basis: str) -> None:
    """What is computed and where, for a command that makes a table."""
    parser.add_argument(
        "--methods",
        action="append",
        metavar="NAMES",
        help=f"{RULE}; may be repeated (default: {methods})",
    )
    parser.add_argument("--basis", default=basis)
    parser.add_argument("--workers", type=int, help="processes; default: one a processor")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of Dask's, such as tcp://host:8786")
    parser.add_argument("--store", type=path, metavar="DIR", help="where finished points are kept")


def _scan(arguments) -> int:
    distances = _range(arguments.r) if arguments.r is not None else None

    from ..scans import diatomic, dissociation

    # What cannot be scanned is refused before a folder is made.
    name, _, _ = diatomic(arguments.system)
    methods = chosen_methods(arguments.methods or ["PBE,B3LYP,exact"])
    output = arguments.output or Path(f"{name}.csv")
    if arguments.figure and arguments.figure.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--figure writes a web page: name it {arguments.figure.stem}.html")
    for file in filter(None, (output, arguments.figure)):
        writable(file.parent)
        if file.is_dir():
            raise ValueError(f"{file} is a folder; name a file")

    table = dissociation(
        name,
        methods,
        distances,
        basis=arguments.basis,
        workers=arguments.workers,
        store=arguments.store,
        scheduler=arguments.scheduler,
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


def chosen_methods(given: list[str]) -> list[str]:
    """Of the option ``--methods``, as tables spell them."""
    from ..scans import method_names

    def known(name: str) -> bool:
        try:
            return bool(method_names([name]))
        except ValueError:
            return False

    names = []
    for text in given:
        pieces = split(text)
        try:
            names += method_names(pieces)
        except ValueError as error:
            if ";" in text or (meant := mended(pieces, known)) is None:
                raise
            raise ValueError(f"{error}; if a name has a comma in it: --methods '{meant}'") from None
    return names


def _range(text: str) -> list[float]:
    try:
        if ":" not in text:
            distances = [float(x) for x in text.split(",")]
        else:
            first, last, count = text.split(":")
            n = int(count)
            if n < 2:
                raise ValueError
            step = (float(last) - float(first)) / (n - 1)
            distances = [float(first) + i * step for i in range(n)]
    except ValueError:
        raise ValueError(
            "--r takes FIRST:LAST:COUNT or a comma-separated list of Å, with decimal points, "
            f"not {text!r}"
        ) from None
    for x in distances:
        if not 0 < x < math.inf:
            raise ValueError(
                f"--r takes positive distances in Å, not {x:g} of {text!r}; decimals have a point"
            )
    return distances
