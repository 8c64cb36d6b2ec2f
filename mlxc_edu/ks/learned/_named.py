"""Learned functionals by their names."""

from __future__ import annotations

from functools import cache

from ... import weights
from ...functionals import dm21, edu26
from ._xc import LearnedXC


def learned(name: str, dtype: str = "float32") -> LearnedXC:
    """A learned functional by its name, or EDU26's network with a file of parameters. Raises
    FileNotFoundError without its weights, ValueError where they do not fit."""
    if name in weights.MODELS:
        return LearnedXC(dm21.energy_density, _dm21(name, weights.folder(name), dtype))
    return LearnedXC(edu26.energy_density, _edu26(name, weights.fingerprint(name), dtype))


@cache
def _dm21(name, folder, dtype):
    return dm21.Parameters.from_variables(weights.load(name), dtype)


@cache
def _edu26(name, fingerprint, dtype):
    return edu26.Parameters.from_arrays(weights.load_edu26(name), dtype)
