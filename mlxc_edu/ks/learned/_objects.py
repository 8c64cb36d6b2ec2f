"""Kohn–Sham objects of a learned functional: PySCF's own classes with another exchange-correlation
energy, and nothing that would quietly use one of PySCF's."""

from __future__ import annotations

import warnings

import numpy as np
from pyscf import df, lib
from pyscf.df import df_jk
from pyscf.dft import rks, roks, uks
from pyscf.scf import hf, uhf

from ...functionals import edu26, form_with
from ...molecules import breaks_pairs, real_atoms
from ..convergence import STAGED, ConvergesInStages
from ..methods import NoIntegrator, d3bj, refuses_other_routes
from ._coulomb import NearCoulomb
from ._memory import for_tables
from ._mixins import NOISE, FittedCoulomb, KnowsItsNoise, RefusesSettings, SecondOrder
from ._near import few_points
from ._stability import AnswersStability
from ._xc import LearnedXC


@refuses_other_routes()
class _Learned(RefusesSettings, KnowsItsNoise, AnswersStability, NearCoulomb, ConvergesInStages):
    """What differs from PySCF's classes.

    Attributes
    ----------
    xc : the functional's name; it cannot be changed.
    precision : ``"float32"`` (default) or ``"float64"``, of the network and local exchange.
    conv_tol : 1e-7 Hartree by default, what single precision can meet (1e-9 in double).
    init_guess : ``"staged"`` converges PBE and then the functional itself on a coarse grid; PySCF's
        guesses have their usual names.
    rough : whether local exchange is density-fitted and the Coulomb energy may be, for somebody who
        goes on from here.
    minimised : whether direct minimisation had to help.
    """

    _keys = frozenset({"functional", "dispersion", "gradient_tol", "rough", "minimised"})

    _plain: type  # PySCF's class

    def __init__(self, mol, name: str, functional: LearnedXC, dispersion: bool = False):
        self._name = name
        self._plain.__init__(self, mol, xc=name)
        self.functional, self.dispersion = functional, dispersion
        self._numint = NoIntegrator(name)
        self.init_guess = STAGED
        single = functional.dtype == np.float32
        self.conv_tol, self.gradient_tol = (NOISE, 1e-4) if single else (1e-9, 1e-5)
        self.rough = self.minimised = False

    @property
    def xc(self) -> str:
        return getattr(self, "_name", "")

    @xc.setter
    def xc(self, name):
        if getattr(self, "_name", name) != name:
            raise ValueError(
                f"this object is made for {self._name} and cannot switch to {name!r}; "
                f"make a new one: mlxc_edu.KS(mol, xc={name!r})"
            )

    @property
    def precision(self) -> str:
        return str(self.functional.dtype)

    def get_veff(self, mol=None, dm=None, dm_last=None, vhf_last=None, hermi=1):
        """Coulomb and exchange-correlation potential, as PySCF's: an array tagged with ``ecoul``,
        ``exc`` and ``vj``."""
        mol = mol or self.mol
        dm = self.make_rdm1() if dm is None else np.asarray(dm)
        spins = self._spin_density(dm)
        total = dm if dm.ndim == 2 else dm[0] + dm[1]
        if self.grids.coords is None:
            self.initialize_grids(mol)
        evaluate = self.functional.roughly if self.rough else self.functional.nearly
        exc, fock = evaluate(mol, self.grids, spins, self._table_memory())
        # γα = γβ = γ/2: half the derivative by the matrix that both spins share.
        vxc = fock[0] / 2 if len(spins) == 1 else fock

        ecoul, vj = self.coulomb(total)
        return lib.tag_array(vxc + vj, ecoul=ecoul, exc=exc, vj=vj, vk=None)

    def gen_response(self, mo_coeff=None, mo_occ=None, singlet=None, hermi=0, **kwargs):
        """γ₁ ↦ change of the potential, for second-order convergence."""
        if singlet is not None:
            raise NotImplementedError(f"excited states are not available with {self.xc}")
        mo_coeff = self.mo_coeff if mo_coeff is None else mo_coeff
        mo_occ = self.mo_occ if mo_occ is None else mo_occ
        each_spin = isinstance(mo_occ, tuple)  # as PySCF's restricted open shell asks
        make = uhf.make_rdm1 if each_spin else self.make_rdm1
        dm = self._spin_density(np.asarray(make(mo_coeff, mo_occ)))

        def respond(dm1):
            dm1 = np.asarray(dm1)
            if dm1.ndim - (len(dm) == 2) != 2:
                raise NotImplementedError(
                    f"the response of {self.xc} to several matrices at once, as excited states "
                    "ask for, is not available"
                )
            one = (dm1 + dm1.swapaxes(-1, -2)) / 2
            if len(dm) == 1:
                change = self.functional.response(
                    self.mol, self.grids, dm, one[None] / 2, self._table_memory()
                )
                return change[0] / 2 + self.get_j(self.mol, one, hermi=0)
            change = self.functional.response(self.mol, self.grids, dm, one, self._table_memory())
            return change + self.get_j(self.mol, one[0] + one[1], hermi=0)

        return respond

    def density_fit(self, auxbasis=None, with_df=None, only_dfj=True):
        """The same with the Coulomb energy by density fitting. It has no nuclear gradients."""
        if with_df is None:
            with_df = df.DF(self.mol)
            with_df.auxbasis = auxbasis
            with_df.max_memory, with_df.verbose = self.max_memory, self.verbose
        mf = df_jk.density_fit(self, with_df=with_df, only_dfj=only_dfj)
        return lib.set_class(mf, (FittedCoulomb, mf.__class__))

    def newton(self):
        """The same with second-order convergence; its Hessian is JAX's derivative."""
        mf = super().newton()
        return lib.set_class(mf, (SecondOrder, mf.__class__))

    def nuc_grad_method(self):
        """Analytic nuclear gradients, the response of the grid included."""
        if len(real_atoms(self.mol)) < self.mol.natm:  # PySCF's response makes their radii zero
            raise NotImplementedError(
                f"nuclear gradients of {self.xc} with ghosts are not available"
            )
        from ._gradients import Gradients

        return Gradients(self)

    Gradients = nuc_grad_method

    def do_disp(self, disp=None) -> bool:
        if self.disp:
            raise NotImplementedError(
                f"disp={self.disp!r} cannot be set here; KS(mol, 'DM21-D3BJ') adds dispersion"
            )
        return self.dispersion

    def get_dispersion(self, disp=None, with_3body=None, verbose=None) -> float:
        """D3(BJ) with B3LYP's parameters, Hartree, as the published results have it."""
        return d3bj(self.mol)[0] if self.dispersion else 0.0

    def do_nlc(self) -> bool:
        if self.nlc:
            raise NotImplementedError(f"nonlocal correlation is not available with {self.xc}")
        return False

    def dump_flags(self, verbose=None):
        log = lib.logger.new_logger(self, verbose)
        hf.SCF.dump_flags(self, verbose)
        log.info("learned functional = %s, network in %s", self.xc, self.precision)
        self.grids.dump_flags(verbose)
        return self

    def reset(self, mol=None):
        super().reset(mol)
        self.functional.reset()
        self.scf_summary.pop("dispersion", None)
        return self

    def fits(self) -> bool:
        """Whether exact local exchange at all points fits in this object's share of the memory."""
        return self.functional.fits(*self._points_and_memory())

    def is_dear(self) -> bool:
        """Whether few points follow all of them."""
        found = self.functional.is_dear(*self._points_and_memory())
        if found:
            self.fit()  # for all that is made on the way
        return found

    def _points_and_memory(self):
        if self.grids.coords is None:
            self.initialize_grids(self.mol)
        return self.mol, self.grids, self._table_memory()

    def _few_points(self, dm):
        return few_points(self.mol, self.grids, dm if dm.ndim == 2 else dm[0] + dm[1])

    @property
    def _bare(self) -> type:
        """The class without what density_fit() and newton() mix in."""
        return {rks.RKS: LearnedRKS, uks.UKS: LearnedUKS, roks.ROKS: LearnedROKS}[self._plain]

    def _learned_start(self):
        functional = LearnedXC(self.functional.energy_density, self.functional.parameters)
        return self._bare(self.mol, self.xc, functional)

    def _table_memory(self) -> float:
        return for_tables(self.max_memory)

    @staticmethod
    def _spin_density(dm) -> np.ndarray:
        return dm[None] / 2 if dm.ndim == 2 else dm


class LearnedRKS(_Learned, rks.RKS):
    """Restricted."""

    _plain = rks.RKS

    def scf(self, dm0=None, **kwargs):
        if form_with(self.functional.parameters) is edu26 and breaks_pairs(self.mol):
            warnings.warn(
                "a bond is stretched and its electrons stay paired: half an electron of each spin "
                f"on an atom is what {self.xc} was not taught, and the energy may be tens of "
                "kcal/mol too high; unrestricted=True lets the spins part",
                stacklevel=1,  # once, not for each coarse grid and each distance
            )
        return super().scf(dm0, **kwargs)

    kernel = scf


class LearnedUKS(_Learned, uks.UKS):
    """Unrestricted."""

    _plain = uks.UKS


class LearnedROKS(_Learned, roks.ROKS):
    """Restricted open shell."""

    _plain = roks.ROKS
