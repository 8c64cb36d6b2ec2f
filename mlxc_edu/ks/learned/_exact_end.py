"""The end of a calculation with fitted local exchange: exact, in energy and empty orbitals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pyscf import dft

from ..convergence import Minimum, ended
from ._pairs import RANK

FEW_POINTS = 1  # PySCF's level of a grid
NEGLIGIBLE = 1e-4  # electrons


class EndsExactly:
    """Mixed into a learned Kohn–Sham class."""

    def _settle(self):
        if not self.fitted:
            super()._settle()
            return
        # Whether it is a minimum is asked of the energy that was minimised.
        before, end = self.e_tot, self.exactly(ended(self))
        self.mo_coeff, self.mo_energy = end.mo_coeff, end.mo_energy
        super()._settle()
        if self.e_tot != before:
            end = self.exactly(ended(self))
        end = replace(end, converged=self.converged)
        self.fitted = False
        self._lay_down(end)

    def exactly(self, found: Minimum) -> Minimum:
        """What was found with fitted local exchange, with exact local exchange: the energy is
        stationary, so the density of the one will do for the other. The empty orbitals, which
        pairs of occupied ones do not see, come anew."""
        if not self.fitted:
            return found
        spins = self._spin_density(self.make_rdm1(found.mo_coeff, found.mo_occ))
        change, among_empty = self.functional.exactly(
            self.mol, self._few_points(spins), spins, self._table_memory()
        )
        if found.mo_occ.ndim == 1:
            among_empty = among_empty.mean(axis=0)[None] / (2 if len(spins) == 1 else 1)
        coeff, energy = (np.array(a) for a in (found.mo_coeff, found.mo_energy))
        channels = [np.atleast_2d(found.mo_occ), coeff.reshape(-1, *coeff.shape[-2:])]
        for occ, c, e, fock in zip(*channels, np.atleast_2d(energy), among_empty):
            empty = np.flatnonzero(occ < RANK)
            block = np.diag(e[empty]) + c[:, empty].T @ fock @ c[:, empty]
            e[empty], turn = np.linalg.eigh(block)
            c[:, empty] = c[:, empty] @ turn
        return replace(found, energy=found.energy + change, mo_coeff=coeff, mo_energy=energy)

    def _few_points(self, spins):
        """A grid on which fitted and exact local exchange differ by as much as on a fine one, to a
        microhartree or two: exact ones are dear."""
        few = dft.Grids(self.mol)
        few.level = FEW_POINTS
        few.build(with_non0tab=False)
        if len(few.weights) >= len(self.grids.weights):
            return self.grids
        total = spins.sum(axis=0) * (3 - len(spins))
        held = np.abs(dft.numint.NumInt().get_rho(self.mol, total, few) * few.weights)
        lightest = np.argsort(held)
        few.weights[lightest[held[lightest].cumsum() < NEGLIGIBLE]] = 0.0
        return few
