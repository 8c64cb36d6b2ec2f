"""How orbitals are found: where they start from, downhill, and whether the end is a minimum."""

from ._atoms import free_atom, turn_about_bond
from ._ends import EndsInMinimum
from ._minimise import ROUGHLY, Minimum, ended, minimise
from ._rotations import Orbitals, rotation_gradient, spin_channels
from ._stability import lowest_curvature, settle
from ._staging import COARSE_LEVEL, STAGED, ConvergesInStages
from ._starts import (
    Start,
    across_bond,
    atomic_spins_fit,
    atomic_starts,
    atoms_leave_open,
    default_start,
    determinant,
    follow,
    mixed_start,
    paired_starts,
)
