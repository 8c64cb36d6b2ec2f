"""Things to play with: figures with controls, for JupyterLab and Voilà."""

from ._entrances import (
    bonding,
    dissociation,
    fractional_charge,
    functional,
    ladder,
    line,
    scf,
)
