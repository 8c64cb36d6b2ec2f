"""What a method's name means, with dispersion or without, and which roads it closes."""

from ._dispersion import d3bj
from ._unsupported import NoIntegrator, refuses_other_routes
