"""Functions on a line, and the operators that act on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SOFTENING = 1.0  # Bohr


def soft_coulomb(x, softening: float = SOFTENING):
    """1/√(x² + a²): two unit charges at a distance x, in Hartree and Bohr.

    A bare 1/|x| has no finite ground state on a line; a softened one keeps its long range.
    """
    return 1 / (x * x + softening * softening) ** 0.5


@dataclass(frozen=True)
class Grid:
    """Equally spaced points from −``half_width`` to ``half_width`` Bohr.

    A function is its values at the points; the basis behind it is one sinc function a point, so
    that integrals are sums and the kinetic energy is that of the band-limited function (Colbert and
    Miller, J. Chem. Phys. 96, 1982 (1992)). Errors fall off exponentially with the spacing.
    """

    half_width: float = 15.0
    points: int = 200

    def __post_init__(self):
        if not (np.isfinite(self.half_width) and self.half_width > 0):
            raise ValueError(f"half_width is a length in Bohr, not {self.half_width!r}")
        if self.points != int(self.points) or self.points < 8:
            raise ValueError(f"a grid has at least 8 points, not {self.points!r}")

    @cached_property
    def x(self) -> np.ndarray:
        """(points,), Bohr"""
        return np.linspace(-self.half_width, self.half_width, self.points)

    @property
    def spacing(self) -> float:
        return 2 * self.half_width / (self.points - 1)

    @cached_property
    def kinetic(self) -> np.ndarray:
        """(points, points): −½ d²/dx²"""
        i = np.arange(self.points)
        apart = i[:, None] - i[None]
        with np.errstate(divide="ignore"):
            values = np.where(apart == 0, np.pi**2 / 6, (-1.0) ** apart / apart.astype(float) ** 2)
        return values / self.spacing**2

    @cached_property
    def derivative(self) -> np.ndarray:
        """(points, points): d/dx"""
        i = np.arange(self.points)
        apart = i[:, None] - i[None]
        with np.errstate(divide="ignore"):
            values = np.where(apart == 0, 0.0, (-1.0) ** apart / apart.astype(float))
        return values / self.spacing

    @property
    def self_energy(self) -> float:
        """Hartree: of an electron with its own images, of which there are none."""
        return 0.0

    def repulsion(self) -> np.ndarray:
        """(points, points): of electrons, 1/√((x − x′)² + 1)"""
        return soft_coulomb(self.x[:, None] - self.x[None])

    def integrate(self, values, below: float = np.inf) -> float:
        """Of values at the points; of the part with x < ``below``, a point's cell shared out."""
        share = np.clip((below - self.x) / self.spacing + 0.5, 0, 1)
        return float(np.sum(values * share) * self.spacing)
