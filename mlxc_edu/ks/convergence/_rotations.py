"""Orbitals and their rotations: one angle for each pair of orbitals that hold not equally much.

Along them the energy has a gradient, and where it vanishes the orbitals are self-consistent.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg

SAME = 1e-12  # electrons; occupations that differ by less are equal


@dataclass(frozen=True)
class Orbitals:
    """Molecular orbitals of one spin channel, by falling occupation.

    A rotation turns each orbital p into less occupied ones q, by one angle a pair (p, q). Orbitals
    that hold equally many electrons may turn among themselves; nothing changes, so they have none.

    Attributes
    ----------
    coefficients : (nao, nmo)
    occupations : (nmo,) electrons in each, at most 2 (restricted) or 1; fractions included
    """

    coefficients: np.ndarray
    occupations: np.ndarray

    @property
    def density(self) -> np.ndarray:
        return (self.coefficients * self.occupations) @ self.coefficients.T

    @cached_property
    def pairs(self) -> tuple[np.ndarray, ...]:
        return np.nonzero(self.differences > SAME)

    @property
    def differences(self) -> np.ndarray:
        """(nmo, nmo), f_p − f_q."""
        return self.occupations[:, None] - self.occupations[None]

    @property
    def shells(self) -> list[slice]:
        """Runs of orbitals with the same occupation."""
        steps = np.flatnonzero(-np.diff(self.occupations) > SAME) + 1
        ends = [0, *steps.tolist(), len(self.occupations)]
        return [slice(i, j) for i, j in itertools.pairwise(ends)]

    def matrix(self, angles: np.ndarray) -> np.ndarray:
        """The antisymmetric matrix K of the pairs' angles."""
        k = np.zeros_like(self.differences)
        k[self.pairs] = angles
        return k.T - k

    def rotated(self, angles: np.ndarray) -> Orbitals:
        """C exp(K)."""
        turn = scipy.linalg.expm(self.matrix(angles))
        return Orbitals(self.coefficients @ turn, self.occupations)


def spin_channels(mo_coeff, mo_occ) -> list[Orbitals]:
    out = []
    for coeff, occ in zip(*([mo_coeff], [mo_occ]) if np.ndim(mo_occ) == 1 else (mo_coeff, mo_occ)):
        fullest_first = np.argsort(-np.asarray(occ), kind="stable")
        out.append(Orbitals(coeff[:, fullest_first], np.asarray(occ, dtype=float)[fullest_first]))
    return out


def rotation_gradient(channels, fock) -> np.ndarray:
    """dE/dK_pq = 2 (f_p − f_q) F_pq, all channels in one vector."""
    parts = []
    for c, f in zip(channels, fock):
        blocks = 2.0 * c.differences * (c.coefficients.T @ f @ c.coefficients)
        parts.append(blocks[c.pairs])
    return np.concatenate(parts)


def canonical(channels, fock):
    """The same density in orbitals that diagonalise the Fock matrix within each shell."""
    new, energies, turns = [], [], []
    for c, f in zip(channels, fock):
        blocks = c.coefficients.T @ f @ c.coefficients
        eps, turn = np.empty(len(blocks)), np.zeros_like(blocks)
        for shell in c.shells:
            eps[shell], turn[shell, shell] = np.linalg.eigh(blocks[shell, shell])
        new.append(Orbitals(c.coefficients @ turn, c.occupations))
        energies.append(eps)
        turns.append(turn)
    return new, energies, turns


def split(vector, channels) -> list[np.ndarray]:
    """One vector of angles a channel."""
    return np.split(vector, np.cumsum([len(c.pairs[0]) for c in channels])[:-1])


def turned(vector, channels, turns) -> np.ndarray:
    parts = zip(channels, split(vector, channels), turns)
    return np.concatenate([(turn.T @ c.matrix(v) @ turn).T[c.pairs] for c, v, turn in parts])
