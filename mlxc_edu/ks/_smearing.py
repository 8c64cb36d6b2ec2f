"""Occupations found by cooling: Fermi's distribution, its temperature taken to zero in steps."""

from __future__ import annotations

import numpy as np
from pyscf import scf

TEMPERATURES = (0.03, 0.01, 0.003, 0.001)  # Hartree
SETTLED = 0.02  # electrons of full or empty, at the lowest temperature


def anneal(mf, dm0=None) -> tuple[np.ndarray, np.ndarray]:
    """Orbitals of an RKS or UKS object and what they hold when it is cold.

    Each spin keeps its electrons. Levels that meet while they cool keep sharing them, as the
    electron pair of a stretched H2 does; all others end up full or empty.
    """
    for temperature in TEMPERATURES:
        warm = scf.addons.smearing(mf.copy(), sigma=temperature, method="fermi", fix_spin=True)
        warm.verbose, warm.chkfile = 0, None
        warm.kernel(dm0)
        dm0 = warm.make_rdm1()
    if warm.mo_occ.ndim == 1:
        return warm.mo_coeff, 2 * _settled(warm.mo_occ / 2)
    return warm.mo_coeff, np.array([_settled(occupations) for occupations in warm.mo_occ])


def _settled(occupations: np.ndarray) -> np.ndarray:
    """Nearly full is full and nearly empty is empty; the others share what is left."""
    settled = occupations.copy()
    settled[occupations < SETTLED] = 0
    settled[occupations > 1 - SETTLED] = 1
    sharing = (settled > 0) & (settled < 1)
    lacking = occupations.sum() - settled.sum()
    settled[sharing] += lacking / max(1, sharing.sum())
    return settled
