"""What the electrons on the line feel, and whether a grid can hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ._grid import Grid, soft_coulomb
from ._ring import Ring, image_sum

AT_THE_WALL = 1e-4  # electrons per Bohr
TOO_COARSE = 1e-3  # Hartree; what half the spacing may change
MARGIN = 12.0  # Bohr beyond the outermost nucleus
SPACING = 0.15  # Bohr
COARSE_SPACING = 0.4  # Bohr; sinc functions are good there, too


@dataclass(frozen=True)
class Nuclei:
    """Charges at positions in Bohr, each with a softening length for the electrons it attracts.

    A larger softening makes a weaker atom: so two neutral atoms of charge 1 can differ.
    """

    charges: tuple[float, ...]
    positions: tuple[float, ...]
    softening: tuple[float, ...]

    def potential(self, x: np.ndarray) -> np.ndarray:
        """(points,): −Σ Z/√((x − X)² + a²)"""
        nuclei = zip(self.charges, self.positions, self.softening)
        return -sum((z * soft_coulomb(x - at, a) for z, at, a in nuclei), np.zeros_like(x))

    @property
    def repulsion(self) -> float:
        """Of the nuclei, softened as that of electrons is."""
        z, at = np.array(self.charges), np.array(self.positions)
        i, j = np.triu_indices(len(z), 1)
        return float((z[i] * z[j] * soft_coulomb(at[i] - at[j])).sum())


@dataclass(frozen=True)
class RingOfNuclei(Nuclei):
    """Nuclei with all their images after each ``length``."""

    length: float = 0.0

    def potential(self, x: np.ndarray) -> np.ndarray:
        nuclei = zip(self.charges, self.positions, self.softening)
        attraction = (z * image_sum(x - at, self.length, a) for z, at, a in nuclei)
        return -sum(attraction, np.zeros_like(x))

    @property
    def repulsion(self) -> float:
        z, at = np.array(self.charges), np.array(self.positions)
        every = image_sum(at[:, None] - at[None], self.length)
        return 0.5 * float(z @ every @ z - (z**2).sum() * soft_coulomb(0.0))


def checked_nuclei(charges, positions, softening, period=None) -> Nuclei:
    try:
        charges, positions, softening = (
            np.ravel(np.asarray(given, dtype=float)) for given in (charges, positions, softening)
        )
        if not np.isfinite([*charges, *positions, *softening]).all():
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ValueError("charges, positions and softening (Bohr) are lists of numbers") from error
    if len(charges) != len(positions) or not len(charges):
        raise ValueError(
            f"every nucleus has a charge and a position: {len(charges)} and {len(positions)} given"
        )
    if len(softening) == 1:
        softening = np.repeat(softening, len(charges))
    if len(softening) != len(charges) or (softening <= 0).any():
        raise ValueError(
            f"softening is one positive length or one for each nucleus, not {softening}"
        )
    found = Nuclei(*(tuple(given.tolist()) for given in (charges, positions, softening)))
    if period is None:
        return found
    return RingOfNuclei(
        found.charges, found.positions, found.softening, Ring.around(period, 8).length
    )


def default_grid(nuclei: Nuclei, half_width, points, coarse: bool = False) -> Grid:
    """Centred on zero, as wide as the nuclei need; or around the ring that they are on."""
    if isinstance(nuclei, RingOfNuclei):
        if half_width is not None:
            raise ValueError("what is periodic has no walls: give period or half_width")
        spacing = COARSE_SPACING if coarse else SPACING
        return Ring.around(nuclei.length, points or 2 * round(nuclei.length / spacing / 2) + 1)
    if half_width is None:
        half_width = max(map(abs, nuclei.positions)) + MARGIN
    if points is None:
        points = round(2 * half_width / (COARSE_SPACING if coarse else SPACING)) + 1
    return Grid(half_width, points)


def check_grid(grid: Grid, nuclei: Nuclei, electrons: float) -> None:
    """Raises ValueError where the grid cannot hold one electron in the field that is left when the
    others have screened the nuclei, or is too coarse for the deepest level."""
    if isinstance(grid, Ring):
        return _check_spacing(grid, Ring.around(grid.length, 2 * grid.points), nuclei)
    if max(map(abs, nuclei.positions)) > grid.half_width:
        raise ValueError(f"a nucleus lies outside of the box of ±{grid.half_width:g} Bohr")
    screened = max(0.0, 1 - (electrons - 1) / max(sum(nuclei.charges), 1e-9))
    if screened:
        left = Nuclei(
            tuple(z * screened for z in nuclei.charges), nuclei.positions, nuclei.softening
        )
        _, orbital = _ground(grid, left)
        check_walls(grid, orbital**2 / grid.spacing)
    return _check_spacing(grid, Grid(grid.half_width, 2 * grid.points - 1), nuclei)


def _check_spacing(grid, fine, nuclei) -> None:
    change = _ground(grid, nuclei)[0] - _ground(fine, nuclei)[0]
    if abs(change) > TOO_COARSE:
        raise ValueError(
            f"the grid is too coarse: one electron moves by {abs(change):.1e} Hartree when the "
            f"spacing of {grid.spacing:.2f} Bohr is halved; take more than {grid.points} points"
        )


def check_walls(grid: Grid, density) -> None:
    """Raises ValueError where electrons touch the walls."""
    if isinstance(grid, Ring):
        return
    at_walls = max(density[0], density[-1])
    if at_walls > AT_THE_WALL:
        raise ValueError(
            f"the box of ±{grid.half_width:g} Bohr is too small: {at_walls:.1e} electrons per Bohr "
            "at its wall; make half_width larger"
        )


def _ground(grid, nuclei) -> tuple[float, np.ndarray]:
    one = grid.kinetic + np.diag(nuclei.potential(grid.x))
    energies, vectors = scipy.linalg.eigh(one, subset_by_index=[0, 0])
    return float(energies[0]), vectors[:, 0]
