"""How EDU26 is made, and how to make another.

Exact energies (``energies.csv``) and the straight lines of fractional electrons become reactions;
densities become samples, what the network looks at in numbers; a fit takes it from there.
"""

from ._build import METHOD
from ._planes import ANIONS
from ._problem import Problem
from ._reactions import HELD_OUT, energies, entries
from ._settings import Settings, start
from ._train import ATOMS, PRESETS, Trained, small_data, train

__all__ = ["PRESETS", "Problem", "Settings", "Trained", "energies", "small_data", "start", "train"]
