"""A static site of all notebooks, executed, with a page for every public name."""

from ._reference import public_names
from ._site import write_book
