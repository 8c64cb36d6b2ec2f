"""Threads that share a machine with others: how many compute, and how long they wait for work.

PySCF's own threads do the work; those of the linear-algebra library only get in their way. On the
small matrices of a few atoms two pools of spinning threads fight for the same processors: NaCl with
PBE in def2-SVPD took 4.0 s with both and 1.5 s with PySCF's alone, on two cores.

Between two parallel loops GNU OpenMP's threads spin, by default for milliseconds, and where other
programs want the processors they spin in the way of what they wait for. Of eight kernels at once on
two cores, four coupled-cluster atoms took 367 s so and 23 s with threads that give up sooner; alone
they took 2.8 and 3.1 s (``benchmarks/busy.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")
SPINS = 3000  # GNU's default is 300000; with none a thread's sleep costs an idle machine more


def wait_briefly() -> None:
    """Before PySCF is loaded: let its threads spin briefly, unless the user has said how."""
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & {*os.environ}:
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)


def one_blas_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Run ``function`` with one thread for BLAS and LAPACK."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
