"""How much of the memory integrals and tables may take, in bytes of PySCF's ``max_memory`` (MB)."""

from __future__ import annotations

import jax

SHARE = 0.125  # of ``max_memory``
DEVICE_SHARE = 0.25  # of a GPU's own memory; others may be using it, too


def for_integrals(max_memory: float) -> float:
    """For the Coulomb energy's, which are on the processor's side."""
    return SHARE * max_memory * 1e6


def for_tables(max_memory: float) -> float:
    """For what is known of the points, basis functions and local exchange: where JAX computes."""
    device = jax.devices()[0].memory_stats() or {}  # None: it has no memory of its own
    if "bytes_limit" in device:
        return DEVICE_SHARE * device["bytes_limit"]
    return for_integrals(max_memory)
