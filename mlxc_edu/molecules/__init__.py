"""A name, a file or text becomes a molecule; who is bonded to whom."""

from ._bonds import SINGLE, breaks_pairs, fragments, is_stretched, real_atoms
from ._catalogue import MOLECULES, catalogue
from ._molecule import hund_spin, molecule, require_molecule
