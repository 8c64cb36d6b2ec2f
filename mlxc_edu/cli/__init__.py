"""The command line: ``mlxc-edu tour | lab | run | scan | train | weights``."""

from ._main import main
