"""Crystals: a name becomes PySCF's cell, a method a Kohn–Sham object over k-points."""

from ._cell import catalogue, crystal, resized
from ._exchange import LocalExchange
from ._kohn_sham import KS
from ._learned import LearnedKRKS

__all__ = ["KS", "LearnedKRKS", "LocalExchange", "catalogue", "crystal", "resized"]
