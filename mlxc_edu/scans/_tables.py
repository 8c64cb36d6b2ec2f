"""Tables that come with the library, each with the story of its making."""

from __future__ import annotations

import platform
from datetime import date
from importlib.metadata import version
from io import StringIO
from itertools import takewhile
from pathlib import Path

import pandas as pd
import pyscf

from .. import __version__
from ._code import code_version
from ._dissociation import diatomic
from ._reaction_sets import WHOLE_SETS

FOLDER = Path(__file__).parent / "tables"
# by benchmarks/
MEASURED = "costs", "crystals", "salts", "gaps", "bands", "meshes", "cores", "chains"
_DIGITS = {"energy": 9, "seconds": 2}


def stored(system: str, basis: str = "def2-svpd") -> pd.DataFrame | None:
    """The table of :func:`mlxc_edu.dissociation` for a diatomic, or of :func:`mlxc_edu.benchmark`
    for a set of reactions (the small one or the whole, as ``"settings"`` says), as it was computed
    beforehand; ``stored("costs", "def2-tzvp")``: what calculations cost, in seconds and MB, as
    ``benchmarks/`` measured it; ``stored("crystals", "gth-dzvp-molopt-sr")``, and so ``"salts"``,
    ``"gaps"``, ``"bands"`` and ``"meshes"``, ``stored("cores", "unc-def2-tzvp")``,
    ``stored("chains", "sto-6g")`` and ``stored("chains", "cc-pvtz")``: what
    ``benchmarks/solids.py`` computed for notebook 11. None if there is none. Its
    ``attrs["provenance"]`` is a dictionary: who made it, when, how."""
    file = path(system, basis)
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8")
    head = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    rows = StringIO("\n".join(text.splitlines()[len(head) :]))
    table = pd.read_csv(rows, converters={"r": float})  # exactly: curves are looked up by it
    table.attrs["provenance"] = dict(line[1:].strip().split(": ", 1) for line in head)
    return table


def write(
    table: pd.DataFrame,
    system: str,
    basis: str,
    maker: str,
    folder: Path = FOLDER,
    subset: str = "small",
) -> Path:
    """Store a table that was computed just now; ``maker`` is who did it, ``subset`` what was asked
    for of a set."""
    what, name = _kind(system)
    points = f", {table['r'].nunique()} distances" if what == "dissociation" else ""
    part = f", subset={subset!r}" if what == "benchmark" else ""
    units = "energy_kcal, reference_kcal, error_kcal kcal/mol, seconds of a processor s"
    if what == "dissociation":
        units = "r Å, energy Hartree, relative_kcal kcal/mol, charge e, dipole Debye, seconds s"
    provenance = {
        "system": name,
        "basis": basis,
        "made by": f"{maker}, on {platform.system()} {platform.machine()}",
        "date": date.today().isoformat(),
        "mlxc-edu": __version__,
        "code": code_version(),
        "PySCF": pyscf.__version__,
        "with": ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy")),
        "settings": f"mlxc_edu.{what}({name!r}, {[*table['method'].unique()]}, "
        f"basis={basis!r}{part}){points}",
        "units": units,
    }
    file = folder / path(system, basis).name
    head = "".join(f"# {key}: {value}\n" for key, value in provenance.items())
    rounded = table.round({c: _DIGITS.get(c, 6) for c in table.select_dtypes("float")})
    file.write_text(head + rounded.to_csv(index=False), encoding="utf-8")
    return file


def origin(provenance: dict[str, str]) -> str:
    """A sentence for a reader of the figure."""
    said = f"stored, computed on {provenance['date']} by {provenance['made by']}, with mlxc-edu "
    said += f"{provenance['mlxc-edu']} (code {provenance['code']}) and PySCF {provenance['PySCF']}"
    if provenance["code"] != code_version():
        said += f"; what computes points has changed since: this is code {code_version()}"
    return said


def path(system: str, basis: str) -> Path:
    name = system.strip().lower() if isinstance(system, str) else ""
    parts = [name] if name in MEASURED else _kind(system)
    return FOLDER / f"{'_'.join(parts)}_{basis.strip().lower()}.csv"


def _kind(system: str) -> tuple[str, str]:
    """The function whose table it is, and the name as it spells it."""
    for name in WHOLE_SETS:
        if isinstance(system, str) and system.strip().lower() == name.lower():
            return "benchmark", name
    return "dissociation", diatomic(system)[0]
