"""The PySCF side: a method's name and a molecule become a Kohn–Sham object."""

from ._kohn_sham import KS
