"""From a density back to the potential that makes it.

One orbital is the square root of its density, and the potential can be read off its curvature,
v = ε + ½ φ″/φ. For more orbitals, Wu and Yang (J. Chem. Phys. 118, 2498 (2003)): of all
potentials v, the Kohn–Sham potential of n has the largest W[v] = Σ f ε[v] − ∫ v n. Its slope is
the error of the density, its curvature the response of electrons that do not feel each other, so
Newton's method takes a handful of steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._grid import Grid

STEPS = 60
CONVERGED = 1e-8  # electrons per Bohr
SAME_DENSITY = 1e-12  # electrons per Bohr
NEGLIGIBLE = 1e-15  # of the response's largest eigenvalue: no density answers there
# Electrons per Bohr; below, rounding; between, the potential's zero is read off.
TAIL_OF_ONE = 1e-13, 1e-10
TAIL_OF_SEVERAL = 1e-8, 1e-6
AT_THE_WALL = 5  # points


@dataclass(frozen=True)
class Inversion:
    """The potential of electrons of one spin.

    Attributes
    ----------
    potential : (points,), zero far away, Hartree.
    levels : (points,), Hartree.
    density : (points,) that they have in it, per Bohr.
    error : the largest deviation from the density that was asked for, per Bohr.
    """

    potential: np.ndarray
    levels: np.ndarray
    density: np.ndarray
    error: float

    @property
    def converged(self) -> bool:
        return self.error < CONVERGED


def invert(grid: Grid, density: np.ndarray, far_away: np.ndarray) -> Inversion:
    """The potential in which the lowest orbitals have this density, (points,) of one spin.

    Parameters
    ----------
    density : its integral is the number of electrons, which may end with a fraction.
    far_away : (points,), a potential that is right where there are nearly no electrons, and goes to
        zero; there the result becomes it.
    """
    electrons = grid.integrate(density)
    whole = round(electrons)
    electrons = whole if abs(electrons - whole) < 1e-6 else electrons
    filling = np.clip(electrons - np.arange(grid.points), 0, 1)
    if electrons <= 1:
        potential = _of_one_orbital(grid, density, far_away)
        _, error, levels, _ = _lagrangian(grid, potential, density, filling)
    else:
        potential, error, levels = _of_several(grid, density, far_away, filling)
        shift = (far_away - potential)[_outermost(density, TAIL_OF_SEVERAL)].mean()
        potential, levels = potential + shift, levels + shift
    return Inversion(potential, levels, density + error, float(np.abs(error).max()))


def _of_one_orbital(grid, density, far_away) -> np.ndarray:
    orbital = np.sqrt(np.maximum(density, 0))
    inside = np.flatnonzero(density > TAIL_OF_ONE[0])
    first, last = inside[0], inside[-1] + 1
    potential = far_away.copy()
    potential[first:last] = -(grid.kinetic @ orbital)[first:last] / orbital[first:last]
    outermost = _outermost(density, TAIL_OF_ONE)
    potential[first:last] += (far_away - potential)[outermost].mean()
    # Beyond, without a jump.
    potential[:first] += (potential - far_away)[first]
    potential[last:] += (potential - far_away)[last - 1]
    return potential


def _outermost(density, between) -> np.ndarray:
    """Points of the side where the density reaches farthest out: there the highest orbital is.
    Where the box ends before, the points at its wall."""
    inside = np.flatnonzero(density >= between[1])
    on_the_left = inside[0] <= len(density) - 1 - inside[-1]
    side = slice(0, inside[0]) if on_the_left else slice(inside[-1] + 1, None)
    tail = np.arange(len(density))[side]
    tail = tail[density[tail] > between[0]]
    wall = np.arange(AT_THE_WALL)
    return tail if len(tail) else (wall if on_the_left else len(density) - 1 - wall)


def _of_several(grid, density, far_away, filling):
    potential = far_away.copy()
    value, error, levels, orbitals = _lagrangian(grid, potential, density, filling)
    for _ in range(STEPS):
        if np.abs(error).max() < SAME_DENSITY:
            break
        step = _newton(levels, orbitals, filling, error, grid)
        slope, share = grid.integrate(step * error), 1.0
        while share > 1e-4:
            trial = _lagrangian(grid, potential + share * step, density, filling)
            if trial[0] >= value + 1e-4 * share * slope - 1e-13:
                break
            share /= 2
        potential = potential + share * step
        value, error, levels, orbitals = trial
    return potential, error, levels


def _lagrangian(grid, potential, density, filling):
    levels, orbitals = np.linalg.eigh(grid.kinetic + np.diag(potential))
    made = (orbitals**2 * filling).sum(axis=1) / grid.spacing
    value = float(levels @ filling) - grid.integrate(potential * density)
    return value, made - density, levels, orbitals


def _newton(levels, orbitals, filling, error, grid) -> np.ndarray:
    """−χ⁻¹ (n[v] − n), with χ = Σ (f_i − f_j) φ_i φ_j φ_i φ_j/(ε_i − ε_j)"""
    differences = filling[:, None] - filling[None]
    gaps = levels[:, None] - levels[None]
    i, j = np.nonzero(differences > 0)
    products = orbitals[:, i] * orbitals[:, j]
    response = (products * (2 * differences[i, j] / gaps[i, j])) @ products.T
    strength, modes = np.linalg.eigh(-response)
    kept = strength > NEGLIGIBLE * strength[-1]
    along = modes.T @ (error * grid.spacing)
    return modes[:, kept] @ (along[kept] / strength[kept])
