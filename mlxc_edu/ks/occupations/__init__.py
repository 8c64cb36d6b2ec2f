"""Orbitals that hold fractions of an electron, as given or found by cooling."""

from ._numbers import ANNEALED, occupation_numbers
from ._occupied import GRADIENT_TOL, occupy
