"""PySCF's Kohn–Sham classes as they are, but that a state called converged is a minimum."""

from __future__ import annotations

from pyscf.dft import rks, rks_symm, roks, uks, uks_symm

from .convergence import EndsInMinimum


class RKS(EndsInMinimum, rks.RKS):
    """Restricted."""


class UKS(EndsInMinimum, uks.UKS):
    """Unrestricted."""


class ROKS(EndsInMinimum, roks.ROKS):
    """Restricted open shell."""


class SymAdaptedRKS(EndsInMinimum, rks_symm.SymAdaptedRKS):
    """Restricted, in the molecule's symmetry."""


class SymAdaptedUKS(EndsInMinimum, uks_symm.SymAdaptedUKS):
    """Unrestricted, in the molecule's symmetry."""


class SymAdaptedROKS(EndsInMinimum, rks_symm.SymAdaptedROKS):
    """Restricted open shell, in the molecule's symmetry."""


def plain(mol, kind: str, code: str):
    """An object of one of the three kinds for a functional of libxc's."""
    in_symmetry = {"RKS": SymAdaptedRKS, "UKS": SymAdaptedUKS, "ROKS": SymAdaptedROKS}
    kinds = in_symmetry if mol.symmetry else {"RKS": RKS, "UKS": UKS, "ROKS": ROKS}
    return kinds[kind](mol, xc=code)
