"""How a learned functional's orbitals are found: cheap first, dear last.

PBE on a coarse grid, then the functional there, then the functional on its own grid. What PySCF's
iteration does not settle is minimised directly.
"""

from __future__ import annotations

import numpy as np

from ..._threads import one_blas_thread
from ...molecules import breaks_pairs
from ._ends import EndsInMinimum, is_whole
from ._minimise import minimise
from ._rotations import rotation_gradient, spin_channels
from ._starts import determinant, follow, paired_starts

STAGED = "staged"
COARSE_LEVEL = 0  # PySCF's coarsest grid
COARSE_CYCLES = 20
NEARLY = 2e-3  # Hartree; the gradient of a density that another calculation has converged


class _Lowest:
    """A callback that remembers the orbitals of the lowest energy so far."""

    def __init__(self, callback):
        self.callback, self.energy, self.orbitals = callback, np.inf, None

    def __call__(self, state):
        if state["e_tot"] < self.energy:
            self.energy, self.orbitals = state["e_tot"], (state["mo_coeff"], state["mo_occ"])
        if callable(self.callback):
            self.callback(state)


class ConvergesInStages(EndsInMinimum):
    """The part of a learned Kohn–Sham object that iterates. The object knows its ``_plain`` class
    and makes another of its own functional by ``_learned_start()``."""

    @one_blas_thread
    def scf(self, dm0=None, **kwargs):
        """Converge. Where PySCF's iteration does not, the energy is minimised directly from the
        lowest point it came by, in up to three times ``max_cycle`` more steps."""
        lowest, helped = _Lowest(self.callback), True
        self.converged, self.minimised, self.cycles = False, False, 0
        self.saddle, self.curvature = False, None
        if dm0 is None and self.init_guess == STAGED:
            coarse = self._staged()
            dm0 = coarse.make_rdm1()
            if coarse.minimised and self.max_cycle > 1:  # and so would be the full grid
                self.build()
                filled = self.get_occ(coarse.mo_energy, coarse.mo_coeff)
                if self._can_minimise((coarse.mo_coeff, filled)):
                    # As they were: an empty orbital may lie a little below an occupied one.
                    lowest.orbitals = coarse.mo_coeff, coarse.mo_occ
            del coarse  # and its tables
        elif dm0 is not None and self.max_cycle > 1 and not self.goes_on:
            lowest.orbitals, helped = self._if_stationary(dm0), False
        if lowest.orbitals is None:
            helped, self.callback, self._falls_back = True, lowest, True
            try:
                super().scf(dm0, **kwargs)
            finally:
                self.callback, self._falls_back = lowest.callback, False
        if not self.converged and not self.saddle:
            if self.max_cycle > 1 and self._can_minimise(lowest.orbitals):
                self._minimise(*lowest.orbitals, helped=helped)
            else:
                self._say()
        return self.e_tot

    kernel = scf

    def _can_minimise(self, orbitals) -> bool:
        """Where every orbital is full or empty: fractions stay with PySCF's iteration."""
        return orbitals is not None and not self.istype("ROKS") and is_whole(orbitals[1])

    def _if_stationary(self, dm0):
        """The orbitals of a density that is as good as converged: a diagonalisation might exchange
        two that are nearly degenerate and lead elsewhere."""
        if np.ndim(dm0) != (3 if self.istype("UKS") else 2):
            return None
        orbitals = determinant(np.asarray(dm0), self.mol)
        if not self._can_minimise(orbitals):
            return None
        fock = self.get_fock(dm=self.make_rdm1(*orbitals))
        channels = spin_channels(*orbitals)
        gradient = rotation_gradient(channels, fock if len(channels) == 2 else [fock])
        return orbitals if np.linalg.norm(gradient) < NEARLY else None

    def _minimise(self, mo_coeff, mo_occ, *, helped):
        found = minimise(
            self,
            mo_coeff,
            mo_occ,
            gradient_tol=self.conv_tol_grad or np.sqrt(self.conv_tol),
            max_cycle=3 * self.max_cycle,
            callback=self.callback,
        )
        self.minimised = helped
        self.cycles += found.builds
        self._lay_down(found)
        self._finalize()

    def get_init_guess(self, mol=None, key=STAGED, **kwargs):
        if isinstance(key, str) and key.lower() == STAGED:
            return self._staged().make_rdm1()
        return super().get_init_guess(mol, key, **kwargs)

    def _staged(self):
        """The functional itself, converged on a coarse grid from the density of PBE; where the
        points are many, on the few that follow all of them."""
        density, rough = None, self.is_dear()
        for start in (self._plain_start, self._learned_start):
            mf = start()
            if hasattr(self, "with_df"):
                mf = mf.density_fit(with_df=self.with_df, only_dfj=True)
            mf.grids.level = COARSE_LEVEL
            if rough and density is not None:
                mf.grids = self._few_points(density)
            mf.verbose, mf.max_memory, mf.chkfile, mf.init_guess = 0, self.max_memory, None, "minao"
            mf.conv_tol = 1e-3 if rough else 1e-5  # an iteration less
            mf.conv_tol_grad, mf.max_cycle = 3e-3, COARSE_CYCLES
            mf.goes_on, mf.conv_check, mf.rough = True, not rough, rough
            mf.get_hcore, mf._eri = self.get_hcore, self._eri
            mf.kernel(density)
            density, self._eri = mf.make_rdm1(), mf._eri
        if is_whole(mf.mo_occ) and mf.mo_occ.ndim == 1 and breaks_pairs(self.mol):
            # The pairs of stretched bonds have several stationary states close to each other, and
            # where iteration ends is luck.
            leads = follow(mf, paired_starts(mf.mo_coeff, self.mol.nelectron // 2))
            mf._lay_down(leads[0][1])
            mf.minimised = True
        return mf

    def _plain_start(self):
        return self._plain(self.mol, xc="PBE")
