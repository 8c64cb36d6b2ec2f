"""What a learned functional is told along a line through a molecule, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .. import weights
from ..ks import KS
from ..ks.methods import canonical_name, is_learned, split_dispersion
from ..molecules import real_atoms
from ..units import ANGSTROM_PER_BOHR
from ._result import Result
from ._solve import spin_density

POINTS = 241
MARGIN = 2.0  # Å beyond the two atoms


def profile(
    calc: Any, points=None, functional: str | None = None, *, atoms: tuple[int, int] | None = None
) -> pd.DataFrame:
    """Features, a network's answers and e_xc of a density along a bond.

    There is no column for the potential: it is no function of the features at one point.

    Parameters
    ----------
    calc : a result of :func:`mlxc_edu.solve` or :func:`mlxc_edu.exact`, or a PySCF mean field that
        was run. Whatever made the density, the functional is asked about it.
    points : positions along the bond in Å, 0 at its first atom (n,); or any points in Å, (n, 3).
        Default: evenly from 2 Å before the bond to 2 Å behind it.
    functional : a learned functional. Default: the one behind ``calc`` if it is learned, else
        ``"EDU26"``.
    atoms : the two atoms that the bond joins. Default: the first two that are no ghosts.

    Returns
    -------
    pandas.DataFrame, a row a point, in atomic units but for the position:

    ================ ========================================================================
    position         along the bond, Å, 0 at its first atom
    rho_a … hfx_lr_b the eleven features, as in ``mlxc_edu.functionals.FEATURES``
    s_lda … s_hf_lr  the three answers of DM21's network, ``functionals.dm21.OUTPUTS``, or
    a, b, c          the three of EDU26's, ``functionals.edu26.OUTPUTS``
    e_xc             exchange-correlation energy per volume, Hartree/Bohr³
    ================ ========================================================================

    Its ``attrs`` name the ``functional``, the ``answers`` with their meaning, and the ``atoms``
    with their places along the bond.
    The network runs in double precision and local exchange is exact.

    Raises
    ------
    ValueError : no density, points or atoms that make no sense, an unknown functional (the message
        lists near names), or one that cannot take the molecule.
    FileNotFoundError : the weights are missing; the message gives the command that gets them.
    """
    from ..functionals import FEATURES
    from ..ks.learned import at_points, outputs

    mol, dm, own = _density(calc)
    name = learned_name(own if functional is None else functional)
    learned = KS(mol, name, precision="float64")
    ends, origin, direction, length = _bond(mol, atoms)
    if points is None:
        points = np.linspace(-MARGIN, length + MARGIN, POINTS)
    points = _numbers(points)
    coords = origin + points[:, None] * direction if points.ndim == 1 else points
    position = points if points.ndim == 1 else (points - origin) @ direction

    features, answers, e_xc = at_points(mol, dm, learned.functional, coords / ANGSTROM_PER_BOHR)
    said = outputs(learned.functional)
    numbers = np.column_stack([features, answers, e_xc])
    table = pd.DataFrame(numbers, columns=[*FEATURES, *said, "e_xc"])
    table.insert(0, "position", position)
    bond = list(zip(map(mol.atom_pure_symbol, ends), [0.0, length]))
    table.attrs = {"functional": name, "answers": dict(said), "atoms": bond}
    return table


def learned_name(name: str) -> str:
    """A learned functional's name as its authors write it; ValueError lists near names."""
    if not isinstance(name, str):
        raise ValueError(f"a functional is named by a string such as 'EDU26', not {name!r}")
    name = canonical_name(name)
    if not is_learned(name):
        raise ValueError(f"{name} was not learned; there are {', '.join(weights.LEARNED)}")
    return split_dispersion(name)[0]


def _density(calc) -> tuple[Any, np.ndarray, str]:
    """The molecule, (2, nao, nao) density matrices, and the learned functional to ask."""
    if isinstance(calc, Result):
        mol, dm, method = calc.mol, calc.density_matrix, calc.method
    elif getattr(calc, "mo_coeff", None) is not None and hasattr(calc, "make_rdm1"):
        mol, dm, method = calc.mol, spin_density(calc), str(getattr(calc, "xc", ""))
    else:
        raise ValueError(
            "profile takes a result of mlxc_edu.solve or a mean field after kernel(), "
            f"not {type(calc).__name__}"
        )
    if np.shape(dm) != (2, mol.nao, mol.nao) or np.iscomplexobj(dm):
        raise ValueError("profile needs real α and β density matrices in the molecule's basis")
    return mol, np.asarray(dm, dtype=float), learned_name(method) if is_learned(method) else "EDU26"


def _bond(mol, atoms) -> tuple[Sequence[int], np.ndarray, np.ndarray, float]:
    """Its atoms, the place of the first, direction and length, Å. A lone atom's is a line along
    z."""
    positions = mol.atom_coords() * ANGSTROM_PER_BOHR
    if atoms is None or mol.natm == 1:
        atoms = real_atoms(mol)[:2]
        if len(atoms) == 1:
            return atoms, positions[atoms[0]], np.array([0.0, 0.0, 1.0]), 0.0
    try:
        a, b = atoms
        bond = positions[b] - positions[a]
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"atoms must be two numbers from 0 to {mol.natm - 1}, not {atoms!r}"
        ) from error
    if a == b:
        raise ValueError("a bond joins two different atoms")
    length = np.linalg.norm(bond)
    return (a, b), positions[a], bond / length, float(length)


def _numbers(points) -> np.ndarray:
    try:
        points = np.asarray(points, dtype=float)
    except (TypeError, ValueError):
        points = np.array(np.nan)
    fits = points.ndim == 1 or (points.ndim == 2 and points.shape[1] == 3)
    if not fits or not len(points) or not np.isfinite(points).all():
        raise ValueError("points are positions along the bond, (n,), or in space, (n, 3), in Å")
    return points
