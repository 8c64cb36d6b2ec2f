"""Kohn–Sham calculations on a line, from what a user gives."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._functionals import NAMED, Functional
from ._grid import SOFTENING, Grid
from ._nuclei import check_grid, checked_nuclei, default_grid
from ._system import CYCLES, KohnSham, Solution


def kohn_sham(
    charges,
    positions,
    electrons: float = 1,
    functional: str | Callable[[Grid], Functional] = "LDA",
    *,
    spin: float | None = None,
    softening=SOFTENING,
    half_width: float | None = None,
    points: int | None = None,
    period: float | None = None,
    bias: np.ndarray | float = 0.0,
    cycles: int = CYCLES,
) -> Solution:
    """Solve the Kohn–Sham equations of electrons on a line.

    Parameters
    ----------
    charges, positions, softening, half_width, points, period : as for
        :func:`mlxc_edu.one_d.exact`.
    electrons : how many, fractions included.
    functional : ``"LDA"``, ``"exact exchange"``, ``"Hartree"`` (no exchange, no correlation), or a
        function that takes a grid and returns one from density matrices (2, points, points) to an
        energy in Hartree, in JAX.
    spin : electrons of spin up more than down; by default as few as possible, with a fraction in
        the spin that has fewer electrons.
    bias : (2, points) Hartree, felt at the beginning alone: it can push the spins apart.
    cycles : steps at most.

    Raises
    ------
    ValueError : as for ``exact``, unknown functional, or a spin the electrons cannot have.
    """
    nuclei = checked_nuclei(charges, positions, softening, period)
    occupations = _occupations(electrons, spin)
    grid = default_grid(nuclei, half_width, points)
    check_grid(grid, nuclei, electrons)
    if isinstance(functional, str):
        known = {name.lower(): made for name, made in NAMED.items()}
        if functional.strip().lower() not in known:
            raise ValueError(
                f"functional is one of {', '.join(NAMED)}, or a function; not {functional!r}"
            )
        functional = known[functional.strip().lower()]
    return KohnSham(grid, nuclei, occupations, functional(grid)).solve(cycles, bias)


def _occupations(electrons, spin) -> tuple[float, float]:
    try:
        electrons = float(electrons)
    except (TypeError, ValueError) as error:
        raise ValueError(f"electrons is a number, not {electrons!r}") from error
    if not 0 < electrons < np.inf:
        raise ValueError(f"electrons is a number above zero, not {electrons!r}")
    if spin is None:
        pairs = electrons // 2
        return pairs + min(electrons - 2 * pairs, 1.0), pairs + max(electrons - 2 * pairs - 1, 0.0)
    if not abs(spin) <= electrons:
        raise ValueError(f"{electrons:g} electrons cannot have {spin!r} unpaired")
    return (electrons + spin) / 2, (electrons - spin) / 2
