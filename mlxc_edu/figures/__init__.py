"""Tables and results become figures, views and pages; nothing is computed here."""

from ._canvas import figure, show, style, titled
from ._comparison import write_comparison
from ._drawn import draw_outputs
from ._folder import about, write_contents
from ._formulas import formula
from ._page import write_page
from ._plots import plot
from ._viewer import view
