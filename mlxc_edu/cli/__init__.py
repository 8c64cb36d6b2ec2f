"""The command line, ``mlxc-edu COMMAND``."""

from ._main import main
