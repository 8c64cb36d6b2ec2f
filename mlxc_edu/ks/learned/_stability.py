"""PySCF's question to a mean field, whether its orbitals are stable, answered for a learned one."""

from __future__ import annotations

import numpy as np
from pyscf.scf.stability import rohf_internal

from ..convergence import lowest_curvature


class AnswersStability:
    """Mixed into a learned Kohn–Sham class."""

    def stability(self, internal=True, external=False, verbose=None, return_status=False, **kwargs):
        """Whether the energy is a minimum in rotations of the orbitals: ``internal``, of these
        orbitals; ``external``, of a restricted object's orbitals where the spins may part.

        Returns as PySCF's: ``(mo_internal, mo_external)``, each the orbitals themselves where they
        are stable, orbitals to start anew from where not (the occupied first), None where not
        asked for; with ``return_status`` also whether each is stable. ``curvature`` then holds the
        lowest of the last question, Hartree/radian².

        Raises NotImplementedError for the external stability of anything but a restricted closed
        shell.
        """
        orbitals, stable = [None, None], [None, None]
        if internal and self.istype("ROKS"):
            orbitals[0], stable[0] = rohf_internal(
                self, verbose=verbose, return_status=True, **kwargs
            )
        elif internal:
            orbitals[0], stable[0] = self._stable(self, self.mo_coeff, self.mo_occ)
        if external:
            orbitals[1], stable[1] = self._stable(*self._spins_apart())
        return (*orbitals, *stable) if return_status else tuple(orbitals)

    def _stable(self, mf, mo_coeff, mo_occ):
        lowest = lowest_curvature(mf, mo_coeff, mo_occ)
        self.curvature = lowest.value
        return (lowest.turned()[0], False) if lowest.is_down else (mo_coeff, True)

    def _spins_apart(self):
        """The unrestricted object with a restricted one's orbitals for both spins."""
        if not self.istype("RKS") or self.istype("ROKS"):
            raise NotImplementedError(
                "external stability is that of a restricted closed shell against unrestricted "
                f"orbitals; of this {self.xc} object there is internal=True"
            )
        from ._objects import LearnedUKS

        apart = LearnedUKS(self.mol, self.xc, self.functional, self.dispersion)
        apart.grids, apart._eri, apart.max_memory = self.grids, self._eri, self.max_memory
        if hasattr(self, "with_df"):
            apart = apart.density_fit(with_df=self.with_df, only_dfj=True)
        return apart, np.array([self.mo_coeff] * 2), np.array([self.mo_occ / 2] * 2)
