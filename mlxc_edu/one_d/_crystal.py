"""A crystal on the line: a ring of many cells, and its bands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._threads import one_blas_thread
from ._functionals import Functional
from ._grid import SOFTENING, Grid
from ._kohn_sham import kohn_sham
from ._nuclei import checked_nuclei, default_grid
from ._ring import Ring
from ._system import Solution

LOCAL = 1e-8  # Hartree; of the potential between different points


@dataclass(frozen=True, repr=False)
class Crystal:
    """A ring of ``cells`` equal cells. Around it an orbital's phase turns a whole number of times,
    so it is a crystal at as many k (Born and von Kármán).

    Attributes
    ----------
    ring : the solution for all cells.
    cells : how many.
    period : of one, Bohr.
    """

    ring: Solution
    cells: int
    period: float

    @property
    def energy(self) -> float:
        """Of a cell, Hartree."""
        return self.ring.energy / self.cells

    @property
    def converged(self) -> bool:
        return self.ring.converged

    @cached_property
    def cell(self) -> Ring:
        """The points of the first cell."""
        return Ring.around(self.period, self.ring.grid.points // self.cells)

    @property
    def density(self) -> np.ndarray:
        """(points,) of a cell: electrons per Bohr."""
        return self.ring.density[: self.cell.points]

    @property
    def filled(self) -> int:
        """Bands of either spin that hold electrons."""
        return round(self.ring.system.occupations[0] / self.cells)

    @property
    def k(self) -> np.ndarray:
        """(cells,): where the ring's orbitals lie, 1/Bohr, from −π/period on."""
        return np.sort(2 * np.pi * np.fft.fftfreq(self.cells) / self.period)

    @one_blas_thread
    def bands(self, k) -> np.ndarray:
        """(len(k), points of a cell), Hartree: the levels of exp(ikx) u(x) with u periodic.

        Raises ValueError where the functional's potential is not one of a place only.
        """
        potential = self.ring.potential[0]
        rest = self.ring.state.fock[0] - self.ring.grid.kinetic - np.diag(potential)
        if abs(rest).max() > LOCAL:
            raise ValueError("bands are drawn for local potentials, such as LDA's")
        v = np.diag(potential[: self.cell.points])
        return np.array([np.linalg.eigvalsh(self.cell.kinetic_at(q) + v) for q in np.ravel(k)])

    @property
    def gap(self) -> float:
        """Hartree: between the highest filled and the lowest empty level of the ring; below zero
        for a metal that fills bands."""
        count = round(self.ring.system.occupations[0])
        levels = self.ring.levels[0]
        return float(levels[count] - levels[count - 1])

    def __repr__(self) -> str:
        said = f"{self.energy:.6f} Hartree a cell" + ("" if self.converged else ", NOT CONVERGED")
        return f"Crystal({self.cells} cells of {self.period:g} Bohr: {said})"


def crystal(
    charges,
    positions,
    period: float,
    electrons: int = 2,
    functional: str | Callable[[Grid], Functional] = "LDA",
    *,
    cells: int = 8,
    softening=SOFTENING,
    points: int | None = None,
) -> Crystal:
    """Solve the Kohn–Sham equations of a crystal on the line.

    Parameters
    ----------
    charges, positions, softening : of the nuclei of one cell, as for ``exact``.
    period : of a cell, Bohr.
    electrons : in a cell.
    functional : as for ``kohn_sham``.
    cells : around the ring, as many as k.
    points : of a cell; by default one every 0.15 Bohr.

    Raises
    ------
    ValueError : as for ``kohn_sham``; cells that are no whole number above zero.
    """
    if isinstance(cells, bool) or cells != int(cells) or cells < 1:
        raise ValueError(f"cells is a whole number above zero, not {cells!r}")
    charges, positions, softening = (np.ravel(a) for a in (charges, positions, softening))
    many = np.concatenate([positions + period * n for n in range(cells)])
    soft = softening if len(softening) == 1 else np.tile(softening, cells)
    cell = checked_nuclei(charges, positions, softening, period)
    points = default_grid(cell, None, points).points
    ring = kohn_sham(
        np.tile(charges, cells), many, electrons * cells, functional,
        softening=soft, period=period * cells, points=points * cells,
    )  # fmt: skip
    return Crystal(ring, int(cells), float(period))
