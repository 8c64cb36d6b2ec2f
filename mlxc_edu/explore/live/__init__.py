"""What is computed while the controls stay alive, can be cancelled and is kept."""

from ._background import Worker
from ._charge import CHARGE_COLUMNS, DIGITS, LiveCharge
from ._controls import advance, keep, say, set_range
from ._dissociation import NOW, STORED, LiveBond
from ._explorer import LiveExplorer
from ._guided import guided
from ._on_a_page import WANTED, OnAPage, some_of
from ._take_home import as_cube, as_xyz
