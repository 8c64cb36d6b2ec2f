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
    """The shells of one angular momentum: each one's atom; of each primitive Gaussian its shell,
    exponent and coefficient."""

    l: int
    atom: np.ndarray
    shell: np.ndarray
    exponent: np.ndarray
    coefficient: np.ndarray


class Potentials:
    """Of the functions of ``aux`` in the order ``order``: by l, shell and m."""

    def __init__(self, aux, dtype):
        self.dtype = np.dtype(dtype)
        self.centres = aux.atom_coords()
        first, by_l = aux.ao_loc_nr(), [aux.bas_angular(i) for i in range(aux.nbas)]
        self._shells, order = [], []
        for l in sorted(set(by_l)):
            own = [i for i in range(aux.nbas) if by_l[i] == l]
            order += [first[i] + k for i in own for k in range(first[i + 1] - first[i])]
            self._shells.append(_contracted(aux, own, l))
        self.order = np.array(order)
        self._harmonics = _harmonics(aux, [shells.l for shells in self._shells])

    def __call__(self, coords):
        """(2, P, N) at points (N, 3), for ω as in ``OMEGAS``."""
        distance = ((self.centres[:, None] - coords[None]) ** 2).sum(axis=-1)
        harmonics = self._harmonics.eval_gto("GTOval_sph", coords).T
        return self._at(distance.astype(self.dtype), harmonics.astype(self.dtype))

    @partial(jax.jit, static_argnums=0)
    def _at(self, squared, harmonics):
        """From r² of every atom (natm, N) and its r^l Y_lm."""
        rows, first = [], 0
        for shells in self._shells:
            width, atoms = 2 * shells.l + 1, len(squared)
            of_atoms = harmonics[first : first + width * atoms].reshape(atoms, width, -1)
            first += width * atoms
            of_shells = of_atoms[shells.atom]  # (shells, 2l + 1, N)
            found = self._radial(shells, squared)[:, :, None] * of_shells
            rows.append(found.reshape(len(OMEGAS), -1, found.shape[-1]))
        return jnp.concatenate(rows, axis=1)

    def _radial(self, shells, squared):
        """(2, shells, N)."""
        a, omega = shells.exponent, np.array(OMEGAS)[:, None]
        s = np.where(omega == 0, 1.0, omega**2 / (a + omega**2))
        front = shells.coefficient * 2 * np.pi / a * s ** (shells.l + 0.5)
        x = (s * a).astype(self.dtype)[:, :, None] * squared[shells.atom[shells.shell]]
        each = front.astype(self.dtype)[:, :, None] * boys(shells.l, x)
        count = len(shells.atom)
        if count == len(shells.shell):
            return each
        each = each.swapaxes(0, 1)
        return jax.ops.segment_sum(each, shells.shell, count, indices_are_sorted=True).swapaxes(
            0, 1
        )


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


def _contracted(aux, own, l) -> _Shells:
    several = np.concatenate([[n] * aux.bas_nctr(i) for n, i in enumerate(own)])
    atom = np.array([aux.bas_atom(own[n]) for n in several])
    shell: list[int] = []
    exponent: list[float] = []
    coefficient: list[float] = []
    for n in own:
        for column in aux._libcint_ctr_coeff(n).T:
            place = shell[-1] + 1 if shell else 0
            shell += [place] * len(column)
            exponent += list(aux.bas_exp(n))
            coefficient += list(column)
    return _Shells(l, atom, np.array(shell), np.array(exponent), np.array(coefficient))


def _harmonics(aux, angular) -> gto.Mole:
    """A basis of the bare r^l Y_lm on every atom: of Gaussians with exponent 0."""
    mol = gto.Mole()
    mol._atm, mol.cart = aux._atm, False
    mol._env = np.append(aux._env, [0.0, 1.0])
    zero = len(aux._env)
    bas = [[atom, l, 1, 1, 0, zero, zero + 1, 0] for l in angular for atom in range(aux.natm)]
    mol._bas, mol._built = np.array(bas, dtype=np.int32), True
    return mol
