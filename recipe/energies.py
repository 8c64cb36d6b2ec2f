"""Energies from the Schrödinger equation, in parts that add up to the limit of a complete basis.

    E = HF(∞) + CCSD(T)(TZ) + ρ [MP2(∞) − MP2(TZ)] + FCI − CCSD(T) + cores

HF(∞)    two-point extrapolation from TZ and QZ (Karton, Martin, Theor. Chem. Acc. 115, 330 (2006))
MP2(∞)   X⁻³ extrapolation from TZ and QZ (Halkier et al., Chem. Phys. Lett. 286, 243 (1998))
ρ        how much of MP2's step from DZ to TZ CCSD(T) makes: the missing pairs cost both alike
FCI      in a DZ basis, where the valence electrons have few enough determinants
cores    MP2 with all electrons less MP2 with frozen cores, in a core-valence TZ basis

Basis sets: cc-pV(X+d)Z with the aug- set's most diffuse s and p function (Papajak, Truhlar, J.
Chem. Theory Comput. 7, 10 (2011)), which hydrogen and metals have in anions only; cc-pCVTZ for the
cores. They come with PySCF and with the package basis-set-exchange.
One electron: Hartree–Fock is exact; two: CCSD is. No relativity. All in Hartree.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import reduce
from math import comb
from operator import xor
from typing import Any

import numpy as np
from pyscf import ao2mo, cc, df, fci, gto, mp, scf, symm
from pyscf.data import elements

from mlxc_edu.calculations import DOMINANT, hartree_fock_states
from mlxc_edu.molecules import is_stretched

METALS = ("Li", "Be", "Na", "Mg")
TIGHT = ("Al", "Si", "P", "S", "Cl", "Ar")  # a steep d function saves several kcal/mol
LIGHT = ("H", "He")
FCI_DETERMINANTS = 1_000_000
CLOSED_SHELL = 1e-3  # ⟨S²⟩
ABELIAN = {"SO3": "D2h", "Dooh": "D2h", "Coov": "C2v"}
ANOTHER_STATE = 1e-3  # Hartree
STATES, NEAR = 3, 0.1  # of an open shell, how many and how far apart (Hartree)
FITTING = "def2-qzvppd-ri"
VERSION = 2  # of the parts
DIFFUSE = 2  # angular momenta that get a diffuse function


class NoReference(ArithmeticError):
    """Coupled cluster gives nothing to rely on."""


def _basis(symbol, size, anion=False):
    tight = symbol in TIGHT
    shells = gto.basis.load(f"cc-pv({size}+d)z" if tight else f"cc-pv{size}z", symbol)
    if symbol in METALS + LIGHT and not anion:
        return shells
    for ell in range(DIFFUSE):
        augmented = gto.basis.load(f"aug-cc-pv{size}z", symbol)
        alone = [s for s in augmented if s[0] == ell and len(s) == 2]
        shells = [*shells, min(alone, key=lambda s: s[1][0])]
    return shells


def molecule(system, size) -> gto.Mole:
    """``size``: d, t or q, as above; core_d, … for the cores; or a basis by its name."""
    basis: Any = size
    kinds = set(system.symbols)
    if size.startswith("core_"):
        basis = {s: f"cc-p{'' if s in LIGHT else 'c'}v{size[-1]}z" for s in kinds}
    elif size in "dtq":
        basis = {s: _basis(s, size, system.charge < 0) for s in kinds}
    return gto.M(
        atom=system.geometry, charge=system.charge, spin=system.spin, basis=basis, verbose=0,
        max_memory=6000,
    )  # fmt: skip


@dataclass
class Reference:
    """A Hartree–Fock state in one basis."""

    mean_field: Any
    restricted: bool

    @property
    def spin_square(self) -> float:
        return 0.0 if self.restricted else float(self.mean_field.spin_square()[0])

    def in_basis(self, mol, fitted=False) -> Reference:
        """The same state in another basis, converged there."""
        old = self.mean_field
        mf = (scf.RHF if self.restricted else scf.UHF)(mol)
        if fitted:
            mf = mf.density_fit()
        mo = scf.addons.project_mo_nr2nr(old.mol, old.mo_coeff, mol)
        return Reference(_converged(mf, mf.make_rdm1(mo, old.mo_occ)), self.restricted)


def _converged(mf, dm):
    mf.conv_tol = 1e-9
    mf.max_cycle = 100
    mf.kernel(dm0=dm)
    if not mf.converged:
        mf = mf.newton()
        mf.max_cycle = 100
        mf.kernel(mf.mo_coeff, mf.mo_occ)
        if not mf.converged:
            raise NoReference("Hartree–Fock does not converge")
        mf = mf.undo_soscf()
    return mf


def references(mol) -> list[Reference]:
    """A closed shell as it is and, where a bond is stretched, with its spins apart; an open shell
    in its lowest unrestricted states, for correlation may order them otherwise."""
    found = []
    if mol.spin == 0:
        found.append(Reference(_converged(scf.RHF(mol), None), True))
    if mol.spin or is_stretched(mol):
        found += [Reference(mf, False) for mf in _unrestricted(mol)]
    return found


def _unrestricted(mol) -> list:
    if mol.natm <= 2:
        states = hartree_fock_states(mol)
        if mol.spin == 0:
            states = [s for s in states if s.spin_square > CLOSED_SHELL][:1]
        near = [s for s in states[:STATES] if s.energy < states[0].energy + NEAR]
        return [_converged(scf.UHF(mol), s.mean_field.make_rdm1()) for s in near]
    mf = _converged(scf.UHF(mol), None)
    for _ in range(5):
        mo, _, stable, _ = mf.stability(return_status=True)
        if stable:
            break
        mf = _converged(scf.UHF(mol), mf.make_rdm1(mo, mf.mo_occ))
    return [mf] if mol.spin or mf.spin_square()[0] > CLOSED_SHELL else []


def _frozen(mol) -> int | None:
    """Orbitals of the cores, noble gases all; an ion may have fewer electrons than they hold."""
    protons = [elements.charge(mol.atom_pure_symbol(i)) for i in range(mol.natm)]
    return min(sum((z > 2) + 4 * (z > 10) for z in protons), *mol.nelec) or None


def _correlation(kind, mf, frozen):
    """Correlation energy and the solver; zero where nothing is left to correlate."""
    mol = mf.mol
    left = [n - (frozen or 0) for n in mol.nelec]
    if sum(left) < 2 or max(left) >= mf.mo_occ.shape[-1] - (frozen or 0):
        return 0.0, None
    solver = kind(mf, frozen=frozen)
    if kind is cc.CCSD:
        solver.conv_tol, solver.max_cycle, solver.diis_space = 1e-7, 100, 8
    try:
        solver.kernel()
    except (AttributeError, np.linalg.LinAlgError) as error:
        raise NoReference("coupled cluster diverges") from error
    if kind is cc.CCSD and not solver.converged:
        raise NoReference("coupled cluster does not converge")
    return float(solver.e_corr), solver


def _ccsd_t(mf, frozen) -> tuple[float, float, float]:
    """CCSD and (T) correlation energies and the largest amplitude of a double excitation."""
    ccsd, solver = _correlation(cc.CCSD, mf, frozen)
    if solver is None:
        return 0.0, 0.0, 0.0
    doubles = solver.t2 if isinstance(solver.t2, tuple) else (solver.t2,)
    largest = max((float(np.abs(t).max()) for t in doubles if t.size), default=0.0)
    few = sum(mf.mol.nelec) - 2 * (frozen or 0) == 2
    return ccsd, 0.0 if few else float(solver.ccsd_t()), largest


def _lowest(mol, frozen) -> tuple[Reference, float, float]:
    """The state whose CCSD(T) energy is lowest, that energy, and how far above the others lie."""
    tried = []
    for reference in references(mol):
        try:
            ccsd, triples, largest = _ccsd_t(reference.mean_field, frozen)
        except NoReference:
            continue
        tried.append((reference.mean_field.e_tot + ccsd + triples, reference, largest))
    if not tried:
        raise NoReference("coupled cluster fails from every Hartree–Fock state")
    # Where a double excitation weighs as much as the determinant itself, (T) falls without end.
    found = [t for t in tried if t[2] < DOMINANT] or tried
    energy, reference, _ = min(found, key=lambda t: t[0])
    # Two references of a closed shell are of one state; an open shell's are of several.
    rivals = 0.0 if mol.spin else max(t[0] for t in found) - energy
    return reference, energy, rivals


def compute(system) -> dict:
    """The parts of a system's energy, for :mod:`table` to add up.

    Raises
    ------
    NoReference : no single determinant to start from, or coupled cluster fails.
    """
    start = time.perf_counter()
    small, medium, large = (molecule(system, size) for size in "dtq")
    if small.nelectron == 1:
        hf = Reference(_converged(scf.UHF(medium), None), False)
        parts = {"hf_t": hf.mean_field.e_tot, "hf_q": hf.in_basis(large).mean_field.e_tot}
        return parts | {"version": VERSION, "seconds": round(time.perf_counter() - start, 1)}

    frozen = _frozen(small)
    reference, energy, rivals = _lowest(small, frozen)
    exact_spin = small.spin / 2 * (small.spin / 2 + 1)
    parts = {
        "frozen": frozen or 0,
        "restricted": reference.restricted,
        "contamination": reference.spin_square - exact_spin,
        "rivals": rivals,
        "cc_d": energy - reference.mean_field.e_tot,
        "mp2_d": _correlation(mp.MP2, reference.mean_field, frozen)[0],
    }

    in_medium = reference.in_basis(medium)
    ccsd, triples, largest = _ccsd_t(in_medium.mean_field, frozen)
    parts |= {"ccsd_t": ccsd, "triples_t": triples, "largest": largest}
    parts |= towards_the_limit(system, in_medium, frozen)
    if frozen:
        parts |= cores(system, reference, frozen)
    parts["fci"] = _beyond(system, reference, frozen)
    seconds = round(time.perf_counter() - start, 1)
    return parts | {"version": VERSION, "seconds": seconds}


def towards_the_limit(system, reference, frozen) -> dict[str, float]:
    """Hartree–Fock and MP2 in TZ and QZ, by density fitting."""
    parts = {}
    for size in "tq":
        mf = reference.in_basis(molecule(system, size), fitted=True).mean_field
        parts[f"hf_{size}"] = mf.e_tot
        parts[f"mp2_{size}"] = _fitted_mp2(mf, frozen)
    return parts


def _fitted_mp2(mf, frozen) -> float:
    """PySCF's own choice of fitting functions is 0.4 mHartree off in QZ."""
    if _correlation(mp.MP2, mf, frozen)[1] is None:
        return 0.0
    solver = mp.MP2(mf, frozen=frozen)
    solver.with_df = df.DF(mf.mol, auxbasis=FITTING)
    solver.kernel()
    return float(solver.e_corr)


