"""How orbitals are found: where they start from, and downhill to the lowest energy."""

from ._minimise import Minimum, Orbitals, minimise, rotation_gradient, spin_channels
from ._staging import COARSE_LEVEL, STAGED, ConvergesInStages
from ._starts import (
    SUPERPOSED,
    Start,
    atomic_spins_fit,
    atomic_starts,
    default_start,
    free_atom,
    mixed_start,
)
