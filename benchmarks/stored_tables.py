"""Make the tables that come with the library, mlxc_edu/scans/tables/*.csv.

    python benchmarks/stored_tables.py --systems NaCl,LiF --methods PBE,B3LYP,HF,DM21,exact
    python benchmarks/stored_tables.py --systems W4-11,BH76,G21IP --methods EDU26 \\
        --basis "6-311+g(2d,p)"
    python benchmarks/stored_tables.py --systems ALKBDE10 --methods PBE --basis def2-QZVP \\
        --subset full

Finished points are kept in the store, so a run that was stopped goes on where it was. A table is
written when all its points are there, in place of the one before.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import mlxc_edu as mx
from mlxc_edu.scans import FOLDER, WHOLE_SETS, write

SYSTEMS = ["H2+", "H2", "He2+", "LiH", "LiF", "NaCl", "N2"]
METHODS = ["LDA", "PBE", "B3LYP", "HF", "DM21", "DM21m", "DM21mc", "exact"]


def main():
    options = _parser().parse_args()
    if not options.output.is_dir():
        sys.exit(f"error: there is no folder {options.output}")
    failed = 0
    for system in options.systems:
        print(system, file=sys.stderr)
        of_a_set = system in WHOLE_SETS
        chosen = dict(subset=options.subset) if of_a_set else {}
        try:
            table = (mx.benchmark if of_a_set else mx.dissociation)(
                system,
                options.methods,
                basis=options.basis,
                workers=options.workers,
                store=options.store,
                **chosen,
            )
        except (ValueError, OSError) as error:
            sys.exit(f"error: {error}")
        maker = f"benchmarks/stored_tables.py at {_commit()}"
        print(write(table, system, options.basis, maker, options.output, **chosen))
        for _, row in table[~table["converged"]].iterrows():
            failed += 1
            where = row["reaction"] if of_a_set else f"{row['r']} Å: {row['state']}"
            print(f"  {row['method']}, {where}", file=sys.stderr)
    if failed:
        sys.exit(f"{failed} points did not converge; the tables say which")


def _commit() -> str:
    """Of this checkout, in words."""
    git = ["git", "-C", str(Path(__file__).parent)]
    named = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    if named.returncode:
        return "no commit"
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "../mlxc_edu"]).returncode
    return f"commit {named.stdout.strip()}" + (", with changes" if changed else "")


def _parser():
    def names(text):
        return [name.strip() for name in text.split(",") if name.strip()]

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", type=names, default=SYSTEMS, help="comma-separated")
    parser.add_argument("--methods", type=names, default=METHODS, help="comma-separated")
    parser.add_argument("--basis", default="def2-svpd")
    parser.add_argument("--subset", default="small", help="of a set of reactions, or full")
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR")
    parser.add_argument("--store", type=Path, metavar="DIR", help="where finished points are kept")
    parser.add_argument("--workers", type=int, help="processes; default: one a processor")
    return parser


if __name__ == "__main__":
    main()
