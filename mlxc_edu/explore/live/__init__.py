"""What is computed while the controls stay alive, can be cancelled and is kept."""

from ._background import Worker
from ._bond import NOW, STORED, LiveBond
from ._charge import DIGITS, LiveCharge
from ._explorer import LiveExplorer, keep
