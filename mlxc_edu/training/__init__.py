"""How EDU26 is made, and how to make another.

Exact energies (``energies.csv``) and the straight lines of fractional electrons become reactions;
densities become samples, what the network looks at in numbers; a fit takes it from there.
"""

from ._fit import Settings, evaluate, fit, mean_errors, start

__all__ = ["Settings", "evaluate", "fit", "mean_errors", "start"]
