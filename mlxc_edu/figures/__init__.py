"""Tables and results become figures, views and pages; nothing is computed here."""

try:
    import plotly
except ImportError as error:
    raise ImportError('figures need plotly: pip install "mlxc-edu[notebooks]"') from error

from ._bond_figure import bond_figure, curves, feature_table, marker_style, panels
from ._colours import colour
from ._density_figure import surfaces
from ._error_figure import error_figure
from ._fraction_figures import charge_figure
from ._html_table import GREY, RED, convergence_cell, method_cell, signed, table
from ._page import write_page
from ._plots import plot
from ._viewer import view