def cores(system, reference, frozen) -> dict[str, float]:
    """What the cores' electrons add. Metals lose their valence to their partners, so that theirs
    matters most: extrapolated, and CCSD(T) less MP2 in a DZ basis. Of atoms and their ions we have
    the same, so that a metal's partner is treated alike in the molecule and alone."""

    def mp2(mf):
        return _correlation(mp.MP2, mf, None)[0] - _correlation(mp.MP2, mf, frozen)[0]

    parts = {"core": mp2(reference.in_basis(molecule(system, "core_t"), fitted=True).mean_field)}
    if len(system.symbols) == 1 or set(system.symbols) & set(METALS):
        parts["core_q"] = mp2(reference.in_basis(molecule(system, "core_q")).mean_field)
        small = reference.in_basis(molecule(system, "core_d")).mean_field
        coupled = sum(_ccsd_t(small, None)[:2]) - sum(_ccsd_t(small, frozen)[:2])
        parts["core_beyond"] = coupled - mp2(small)
    return parts


def refreshed(system) -> dict[str, Any]:
    """What was once computed otherwise, of the same state that ``compute`` finds."""
    small = molecule(system, "d")
    if small.nelectron == 1:
        return {"version": VERSION}
    frozen = _frozen(small)
    reference = _lowest(small, frozen)[0]
    parts = {"version": VERSION, **towards_the_limit(system, reference, frozen)}
    return parts | (cores(system, reference, frozen) if frozen else {})


