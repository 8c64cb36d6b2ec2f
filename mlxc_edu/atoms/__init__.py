"""Energies and forces of every method for ASE's atoms. Loads ASE."""

from ._calculator import Calculator
