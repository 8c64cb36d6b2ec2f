"""Work beside the thread that answers a page's controls, so that it can be stopped from there."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Generator
from contextvars import copy_context

from pyscf import lib
from threadpoolctl import threadpool_limits


class Worker:
    """One piece of work at a time, in a thread of its own; a new one stops the one before it.

    Work is a generator. It can be stopped where it yields; its ``finally`` clauses run then, and
    what it raises is its own to catch. The thread lives as long as there is work.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._next: Generator | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self, work: Generator) -> None:
        """Begin ``work`` as soon as the work in hand has come to where it can stop."""
        with self._change:
            self._next, self._stopping = work, True
            if self._thread is None:
                # A kernel finds in the context where messages to the page belong.
                run = copy_context().run
                self._thread = threading.Thread(target=run, args=(self._run,), daemon=True)
                self._thread.start()

    def stop(self) -> None:
        with self._change:
            self._next, self._stopping = None, True

    def wait(self, timeout: float | None = None) -> bool:
        """Until all work is done; False if that takes longer than ``timeout`` seconds."""
        with self._change:
            return self._change.wait_for(lambda: self._thread is None, timeout)

    def _run(self) -> None:
        while True:
            with self._change:
                work, self._next, self._stopping = self._next, None, False
                if work is None:
                    self._thread = None
                    self._change.notify_all()
                    return
            # An atom's step takes milliseconds on one thread and, where others use the processors,
            # seconds on several that wait for one another.
            with threadpool_limits(limits=1, user_api="blas"), lib.with_omp_threads(1):
                try:
                    for _ in work:
                        if self._stopping:
                            break
                    work.close()
                except Exception:  # others' work can go on
                    traceback.print_exc()