def _beyond(system, reference, frozen) -> float | None:
    """FCI less CCSD(T) of the valence electrons, or None where FCI is too large."""
    mol = molecule(system, "cc-pvdz")
    core = frozen or 0
    valence = [n - core for n in mol.nelec]
    size = mol.nao - core
    if sum(valence) <= 2:
        return 0.0
    if comb(size, valence[0]) * comb(size, valence[1]) > FCI_DETERMINANTS:
        return None
    mf = reference.in_basis(mol).mean_field
    ccsd, triples, _ = _ccsd_t(mf, frozen)
    # Any orbitals serve FCI; symmetry-adapted ones of both spins alike make it cheap.
    plain = mol.copy()
    plain.symmetry = True
    plain.build(False, False)
    if plain.groupname in ABELIAN:
        plain.symmetry = ABELIAN[plain.groupname]
        plain.build(False, False)
    shared = (scf.ROHF if mol.spin else scf.RHF)(plain)
    shared.max_cycle = 100
    dm = mf.make_rdm1()
    shared.kernel(dm if mol.spin or reference.restricted else dm[0] + dm[1])
    inner, active = shared.mo_coeff[:, :core], shared.mo_coeff[:, core:]
    dm = 2 * inner @ inner.T
    veff = scf.hf.get_veff(mol, dm)
    h = shared.get_hcore()
    constant = mol.energy_nuc() + np.sum(dm * (h + veff / 2))
    solver = (fci.direct_spin1_symm if mol.spin else fci.direct_spin0_symm).FCI(mol)
    orbsym = symm.label_orb_symm(plain, plain.irrep_id, plain.symm_orb, active, tol=1e-5)
    # The state should be as symmetric as the determinant of these orbitals, the product of the
    # singles'; where that lies above CCSD(T) it is another state, and all symmetries are tried.
    singles = [i for i, n in zip(orbsym, shared.mo_occ[core:]) if n == 1]
    solver = fci.addons.fix_spin_(solver, ss=mol.spin / 2 * (mol.spin / 2 + 1), shift=0.5)
    solver.conv_tol, solver.max_cycle, solver.orbsym = 1e-9, 200, orbsym
    expected = reduce(xor, singles, 0)
    h1, eri = active.T @ (h + veff) @ active, ao2mo.kernel(mol, active)
    coupled_cluster, lowest = mf.e_tot + ccsd + triples, np.inf
    others = symm.param.IRREP_ID_TABLE[plain.groupname].values()
    for solver.wfnsym in [expected, *(n for n in others if n != expected)]:
        try:
            energy, _ = solver.kernel(h1, eri, size, valence, ecore=constant)
        except (RuntimeError, IndexError, ValueError):  # no determinant of this symmetry
            continue
        if np.all(solver.converged):
            lowest = min(lowest, float(energy))
        if lowest < coupled_cluster + ANOTHER_STATE:
            break
    return None if np.isinf(lowest) else lowest - coupled_cluster
