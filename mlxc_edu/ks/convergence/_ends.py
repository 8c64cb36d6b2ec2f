"""What a Kohn–Sham object says of where it ended: in a minimum, on a saddle, not converged."""

from __future__ import annotations

import warnings

import numpy as np
from pyscf import lib

from ...molecules import breaks_pairs, is_stretched
from ._minimise import ended, minimise
from ._stability import EQUAL, settle

PAIRED = 1e-4  # what is left of a spin's density matrix where every electron has its partner


class EndsInMinimum:
    """Mixed into PySCF's Kohn–Sham classes: a state that is called converged is a minimum.

    Where that may be doubted (an empty orbital lies below an occupied one, a minimisation had to
    help, parts of a stretched molecule may want electrons of their own, spins that may part have
    not) the curvature of the energy is looked at; where it is negative the energy is followed
    downhill. Symmetry that PySCF keeps on request is kept, and its open shells with shared orbitals
    are left to their ``stability()``.

    Attributes
    ----------
    saddle : whether the calculation ended where the energy curves down; then it is not converged.
    curvature : the lowest, in Hartree/radian², where it was looked at, else None.
    goes_on : whether somebody goes on from this end: then nothing is looked at and nothing said.
    """

    _keys = frozenset({"saddle", "curvature", "goes_on"})
    saddle = goes_on = False
    curvature: float | None = None
    _falls_back = False  # where iteration fails something else is tried

    def descend(self, mo_coeff):
        """Minimise from these orbitals, occupied as they are now, and stay where that is lower:
        an iteration from there may lead far away."""
        self._take(minimise(self, mo_coeff, self.mo_occ, **self._how()))
        self._settle()

    def _finalize(self):
        self.saddle, self.curvature = False, None
        if not self.goes_on:
            self._settle()
        self._say()
        return super()._finalize()

    def _settle(self):
        if not self.converged or self.max_cycle < 1 or not self._is_doubtful():
            return
        if _has_empty_below(self.mo_energy, self.mo_occ):
            # A minimum it may be, but there may be a lower one where the lowest are occupied.
            self._take(minimise(self, self.mo_coeff, self._refilled(), **self._how()))
        if not self.converged:
            return
        found, lowest = settle(self, ended(self), **self._how())
        self._take(found)
        self.curvature = lowest.value
        self.saddle = self.converged and lowest.is_surely_down
        self.converged = self.converged and not self.saddle

    def _how(self):
        tolerance = self.conv_tol_grad or np.sqrt(self.conv_tol)
        return dict(gradient_tol=tolerance, max_cycle=3 * self.max_cycle)

    def _refilled(self):
        """The occupations with each spin's lowest orbitals occupied."""
        order, occ = np.argsort(self.mo_energy, axis=-1), np.sort(self.mo_occ, axis=-1)[..., ::-1]
        refilled = np.empty_like(occ)
        np.put_along_axis(refilled, order, occ, axis=-1)
        return refilled

    def _take(self, found):
        """Lay it down if it is lower."""
        if found.energy < self.e_tot - EQUAL:
            self._lay_down(found)

    def _say(self):
        if self.goes_on:
            return
        if self.saddle:
            warnings.warn(
                f"{self.xc} ends on a saddle: its lowest curvature is {self.curvature:.3f} "
                "Hartree/radian² and a lower state was not found; mlxc_edu.solve tries more starts",
                stacklevel=2,
            )
        elif not self.converged and not self._falls_back and self.max_cycle > 1:
            warnings.warn(
                f"{self.xc} did not converge in {self.max_cycle} cycles: {self.e_tot:.6f} Hartree "
                "is no result; mlxc_edu.solve tries harder",
                stacklevel=2,
            )

    def _is_doubtful(self):
        chosen = hasattr(self, "occupations") or "get_occ" in vars(self)  # as by mom_occ()
        in_symmetry = hasattr(self, "irrep_nelec")
        if chosen or in_symmetry or self.istype("ROKS") or not is_whole(self.mo_occ):
            return False
        return (
            getattr(self, "minimised", False)
            or breaks_pairs(self.mol)
            or (self.mol.charge != 0 and is_stretched(self.mol))
            or (self.istype("UKS") and not self.mol.spin and self._keeps_pairs())
            or _has_empty_below(self.mo_energy, self.mo_occ)
        )

    def _keeps_pairs(self):
        up, down = self.make_rdm1()
        return np.allclose(up, down, atol=PAIRED)

    def _lay_down(self, found):
        self.converged, self.e_tot = found.converged, found.energy
        self.mo_coeff, self.mo_energy, self.mo_occ = found.mo_coeff, found.mo_energy, found.mo_occ
        if self.chkfile:
            self.dump_chk(self.chkfile)

    def to_gpu(self, out=None):
        """PySCF's own, which looks a class up by its name."""
        return lib.to_gpu(lib.view(self, lib.drop_class(type(self), EndsInMinimum)), out)


def is_whole(mo_occ) -> bool:
    """Whether every orbital is full or empty."""
    occupations = np.asarray(mo_occ)
    return bool(np.isin(occupations, (0, 2 if occupations.ndim == 1 else 1)).all())


def _has_empty_below(mo_energy, mo_occ) -> bool:
    """Whether an empty orbital lies below an occupied one of its spin."""
    spins = zip(np.atleast_2d(mo_energy), np.atleast_2d(mo_occ))
    return any(e[f == 0].min(initial=np.inf) < e[f > 0].max(initial=-np.inf) for e, f in spins)
