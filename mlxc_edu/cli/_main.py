"""The command line, ``mlxc-edu COMMAND``."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager

from . import _app, _benchmark, _book, _course, _notebooks, _scan, _train, _weights


def main(argv: list[str] | None = None) -> int:
    """Run a command; returns the exit status, 2 for input that cannot be used."""
    arguments = _parser().parse_args(argv)
    with _stopped_by() as signals:
        try:
            return arguments.command(arguments) or 0
        except (ValueError, ImportError, OSError) as error:
            _say(error)
            return 2
        except BrokenExecutor:
            _say(
                "a worker was killed, most often for want of memory; finished points are kept, "
                "and --workers 1 needs the least"
            )
            return 1
        except KeyboardInterrupt as stopped:
            _say(f"stopped; {str(stopped) or 'finished points are kept'}")
            return 128 + signals[-1]


def _say(what) -> None:
    print(f"mlxc-edu: {what}", file=sys.stderr)


@contextmanager
def _stopped_by() -> Iterator[list[int]]:
    """A batch system's SIGTERM and a closed terminal's SIGHUP stop a command as Ctrl-C does; the
    last of the list is the one that came."""
    received: list[int] = [signal.SIGINT]

    def stop(number, _):
        received.append(number)
        for again in before:
            signal.signal(again, signal.SIG_IGN)  # what is put in order is not to be disturbed
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # else nohup has said something
                before[number] = signal.signal(number, stop)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlxc-edu",
        description="From the Schrödinger equation to a learned density functional.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (_notebooks, _app, _course, _book, _scan, _benchmark, _train, _weights):
        group.add_to(commands)
    for command in commands.choices.values():  # -1,1 is a value, as it is from Python 3.14 on
        command._negative_number_matcher = re.compile(r"-\.?\d")
    return parser
