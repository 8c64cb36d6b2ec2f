"""What a learned functional is told along a line through a molecule, and what it answers."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pandas as pd

from . import weights
from ._result import Result
from ._solve import spin_density
from .functionals import FEATURES, dm21
from .ks import KS
from .ks._kohn_sham import split_dispersion
from .ks._learned_xc import features
from .ks._local_exchange import ExactExchange
from .ks._quadrature import BATCH
from .units import ANGSTROM_PER_BOHR

POINTS = 241
MARGIN = 2.0  # Å beyond the two atoms
FACTORS = {
    "s_lda": "of uniform-gas exchange",
    "s_hf": "of local exchange",
    "s_hf_lr": "of long-range local exchange",
}
"""The enhancement factors' columns, in the network's order, with meaning."""

_BATCH_MEMORY = 128e6  # bytes, of one batch's integrals


def profile(
    calc: Any, points=None, functional: str | None = None, *, atoms: tuple[int, int] = (0, 1)
) -> pd.DataFrame:
    """Features, enhancement factors and e_xc of a density along a bond.

    There is no column for the potential: it is no function of the features at one point.

    Parameters
    ----------
    calc : a result of :func:`mlxc_edu.solve` or :func:`mlxc_edu.exact`, or a PySCF mean field that
        was run. Whatever made the density, the functional is asked about it.
    points : positions along the bond in Å, 0 at its first atom (n,); or any points in Å, (n, 3).
        Default: evenly from 2 Å before the bond to 2 Å behind it.
    functional : a learned functional. Default: the one behind ``calc`` if it is learned, else
        ``"DM21"``.
    atoms : the two atoms that the bond joins.

    Returns
    -------
    pandas.DataFrame, a row a point, in atomic units but for the position:

    ================ ========================================================================
    position         along the bond, Å, 0 at its first atom
    rho_a … hfx_lr_b the eleven features, as in ``mlxc_edu.functionals.FEATURES``
    s_lda            enhancement factor of uniform-gas exchange
    s_hf             enhancement factor of local exchange
    s_hf_lr          enhancement factor of long-range local exchange
    e_xc             exchange-correlation energy per volume, Hartree/Bohr³
    ================ ========================================================================

    Its ``attrs`` name the ``functional`` and the ``atoms`` with their places along the bond.
    The network runs in double precision and local exchange is exact.

    Raises
    ------
    ValueError : no density, points or atoms that make no sense, an unknown functional (the message
        lists near names), or one that cannot take the molecule.
    FileNotFoundError : the weights are missing; the message gives the command that gets them.
    """
    mol, dm, own = _density(calc)
    name = learned_name(own if functional is None else functional)
    learned = KS(mol, name, precision="float64")
    origin, direction, length = _bond(mol, atoms)
    if points is None:
        points = np.linspace(-MARGIN, length + MARGIN, POINTS)
    points = _numbers(points)
    coords = origin + points[:, None] * direction if points.ndim == 1 else points
    position = points if points.ndim == 1 else (points - origin) @ direction

    ask = _in_batches(mol, dm, learned.functional.parameters, coords / ANGSTROM_PER_BOHR)
    table = pd.DataFrame(np.vstack(list(ask)), columns=[*FEATURES, *FACTORS, "e_xc"])
    table.insert(0, "position", position)
    ends = [0.0, length] if mol.natm > 1 else [0.0]
    symbols = (
        [mol.atom_pure_symbol(a) for a in atoms] if mol.natm > 1 else [mol.atom_pure_symbol(0)]
    )
    table.attrs = {"functional": name, "atoms": list(zip(symbols, ends))}
    return table


def learned_name(name: str) -> str:
    """A learned functional's name as its authors write it; ValueError lists near names."""
    if not isinstance(name, str):
        raise ValueError(f"a functional is named by a string such as 'DM21', not {name!r}")
    return weights.canonical(name.strip())


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
    own = split_dispersion(method)[0]
    return mol, np.asarray(dm, dtype=float), own if own in weights.MODELS else "DM21"


def _bond(mol, atoms) -> tuple[np.ndarray, np.ndarray, float]:
    """Its first atom, direction and length, Å. A lone atom's is a line along z."""
    positions = mol.atom_coords() * ANGSTROM_PER_BOHR
    if mol.natm == 1:
        return positions[0], np.array([0.0, 0.0, 1.0]), 0.0
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
    return positions[a], bond / length, float(length)


def _numbers(points) -> np.ndarray:
    try:
        points = np.asarray(points, dtype=float)
    except (TypeError, ValueError):
        points = np.array(np.nan)
    fits = points.ndim == 1 or (points.ndim == 2 and points.shape[1] == 3)
    if not fits or not len(points) or not np.isfinite(points).all():
        raise ValueError("points are positions along the bond, (n,), or in space, (n, 3), in Å")
    return points


def _in_batches(mol, dm, parameters, coords):
    """Rows of the table, a batch of points at a time; the last is filled up, so that JAX compiles
    once."""
    exchange = ExactExchange(mol, np.float64)
    size = min(int(_BATCH_MEMORY // exchange.bytes_a_point(mol, np.float64)), BATCH, len(coords))
    prepared, size = exchange.prepare(dm), max(size, 1)
    for first in range(0, len(coords), size):
        batch = coords[first : first + size]
        filled = np.vstack([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
        chi = jax.device_put(mol.eval_gto("GTOval_sph_deriv1", filled).transpose(0, 2, 1))
        x = exchange.apply(jax.device_put(exchange.tables(filled)), prepared, chi)
        f = features(jax.device_put(dm), x, chi)
        yield np.column_stack([f, *_answer(parameters, f)])[: len(batch)]


@jax.jit
def _answer(parameters, f):
    s = dm21.enhancement_factors(parameters, f)
    return s, (s * dm21.ingredients(f)).sum(axis=-1)
