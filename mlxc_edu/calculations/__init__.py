"""One molecule and one method become a result."""

from ._exact import DOMINANT, exact, exact_level
from ._frontier import (
    GRID_LEVEL,
    Frontier,
    Spins,
    edge_energies,
    ensemble,
    frontier,
    holder,
    paired,
    path,
    plane_occupations,
    plane_weights,
)
from ._profile import POINTS, learned_name, profile
from ._result import Result, dipole_moment, make_result
from ._solve import solve
from ._states import hartree_fock_states
