"""A learned functional on a grid, in PySCF's own classes. Loads JAX."""

from ._answers import at_points, outputs
from ._local_exchange import ExactExchange
from ._mirrors import find_mirrors, keeping, symmetrised
from ._named import learned
from ._objects import LearnedRKS, LearnedROKS, LearnedUKS
from ._plain import features, features_change
from ._quadrature import Quadrature
from ._xc import LearnedXC
