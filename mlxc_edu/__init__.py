"""From the Schrödinger equation to a learned density functional.

Public names are resolved on first use, so that ``import mlxc_edu`` loads neither PySCF nor plotly.
"""

from importlib import import_module
from importlib.metadata import version as _version

_HOME = {
    "molecule": "_molecule",
    "catalogue": "_catalogue",
    "KS": "ks",
    "solve": "_solve",
    "exact": "_exact",
    "Result": "_result",
    "dissociation": "_scans",
    "fractional_charge": "_fractional",
    "fractional_spin": "_fractional",
    "flat_plane": "_fractional",
    "charge_transfer": "_charge_transfer",
    "benchmark": "_reactions",
    "stored": "_tables",
    "profile": "_profile",
    "plot": "_plots",
    "view": "_viewer",
    "explore": "explore",
    "units": "units",
    "one_d": "one_d",
    "training": "training",
}

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
