"""E(V): a crystal squeezed and stretched, and where it would rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..units import ANGSTROM_PER_BOHR, EV_PER_HARTREE
from ._code import ROOMS, code_version
from ._dissociation import method_names
from ._jobs import Running, identity, makes_a_table

LENGTHS = (0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06)
GPA = EV_PER_HARTREE / ANGSTROM_PER_BOHR**3 * 160.2176634  # in a Hartree/Bohr³


@makes_a_table
def equation_of_state(
    system: Any,
    methods: Iterable[str] = ("PBE",),
    lengths: Iterable[float] = LENGTHS,
    *,
    kpts: tuple[int, int, int] = (2, 2, 2),
    ke_cutoff: float | None = None,
    run: Running,
) -> pd.DataFrame:
    """The energy of a crystal by its volume, all cells on an FFT mesh of equally many points.

    Parameters
    ----------
    system : as for :func:`mlxc_edu.crystals.crystal`.
    methods : as for :func:`mlxc_edu.crystals.KS`.
    lengths : of the cell, relative to the one given.
    kpts : a Γ-centred mesh of k-points.
    ke_cutoff : Hartree, of the cell given; says how fine the mesh is.
    workers, memory, store, progress, scheduler : as for :func:`mlxc_edu.dissociation`; every
        finished point is written at once, so a table that was interrupted continues where it
        stopped.

    Returns
    -------
    pandas.DataFrame, a row a point, with columns

    ================ ========================================================================
    method           as given
    length           of the cell, relative to the one given
    lattice_constant of a named crystal's cube, Å
    volume           of a cell, Å³
    energy           of a cell, Hartree
    converged        bool
    seconds          what the point cost when it was computed
    state            what was computed
    ================ ========================================================================

    Raises
    ------
    ValueError : what :func:`mlxc_edu.crystals.crystal` and :func:`mlxc_edu.crystals.KS` refuse,
        lengths that are none. All is checked before anything is computed.
    """
    from ..crystals import KS, crystal, resized  # loads JAX

    cell = crystal(system, ke_cutoff=ke_cutoff)
    names = method_names(methods)
    sizes = _lengths(lengths)
    for name in names:
        KS(resized(cell, sizes[0]), name, kpts)
    settings = dict(
        system=system if isinstance(system, str) else system.get_chemical_formula(),
        crystals=code_version((*ROOMS, "crystals")),
        vectors=cell.lattice_vectors().tolist(),
        atoms=[[cell.atom_symbol(i), *cell.atom_coord(i).tolist()] for i in range(cell.natm)],
        kpts=[int(n) for n in kpts],
        mesh=[int(n) for n in cell.mesh],
    )
    jobs = [dict(settings, method=name, r=size) for name in names for size in sizes]
    values = run.values(jobs, partial(_compute, cell=cell))
    rows = []
    for job in jobs:
        value = values[identity(job)]
        volume = cell.vol * ANGSTROM_PER_BOHR**3 * job["r"] ** 3
        shown = {c: value[c] for c in ("energy", "converged", "seconds", "state")}
        row: dict[str, Any] = dict(method=job["method"], length=job["r"])
        if isinstance(system, str):
            row["lattice_constant"] = (4 * volume) ** (1 / 3)  # four cells fill a cube
        rows.append(row | dict(volume=volume) | shown)
    return pd.DataFrame(rows)


def equilibrium(table: pd.DataFrame) -> pd.DataFrame:
    """Where each curve of :func:`equation_of_state` has its minimum, by Birch and Murnaghan's
    equation, E a cubic in V^(−2/3) (Birch, Phys. Rev. 71, 809 (1947)), through converged points.

    Returns
    -------
    pandas.DataFrame by method: ``volume`` of a cell (Å³), ``length`` relative to the cell given,
    ``lattice_constant`` where the table has it (Å), ``energy`` of a cell (Hartree),
    ``bulk_modulus`` (GPa), ``rms`` of what the equation leaves (mHartree).

    Raises
    ------
    ValueError : fewer than five converged points, or a minimum that the points do not enclose.
    """
    rows = []
    for method, every in table.groupby("method", sort=False):
        points = every[every["converged"]]
        if len(points) < 5:
            raise ValueError(f"{method}: {len(points)} converged points; the fit needs five")
        v = points["volume"].to_numpy(float) / ANGSTROM_PER_BOHR**3
        energies = points["energy"].to_numpy(float)
        x = v ** (-2 / 3)
        cubic = np.polynomial.Polynomial.fit(x, energies, 3)
        roots = [r.real for r in cubic.deriv().roots() if abs(r.imag) < 1e-9]
        lowest = [r for r in roots if cubic.deriv(2)(r) > 0 and x.min() < r < x.max()]
        if not lowest:
            raise ValueError(f"{method}: no minimum between the volumes; give other lengths")
        at = float(lowest[0]) ** -1.5
        # V d²E/dV², where dE/dx = 0
        bulk = at * cubic.deriv(2)(lowest[0]) * (2 / 3 * at ** (-5 / 3)) ** 2
        row: dict[str, Any] = dict(method=method, volume=float(at * ANGSTROM_PER_BOHR**3))
        for column in [c for c in ("length", "lattice_constant") if c in points]:
            row[column] = float(at ** (1 / 3) * (points[column] / v ** (1 / 3)).mean())
        rms = 1000 * float(np.sqrt(((energies - cubic(x)) ** 2).mean()))
        rows.append(row | dict(energy=cubic(lowest[0]), bulk_modulus=bulk * GPA, rms=rms))
    return pd.DataFrame(rows).set_index("method")


def _compute(job, memory, cell) -> dict[str, Any]:
    from ..crystals import KS, resized

    sized = resized(cell, job["r"])
    sized.max_memory = memory
    mf = KS(sized, job["method"], tuple(job["kpts"]))
    energy = mf.kernel()
    return dict(
        energy=float(energy),
        converged=bool(mf.converged),
        state=f"{job['method']}, {'×'.join(map(str, job['kpts']))} k-points",
    )


def _lengths(lengths) -> list[float]:
    try:
        found = sorted({float(x) for x in lengths})
    except (TypeError, ValueError):
        raise ValueError(f"lengths are numbers near 1, not {lengths!r}") from None
    if not found or not all(0.5 < x < 2 for x in found):
        raise ValueError(f"lengths are relative to the cell given, between 0.5 and 2, not {found}")
    return found
