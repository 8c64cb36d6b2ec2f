"""Fractions of an electron, exactly: mixtures of states with whole numbers of electrons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from ._eigenstate import Eigenstate
from ._exact import MOST, exact
from ._grid import SOFTENING
from ._nuclei import check_grid, checked_nuclei, default_grid


@dataclass(frozen=True, repr=False)
class Ensemble:
    """A mixture. Hartree and Bohr.

    Attributes
    ----------
    states : with 1, 2, … electrons; none has no energy and no density.
    weights : their shares; what is missing from 1 is the share of no electrons at all.
    """

    states: tuple[Eigenstate, ...]
    weights: tuple[float, ...]

    @property
    def electrons(self) -> float:
        return float(sum(w * s.electrons for w, s in zip(self.weights, self.states)))

    @property
    def electronic_energy(self) -> float:
        return float(sum(w * s.electronic_energy for w, s in zip(self.weights, self.states)))

    @property
    def energy(self) -> float:
        """With the nuclei's repulsion."""
        return self.electronic_energy + self.states[0].nuclei.repulsion

    @property
    def density(self) -> np.ndarray:
        """(points,): electrons per Bohr."""
        return np.tensordot(self.weights, [s.density for s in self.states], axes=1)

    @property
    def converged(self) -> bool:
        return all(s.converged for w, s in zip(self.weights, self.states) if w)

    def __repr__(self) -> str:
        shares = ", ".join(
            f"{w:.3g} of {s.electrons}" for w, s in zip(self.weights, self.states) if w
        )
        return f"Ensemble({self.electrons:g} electrons, {shares}: {self.energy:.6f} Hartree)"


def ensemble(charges, positions, electrons, *, softening=SOFTENING, half_width=None, points=None):
    """The lowest energy that electrons can have on average, where their number is a mean.

    Of all mixtures of ground states with 0, 1, … electrons whose mean is right, the one of lowest
    energy, found by linear programming. That it mixes neighbours only, so that E(N) is straight
    between whole numbers, is a result (Perdew, Parr, Levy and Balduz, Phys. Rev. Lett. 49, 1691
    (1982)).

    Parameters
    ----------
    electrons : a number or several, from 0 to 2, or to 3 with patience.

    The others are those of :func:`mlxc_edu.one_d.exact`, and so are the errors.

    Returns
    -------
    Ensemble, or a list of them where several numbers are given.
    """
    try:
        numbers = [float(n) for n in np.ravel(electrons)]
    except (TypeError, ValueError):
        numbers = []
    if not numbers or not all(0 <= n <= MOST for n in numbers):
        raise ValueError(f"electrons are numbers from 0 to {MOST}, not {electrons!r}")
    most = max(1, int(np.ceil(max(numbers))))
    nuclei = checked_nuclei(charges, positions, softening)
    grid = default_grid(nuclei, half_width, points, coarse=most == MOST)
    check_grid(grid, nuclei, most)
    system = dict(softening=softening, half_width=grid.half_width, points=grid.points)
    states = tuple(exact(charges, positions, n, **system) for n in range(1, most + 1))
    energies = [0.0, *(s.electronic_energy for s in states)]
    counts = range(most + 1)
    found = []
    for n in numbers:
        best = linprog(energies, A_eq=[[1.0] * len(counts), list(counts)], b_eq=[1.0, n])
        found.append(Ensemble(states, tuple(np.round(best.x[1:], 12).tolist())))
    return found if np.ndim(electrons) else found[0]
