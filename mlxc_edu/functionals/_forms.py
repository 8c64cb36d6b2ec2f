"""Our own forms of functionals, told from one another by what their networks look at."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from . import edu26, edu27

FORMS: dict[str, ModuleType] = {"EDU26": edu26, "EDU27": edu27}
"""Modules with ``Parameters``, ``inputs``, ``ingredients``, ``coefficients``, ``energy_density``
and ``OUTPUTS``, by the names of their first functionals."""


def form_of(arrays: Mapping[str, np.ndarray]) -> ModuleType:
    """The form that arrays of parameters belong to; EDU26's where they fit none, which says why."""
    rows = len(arrays["own_w"]) if "own_w" in arrays else None
    return next((f for f in FORMS.values() if len(f.OWN) == rows), edu26)


def form_with(parameters) -> ModuleType | None:
    """The form that has such parameters, or None."""
    return next((f for f in FORMS.values() if type(parameters) is f.Parameters), None)
