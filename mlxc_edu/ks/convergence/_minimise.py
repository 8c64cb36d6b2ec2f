"""Direct minimisation of the energy over orbital rotations.

Repeated diagonalisation cannot settle a nearly degenerate pair: in stretched NaCl, Na 3s and Cl 3p
cross at every iteration and the charge jumps back and forth. The *energy*, however, is a smooth
function of the angle that mixes the two orbitals, so we walk downhill in the rotations themselves:
geometric direct minimisation (Van Voorhis and Head-Gordon, Mol. Phys. 100, 1713 (2002)), a
quasi-Newton method on the manifold of occupied subspaces. It needs nothing but Fock matrices.
Occupations may be fractions; they stay what they are, and so does the orbital that holds one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg

SMALLEST_GAP = 0.2  # Hartree; keeps the preconditioner finite for a degenerate pair
SAME = 1e-12  # electrons; occupations that differ by less are equal
LARGEST_ANGLE = 0.6  # radians in one step
MEMORY = 20  # quasi-Newton pairs kept
FLAT = 20  # times the noise
OFTEN = 2
ROUGHLY = 3e-4  # Hartree; the rotation gradient at which a start has shown where it leads
ENERGY_NOISE = 1e-9  # Hartree; an increase below this is rounding, unless the object knows better


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


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended: ``energy`` in Hartree, orbitals as PySCF lays them out
    (UKS: a leading axis of two), ``gradient``, the norm of the rotation gradient in Hartree, and
    ``builds``, the number of Fock matrices it took."""

    energy: float
    converged: bool
    gradient: float
    mo_coeff: np.ndarray
    mo_energy: np.ndarray
    mo_occ: np.ndarray
    builds: int


def ended(mf) -> Minimum:
    """Where PySCF's iteration of ``mf`` ended."""
    return Minimum(mf.e_tot, mf.converged, 0.0, mf.mo_coeff, mf.mo_energy, mf.mo_occ, 0)


def minimise(mf, mo_coeff, mo_occ, *, gradient_tol=1e-5, max_cycle=150, callback=None) -> Minimum:
    """Minimise the energy of ``mf``, an RKS or UKS object, from the given orbitals.

    ``mf`` itself stays as it is, and so do the occupations. The result's orbitals come by falling
    occupation; those that hold equally many electrons diagonalise the Fock matrix among themselves,
    and nothing mixes the others at a minimum.
    ``callback`` is called with a dictionary after every step, with the names of PySCF's.
    """
    restricted = np.ndim(mo_occ) == 1
    channels = spin_channels(mo_coeff, mo_occ)
    hcore, overlap = mf.get_hcore(), mf.get_ovlp()
    noise = getattr(mf, "energy_noise", ENERGY_NOISE)

    def energy_and_fock(channels):
        dms = [c.density for c in channels]
        dm = dms[0] if restricted else np.array(dms)
        potential = mf.get_veff(mf.mol, dm)
        fock = mf.get_fock(hcore, overlap, potential, dm)
        return float(mf.energy_tot(dm, hcore, potential)), [fock] if restricted else list(fock)

    energy, fock = energy_and_fock(channels)
    channels, eps, _ = canonical(channels, fock)
    gradient = rotation_gradient(channels, fock)
    steps: list[np.ndarray] = []
    changes: list[np.ndarray] = []
    builds, reach = 1, 1.0
    while np.linalg.norm(gradient) > gradient_tol and builds < max_cycle:
        step = -_quasi_newton(gradient, _curvature(channels, eps), steps, changes)
        if step @ gradient >= 0:
            steps, changes = [], []
            step = -gradient / _curvature(channels, eps)
        step *= min(reach, LARGEST_ANGLE / np.abs(step).max())

        shortened = 0
        while True:  # shorten the step until the energy falls as the gradient promises
            trial = [c.rotated(a) for c, a in zip(channels, split(step, channels))]
            trial_energy, fock = energy_and_fock(trial)
            there = rotation_gradient(trial, fock)
            builds += 1
            slope = step @ gradient
            falls = trial_energy <= energy + 1e-4 * slope + noise
            # Where the energy is flat to rounding, the gradient still tells a good step.
            flatter = trial_energy <= energy + FLAT * noise and abs(step @ there) < abs(slope) / 2
            if falls or flatter or builds >= max_cycle:
                break
            shortened += 1
            step = step * np.clip(-0.5 * slope / (trial_energy - energy - slope), 0.1, 0.5)
        if shortened > OFTEN:  # what earlier steps tell of the curvature is not true here
            steps, changes = [], []

        change = there - gradient
        if step @ change > 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
            steps, changes = [*steps, step][-MEMORY:], [*changes, change][-MEMORY:]
            reach = 1.0
        elif not shortened:  # the energy curves down; a grid lets an atom's open shell turn so
            reach *= 2.0
        # Along a geodesic the tangent vectors keep their components (with three and more different
        # occupations: nearly); only the change to orbitals that diagonalise the new Fock blocks has
        # to be applied to them.
        channels, eps, turns = canonical(trial, fock)
        steps = [_turned(v, channels, turns) for v in steps]
        changes = [_turned(v, channels, turns) for v in changes]
        energy, gradient = trial_energy, rotation_gradient(channels, fock)
        if callable(callback):
            norm = float(np.linalg.norm(gradient))
            callback(dict(mf=mf, cycle=builds - 1, e_tot=energy, norm_gorb=norm))

    norm = float(np.linalg.norm(gradient))
    coeff = np.array([c.coefficients for c in channels])
    occ, eps = np.array([c.occupations for c in channels]), np.array(eps)
    if restricted:
        coeff, occ, eps = coeff[0], occ[0], eps[0]
    return Minimum(energy, bool(norm <= gradient_tol), norm, coeff, eps, occ, builds)


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


def _curvature(channels, eps) -> np.ndarray:
    """Diagonal estimate of the Hessian, 2 (f_p − f_q)(ε_q − ε_p), kept away from zero."""
    parts = []
    for c, e in zip(channels, eps):
        gap = np.maximum(e[None] - e[:, None], SMALLEST_GAP)
        parts.append((2.0 * c.differences * gap)[c.pairs])
    return np.concatenate(parts)


def _quasi_newton(gradient, curvature, steps, changes) -> np.ndarray:
    """Inverse Hessian times gradient by the two loops of L-BFGS."""
    v = gradient.copy()
    weights = []
    for s, y in zip(reversed(steps), reversed(changes)):
        weights.append((s @ v) / (s @ y))
        v -= weights[-1] * y
    v /= curvature
    for s, y, weight in zip(steps, changes, reversed(weights)):
        v += s * (weight - (y @ v) / (s @ y))
    return v


def split(vector, channels) -> list[np.ndarray]:
    """One vector of angles a channel."""
    return np.split(vector, np.cumsum([len(c.pairs[0]) for c in channels])[:-1])


def _turned(vector, channels, turns) -> np.ndarray:
    parts = zip(channels, split(vector, channels), turns)
    return np.concatenate([(turn.T @ c.matrix(v) @ turn).T[c.pairs] for c, v, turn in parts])
