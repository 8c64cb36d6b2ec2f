"""Things to play with: figures with controls, for JupyterLab and Voilà."""

from ._guides import GUIDES
from ._of_molecules import bonding, dissociation, fractional_charge, functional, ladder
from ._of_the_line import line, scf
