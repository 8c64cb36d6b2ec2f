"""The PySCF side: Kohn–Sham objects, starting orbitals, convergence, populations."""

from ._kohn_sham import KS

__all__ = ["KS"]
