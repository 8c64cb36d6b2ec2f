"""Potentials of an auxiliary basis at points, ∫ χ_P(r') erf(ω|r−r'|)/|r−r'| dr'.

That of a Gaussian r^l Y_lm exp(−α r²) is again a function of the distance times r^l Y_lm,

    (2π/α) s^{l+½} F_l(s α r²) r^l Y_lm,   s = 1 or ω²/(α+ω²),

with Boys' function F_l: Helgaker, Jørgensen, Olsen, Molecular Electronic-Structure Theory (Wiley,
2000), sections 9.5 and 9.7. All points of a batch take the same few operations, on any device.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from pyscf import gto

from ...functionals import OMEGAS

_TERMS = {"float32": 28, "float64": 56}  # of the series, below x = l + 4


class _Shells(NamedTuple):
    """The shells of one angular momentum: each one's atom; of each primitive Gaussian its shell and
    its atom, and for each ω the factors before F_l and before r² in its argument, (..., 2)."""

    atom: np.ndarray
    shell: np.ndarray
    atom_of_each: np.ndarray
    front: np.ndarray
    scale: np.ndarray


class Potentials:
    """Of the functions of ``aux`` in the order ``order``: by l, shell and m."""

    def __init__(self, aux, dtype):
        self.dtype = np.dtype(dtype)
        self.centres = aux.atom_coords()
        first, by_l = aux.ao_loc_nr(), [aux.bas_angular(i) for i in range(aux.nbas)]
        self._angular, shells, order = tuple(sorted(set(by_l))), [], []
        for l in self._angular:
            own = [i for i in range(aux.nbas) if by_l[i] == l]
            order += [first[i] + k for i in own for k in range(first[i + 1] - first[i])]
            shells.append(_contracted(aux, own, l, self.dtype))
        self.order = np.array(order)
        self._shells = jax.device_put(shells)
        self._harmonics = _harmonics(aux, self._angular)

    def __call__(self, coords):
        """(P, 2, N) at points (N, 3), for ω as in ``OMEGAS``."""
        squared = ((self.centres[:, None] - coords[None]) ** 2).sum(axis=-1)
        harmonics = self._harmonics.eval_gto("GTOval_sph", coords).T
        return _at(
            self._angular, self._shells, squared.astype(self.dtype), harmonics.astype(self.dtype)
        )


@partial(jax.jit, static_argnums=0)
def _at(angular, all_shells, squared, harmonics):
    """From r² of every atom (natm, N) and its r^l Y_lm."""
    rows, first, atoms = [], 0, len(squared)
    for l, shells in zip(angular, all_shells):
        width = 2 * l + 1
        of_atoms = harmonics[first : first + width * atoms].reshape(atoms, width, -1)
        first += width * atoms
        found = _radial(l, shells, squared)[:, None] * of_atoms[shells.atom][:, :, None]
        rows.append(found.reshape(-1, *found.shape[-2:]))
    return jnp.concatenate(rows)


def _radial(l, shells, squared):
    """(shells, 2, N)."""
    x = shells.scale[:, :, None] * squared[shells.atom_of_each][:, None]
    each = shells.front[:, :, None] * boys(l, x)
    count = len(shells.atom)
    if count == len(shells.shell):
        return each
    return jax.ops.segment_sum(each, shells.shell, count, indices_are_sorted=True)


def boys(l: int, x):
    """F_l(x) = ∫₀¹ t^{2l} exp(−x t²) dt: near zero its series, else upwards from the error
    function."""
    edge = l + 4.0
    near, far = jnp.minimum(x, edge), jnp.maximum(x, edge)
    series = jnp.ones_like(x)
    for k in range(_TERMS[x.dtype.name], 0, -1):  # Horner's scheme
        series = 1 + series * near * np.asarray(2 / (2 * (l + k) + 1), x.dtype)
    decay = jnp.exp(-far)
    f = 0.5 * jnp.sqrt(np.pi / far) * jax.scipy.special.erf(jnp.sqrt(far))
    for k in range(l):
        f = ((2 * k + 1) * f - decay) / (2 * far)
    return jnp.where(x < edge, jnp.exp(-near) * series / (2 * l + 1), f)


def _contracted(aux, own, l, dtype) -> _Shells:
    atom = np.concatenate([[aux.bas_atom(n)] * aux.bas_nctr(n) for n in own])
    shell: list[int] = []
    exponent: list[float] = []
    coefficient: list[float] = []
    for n in own:
        for column in aux._libcint_ctr_coeff(n).T:
            place = shell[-1] + 1 if shell else 0
            shell += [place] * len(column)
            exponent += list(aux.bas_exp(n))
            coefficient += list(column)
    a, omega = np.array(exponent)[:, None], np.array(OMEGAS)
    s = np.where(omega == 0, 1.0, omega**2 / (a + omega**2))
    front = np.array(coefficient)[:, None] * 2 * np.pi / a * s ** (l + 0.5)
    places = np.array(shell)
    return _Shells(atom, places, atom[places], front.astype(dtype), (s * a).astype(dtype))


def _harmonics(aux, angular) -> gto.Mole:
    """A basis of the bare r^l Y_lm on every atom: of Gaussians with exponent 0."""
    mol = gto.Mole()
    mol._atm, mol.cart = aux._atm, False
    mol._env = np.append(aux._env, [0.0, 1.0])
    zero = len(aux._env)
    bas = [[atom, l, 1, 1, 0, zero, zero + 1, 0] for l in angular for atom in range(aux.natm)]
    mol._bas, mol._built = np.array(bas, dtype=np.int32), True
    return mol
