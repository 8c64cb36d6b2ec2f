"""Occupations found by cooling: Fermi's distribution, its temperature taken to zero.

At each temperature T the free energy A = E[f] − TS[f] is lowered over the occupations f and the
orbitals. Filling an orbital costs its energy, dE/df = ε (Janak 1978), so the way from f towards
Fermi's distribution of the present ε always leads downhill at first; we go as far as A falls.
Repeated diagonalisation with Fermi occupations would step to the end each time, and jump to and
fro where a level moves as it fills.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import entr, expit

from ._minimise import Minimum, minimise

TEMPERATURES = (0.03, 0.005, 0.0005)  # Hartree
STEPS = 12  # at each temperature
NEGLIGIBLE = 1e-4  # of an orbital's full occupation
SETTLED = 0.02  # of full or empty, at the end
SAME = 1e-3
SHORTEST_STEP = 0.02
ROUGHLY = 1e-4  # Hartree; the orbitals' gradient on the way


def anneal(mf, mo_coeff, mo_occ) -> tuple[np.ndarray, np.ndarray]:
    """Orbitals of an RKS or UKS object and what they hold when it is cold, from a start.

    Each spin keeps its electrons. Levels that meet as they cool keep sharing them, as the electron
    pair of a stretched H2 does; all others end up full or empty.
    """
    found = minimise(mf, mo_coeff, mo_occ, gradient_tol=ROUGHLY)
    for temperature in TEMPERATURES:
        step = 1.0
        for _ in range(STEPS):
            aim = _each_spin(_fermi, found, temperature)
            if np.abs(aim - found.mo_occ).max() < SAME:
                break
            while step > SHORTEST_STEP:
                occupations = found.mo_occ + step * (aim - found.mo_occ)
                trial = minimise(mf, found.mo_coeff, occupations, gradient_tol=ROUGHLY)
                if _free_energy(trial, temperature) < _free_energy(found, temperature):
                    break
                step /= 2
            else:
                break
            found, step = trial, min(1.0, 2 * step)
    return found.mo_coeff, _each_spin(_settled, found)


def _each_spin(function, found: Minimum, *args) -> np.ndarray:
    """Of (energies, occupations between 0 and 1, …) of each spin."""
    if found.mo_occ.ndim == 1:
        return 2 * function(found.mo_energy, found.mo_occ / 2, *args)
    return np.array([function(e, f, *args) for e, f in zip(found.mo_energy, found.mo_occ)])


def _fermi(energies, occupations, temperature) -> np.ndarray:
    electrons = occupations.sum()

    def at(level):
        return expit((level - energies) / temperature)

    if not 0 < electrons < len(energies):
        return occupations
    reach = 50 * temperature
    level = brentq(
        lambda x: at(x).sum() - electrons, energies.min() - reach, energies.max() + reach
    )
    return _rounded(at(level), electrons, NEGLIGIBLE)


def _settled(energies, occupations) -> np.ndarray:
    return _rounded(occupations, occupations.sum(), SETTLED)


def _rounded(occupations, electrons, close) -> np.ndarray:
    """Nearly full is full and nearly empty is empty; the others share what is left."""
    rounded = np.where(
        occupations < close, 0.0, np.where(occupations > 1 - close, 1.0, occupations)
    )
    sharing = (rounded > 0) & (rounded < 1)
    rounded[sharing] += (electrons - rounded.sum()) / max(1, sharing.sum())
    return rounded


def _free_energy(found: Minimum, temperature) -> float:
    full = 2 if found.mo_occ.ndim == 1 else 1
    f = found.mo_occ / full
    return found.energy - temperature * full * float((entr(f) + entr(1 - f)).sum())
