"""What is known of a diatomic's dissociation: stored, computed for a curve, or at a distance."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...calculations import exact, exact_level, solve
from ...ks import KS
from ...molecules import molecule
from ...scans import EXACT, diatomic, dissociation, scan_distances, stored
from ...units import KCAL_PER_HARTREE

SMALL = 4  # electrons; up to here a point takes seconds with any method
STORED, NOW = "stored", "computed now"


@dataclass(frozen=True, eq=False)
class Point:
    """One distance: a row like those of :func:`mlxc_edu.dissociation`, and (2, nao, nao)."""

    row: dict[str, Any]
    mol: Any
    density: np.ndarray | None


class LiveBond:
    """One diatomic.

    Attributes
    ----------
    name, atoms, small : its name, symbols, and whether everything is computed when asked for.
    distances : of a curve, Å.
    provenance : of the stored table; None where there is none.
    rows : of the curves, by method and distance. Each has a column ``origin`` more.
    points : computed at single distances, by method and distance.
    """

    def __init__(self, system: str, basis: str, store: str | os.PathLike | None = None):
        self.name, self.atoms, _ = diatomic(system)
        self.basis, self.store = basis, store
        self._mol = molecule(self.name, basis=basis)
        self.small = self._mol.nelectron <= SMALL
        self._level = exact_level(self._mol)
        self.distances = scan_distances(None, self.name)
        self.rows: dict[tuple[str, float], dict[str, Any]] = {}
        self.points: dict[tuple[str, float], Point] = {}
        self.provenance = None
        table = stored(self.name, basis)
        if table is not None:
            self.provenance = table.attrs["provenance"]
            self._add(table, STORED)

    def missing(self, methods) -> list[tuple[str, float]]:
        """The points of the curves that are not there yet."""
        return [(k, r) for k in methods for r in self.distances if (k, r) not in self.rows]

    def took(self) -> dict[str, list[float]]:
        """Seconds of each point of the curves that is there, by method."""
        seconds: dict[str, list[float]] = {}
        for (method, _), row in self.rows.items():
            seconds.setdefault(method, []).append(row["seconds"])
        return seconds

    def begun(self, method: str) -> bool:
        """Whether there is a point of its curve, and so the energy of its separated atoms."""
        return any(k == method for k, _ in self.rows)

    def compute(self, method: str, r: float) -> None:
        """A point of a curve, kept in the user's store, too."""
        self._check(method)
        given: dict[str, Any] = dict(basis=self.basis, store=self.store)
        self._add(dissociation(self.name, [method], [r], workers=1, progress=False, **given), NOW)

    def at(self, method: str, r: float) -> Point:
        """Computed here and now, where the curve is ``begun``. One that fails says so and holds no
        energy."""
        if (method, r) not in self.points:
            self._check(method)
            began = time.perf_counter()
            mol = molecule(self.name, bond_length=r, basis=self.basis)
            try:
                calc = exact(mol, level=self._level) if method == EXACT else solve(mol, method)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                nothing = ("energy", "relative_kcal", self.charge, "dipole")
                row: dict[str, Any] = dict.fromkeys(nothing, np.nan)
                row |= dict(converged=False, state=f"failed: {error!r}")
                density = None
            else:
                limit, sound = self._limit(method)
                row = {
                    "energy": calc.energy,
                    "relative_kcal": (calc.energy - limit) * KCAL_PER_HARTREE,
                    "converged": calc.converged and sound,
                    self.charge: float(calc.charges[0]),
                    "dipole": calc.dipole,
                    "state": "; ".join([calc.method, *calc.notes]),
                }
                density = calc.density_matrix
            row |= dict(method=method, r=r, seconds=time.perf_counter() - began, origin=NOW)
            self.points[method, r] = Point(row, mol, density)
        return self.points[method, r]

    def nearest(self, method: str, r: float) -> float:
        """The distance of the curve that is nearest, among those computed if there are any."""
        known = [d for k, d in self.rows if k == method]
        return min(known or self.distances, key=lambda d: abs(d - r))

    def curve(self, methods) -> pd.DataFrame:
        rows = [self.rows[k, r] for k in methods for r in self.distances if (k, r) in self.rows]
        return self._table(rows)

    def numbers(self, methods, r) -> pd.DataFrame:
        """A row a method: at ``r`` if that was computed, else at the nearest distance that was."""
        rows = []
        for method in methods:
            near = self.rows.get((method, self.nearest(method, r)))
            point = self.points.get((method, r))
            rows += [point.row] if point else [near] if near else []
        return self._table(rows)

    def _table(self, rows) -> pd.DataFrame:
        """With its columns, also where there is nothing yet."""
        measured = ["method", "r", "energy", "relative_kcal", "converged", self.charge, "dipole"]
        return pd.DataFrame(rows, columns=[*measured, "seconds", "state", "origin"])

    @property
    def charge(self) -> str:
        return f"charge_{self.atoms[0]}"

    def _add(self, table, origin) -> None:
        for row in table.to_dict("records"):
            self.rows[row["method"], row["r"]] = dict(row, origin=origin)

    def _check(self, method) -> None:
        """Say what stands in the way of every point of a method, such as missing weights."""
        if method != EXACT:
            KS(self._mol, method, unrestricted=True)

    def _limit(self, method) -> tuple[float, bool]:
        """Energy of the separated atoms, Hartree, and whether it is converged."""
        rows = [row for (k, _), row in self.rows.items() if k == method]
        known = [row for row in rows if np.isfinite(row["energy"])]
        if not known:
            return np.nan, False
        sound = any(row["converged"] for row in known)
        return known[0]["energy"] - known[0]["relative_kcal"] / KCAL_PER_HARTREE, sound
