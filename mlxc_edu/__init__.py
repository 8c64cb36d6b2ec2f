"""From the Schrödinger equation to a learned density functional.

Public names are resolved on first use, so that ``import mlxc_edu`` loads neither PySCF nor plotly.
"""

from importlib import import_module
from importlib.metadata import version as _version

from ._threads import wait_briefly as _wait_briefly

_HOME = {
    "molecule": "molecules",
    "catalogue": "molecules",
    "KS": "ks",
    "solve": "calculations",
    "exact": "calculations",
    "Result": "calculations",
    "profile": "calculations",
    "Calculator": "atoms",
    "dissociation": "scans",
    "fractional_charge": "scans",
    "fractional_spin": "scans",
    "flat_plane": "scans",
    "charge_transfer": "scans",
    "equation_of_state": "scans",
    "equilibrium": "scans",
    "benchmark": "scans",
    "errors": "scans",
    "stored": "scans",
    "plot": "figures",
    "figure": "figures",
    "show": "figures",
    "style": "figures",
    "titled": "figures",
    "view": "figures",
    "explore": "explore",
    "units": "units",
    "one_d": "one_d",
    "crystals": "crystals",
    "training": "training",
}

_wait_briefly()  # what is loaded from here on, and kernels that a command starts

__all__ = sorted(_HOME)
__version__ = _version("mlxc-edu")


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'mlxc_edu' has no attribute {name!r}")
    module = import_module(f"mlxc_edu.{_HOME[name]}")
    value = module if name == _HOME[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
