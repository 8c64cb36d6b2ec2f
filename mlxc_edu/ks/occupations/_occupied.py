"""Orbitals that hold fractions of an electron.

PySCF fills orbitals from the bottom and takes for granted in many places that each is full or
empty. Here the numbers are given, E[γ] with γ = Σ f φφᵀ is minimised over the orbitals at those
numbers, and whatever in PySCF would quietly fill them up again is refused. At the minimum the
energy's derivative by an orbital's occupation is that orbital's energy (Janak, Phys. Rev. B 18,
7165 (1978)).
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from pyscf import lib

from ..._threads import one_blas_thread
from ..convergence import COARSE_LEVEL, STAGED, minimise, rotation_gradient, spin_channels
from ..methods import refuses_other_routes
from ._annealing import anneal
from ._numbers import ANNEALED, occupation_numbers

GRADIENT_TOL = 1e-5  # Hartree
ONE_LEVEL = 1e-3  # Hartree; between orbitals of one shell, which a grid splits a little


def occupy(mf, occupations, holder=None):
    """The Kohn–Sham object ``mf`` with occupations, those of :func:`occupation_numbers` or
    ``ANNEALED``."""
    mf.annealed = isinstance(occupations, str) and occupations == ANNEALED
    mf.occupations = occupation_numbers(mf.mol, mf.mol.nelec) if mf.annealed else occupations
    mf.holder = _checked_holder(mf.mol, holder)
    return lib.set_class(mf, (Occupied, mf.__class__))


def _checked_holder(mol, holder):
    """Raises ValueError where no orbital is like that."""
    if isinstance(holder, str):
        if not mol.symmetry:
            raise ValueError("an orbital named by irreducible representation needs mol.symmetry")
        if holder not in mol.irrep_name:
            raise ValueError(
                f"{mol.groupname} has no orbital of {holder!r} in this basis; there are "
                f"{', '.join(mol.irrep_name)}"
            )
    elif holder is not None and np.shape(holder) != (mol.nao,):
        raise ValueError(f"an orbital of this molecule has {mol.nao} numbers")
    return holder


@refuses_other_routes(
    "fractional occupations",
    newton="second-order convergence",
    smearing="other occupations",
    # PySCF's functions, such as mp.MP2(mf) and hessian.uks.Hessian(mf), ask an object for these.
    remove_soscf="a method on top",
    gen_response="the orbitals' response",
)
class Occupied:
    """Mixed into a Kohn–Sham class.

    Attributes
    ----------
    occupations : (2, nao), what the lowest orbitals of each spin hold.
    annealed : whether ``kernel()`` shall find them by cooling.
    holder : which orbital holds the fraction: the next by energy (None), the highest occupied of an
        irreducible representation (its name), or the one most like a given orbital (nao,).

    ``kernel()`` ends when the orbitals' gradient falls below ``conv_tol_grad``; ``conv_tol`` has no
    part in it.
    """

    _keys = frozenset({"occupations", "holder", "annealed"})

    @one_blas_thread
    def scf(self, dm0=None, **kwargs):
        """Minimise the energy over the orbitals; they keep their occupations."""
        self.build()
        self.dump_flags()
        orbitals = self._start(dm0)
        if self.annealed:
            orbitals = anneal(self, *orbitals)
            full = 2 if orbitals[1].ndim == 1 else 1
            self.occupations = np.broadcast_to(orbitals[1] / full, self.occupations.shape)
        found = minimise(
            self,
            *orbitals,
            gradient_tol=self.conv_tol_grad or getattr(self, "gradient_tol", GRADIENT_TOL),
            max_cycle=3 * self.max_cycle,
            callback=self.callback,
        )
        self.e_tot, self.converged, self.cycles = found.energy, found.converged, found.builds
        self.mo_coeff, self.mo_energy, self.mo_occ = found.mo_coeff, found.mo_energy, found.mo_occ
        if self.chkfile:
            self.dump_chk(self.chkfile)
        self._finalize()
        return self.e_tot

    kernel = scf

    def _start(self, dm0):
        """Orbitals with their occupations, of a density."""
        if dm0 is None and self.init_guess == STAGED:
            plain = occupy(self._plain_start(), self.occupations, self.holder)
            plain.grids.level, plain.verbose = COARSE_LEVEL, 0
            plain.kernel()
            return plain.mo_coeff, plain.mo_occ
        if dm0 is None:
            dm0 = self.get_init_guess(self.mol, self.init_guess)
        energies, coefficients = self.eig(self.get_fock(dm=dm0), self.get_ovlp())
        if self.holder is not None and not isinstance(self.holder, str):
            restricted, coefficients = np.ndim(energies) == 1, np.asarray(coefficients)
            each = [(energies, coefficients)] if restricted else zip(energies, coefficients)
            pointed = [self._pointed(*spin) for spin in each]
            coefficients = pointed[0] if restricted else np.array(pointed)
        return coefficients, self.get_occ(energies, coefficients)

    def _pointed(self, energies, coefficients) -> np.ndarray:
        """Of orbitals with one energy, one made as like the holder as it can be."""
        alike = self.holder @ self.get_ovlp() @ coefficients
        shell = np.abs(energies - energies[np.argmax(np.abs(alike))]) < ONE_LEVEL
        turn = scipy.linalg.qr(alike[shell][:, None])[0]  # its first column is their direction
        pointed = coefficients.copy()
        pointed[:, shell] = coefficients[:, shell] @ turn
        return pointed

    def eig(self, fock, overlap, *args, **kwargs):
        """Each irreducible representation by itself, where one names the orbital."""
        if not isinstance(self.holder, str):
            return super().eig(fock, overlap, *args, **kwargs)
        blocks = [self._blocks(f, overlap) for f in (fock if np.ndim(fock) == 3 else [fock])]
        energies, coefficients = (np.array(part) for part in zip(*blocks))
        return (energies, coefficients) if np.ndim(fock) == 3 else (energies[0], coefficients[0])

    def _blocks(self, fock, overlap):
        energies, coefficients = [], []
        for basis in self.mol.symm_orb:
            e, c = scipy.linalg.eigh(basis.T @ fock @ basis, basis.T @ overlap @ basis)
            energies.append(e)
            coefficients.append(basis @ c)
        order = np.argsort(np.concatenate(energies), kind="stable")
        return np.concatenate(energies)[order], np.hstack(coefficients)[:, order]

    def get_occ(self, mo_energy=None, mo_coeff=None):
        """The occupations in the order of the orbitals given."""
        mo_energy = self.mo_energy if mo_energy is None else mo_energy
        mo_coeff = self.mo_coeff if mo_coeff is None else mo_coeff
        if np.ndim(mo_energy) == 1:
            return 2 * self._placed(self.occupations[0], mo_energy, mo_coeff)
        spins = zip(self.occupations, mo_energy, mo_coeff)
        return np.array([self._placed(*spin) for spin in spins])

    def _placed(self, numbers, energies, coefficients) -> np.ndarray:
        order = np.argsort(energies, kind="stable")
        full = int((numbers == 1).sum())
        if self.holder is not None and 0 < numbers.sum() - full < 1:
            holder = self._find(order, full, coefficients)
            others = order[order != holder]
            order = np.concatenate([others[:full], [holder], others[full:]])
        placed = np.zeros(len(energies))
        placed[order] = numbers[: len(order)]
        return placed

    def _find(self, order, full, coefficients) -> int:
        """Which orbital holds the fraction."""
        overlap = self.get_ovlp()
        if not isinstance(self.holder, str):
            return int(np.argmax(np.abs(self.holder @ overlap @ coefficients)))
        basis = self.mol.symm_orb[self.mol.irrep_name.index(self.holder)]
        alike = np.linalg.norm(basis.T @ overlap @ coefficients[:, order], axis=0) > 1e-6
        within = np.flatnonzero(alike[: full + 1])
        return int(order[within[-1] if len(within) else np.flatnonzero(alike)[0]])

    def get_grad(self, mo_coeff, mo_occ, fock=None):
        """(f_p − f_q) F_pq of all pairs of orbitals: zero at the minimum."""
        if fock is None:
            fock = self.get_fock(dm=self.make_rdm1(mo_coeff, mo_occ))
        return rotation_gradient(
            spin_channels(mo_coeff, mo_occ), fock if np.ndim(fock) == 3 else [fock]
        )

    def spin_square(self, mo_coeff=None, s=None):
        """⟨S²⟩ of the ensemble's density matrices, as if it were a determinant's; and 2S + 1."""
        overlap = self.get_ovlp() if s is None else s
        dm = np.asarray(self.make_rdm1())
        alpha, beta = dm if dm.ndim == 3 else (dm / 2, dm / 2)
        n_alpha, n_beta = np.vdot(alpha, overlap), np.vdot(beta, overlap)
        square = (n_alpha - n_beta) ** 2 / 4 + (n_alpha + n_beta) / 2
        square -= np.vdot(overlap @ alpha @ overlap, beta)
        return square, np.sqrt(4 * max(square, 0) + 1)

    def reset(self, mol=None):
        super().reset(mol)
        _checked_holder(self.mol, self.holder)
        held = [np.trim_zeros(numbers, "b") for numbers in self.occupations]
        self.occupations = occupation_numbers(self.mol, held)
        return self

    def density_fit(self, *args, **kwargs):
        fitted = self._whole().density_fit(*args, **kwargs)
        return lib.set_class(fitted, (Occupied, fitted.__class__))

    def _whole(self):
        """The same object without occupations of its own."""
        return lib.view(self.copy(), lib.drop_class(self.__class__, Occupied))
