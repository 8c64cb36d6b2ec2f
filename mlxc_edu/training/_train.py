"""From a preset to a functional in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from .. import weights
from ..functionals import FORMS, form_of
from ..functionals.edu26 import Parameters
from . import _cache
from ._data import Data
from ._fit import fit
from ._pairs import pairs
from ._problem import evaluate, mean_errors
from ._reactions import ATOMS, Entry, Reaction, barriers, entries, ions, molecules, totals
from ._reactions import fractional as fractions
from ._restricted import restricted
from ._settings import PLANE, Settings
from ._small import unpack
from ._turns import own_states


@dataclass(frozen=True)
class Preset:
    """What is trained on, and how."""

    about: str
    settings: Settings
    kinds: tuple[str, ...] = ()  # of the table's molecules; none: what comes with the package


PRESETS = {
    "two-minutes": Preset(
        "six atoms and twenty molecules whose densities come with the package; to see how it goes",
        Settings(width=32, blocks=1, steps=8, regulariser=0.0),
    ),
    "laptop": Preset(
        "atoms and diatomics; their densities are made first, once",
        Settings(steps=12),
        ("wide", "near", "loose"),
    ),
    "full": Preset(
        "all systems; first their densities, once: 1.1 GB, some 40 minutes on two processors",
        Settings(),
        ("wide", "near", "loose", "small", "transfer", "polyatomic", "barrier"),
    ),
    "plane": Preset(
        "EDU27's form, all systems, flat planes, bonds that break with their electrons paired",
        PLANE,
        ("wide", "near", "loose", "small", "transfer", "polyatomic", "barrier"),
    ),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A functional's parameters, the settings it was fitted with, and the way there.

    ``history`` is a pandas table: a row a report, with ``step``, ``seconds``, ``loss`` and mean
    absolute errors in kcal/mol of training and validation by kind of reaction. ``errors`` are
    those at the end.
    """

    parameters: Parameters
    settings: Settings
    history: pd.DataFrame
    errors: pd.DataFrame

    def save(self, path: str | os.PathLike) -> Path:
        """Write the parameters to a .npz file, which ``mlxc_edu.KS(mol, "file.npz")`` takes."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"parameters are kept in a file that ends in .npz, not {path.name}")
        arrays = {name: np.asarray(a) for name, a in self.parameters._asdict().items()}
        tables = {name: json.loads(getattr(self, name).to_json()) for name in ("history", "errors")}
        said = json.dumps({"settings": asdict(self.settings), **tables})
        np.savez_compressed(path, said=np.array(said), **arrays)  # type: ignore[arg-type]
        return path

    @classmethod
    def load(cls, name: str | os.PathLike = "EDU26") -> Trained:
        """What :meth:`save` wrote, or how the shipped functional was made.

        Raises FileNotFoundError without the file, ValueError where it holds something else.
        """
        arrays = weights.load_ours(os.fspath(name))
        if "said" not in arrays:
            raise ValueError(f"{name} does not say how it was made")
        said = json.loads(str(arrays["said"]))
        settings = Settings(**{k: _as_was(v) for k, v in said["settings"].items()})
        tables = [pd.DataFrame(said[table]) for table in ("history", "errors")]
        tables[0].index = tables[0].index.astype(int)
        return cls(form_of(arrays).Parameters.from_arrays(arrays), settings, *tables)


def _as_was(value):
    return tuple(value) if isinstance(value, list) else value


def train(
    preset: str = "laptop",
    *,
    settings: Settings | None = None,
    fractional: bool = True,
    checkpoint: str | os.PathLike | None = None,
    workers: int | None = None,
    report: Callable[[dict], None] = lambda row: None,
) -> Trained:
    """Train a functional of one of our forms.

    Parameters
    ----------
    preset : of ``PRESETS``.
    settings : instead of the preset's own; ``form`` says which.
    fractional : whether fractional charges and spins are shown.
    checkpoint : a file; a fit that was stopped goes on from it.
    workers : processes that make densities; default: one a processor.
    report : is called with every row of the history.

    Raises
    ------
    ValueError : unknown preset, one whose densities are kept for another form or that cannot
        search, a broken table or density (the message names the entry), a checkpoint of other
        settings.
    """
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}; there are {', '.join(PRESETS)}")
    chosen = PRESETS[preset]
    settings = settings or chosen.settings
    if not chosen.kinds and settings.form != "EDU26":
        raise ValueError(
            f"the densities of {preset!r} are as EDU26 sees them; for {settings.form} take the "
            "preset 'plane'"
        )
    if settings.turns and not chosen.kinds:
        raise ValueError(f"{preset!r} has no densities of its own to search near; turns must be 0")
    sides = (
        _built(chosen, settings, fractional, workers) if chosen.kinds else small_data(fractional)
    )
    training, validation = (side.of_kinds(settings.weights) for side in sides)
    path = None if checkpoint is None else Path(checkpoint)
    parameters, history = fit(training, validation, settings, path, report)
    few = replace(settings, steps=settings.further)
    for turn in range(1, settings.turns + 1):
        training = training.with_more(own_states(parameters, settings, turn, workers))
        then = path and path.with_name(f"{path.stem} {turn}{path.suffix}")
        last = history[-1]

        def later(row, last=last):
            report(row | {name: row[name] + last[name] for name in ("step", "seconds")})

        parameters, more = fit(training, validation, few, then, later, parameters)
        history += [r | {name: r[name] + last[name] for name in ("step", "seconds")} for r in more]
    rows = {
        side: mean_errors(data, *evaluate(parameters, data, settings))
        for side, data in (("train", training), ("validation", validation))
    }
    return Trained(parameters, settings, tabulate(history), pd.DataFrame(rows).T)


def small_data(fractional: bool = True) -> tuple[Data, Data]:
    """What comes with the package, to train and to validate: every fourth molecule validates."""
    samples, lists = unpack()
    table = {n: e for n, e in entries().items() if e.kind == "atom" or n in samples}
    known = _reactions(table, lists if fractional else {})
    known = [r for r in known if all(name in samples for _, name in r.parts)]
    apart = [e for e in table if e in samples][::4]
    sides: tuple[list[Reaction], list[Reaction]] = ([], [])
    for r in known:
        sides[any(name in apart for _, name in r.parts)].append(r)
    return Data(sides[0], samples), Data(sides[1], samples)


def _built(preset: Preset, settings: Settings, with_fractions, workers) -> tuple[Data, Data]:
    """Densities made here, once."""
    where, table = _cache.folder(), entries()
    table = {n: e for n, e in table.items() if e.kind in ("atom", *preset.kinds)}
    jobs = [{"atom": symbol, "list": symbol} for symbol in ATOMS]
    jobs += [pair.job for pair in pairs()]
    jobs += [_job(e) for e in table.values() if e.kind != "atom" and e.side != "test"]
    broken = restricted(table) if settings.weights.get("restricted") else []
    jobs += [lesson.job for lesson in broken]
    failed = _cache.build(jobs, where, workers or os.cpu_count() or 1)
    lists = {s: _cache.atom_list(s, where) for s in ATOMS if s not in failed}
    known = _reactions(table, lists if with_fractions else {})
    known += [pair.reaction for pair in pairs() if with_fractions]
    known += [lesson.reaction for lesson in broken]
    known = [r for r in known if settings.weights.get(r.kind)]  # others need not be read
    known = [r for r in known if not any(name in failed for _, name in r.parts)]
    form = FORMS[settings.form]
    sides = ([r for r in known if r.side == side] for side in ("train", "validation"))
    training, validation = (Data.load(reactions, where, form) for reactions in sides)
    return training, validation


def _job(entry: Entry) -> dict:
    fields = ("name", "geometry", "charge", "spin")
    return {field: getattr(entry, field) for field in fields}


def _reactions(table: dict[str, Entry], lists: dict[str, list]) -> list[Reaction]:
    """All that trains or validates; ``lists`` of the atoms whose fractions are shown."""
    found = [*molecules(table), *barriers(table), *ions(table), *totals(table)]
    for symbol, listed in lists.items():
        found += fractions(symbol, listed)
    return [r for r in found if r.side != "test"]


def tabulate(history: list[dict]) -> pd.DataFrame:
    rows = []
    for row in history:
        flat = {k: row[k] for k in ("step", "seconds", "loss")}
        for side in ("train", "validation"):
            flat |= {f"{side}_{kind}": value for kind, value in row[side].items()}
        rows.append(flat)
    return pd.DataFrame(rows)
