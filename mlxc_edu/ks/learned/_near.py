"""A dear energy followed by a cheap one.

Near a density γ₀ where both are known,

    E(γ) ≈ E(γ₀) + Ẽ(γ) − Ẽ(γ₀) + ⟨F(γ₀) − F̃(γ₀), γ − γ₀⟩,

and the Fock matrix is F̃(γ) + F(γ₀) − F̃(γ₀): what the cheap energy gets wrong counts only in second
order of the small change. Multigrid methods correct a coarse grid so (Brandt, Math. Comput. 31, 333
(1977), the full approximation scheme).
"""

from __future__ import annotations

import numpy as np
from pyscf import dft
from pyscf.data.elements import charge

NEAR = 0.01  # ‖γ − γ₀‖ in orthonormal orbitals; DM21 errs by a microhartree or two there
# By period: shells around an atom, and points on each. Few tell how the energy changes; more (as
# many shells as on PySCF's grids of level 1), what a fit of local exchange lacks to the exact one.
FEW = [(20, 50), (30, 86), (40, 86), (50, 86), (60, 86), (60, 86), (60, 86)]
MORE = [(30, 50), (40, 110), (50, 110), (60, 110), (65, 110), (70, 110), (75, 110)]
LAST = [2, 10, 18, 36, 54, 86]  # the atomic numbers with which periods end
FEW_HOLD, ALL_HOLD = 1e-4, 1e-7  # all electrons but so many


class Near:
    """The dear energy, evaluated once and followed from there; ``overlap`` of the basis."""

    def __init__(self, overlap):
        self._overlap = overlap
        self._density: np.ndarray | None = None

    def __call__(self, dm, dear, cheap) -> tuple[float, np.ndarray]:
        """Energy and Fock matrix, from those that ``dear`` and ``cheap`` give; the latter is told
        the Fock matrix at γ₀, too."""
        if self._moved(dm) > NEAR:
            energy, self._fock = dear(dm)
            lower, fock = cheap(dm, self._fock)
            self._density, self._offset, self._slope = (
                np.array(dm),
                energy - lower,
                self._fock - fock,
            )
            return energy, self._fock
        energy, fock = cheap(dm, self._fock)
        change = np.vdot(self._slope, dm - self._density)
        return self._offset + energy + change, fock + self._slope

    def _moved(self, dm) -> float:
        if self._density is None or np.shape(dm) != self._density.shape:  # spins share one, or not
            return np.inf
        change = (dm - self._density) @ self._overlap
        return np.sqrt(abs(np.vdot(change, change.swapaxes(-1, -2))))


def few_points(mol, grids, dm, shells=FEW) -> dft.Grids:
    """Not so many points as ``grids`` has, on which the energy changes as there near a density
    matrix (nao, nao)."""
    few = dft.Grids(mol)
    elements = {mol.atom_symbol(i) for i in range(mol.natm)}
    few.atom_grid = {s: shells[int(np.searchsorted(LAST, charge(s)))] for s in elements}
    few.build(with_non0tab=False)
    if len(few.weights) >= len(grids.weights):
        return grids
    return without_lightest(mol, few, dm, FEW_HOLD)


def among_empty(mol, grids, dm) -> np.ndarray:
    """PBE's potential, like ``dm`` (spins, nao, nao), for a Fock matrix among empty orbitals of
    which nothing else is known: so they come in a sensible order."""
    numint = dft.numint.NumInt()
    if len(dm) == 1:  # by the matrix that both spins share
        return 2 * np.array([numint.nr_rks(mol, grids, "PBE", 2 * dm[0])[2]])
    return np.array(numint.nr_uks(mol, grids, "PBE", dm)[2])


def without_lightest(mol, grids, dm, electrons) -> dft.Grids:
    """A grid without the points that hold least of a density matrix (nao, nao), ``electrons``
    together."""
    rho = np.asarray(dft.numint.NumInt().get_rho(mol, dm, grids))
    held = np.abs(rho * grids.weights)  # some weights are negative
    lightest = np.sort(held)
    place = int(np.searchsorted(lightest.cumsum(), electrons))
    most = lightest[min(place, len(lightest) - 1)]
    fewer = grids.copy()
    stay = held >= most * (1 - 1e-6)  # mirror images stay or go together
    fewer.weights = np.where(stay, grids.weights, 0.0)
    return fewer
