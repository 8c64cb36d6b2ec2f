"""The command line: ``mlxc-edu tour | lab | run | scan | train | weights``."""

from __future__ import annotations

import argparse
import sys

from . import _notebooks, _scan, _train, _weights


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status, 2 for input that cannot be used."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments) or 0
    except (ValueError, ImportError, OSError) as error:
        print(f"mlxc-edu: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mlxc-edu: stopped; finished points are kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlxc-edu",
        description="From the Schrödinger equation to a learned density functional.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (_notebooks, _scan, _train, _weights):
        group.add_to(commands)
    return parser
