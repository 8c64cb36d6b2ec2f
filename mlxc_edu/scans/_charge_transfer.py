"""From E(N) of two atoms to their stretched molecule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.interpolate import CubicHermiteSpline

from ..ks.methods import long_range_exchange
from ..units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE
from ._dissociation import EXACT

STEPS = 4000  # of the charge between 0 and 1


def charge_transfer(donor: pd.DataFrame, acceptor: pd.DataFrame, r=np.inf) -> pd.DataFrame:
    """The charge that two distant atoms exchange, and the energy it brings, from their E(N) alone.

    The donor gives the part q of an electron and the acceptor takes it. Far apart they feel nothing
    of each other but the attraction −q²/R of their charges; in it the electron's two parts repel
    each other, and of that an exact-exchange share a of the functional takes back its part. So the
    molecule's energy above its atoms is

        E(q) = [E_D(N_D − q) − E_D(N_D)] + [E_A(N_A + q) − E_A(N_A)] − [q² + a q(1 − q)]/R,

    and its charge is where that is lowest. With a = 1 the attraction is −q/R, straight like the
    exact E(N). a is the functional's exact exchange at long range, 0.2 for B3LYP; a learned
    functional has no such number, and for one that learned straight lines we take 1. Between the
    tables' points E(N) is interpolated with its derivative, the energy of the orbital that holds
    the fraction (Janak 1978). Next to a whole number it is a parabola, whatever the slope just
    there: a learned functional can have a dent of a twentieth of an electron, which takes points
    inside to be seen.

    Parameters
    ----------
    donor : E(N) of the atom that gives, a table of :func:`mlxc_edu.fractional_charge` from one
        electron less than its own to its own.
    acceptor : E(N) of the atom that takes, from its own electrons to one more.
    r : distances in Å; ``inf`` is free atoms.

    Returns
    -------
    pandas.DataFrame with columns ``method``, ``r`` (Å), ``charge`` (e, of the donor),
    ``relative_kcal`` (above the neutral atoms, kcal/mol) and ``converged``; one row for each method
    that both tables have, and each distance.

    Raises
    ------
    ValueError : a table is not one of E(N), ends do not meet whole numbers, or no method is common.
    """
    try:
        distances = [float(distance) for distance in np.ravel(r)]
    except (TypeError, ValueError):
        distances = []
    if not distances or not all(distance > 0 for distance in distances):
        raise ValueError(f"r must be distances in Å, or inf, not {r!r}")
    for table in (donor, acceptor):
        columns = {"method", "n", "energy", "homo", "converged"}
        if not isinstance(table, pd.DataFrame) or not columns <= set(table.columns):
            raise ValueError("charge_transfer takes tables made by mlxc_edu.fractional_charge")
    methods = [m for m in donor["method"].unique() if m in set(acceptor["method"])]
    if not methods:
        raise ValueError("the two tables have no method in common")
    q = np.linspace(0, 1, STEPS + 1)
    rows = []
    for method in methods:
        given, taken = (t[t["method"] == method] for t in (donor, acceptor))
        lose, gain = _energy(given), _energy(taken)
        own = lose.x[-1]
        share = 1.0 if method == EXACT else long_range_exchange(method)
        change = lose(own - q) - lose(own) + gain(gain.x[0] + q) - gain(gain.x[0])
        fine = bool(given["converged"].all() and taken["converged"].all())
        for distance in distances:
            attraction = (q**2 + share * q * (1 - q)) * ANGSTROM_PER_BOHR / distance
            energy = change - attraction
            lowest = int(np.argmin(energy))
            row = dict(method=method, r=distance, charge=q[lowest])
            row |= dict(relative_kcal=energy[lowest] * KCAL_PER_HARTREE, converged=fine)
            rows.append(row)
    return pd.DataFrame(rows)


def _energy(table) -> CubicHermiteSpline:
    """E(N) between two whole numbers."""
    table = table.sort_values("n")
    n, energy, slope = (table[c].to_numpy(dtype=float) for c in ("n", "energy", "homo"))
    if len(n) < 2 or n[-1] - n[0] != 1 or n[0] != round(n[0]):
        raise ValueError(
            f"E(N) is wanted from one whole number to the next, not from {n.min():g} to {n.max():g}"
        )
    if np.isnan(energy).any():
        raise ValueError("a point of E(N) has no energy; its table says why")
    secant = np.diff(energy) / np.diff(n)
    if len(n) == 2 or np.isnan(slope).all():  # straight, as the reference is
        return CubicHermiteSpline(n, energy, np.gradient(energy, n))
    first, last = 2 * secant[[0, -1]] - slope[[1, -2]]  # of parabolas
    return CubicHermiteSpline(n, energy, [first, *slope[1:-1], last])
