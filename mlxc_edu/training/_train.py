"""From a preset to a functional in a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pyscf.data import elements

from ..functionals import edu26
from . import _cache
from ._data import Data
from ._fit import Settings, evaluate, fit, mean_errors
from ._reactions import Entry, Reaction, entries, fractional, ions, molecules
from ._small import unpack

ATOMS = tuple(elements.ELEMENTS[1:19])  # H … Ar


@dataclass(frozen=True)
class Preset:
    """What is trained on, and how."""

    about: str
    settings: Settings
    kinds: tuple[str, ...] = ()  # of the table's molecules; none: what comes with the package


PRESETS = {
    "two-minutes": Preset(
        "six atoms and twenty molecules whose densities come with the package; to see how it goes",
        Settings(width=32, blocks=1, steps=400, points=10_000, regulariser=0.0),
    ),
    "laptop": Preset(
        "atoms and diatomics; their densities are made first, once",
        Settings(steps=2000),
        ("wide", "near", "loose"),
    ),
    "full": Preset(
        "all systems; their densities are made first, once, which takes hours",
        Settings(width=96, blocks=3, steps=8000),
        ("wide", "near", "loose", "small", "transfer", "polyatomic", "barrier"),
    ),
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A functional's parameters, the settings it was fitted with, and the way there.

    ``history`` is a pandas table: a row a report, with ``step``, ``seconds``, ``loss`` and mean
    absolute errors in kcal/mol of training and validation by kind of reaction.
    """

    parameters: edu26.Parameters
    settings: Settings
    history: pd.DataFrame
    errors: pd.DataFrame

    def save(self, path: str | os.PathLike) -> Path:
        """Write the parameters to a .npz file, which ``mlxc_edu.KS(mol, "file.npz")`` takes."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"parameters are kept in a file that ends in .npz, not {path.name}")
        arrays = {name: np.asarray(a) for name, a in self.parameters._asdict().items()}
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
        return path


def train(
    preset: str = "laptop",
    *,
    settings: Settings | None = None,
    fractional: bool = True,
    checkpoint: str | os.PathLike | None = None,
    workers: int | None = None,
    report: Callable[[dict], None] = lambda row: None,
) -> Trained:
    """Train a functional of EDU26's form.

    Parameters
    ----------
    preset : of ``PRESETS``.
    settings : instead of the preset's own.
    fractional : whether fractional charges and spins are shown.
    checkpoint : a file; a fit that was stopped goes on from it.
    workers : processes that make densities; default: one a processor.
    report : is called with every row of the history.

    Raises
    ------
    ValueError : unknown preset, a broken table or sample (the message names the entry), a
        checkpoint of other settings.
    """
    if preset not in PRESETS:
        raise ValueError(f"unknown preset {preset!r}; there are {', '.join(PRESETS)}")
    chosen = PRESETS[preset]
    settings = settings or chosen.settings
    sides = _built(chosen, fractional, workers) if chosen.kinds else _shipped(fractional)
    training, validation = sides
    path = None if checkpoint is None else Path(checkpoint)
    parameters, history = fit(training, validation, settings, path, report)
    rows = {
        side: mean_errors(data, *evaluate(parameters, data, settings))
        for side, data in (("train", training), ("validation", validation))
    }
    return Trained(parameters, settings, tabulate(history), pd.DataFrame(rows).T)


def _shipped(with_fractions) -> tuple[Data, Data]:
    """What comes with the package; every fourth molecule validates."""
    samples, lists = unpack()
    table = {n: e for n, e in entries().items() if e.kind == "atom" or n in samples}
    known = _reactions(table, lists if with_fractions else {})
    known = [r for r in known if all(name in samples for _, name in r.parts)]
    apart = [e for e in table if e in samples][::4]
    sides: tuple[list[Reaction], list[Reaction]] = ([], [])
    for r in known:
        sides[any(name in apart for _, name in r.parts)].append(r)
    return Data(sides[0], samples), Data(sides[1], samples)


def _built(preset: Preset, with_fractions, workers) -> tuple[Data, Data]:
    """Densities made here, once."""
    where, table = _cache.folder(), entries()
    table = {n: e for n, e in table.items() if e.kind in ("atom", *preset.kinds)}
    jobs = [{"atom": symbol} for symbol in ATOMS]
    jobs += [_job(e) for e in table.values() if e.kind != "atom" and e.side != "test"]
    failed = _cache.build(jobs, where, workers or os.cpu_count() or 1)
    lists = {s: _cache.atom_list(s, where) for s in ATOMS if s not in failed}
    known = _reactions(table, lists if with_fractions else {})
    known = [r for r in known if not any(name in failed for _, name in r.parts)]
    training, validation = (
        Data.load([r for r in known if r.side == side], where) for side in ("train", "validation")
    )
    return training, validation


def _job(entry: Entry) -> dict:
    fields = ("name", "geometry", "charge", "spin")
    return {field: getattr(entry, field) for field in fields}


def _reactions(table: dict[str, Entry], lists: dict[str, list]) -> list[Reaction]:
    """All that trains or validates; ``lists`` of the atoms whose fractions are shown."""
    found = [*molecules(table), *ions(table)]
    for symbol, listed in lists.items():
        found += fractional(symbol, listed)
    return [r for r in found if r.side != "test"]


def tabulate(history: list[dict]) -> pd.DataFrame:
    rows = []
    for row in history:
        flat = {k: row[k] for k in ("step", "seconds", "loss")}
        for side in ("train", "validation"):
            flat |= {f"{side}_{kind}": value for kind, value in row[side].items()}
        rows.append(flat)
    return pd.DataFrame(rows)
