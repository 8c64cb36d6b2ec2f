"""E(N) a point at a time, each from the orbitals of its nearest neighbours.

What does not change with the number of electrons (grids, integrals, tables of local exchange) is
made once for each method and kept. A point among others then takes one or two Fock matrices: for
the H atom a tenth of a second with DM21 and less with others.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ...calculations import GRID_LEVEL, Frontier, Spins, edge_energies, frontier, holder, path
from ...ks import KS
from ...ks.convergence import minimise
from ...ks.occupations import GRADIENT_TOL
from ...molecules import molecule
from ...scans import ceil, charge_row, electron_numbers, floor

DIGITS = 2  # of a number of electrons
CHARGE_COLUMNS = [
    "method",
    "n",
    "energy",
    "line",
    "deviation_kcal",
    "converged",
    "homo",
    "lumo",
    "seconds",
    "state",
]


@dataclass(frozen=True, eq=False)
class Point:
    """As what ``calculations.ensemble`` returns, with the orbitals behind it (None: no electrons,
    or the calculation failed)."""

    energy: float
    converged: bool
    homo: Spins | None
    lumo: Spins | None
    state: str
    seconds: float = 0.0
    orbitals: np.ndarray | None = None
    occupations: np.ndarray | None = None


class LiveCharge:
    """One system.

    Attributes
    ----------
    numbers : of electrons, those of a curve; ``whole`` are the whole ones, ``own`` is its own.
    points : what is computed, by method and number of electrons.
    """

    def __init__(self, system: str, basis: str):
        self.system, self.mol = system, molecule(system, basis=basis)
        self.numbers = electron_numbers(None, self.mol, system)
        self.whole = [m for m in self.numbers if floor(m) == ceil(m)]
        self.own = self.mol.nelectron
        if self.whole[-1] > self.own and self.mol.nelec[1] == self.mol.nao:
            raise ValueError(
                f"one more electron does not fit in the {self.mol.nao} orbitals of {basis!r}; "
                "take a larger basis"
            )
        self.points: dict[str, dict[float, Point]] = {}
        self._mean_fields: dict[str, Any] = {}

    def missing(self, methods) -> list[tuple[str, float]]:
        """The points of the curve that are not there yet, whole numbers first."""
        order = [*self.whole, *(m for m in self.numbers if m not in self.whole)]
        return [(k, m) for k in methods for m in order if m not in self.points.get(k, {})]

    def begun(self, method: str, n: float) -> bool:
        """Whether there is something to see: ``n`` and what :meth:`first` names before it."""
        return {*self.first(n)} <= {*self.points.get(method, {})}

    def first(self, n: float) -> list[float]:
        """``n`` last; before it its whole neighbours, which make its straight line, and the
        system's own number, from which heights are measured."""
        return [*dict.fromkeys([floor(n), ceil(n), float(self.own), n])]

    def point(self, method: str, n: float) -> Point:
        """Computed, unless it is there already. One that fails says so and holds no energy."""
        known = self.points.setdefault(method, {})
        if n not in known:
            began = time.perf_counter()
            try:
                value = self._compute(method, n)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                nothing = dict(energy=np.nan, converged=False, homo=None, lumo=None)
                value = dict(nothing, state=f"failed: {error!r}")
            known[n] = Point(**value, seconds=time.perf_counter() - began)
        return known[n]

    def rows(self, places) -> pd.DataFrame:
        """A table like :func:`mlxc_edu.fractional_charge`'s of (method, n), where computed."""
        rows = []
        for method, n in places:
            known = {m: vars(point) for m, point in self.points.get(method, {}).items()}
            if {floor(n), ceil(n), n} <= {*known}:
                rows.append(charge_row(method, n, known, self._electrons))
        return pd.DataFrame(rows, columns=CHARGE_COLUMNS)

    def density(self, method: str, n: float) -> np.ndarray | None:
        """(2, nao, nao) of a point that is computed."""
        point = self.points[method][n]
        if point.orbitals is None or point.occupations is None:
            return np.zeros((2, self.mol.nao, self.mol.nao)) if point.converged else None
        weighted = point.orbitals * point.occupations[:, None]
        return weighted @ point.orbitals.transpose(0, 2, 1)

    def rest(self) -> None:
        """Let go of the memory that more points would need."""
        self._mean_fields.clear()

    def _compute(self, method, n) -> dict[str, Any]:
        electrons = self._electrons[n]
        said = f"{electrons[0]:g} α and {electrons[1]:g} β electrons"
        if not any(electrons):
            energy = self.mol.energy_nuc()
            return dict(energy=energy, converged=True, homo=None, lumo=None, state="empty")
        if method not in self._mean_fields:
            self._mean_fields[method] = KS(self.mol, method, unrestricted=True)
            self._mean_fields[method].grids.level = GRID_LEVEL
        mf = self._mean_fields[method]
        occupations = self._frontier.occupations(electrons)
        tolerance = getattr(mf, "gradient_tol", GRADIENT_TOL)
        found = minimise(mf, self._start(method, n), occupations, gradient_tol=tolerance)
        homo, lumo = edge_energies(self._frontier, found, self._overlap)
        state = f"{said}; {holder(self.mol, found)}"
        energies = dict(energy=found.energy, converged=found.converged, homo=homo, lumo=lumo)
        return dict(energies, state=state, orbitals=found.mo_coeff, occupations=found.mo_occ)

    def _start(self, method, n) -> np.ndarray:
        """Orbitals on the straight line through the two nearest points between the same whole
        numbers: there, the same orbital holds the fraction. At whole numbers none is marked out,
        and the frontier decides."""
        known: dict[float, Any] = self.points[method]
        between = [m for m, p in known.items() if floor(n) < m < ceil(n) and p.converged]
        if not between:
            return self._frontier.coefficients
        a, *more = sorted(between, key=lambda m: abs(m - n))[:2]
        if not more:
            return known[a].orbitals
        b = more[0]
        share = np.clip((n - a) / (b - a), -1, 1)  # two that are close say little of what is far
        spins = zip(known[a].orbitals, known[b].orbitals, known[a].occupations)
        return np.array([_on_line(*spin, share, self._overlap) for spin in spins])

    @cached_property
    def _overlap(self) -> np.ndarray:
        return self.mol.intor_symmetric("int1e_ovlp")

    @cached_property
    def _frontier(self) -> Frontier:
        return frontier(self.mol)

    @cached_property
    def _electrons(self) -> dict[float, tuple[float, float]]:
        """(α, β) electrons for every number that can be asked for."""
        steps = round((self.numbers[-1] - self.numbers[0]) * 10**DIGITS) + 1
        every = np.linspace(self.numbers[0], self.numbers[-1], steps).round(DIGITS).tolist()
        return path(self.mol, self._frontier, every)


def _on_line(one, two, occupations, share, overlap) -> np.ndarray:
    """Orbitals of one spin between ``one`` (share 0) and ``two`` (1) or beyond."""
    turned = np.empty_like(two)
    for number in np.unique(occupations):  # those that hold the same may turn among themselves
        shell = occupations == number
        u, _, v = np.linalg.svd(two[:, shell].T @ overlap @ one[:, shell])
        turned[:, shell] = two[:, shell] @ u @ v
    line = one + share * (turned - one)
    weight, vectors = np.linalg.eigh(line.T @ overlap @ line)
    return line @ (vectors / np.sqrt(weight)) @ vectors.T
