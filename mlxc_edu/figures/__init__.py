"""Tables and results become figures, views and pages; nothing is computed here."""

from ._canvas import figure, show, style, titled
from ._folder import write_contents
from ._page import write_page
from ._plots import plot
from ._viewer import view
