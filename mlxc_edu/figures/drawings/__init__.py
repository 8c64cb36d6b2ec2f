"""The plotly figure of each kind of table, the cells of tables in HTML, and their colours."""

from ._density import DIFFERENCE, surfaces
from ._dissociation import dissociation_figure
from ._errors import error_figure
from ._fractions import charge_figure, plane_figure, spin_figure
from ._html_table import GREY, RED, convergence_cell, method_cell, signed, table
from ._look import GUIDE, TEMPLATE, blank, colour, label, style, written
from ._profile import curves, feature_table, marker_style, panels, profile_figure
from ._stills import STILLS, stills
from ._training import training_figure
