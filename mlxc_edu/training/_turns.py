"""What is done between two turns of the fit: its functional's own states become lessons."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import replace

import numpy as np

from ..functionals import FORMS
from . import _cache
from ._data import Data
from ._reactions import ATOMS, HELD_OUT, Reaction, entries, fractional
from ._restricted import own_lessons
from ._settings import Settings

BONDS, STRETCHED = 6, 8  # molecules of either kind in one turn


def own_states(parameters, settings: Settings, turn: int, workers: int | None) -> Data:
    """Lessons from what the minimiser finds: states of the atoms that are shown, of bonds that
    break with their electrons paired, and of stretched salts. Those that fail are left out, with a
    warning."""
    where, arrays = _cache.folder(), {n: np.asarray(a) for n, a in parameters._asdict().items()}
    said = b"".join(a.tobytes() for a in arrays.values()) + f"{settings.seed} {turn}".encode()
    key = hashlib.sha256(said).hexdigest()[:12]
    functional = where / f"{key}.npz"
    np.savez(functional, **arrays)  # type: ignore[arg-type]
    lists = {s: f"{s} {key}" for s in ATOMS if s not in HELD_OUT}
    by = {"functional": str(functional)}
    jobs: list[dict] = [
        {"atom": s, "list": n, "seed": [settings.seed, turn], **by} for s, n in lists.items()
    ]
    found: list[Reaction] = []
    known = own_lessons(entries()) if settings.weights.get("restricted") else []
    generator = np.random.default_rng((settings.seed, turn))
    for lesson in _drawn(known, generator):
        name = f"{lesson.reaction.name} by {key}"
        job = {k: lesson.job[k] for k in ("geometry", "restricted")}
        jobs.append(job | {"name": name, "settled": not lesson.reaction.bound, **by})
        parts = ((1.0, name), *lesson.reaction.parts[1:])
        found.append(replace(lesson.reaction, name=name, parts=parts))
    failed = _cache.build(jobs, where, workers or os.cpu_count() or 1)
    if failed:
        warnings.warn(f"no own states of {failed}", stacklevel=2)
    found = [r for r in found if r.name not in failed]
    for symbol, listed in lists.items():
        if listed not in failed:
            found += fractional(symbol, _cache.atom_list(listed, where))
    found = [r for r in found if settings.weights.get(r.kind)]
    return Data.load(found, where, FORMS[settings.form])


def _drawn(lessons, generator) -> list:
    """Some bonds and some salts, at random."""
    salts = [lesson for lesson in lessons if lesson.reaction.bound]
    bonds = [lesson for lesson in lessons if not lesson.reaction.bound]
    chosen = []
    for some, count in ((bonds, BONDS), (salts, STRETCHED)):
        chosen += [some[i] for i in generator.permutation(len(some))[:count]]
    return chosen
