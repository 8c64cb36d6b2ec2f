"""A solution of the Schrödinger equation on a line, and what it says of its electrons."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ._grid import Grid
from ._inversion import Inversion, invert
from ._nuclei import Nuclei

SURE = 1e-14  # electrons per Bohr; pairs are known well where there are more


@dataclass(frozen=True, repr=False)
class Eigenstate:
    """A solution of the Schrödinger equation. Hartree and Bohr.

    Attributes
    ----------
    grid, nuclei : where it lives.
    electrons : how many.
    spin : unpaired electrons.
    wavefunction : (points,) * electrons; of three, the first two have one spin and the last the
        other (spin=3: all the same). Its square, times spacing**electrons, adds up to 1.
    electronic_energy : without the nuclei's repulsion.
    converged : bool
    """

    grid: Grid
    nuclei: Nuclei
    electrons: int
    spin: int
    wavefunction: np.ndarray
    electronic_energy: float
    converged: bool

    @property
    def energy(self) -> float:
        """With the nuclei's repulsion."""
        return self.electronic_energy + self.nuclei.repulsion

    @cached_property
    def spin_density(self) -> np.ndarray:
        """(2, points): electrons of either spin per Bohr."""
        up = (self.electrons + self.spin) // 2
        probability = self.wavefunction**2 * self.grid.spacing ** (self.electrons - 1)
        each = [
            probability.sum(axis=tuple(j for j in range(self.electrons) if j != i))
            for i in range(self.electrons)
        ]
        nothing = np.zeros(self.grid.points)
        return np.array([sum(each[:up], nothing), sum(each[up:], nothing)])

    @property
    def density(self) -> np.ndarray:
        """(points,): electrons per Bohr."""
        return self.spin_density.sum(axis=0)

    @cached_property
    def pair_density(self) -> np.ndarray:
        """(points, points): how often one electron is at x while another is at x'; it adds up to
        N(N − 1)."""
        probability = self.wavefunction**2 * self.grid.spacing ** max(0, self.electrons - 2)
        pairs = np.zeros((self.grid.points,) * 2)
        for i, j in itertools.permutations(range(self.electrons), 2):
            others = tuple(k for k in range(self.electrons) if k not in (i, j))
            marginal = probability.sum(axis=others)
            pairs += marginal if i < j else marginal.T
        return pairs

    @property
    def external_energy(self) -> float:
        return self.grid.integrate(self.density * self.nuclei.potential(self.grid.x))

    @property
    def repulsion_energy(self) -> float:
        """Of the electrons."""
        w = self.grid.repulsion()
        return 0.5 * self.grid.integrate(self.pair_density * w) * self.grid.spacing

    @property
    def kinetic_energy(self) -> float:
        moved = np.tensordot(self.grid.kinetic, self.wavefunction, axes=1)
        one = float((self.wavefunction * moved).sum() * self.grid.spacing**self.electrons)
        return one * self.electrons if self.electrons < 3 else self._kinetic_by_axis()

    def _kinetic_by_axis(self) -> float:
        total = 0.0
        for axis in range(self.electrons):
            moved = np.tensordot(self.grid.kinetic, self.wavefunction, axes=(1, axis))
            total += float((np.moveaxis(moved, 0, axis) * self.wavefunction).sum())
        return total * self.grid.spacing**self.electrons

    @cached_property
    def kohn_sham(self) -> tuple[Inversion | None, Inversion | None]:
        """For each spin, electrons that do not feel each other and have its density; None where
        there are no electrons."""
        far_away = self.nuclei.potential(self.grid.x) + self._repulsion_felt()
        up, down = self.spin_density
        first = invert(self.grid, up, far_away)
        if np.allclose(up, down, atol=1e-14):
            return first, first
        return first, invert(self.grid, down, far_away) if down.any() else None

    def _repulsion_felt(self) -> np.ndarray:
        """(points,): what the others, where they are when one electron is at x, do to it. In the
        far tails it is all that is left of the Kohn–Sham potential beside the nuclei."""
        density, pairs = self.density, self.pair_density
        known = np.flatnonzero(density > SURE)
        nearest = np.clip(np.arange(self.grid.points), known[0], known[-1])
        others = pairs[nearest] / density[nearest, None]
        return (others * self.grid.repulsion()).sum(axis=1) * self.grid.spacing

    @property
    def kohn_sham_potential(self) -> np.ndarray:
        """(2, points), Hartree: the exact Kohn–Sham potential of each spin; zero far away, and nan
        for a spin without electrons."""
        nothing = np.full(self.grid.points, np.nan)
        return np.array([nothing if ks is None else ks.potential for ks in self.kohn_sham])

    def __repr__(self) -> str:
        atoms = ", ".join(
            f"{z:g} at {x:g}" for z, x in zip(self.nuclei.charges, self.nuclei.positions)
        )
        said = f"{self.energy:.6f} Hartree" + ("" if self.converged else ", NOT CONVERGED")
        return f"Eigenstate({self.electrons} electrons, nuclei {atoms}: {said})"
