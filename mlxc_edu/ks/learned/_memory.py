"""Where JAX computes, and how much of the memory tables may take there."""

from __future__ import annotations

import jax
import jax.numpy as jnp

SHARE = 0.125  # of ``max_memory``
DEVICE_SHARE = 0.25  # of what JAX may take of a GPU's; others may be using it, too


def device() -> jax.Device:
    return next(iter(jnp.zeros(()).devices()))


def batch_size() -> tuple[int, float]:
    """Points in a batch, and bytes of its tables: the hidden layers of 512 points fit in a
    processor's cache; an accelerator wants many."""
    return (512, 64e6) if device().platform == "cpu" else (16384, 5e8)


def for_integrals(max_memory: float) -> float:
    """Bytes, of PySCF's ``max_memory`` in MB, for the Coulomb energy's integrals, which are on the
    processor's side."""
    return SHARE * max_memory * 1e6


def for_tables(max_memory: float) -> float:
    """Bytes for what is kept of the points, basis functions and local exchange."""
    own = device().memory_stats() or {}  # None: a processor has no memory of its own
    if "bytes_limit" in own:
        return DEVICE_SHARE * own["bytes_limit"]
    return for_integrals(max_memory)
