"""What the explorer of dissociation writes beside its curves, in HTML."""

from __future__ import annotations

from html import escape

from ..figures.drawings import convergence_cell, method_cell, signed
from ..scans import origin
from .live import NOW, STORED


def story(bond, methods) -> str:
    """HTML: where the points of each method's curve come from."""
    said = []
    for where, how in ((STORED, origin), (NOW, None)):
        rows = {k: [row for (m, _), row in bond.rows.items() if m == k] for k in methods}
        rows = {k: [row for row in v if row["origin"] == where] for k, v in rows.items()}
        names = [k for k, v in rows.items() if v]
        if names and how:
            said.append(f"<b>{', '.join(names)}</b>: {how(bond.provenance)}")
        elif names:
            seconds = sum(row["seconds"] for v in rows.values() for row in v)
            said.append(f"<b>{', '.join(names)}</b>: computed now, {seconds:.0f} s")
    for method in methods:
        if missing := len(bond.missing([method])):
            said.append(f"<b>{method}</b>: {missing} of {len(bond.distances)} points are missing")
    return "Curves. " + "; ".join(said) + "."


def cells(row, charge, methods) -> list[str]:
    state = escape(row["state"], quote=True)
    return [
        f'<span title="{state}">{method_cell(row["method"], methods)}</span>',
        f"{row['r']:.2f}",
        signed(row["relative_kcal"], 2),
        signed(row[charge], 3),
        f"{row['dipole']:.2f}",
        convergence_cell(row["converged"]),
        row["origin"],
        f"{row['seconds']:.1f}",
    ]
