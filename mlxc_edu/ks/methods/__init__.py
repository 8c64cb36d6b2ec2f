"""What a method's name means, with dispersion or without, and which roads it closes."""

from ._dispersion import GhostsApart, d3bj
from ._names import (
    canonical_name,
    is_learned,
    libxc_code,
    long_range_exchange,
    split_dispersion,
)
from ._unsupported import NoIntegrator, refuses_other_routes
