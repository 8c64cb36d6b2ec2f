"""Densities in three dimensions, by py3Dmol."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from pyscf.tools import cubegen

from ..calculations import Result
from ..molecules import real_atoms
from ..units import ANGSTROM_PER_BOHR

POINTS = 40  # a side of the cube of values
_KINDS = ("density", "spin", "difference")


def view(
    calc: Result,
    what: str = "density",
    other: Result | None = None,
    *,
    isovalue: float | None = None,
):
    """Show a calculation in 3D; turn it with the mouse.

    Parameters
    ----------
    calc : the calculation.
    what : ``"density"``; ``"spin"``, α minus β; or ``"difference"``, ``calc`` minus ``other``. Blue
        is where the value is positive, orange where it is negative.
    other : for the difference, a second calculation at the same geometry; any method, any basis,
        with ghosts or without.
    isovalue : of the surfaces, electrons per Bohr³; default 0.02, for a difference 0.002.

    Returns
    -------
    ``py3Dmol.view``. It loads 3Dmol.js from the network when it is displayed.

    Raises
    ------
    ValueError : unknown kind, no ``other`` for a difference, or another geometry.
    ImportError : py3Dmol is not installed; the message gives the command.
    """
    if not isinstance(calc, Result) or not isinstance(other, Result | None):
        raise ValueError("view takes results of mlxc_edu.solve or mlxc_edu.exact")
    if not isinstance(what, str) or what not in _KINDS:
        raise ValueError(
            f"view shows {', '.join(_KINDS)}; a difference is view(a, 'difference', b)"
        )
    if (what == "difference") != (other is not None):
        raise ValueError("a difference is of two calculations: view(a, 'difference', b)")
    if isovalue is None:
        isovalue = 0.002 if what == "difference" else 0.02
    try:
        import py3Dmol
    except ImportError as error:
        raise ImportError('3D views need py3Dmol: pip install "mlxc-edu[notebooks]"') from error

    up, down = calc.density_matrix
    cube = cubegen.Cube(calc.mol, POINTS, POINTS, POINTS, margin=5.0)
    values = _on_grid(calc.mol, up - down if what == "spin" else up + down, cube)
    if other is not None:
        if not _same_geometry(calc.mol, other.mol):
            raise ValueError("the two calculations must have the same atoms at the same places")
        values = values - _on_grid(other.mol, other.density_matrix.sum(axis=0), cube)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "values.cube"
        cube.write(values.reshape(cube.nx, cube.ny, cube.nz), str(file), comment=what)
        text = file.read_text()
    picture = py3Dmol.view(width=560, height=380)
    picture.addModel(_xyz(calc.mol), "xyz")
    picture.setStyle({"sphere": {"scale": 0.2}, "stick": {"radius": 0.08}})
    for sign, colour in ((1, "#0072B2"), (-1, "#D55E00")):
        if what == "density" and sign < 0:
            continue
        surface = {"isoval": sign * isovalue, "color": colour, "opacity": 0.6}
        picture.addVolumetricData(text, "cube", surface)
    picture.rotate(90, "y")  # a diatomic lies on z, along the line of sight
    picture.zoomTo()
    picture.zoom(1.4)
    return picture


def _on_grid(mol, density, cube) -> np.ndarray:
    """The density at every point of the cube, electrons per Bohr³."""
    points = cube.get_coords()
    values = np.empty(len(points))
    for first in range(0, len(points), 20_000):
        ao = mol.eval_gto("GTOval", points[first : first + 20_000])
        values[first : first + 20_000] = np.einsum("gi,ij,gj->g", ao, density, ao, optimize=True)
    return values


def _xyz(mol) -> str:
    """Of the atoms that have a nucleus: a ghost is nothing to see."""
    places, atoms = mol.atom_coords() * ANGSTROM_PER_BOHR, real_atoms(mol)
    lines = [f"{mol.atom_pure_symbol(i)} {' '.join(map(str, places[i]))}" for i in atoms]
    return "\n".join([str(len(lines)), "", *lines])


def _same_geometry(a, b) -> bool:
    i, j = real_atoms(a), real_atoms(b)
    if len(i) != len(j) or not np.array_equal(a.atom_charges()[i], b.atom_charges()[j]):
        return False
    return bool(np.allclose(a.atom_coords()[i], b.atom_coords()[j], atol=1e-6))
