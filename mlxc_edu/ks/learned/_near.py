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

NEAR = 0.01  # ‖γ − γ₀‖ in orthonormal orbitals; DM21 errs by half a microhartree there
FEW_LEVEL = 1  # PySCF's level of a grid
NEGLIGIBLE = 1e-4  # electrons


class Near:
    """The dear energy, evaluated once and followed from there.

    Parameters
    ----------
    dear : γ ↦ energy, Fock matrix, and the cheap energy that follows: γ, a Fock matrix known from
        nearby ↦ energy, Fock matrix.
    overlap : of the basis.
    """

    def __init__(self, dear, overlap):
        self._dear, self._overlap = dear, overlap
        self._density = None

    def __call__(self, dm) -> tuple[float, np.ndarray]:
        if self._density is None or self._moved(dm) > NEAR:
            return self._anchor(dm)
        energy, fock = self._cheap(dm, self._fock)
        change = np.vdot(self._slope, dm - self._density)
        return self._offset + energy + change, fock + self._slope

    def _anchor(self, dm):
        energy, self._fock, self._cheap = self._dear(dm)
        cheap, fock = self._cheap(dm, self._fock)
        self._density, self._offset, self._slope = np.array(dm), energy - cheap, self._fock - fock
        return energy, self._fock

    def _moved(self, dm) -> float:
        change = (dm - self._density) @ self._overlap
        return np.sqrt(abs(np.vdot(change, change.swapaxes(-1, -2))))


def few_points(mol, grids, dm) -> dft.Grids:
    """A grid on which the energy changes as on ``grids``, coarser if that is fine. The lightest
    points of a density matrix ``dm`` (nao, nao) are left out, 10⁻⁴ electrons together."""
    few = dft.Grids(mol)
    few.level = FEW_LEVEL
    few.build(with_non0tab=False)
    if len(few.weights) >= len(grids.weights):
        return grids
    held = np.abs(dft.numint.NumInt().get_rho(mol, dm, few) * few.weights)
    lightest = np.sort(held)
    most = lightest[np.searchsorted(lightest.cumsum(), NEGLIGIBLE)]
    few.weights[held < most * (1 - 1e-6)] = 0.0  # mirror images stay or go together
    return few
