"""The Coulomb energy where its integrals do not fit in memory."""

from __future__ import annotations

import numpy as np

from ._local_exchange import FittedExchange, fitted
from ._memory import for_integrals
from ._near import Near


class NearCoulomb:
    """Mixed into a learned Kohn–Sham class: where its integrals do not fit in memory, the Coulomb
    energy is exact for one density, and fitted for what those near it differ by."""

    _near_coulomb: Near | None = None
    _fit: FittedExchange | None = None

    def coulomb(self, dm):
        """Energy and potential of a density matrix (nao, nao)."""
        if self._has_integrals():
            return _with_energy(super().get_j(self.mol, dm), dm)
        fit = self.fit()
        if self.rough:
            return _with_energy(fit.coulomb(dm), dm)
        if self._near_coulomb is None:
            self._near_coulomb = Near(self.get_ovlp())
        return self._near_coulomb(
            dm,
            dear=lambda dm: _with_energy(super(NearCoulomb, self).get_j(self.mol, dm), dm),
            cheap=lambda dm, known: _with_energy(fit.coulomb(dm), dm),
        )

    def fit(self):
        if self._fit is None:
            self._fit = fitted(self.mol, self.functional.dtype)
        return self._fit

    def get_j(self, mol=None, dm=None, hermi=1, omega=None):
        dm = self.make_rdm1() if dm is None else dm
        one = not omega and hermi == 1 and np.ndim(dm) == 2 and mol in (None, self.mol)
        if not one or self._has_integrals():
            return super().get_j(mol, dm, hermi, omega)
        return self.coulomb(np.asarray(dm))[1]

    def _plain_start(self):
        mf = super()._plain_start()
        if not self._has_integrals():
            fit = self.fit()
            mf.get_j = lambda mol=None, dm=None, hermi=1, omega=None: fit.coulomb(np.asarray(dm))
        return mf

    def reset(self, mol=None):
        self._near_coulomb = self._fit = None
        return super().reset(mol)

    def _has_integrals(self):
        return self._eri is not None or hasattr(self, "with_df") or self._is_mem_enough()

    def _is_mem_enough(self):
        return self.mol.nao**4 <= for_integrals(self.max_memory)  # with eightfold symmetry


def _with_energy(potential, dm):
    return 0.5 * float(np.vdot(potential, dm)), potential
