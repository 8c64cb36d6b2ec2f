"""Occupations found by cooling: Fermi's distribution, its temperature taken to zero.

At each temperature T the free energy A = E[f] − TS[f] is lowered over the occupations f and the
orbitals. Filling an orbital costs its energy, dE/df = ε (Janak 1978), so the way from f towards
Fermi's distribution of the present ε always leads downhill at first; we go to where A is lowest.
Repeated diagonalisation with Fermi occupations would step to the end each time, and jump to and
fro where a level moves as it fills.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from ..convergence import Minimum, minimise

TEMPERATURES = (0.03, 0.004, 0.0005)  # Hartree
STEPS = 10  # at each temperature
LARGEST_STEP = 0.3  # electrons
CUTS = 5  # along each
FLAT = 0.05  # of the slope at the beginning
NEGLIGIBLE = 1e-4  # of an orbital's full occupation
SETTLED = 0.02  # of full or empty, at the end
SAME = 2e-3  # electrons
ROUGHLY = 1e-4  # Hartree; the orbitals' gradient on the way


def anneal(mf, mo_coeff, mo_occ) -> tuple[np.ndarray, np.ndarray]:
    """Orbitals of an RKS or UKS object and what they hold when it is cold, from a start.

    Each spin keeps its electrons. Levels that meet as they cool keep sharing them, as the electron
    pair of a stretched H2 does; all others end up full or empty.

    E(f) can have a minimum with whole orbitals and another with shared ones. So three ways are
    gone: cooled from the start, from the start with the frontier pair shared out, and kept cold all
    along. The lowest of their ends and of the start counts.
    """
    start = minimise(mf, mo_coeff, mo_occ, gradient_tol=ROUGHLY)
    shared = minimise(mf, mo_coeff, _shared(np.asarray(mo_occ)), gradient_tol=ROUGHLY)
    ways = [(start, TEMPERATURES), (shared, TEMPERATURES), (start, TEMPERATURES[-1:])]
    ends = [start, *(_cooled(mf, found, temperatures) for found, temperatures in ways)]
    found = min(ends, key=lambda end: end.energy)
    return found.mo_coeff, _each_spin(_settled, found)


def _cooled(mf, found: Minimum, temperatures) -> Minimum:
    for temperature in temperatures:
        for _ in range(STEPS):
            way = _each_spin(_fermi, found, temperature) - found.mo_occ
            if np.abs(way).max() < SAME:
                break
            way *= min(1.0, LARGEST_STEP / np.abs(way).max())
            found = _downhill(mf, found, way, temperature)
    return found


def _shared(occupations: np.ndarray) -> np.ndarray:
    """The last occupied and the first empty orbital of each spin share what the former holds."""
    shared = np.atleast_2d(occupations).copy()
    for spin in shared:
        order = np.argsort(-spin, kind="stable")
        occupied = int((spin > 0).sum())
        if 0 < occupied < len(spin):
            pair = order[occupied - 1 : occupied + 1]
            spin[pair] = spin[pair].mean()
    return shared.reshape(occupations.shape)


def _downhill(mf, found: Minimum, way: np.ndarray, temperature) -> Minimum:
    """Along ``way`` to where the free energy is stationary: its slope is known at every point, so
    the zero is bracketed and cut off by secants."""
    low, high = 0.0, 1.0
    at_low, at_high = _slope(found, way, temperature), None
    nearly = FLAT * abs(at_low)
    for _ in range(CUTS):
        share = high if at_high is None else low - at_low * (high - low) / (at_high - at_low)
        trial, turned = _moved(mf, found, way, share)
        slope = _slope(trial, turned, temperature)
        if abs(slope) <= nearly or (slope < 0 and at_high is None):
            break
        if slope < 0:
            low, at_low = share, slope
        else:
            high, at_high = share, slope
    return trial


def _moved(mf, found, way, share) -> tuple[Minimum, np.ndarray]:
    """The minimum with a share of the way gone, and the way in the order of its orbitals."""
    occupations = found.mo_occ + share * way
    order = np.argsort(-occupations, axis=-1, kind="stable")
    trial = minimise(mf, found.mo_coeff, occupations, gradient_tol=ROUGHLY)
    return trial, np.take_along_axis(way, order, axis=-1)


def _slope(found: Minimum, way, temperature) -> float:
    """dA/d(share): Σ way (ε + T ln f/(1 − f)), f from 0 to 1."""
    full = 2 if found.mo_occ.ndim == 1 else 1
    f = np.clip(found.mo_occ / full, NEGLIGIBLE, 1 - NEGLIGIBLE)
    return float((way * (found.mo_energy + temperature * logit(f))).sum())


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
    missing, part = electrons - rounded.sum(), rounded[sharing]
    if missing < 0:
        part = part * max(0.0, 1 + missing / max(part.sum(), 1e-12))
    elif sharing.any():
        part = part + (1 - part) * min(1.0, missing / (1 - part).sum())
    rounded[sharing] = part
    return rounded
