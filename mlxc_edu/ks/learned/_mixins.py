"""What is mixed into a learned Kohn–Sham object, always or by density_fit() and newton()."""

from __future__ import annotations

import numpy as np
from pyscf import lib

from ..._threads import one_blas_thread
from ..convergence import STAGED, determinant
from ..methods import refuses_other_routes

IGNORED = {
    "irrep_nelec": "its orbitals keep no symmetry; give a density to start from, kernel(dm0=...)",
    "omega": "its range separation is part of it",
}
NOISE = 1e-7  # Hartree; asked for with a network in single precision
JITTER = 3e-8  # Hartree an electron; by which its energy jumps: EDU26's of NaCl by a microhartree
HALF = 0.5  # of the gradient asked for; its square is what may still be gained
STEPS = 3  # of second order


class RefusesSettings:
    """What PySCF's own objects obey and a learned one would not."""

    def __setattr__(self, name, value):
        if name in IGNORED:
            raise NotImplementedError(f"{name} has no effect on {self.xc}: {IGNORED[name]}")
        super().__setattr__(name, value)


class KnowsItsNoise:
    """A network in single precision gives energies that jump."""

    def check_convergence(self, envs) -> bool:
        """As PySCF's; where the gradient is below half of what is asked, energies may go on jumping
        as single precision makes them."""
        gradient, asked = envs["norm_gorb"], envs["conv_tol_grad"]
        allowed = envs["conv_tol"] + (self._jitter if gradient < HALF * asked else 0.0)
        return gradient < asked and abs(envs["e_tot"] - envs["last_hf_e"]) < allowed

    @property
    def energy_noise(self) -> float:
        """Hartree; an increase below this is rounding."""
        return max(NOISE if self.precision == "float32" else 1e-9, self._jitter)

    @property
    def _jitter(self) -> float:
        return JITTER * self.mol.nelectron * (self.precision == "float32")


@refuses_other_routes()  # once more: PySCF's class, mixed in below, brings some of them
class FittedCoulomb:
    """Mixed in where the Coulomb energy is fitted."""

    def undo_df(self):
        return _without(super().undo_df(), FittedCoulomb)

    def nuc_grad_method(self):
        raise NotImplementedError(
            f"nuclear gradients of {self.xc} with density_fit() are not available; "
            "without density_fit() they are"
        )

    Gradients = nuc_grad_method


class SecondOrder:
    """Mixed in where convergence is of second order."""

    @one_blas_thread
    def kernel(self, mo_coeff=None, mo_occ=None, dm0=None):
        """As PySCF's, with two differences. A determinant's density, and the staged start's, is
        taken by its own orbitals, not by those of its Fock matrix, which may exchange an occupied
        and an empty one. And what a few steps do not settle (an atom's open shell turns freely, and
        a step of DM21 for V takes half a minute) is minimised directly."""
        if mo_coeff is None and dm0 is None and self.init_guess == STAGED:
            dm0 = self.get_init_guess()
        if dm0 is not None and np.ndim(dm0) == (3 if self.istype("UKS") else 2):
            orbitals = None if self.istype("ROKS") else determinant(np.asarray(dm0), self.mol)
            if orbitals is not None:
                (mo_coeff, mo_occ), dm0 = orbitals, None
        if self.istype("ROKS") or self.max_cycle <= STEPS:
            return super().kernel(mo_coeff, mo_occ, dm0)
        cycles, self.cycles = self.max_cycle, 0
        self.max_cycle, self._falls_back = STEPS, True
        try:
            super().kernel(mo_coeff, mo_occ, dm0)
        finally:
            self.max_cycle, self._falls_back = cycles, False
        if not self.converged and not self.saddle:
            if self._can_minimise((self.mo_coeff, self.mo_occ)):
                self._minimise(self.mo_coeff, self.mo_occ, helped=True)
            else:
                self._say()
        return self.e_tot

    def density_fit(self, *args, **kwargs):
        raise NotImplementedError("call density_fit() first and newton() on what it returns")

    def undo_newton(self):
        return _without(super().undo_newton(), SecondOrder)


def _without(mf, mixin: type):
    return lib.view(mf, lib.drop_class(type(mf), mixin))
