"""``mlxc-edu benchmark``."""

from __future__ import annotations

import sys
from pathlib import Path

from ._files import path, writable
from ._scan import chosen_methods, running_options


def add_to(commands) -> None:
    """Add the command to the parsers of ``mlxc-edu``."""
    command = commands.add_parser("benchmark", help="errors of functionals in sets of reactions")
    command.add_argument("sets", nargs="+", metavar="SET", help="such as W4-11, BH76, S22")
    running_options(command, methods="PBE,B3LYP,EDU26", basis="6-311+g(2d,p)")
    command.add_argument("--subset", default="small", help="small, the default, or full")
    command.add_argument("--output", type=path, metavar="FILE.csv", help="default: benchmark.csv")
    command.set_defaults(command=_benchmark)


def _benchmark(arguments) -> int:
    from ..scans import benchmark, errors

    methods = chosen_methods(arguments.methods or ["PBE,B3LYP,EDU26"])
    output = arguments.output or Path("benchmark.csv")
    writable(output.parent)
    if output.is_dir():
        raise ValueError(f"{output} is a folder; name a file")
    table = benchmark(
        arguments.sets,
        methods,
        subset=arguments.subset,
        basis=arguments.basis,
        workers=arguments.workers,
        store=arguments.store,
        scheduler=arguments.scheduler,
    )
    table.to_csv(output, index=False)
    print(errors(table).to_string(index=False, na_rep="", float_format="{:.2f}".format))
    print(f"table: {output}")
    failed = table[~table["converged"]]
    if len(failed):
        print(f"{len(failed)} of {len(table)} reactions do not count:", file=sys.stderr)
        for row in failed.itertuples():
            print(f"{row.method}, {row.set}, {row.reaction}: {row.trouble}", file=sys.stderr)
    return 1 if len(failed) else 0
