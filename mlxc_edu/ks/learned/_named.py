"""Learned functionals by their names."""

from __future__ import annotations

from functools import cache

from ... import weights
from ...functionals import dm21, form_of
from ._xc import LearnedXC


def learned(name: str, dtype: str = "float32") -> LearnedXC:
    """A learned functional by its name, or a file of parameters of one of our forms. Raises
    FileNotFoundError without its weights, ValueError where they do not fit."""
    if name in weights.MODELS:
        return LearnedXC(dm21.energy_density, _dm21(name, weights.folder(name), dtype))
    form, parameters = _ours(name, weights.fingerprint(name), dtype)
    return LearnedXC(form.energy_density, parameters)


@cache
def _dm21(name, folder, dtype):
    return dm21.Parameters.from_variables(weights.load(name), dtype)


@cache
def _ours(name, fingerprint, dtype):
    arrays = weights.load_ours(name)
    form = form_of(arrays)
    return form, form.Parameters.from_arrays(arrays, dtype)
