"""The Coulomb potential where its integrals do not fit in memory."""

from __future__ import annotations

import numpy as np

from ._local_exchange import fitted

NEAR = 0.02  # the largest change of an element of the density matrix


class NearCoulomb:
    """Exact for one density, and for those near it with what they differ by fitted: the error of
    the energy is of second order in what the fit leaves of a small difference."""

    def __init__(self, fit):
        self.fit = fit
        self._density = self._potential = None

    def __call__(self, dm, exact) -> np.ndarray:
        """Of a density matrix (nao, nao); ``exact`` is the function for which this stands in."""
        if self._density is None or np.abs(dm - self._density).max() > NEAR:
            self._density, self._potential = np.array(dm), exact(dm)
            return self._potential
        return self._potential + self.fit.coulomb(dm - self._density)


class FitsCoulomb:
    """Mixed into a learned Kohn–Sham class."""

    _near: NearCoulomb | None = None

    def get_j(self, mol=None, dm=None, hermi=1, omega=None):
        """The Coulomb potential. Where its integrals do not fit in memory it is exact for one
        density, and fitted for what those near it differ by."""
        mol, dm = mol or self.mol, self.make_rdm1() if dm is None else dm
        if omega or hermi != 1 or np.ndim(dm) != 2 or self._has_integrals():
            return super().get_j(mol, dm, hermi, omega)
        fit = fitted(mol, self.functional.dtype)
        if self._near is None or self._near.fit is not fit:
            self._near = NearCoulomb(fit)
        return self._near(np.asarray(dm), lambda d: super(FitsCoulomb, self).get_j(mol, d))

    def _coarse_coulomb(self):
        if self._has_integrals():
            return None
        fit = fitted(self.mol, self.functional.dtype)
        return lambda mol=None, dm=None, hermi=1, omega=None: fit.coulomb(np.asarray(dm))

    def _has_integrals(self) -> bool:
        return self._eri is not None or hasattr(self, "with_df") or self._is_mem_enough()

    def _is_mem_enough(self):
        return self.mol.nao**4 <= self._table_memory()  # bytes, with their eightfold symmetry
