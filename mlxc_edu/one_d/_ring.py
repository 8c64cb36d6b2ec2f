"""What repeats: points around a ring, and nuclei that come again after each period.

Sums over all images are Fourier sums: 2K₀(a|q|) is the transform of 1/√(x² + a²). Its q = 0 part is
infinite for each charge and cancels where there are as many electrons as protons; it is left out
everywhere, as a uniform background would have it. What is left of it, where nuclei are softened
otherwise than electrons, lifts the potential's average.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import k0

from ._grid import SOFTENING, Grid, soft_coulomb

WAVES = 400  # of each sum; K₀ falls off exponentially


@dataclass(frozen=True)
class Ring(Grid):
    """Equally spaced points around a ring of twice ``half_width``, for what is periodic: a function
    is its values at the points, and a sum of as many waves."""

    @classmethod
    def around(cls, length, points: int) -> Ring:
        """Of a length in Bohr."""
        try:
            return cls(float(length) / 2, points)
        except (TypeError, ValueError):
            if isinstance(length, int | float) and 0 < length < np.inf:
                raise
            raise ValueError(f"a period is a length in Bohr, not {length!r}") from None

    @property
    def length(self) -> float:
        return 2 * self.half_width

    @cached_property
    def x(self) -> np.ndarray:
        """(points,), Bohr"""
        return np.arange(self.points) * self.spacing

    @property
    def spacing(self) -> float:
        return self.length / self.points

    @cached_property
    def waves(self) -> np.ndarray:
        """(points,): 2π m/length, 1/Bohr, in the order of NumPy's FFT."""
        return 2 * np.pi * np.fft.fftfreq(self.points, self.spacing)

    @cached_property
    def kinetic(self) -> np.ndarray:
        """(points, points): −½ d²/dx²"""
        return self.kinetic_at(0.0).real

    def kinetic_at(self, k: float) -> np.ndarray:
        """(points, points): ½ (−i d/dx + k)², of the periodic part of exp(ikx) u(x)."""
        return self._operator(0.5 * (self.waves + k) ** 2)

    @cached_property
    def derivative(self) -> np.ndarray:
        """(points, points): d/dx"""
        fastest = self.points % 2 == 0 and self.points // 2  # has no slope at the points
        return self._operator(1j * np.where(np.arange(self.points) == fastest, 0, self.waves)).real

    def repulsion(self) -> np.ndarray:
        """(points, points): of an electron with another and all its images."""
        return image_sum(self.x[:, None] - self.x[None], self.length)

    @property
    def self_energy(self) -> float:
        """Hartree: of an electron with its own images."""
        return 0.5 * float(image_sum(np.zeros(1), self.length)[0] - soft_coulomb(0.0))

    def _operator(self, factors) -> np.ndarray:
        shift = np.arange(self.points)[:, None] - np.arange(self.points)[None]
        return np.fft.ifft(factors)[shift % self.points]


def image_sum(x, length, softening=SOFTENING) -> np.ndarray:
    """Σ_m 1/√((x + m length)² + a²) without its average, but for −2 ln(a)/length."""
    q = 2 * np.pi / length * np.arange(1, WAVES + 1)
    found = np.zeros(np.shape(x))
    for wave, height in zip(q, 4 * k0(softening * q) / length):
        if height < 1e-17:
            break
        found += height * np.cos(wave * x)
    return found - 2 * np.log(softening) / length
