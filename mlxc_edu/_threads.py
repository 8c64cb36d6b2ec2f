"""PySCF's own threads do the work; those of the linear-algebra library only get in their way.

On the small matrices of a few atoms two pools of spinning threads fight for the same processors:
NaCl with PBE in def2-SVPD took 4.0 s with both and 1.5 s with PySCF's alone, on two cores.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")


def one_blas_thread(function: Callable[P, T]) -> Callable[P, T]:
    """Run ``function`` with one thread for BLAS and LAPACK."""

    @wraps(function)
    def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited
