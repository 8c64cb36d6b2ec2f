"""The PySCF side: a method's name and a molecule become a Kohn–Sham object."""

from ._kohn_sham import KS, canonical_name, is_learned, long_range_exchange, split_dispersion
