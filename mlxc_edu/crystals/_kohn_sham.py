"""A method's name and a cell become a PySCF mean-field object over k-points."""

from __future__ import annotations

import warnings

import numpy as np
from pyscf.pbc import gto
from pyscf.pbc.dft import krks

from ..ks.learned import learned
from ..ks.methods import canonical_name, is_learned, libxc_code, split_dispersion
from ._learned import LearnedKRKS
from ._points import KeepsBasis

NOT_METALS = "H He B C N O F Ne Si P S Cl Ar Ge As Se Br Kr Te I Xe"
FEW = 4  # k-points along an axis
COPIES = 2.5  # of the basis functions at the points, at most, while a potential is made


def KS(cell: gto.Cell, xc: str = "PBE", kpts=(2, 2, 2), *, precision="float32", exxdiv="ewald"):
    """PySCF's KRKS for a functional named as papers name it: closed shells.

    Parameters
    ----------
    cell : a crystal, see :func:`crystal`.
    xc : a learned functional (``"EDU26"``, ``"DM21"``) or any libxc name, as for ``mlxc_edu.KS``.
    kpts : a Γ-centred mesh (n₁, n₂, n₃), or k-points (n, 3) of a regular mesh in 1/Bohr.
    precision : ``"float32"`` or ``"float64"``, of a learned functional's network.
    exxdiv : how exchange is corrected for few k-points: ``"ewald"``, ``"vcut_sph"`` or None.

    Raises
    ------
    ValueError : no cell, an odd number of electrons, a method with dispersion, a mesh that does not
        fit into ``cell.max_memory`` (the message says what would).
    """
    if not isinstance(cell, gto.Cell):
        raise ValueError("a crystal is made by mlxc_edu.crystals.crystal('LiH'), or PySCF's Cell")
    name, dispersion = split_dispersion(canonical_name(xc))
    if dispersion:
        raise ValueError(f"{xc}: dispersion is not available for crystals; take {name!r}")
    mesh = np.asarray(kpts)
    points = cell.make_kpts(mesh) if mesh.shape == (3,) else mesh.reshape(-1, 3)
    if cell.nelectron % 2:
        raise ValueError(
            f"{cell.nelectron} electrons a cell: a band is half full, a metal or a magnet, and "
            "these are closed shells"
        )
    _require_memory(cell, len(points))
    if not {cell.atom_pure_symbol(i) for i in range(cell.natm)} & {*NOT_METALS.split()}:
        _warn_of_metal(min(mesh) if mesh.shape == (3,) else len(points) ** (1 / 3), name)
    if is_learned(name):
        if precision not in ("float32", "float64"):
            raise ValueError(f"precision is 'float32' or 'float64', not {precision!r}")
        return LearnedKRKS(cell, points, name, learned(name, precision), exxdiv)
    mf = krks.KRKS(cell, points, xc=libxc_code(name), exxdiv=exxdiv)
    mf._numint = mf.with_df._numint = KeepsBasis(mf.kpts)
    return mf


def _require_memory(cell, count) -> None:
    needed = COPIES * count * 4 * np.prod(cell.mesh) * cell.nao * 16 / 1e6
    if needed > cell.max_memory:
        raise ValueError(
            f"{count} k-points, {cell.nao} functions, a mesh of {'×'.join(map(str, cell.mesh))} "
            f"need {needed / 1000:.1f} GB; cell.max_memory is {cell.max_memory / 1000:.1f}: take "
            "fewer k-points or a lower ke_cutoff, or set max_memory"
        )


def _warn_of_metal(along, name) -> None:
    if along < FEW:
        warnings.warn(
            f"only metals, and {along:.0f} k-points along an axis: with {name} as with any method "
            "a metal's energy needs many more, and smearing (pyscf.pbc.scf.addons.smearing)",
            stacklevel=3,
        )
