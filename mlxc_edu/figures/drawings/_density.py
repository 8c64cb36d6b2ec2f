"""A density in three dimensions as a plotly figure, which needs no network."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ...units import ANGSTROM_PER_BOHR
from ._look import TEMPLATE

MARGIN, SPACING = 3.0, 0.25  # Å around the atoms, and between points
SURFACES = (0.1, 0.01, 0.001)  # electrons per Bohr³
DIFFERENCE = 0.002
_POSITIVE, _NEGATIVE = "#0072B2", "#D55E00"


def grid(mol) -> np.ndarray:
    """(n, 3) points in Å on straight lines along the axes, none far from all atoms."""
    atoms = mol.atom_coords() * ANGSTROM_PER_BOHR
    lines = []
    for places in atoms.T:
        line = np.arange(places.min() - MARGIN, places.max() + MARGIN + SPACING / 2, SPACING)
        near = np.abs(line[:, None] - places).min(axis=1) < MARGIN + SPACING
        lines.append(line[near])
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)


def values(mol, points, matrix) -> np.ndarray:
    """A density matrix (nao, nao) at points in Å, electrons per Bohr³."""
    parts = []
    for some in np.array_split(points / ANGSTROM_PER_BOHR, len(points) // 20_000 + 1):
        ao = mol.eval_gto("GTOval", some)
        parts.append(np.einsum("gi,gi->g", ao @ matrix, ao))
    return np.concatenate(parts)


def surfaces(mol, matrix, signs: tuple[str, str] | None = None) -> go.Figure:
    """Surfaces of equal density. Of a difference, one of each sign, and ``signs`` says what more
    and less of it is; else three, drawn of the logarithm, which is nearly straight between two
    points of a coarse grid."""
    points = grid(mol)
    density = values(mol, points, matrix)
    if signs:
        value, low, high, count = density, -DIFFERENCE, DIFFERENCE, 2
        colours = [[0, _NEGATIVE], [1, _POSITIVE]]
        said = f"surfaces at ±{DIFFERENCE:g} e/Bohr³: <b style='color:{_POSITIVE}'>{signs[0]}</b>, "
        said += f"<b style='color:{_NEGATIVE}'>{signs[1]}</b>"
    else:
        value = np.log10(np.maximum(density, 1e-6))
        low, high, count = *map(float, np.log10([SURFACES[-1], SURFACES[0]])), len(SURFACES)
        colours = [[0, "#9ecae1"], [0.5, "#4292c6"], [1, "#08306b"]]
        said = f"surfaces at {', '.join(f'{s:g}' for s in SURFACES)} e/Bohr³"
    if max(density.max(), -density.min()) < (faintest := DIFFERENCE if signs else SURFACES[-1]):
        said = f"nowhere as much as {faintest:g} e/Bohr³"
    x, y, z = points.T.astype(np.float32)
    figure = go.Figure()
    figure.add_isosurface(
        x=x,
        y=y,
        z=z,
        value=value.astype(np.float32),
        isomin=low,
        isomax=high,
        surface_count=count,
        colorscale=colours,
        cmin=low,
        cmax=high,
        opacity=0.4,
        caps=dict(x_show=False, y_show=False, z_show=False),
        showscale=False,
        hoverinfo="skip",
    )
    x, y, z = (mol.atom_coords() * ANGSTROM_PER_BOHR).T
    names = [mol.atom_pure_symbol(i) for i in range(mol.natm)]
    look = dict(mode="markers+text", marker=dict(size=3, color="#000000"), hoverinfo="skip")
    look["textposition"] = "middle right"
    figure.add_scatter3d(x=x, y=y, z=z, text=names, showlegend=False, **look)
    ends = np.array([points.min(axis=0), points.max(axis=0)])
    length = ends[1] - ends[0]
    figure.update_scenes(
        aspectmode="manual",
        aspectratio=dict(zip("xyz", (1.6 * length / np.linalg.norm(length)).tolist())),
        camera=dict(eye=dict(x=1.5, y=1.3, z=0.6), center=dict(z=-0.1)),
        **{
            f"{name}axis": dict(title=f"{name} (Å)", range=some.tolist())
            for name, some in zip("xyz", ends.T)
        },
    )
    title = dict(text=said, font_size=13, x=0.5, y=0.02, yanchor="bottom")
    layout = dict(width=430, height=400, margin=dict(l=0, r=0, t=0, b=30), title=title)
    return figure.update_layout(template=TEMPLATE, **layout)
