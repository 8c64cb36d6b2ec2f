"""One calculation repeated along a parameter becomes a table; finished points are kept."""

from ._charge_transfer import charge_transfer
from ._code import code_version
from ._dissociation import EXACT, diatomic, dissociation, method_names, scan_distances
from ._equation_of_state import equation_of_state, equilibrium
from ._few_reactions import SETS, Reaction, Species
from ._fractional_charge import charge_row, fractional_charge
from ._fractional_points import approximate, ceil, electron_numbers, floor
from ._fractional_spin import flat_plane, fractional_spin
from ._jobs import Running, identity
from ._reaction_sets import WHOLE_SETS, known_set, reactions_of, whole_set
from ._reactions import (
    BASIS,
    LADDER,
    benchmark,
    compute,
    errors,
    functionals,
    species_jobs,
    tabulate,
)
from ._store import Store
from ._tables import FOLDER, origin, stored, write
