"""Whether orbitals without a gradient are a minimum, and the way down where they are not.

A stationary energy may be a saddle: two orbitals that symmetry keeps apart, or distance, have no
gradient between them, however much would be gained by an exchange. The second derivatives H in the
angles of :class:`Orbitals` tell, and of H we need only products with a vector v,

  H v = [g(tv) − g(−tv)] / 2t,

g the gradient that :func:`minimise` goes by, at orbitals turned by ±tv: two Fock matrices a
product, whatever the energy is made of. An empty orbital below an occupied one is a reason to look
and no proof: what Coulomb, exchange and correlation answer to a turn decides.

The orbital energies alone make of H a diagonal D, 2 (f_p − f_q)(ε_q − ε_p). The eigenvalues θ of
H v = θ D v have the signs of H's, and all are near 1 but those of turns that the potential answers:
so Davidson's method (J. Comput. Phys. 17, 87 (1975)) finds the lowest of them in a few products,
whichever pairs they are of. (The cheapest pairs need not be among them: of two fluorine atoms a
hole that turns freely has a curvature of 0.02 where its orbitals say 0.62; the cheapest pair has
0.47 of 0.48.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ...molecules import is_stretched
from ._minimise import ENERGY_NOISE, ROUGHLY, Minimum, minimise
from ._rotations import Orbitals, canonical, rotation_gradient, spin_channels, split, turned

DOWN = -1e-3  # Hartree/radian²; what curves down less is flat but for the grid's noise
SURELY_DOWN = -1e-2  # Hartree/radian²; between this and DOWN it may be the grid
# A shell that turns may gain a tenth of a millihartree at curvatures of its grid's noise: between
# DOWN and GENTLY, in Hartree/radian², the energy tells, where it is not of single precision.
GENTLY = -1e-4
FLAT = 1e-2  # Hartree/radian²; of a coarse grid, and the fine one may curve down
DESCENTS = 5  # from saddle to saddle
EQUAL = 2e-6  # Hartree; a descent that gains less found the grid's noise
CLOSE = 0.1  # Hartree/radian²; of D, which is positive
SETTLED = 0.1  # of θ
NOISE = 1e-3  # Hartree/radian²; of single precision and a step that is not infinitesimal
# Radians, of the pair that turns most, to either side. Where a spin is nearly empty a network's
# energy changes its curvature within a hundredth.
STEP = 0.003
STARTS = 2  # turns of two orbitals that a search begins with, and one turn of all
FOLLOWED = 2
ROUNDS = 15
NUDGE = 0.4  # radians, of the pair that turns most, off a saddle


@dataclass(frozen=True)
class Curvature:
    """The lowest ``value`` in Hartree/radian², its ``direction``, one angle a pair, the orbitals
    that turn, and the directions of the ``others`` that were followed."""

    value: float
    direction: np.ndarray
    channels: list[Orbitals]
    others: list[np.ndarray]

    @property
    def is_down(self) -> bool:
        return self.value < DOWN

    @property
    def is_surely_down(self) -> bool:
        return self.value < SURELY_DOWN

    def seen_from(self, channels, overlap) -> list[np.ndarray]:
        """The directions in angles of other orbitals of the same density."""
        turns = [
            own.coefficients.T @ overlap @ other.coefficients
            for own, other in zip(self.channels, channels)
        ]
        return [turned(v, self.channels, turns) for v in (self.direction, *self.others)]

    def turned(self, angle=NUDGE) -> tuple[np.ndarray, np.ndarray]:
        """Orbitals and occupations, as PySCF lays them out, along the direction: so far that the
        pair that turns most turns by ``angle``, in radians."""
        angles = angle * self.direction / np.abs(self.direction).max()
        turned = [c.rotated(a) for c, a in zip(self.channels, split(angles, self.channels))]
        coefficients = _as_pyscf([c.coefficients for c in turned])
        return coefficients, _as_pyscf([c.occupations for c in turned])


def lowest_curvature(mf, mo_coeff, mo_occ, coarse: Curvature | None = None) -> Curvature:
    """Of the energy of ``mf``, an RKS or UKS object, in rotations of the given orbitals; where both
    spins share them they turn together. What the same orbitals have on a ``coarse`` grid is where
    the search begins.

    Of what was searched it is the lowest, and the search ends as soon as the sign is clear: more
    rounds may find it a little lower.
    """
    channels, curve, diagonal = _hessian(mf, spin_channels(mo_coeff, mo_occ))
    if not len(diagonal):  # nothing can turn
        return Curvature(np.inf, diagonal, channels, [])
    near = [] if coarse is None else coarse.seen_from(channels, mf.get_ovlp())
    tried, scale = _first(diagonal, near), np.maximum(np.abs(diagonal), CLOSE)
    turned = np.array([curve(v) for v in tried])
    for _ in range(ROUNDS):
        small = tried @ turned.T
        theta, mixed = scipy.linalg.eigh((small + small.T) / 2, (tried * scale) @ tried.T)
        # The lowest so far may be the lowest of one symmetry only: the next must be settled, too.
        lowest, curved = mixed.T[:FOLLOWED] @ tried, mixed.T[:FOLLOWED] @ turned
        rest = curved - theta[:FOLLOWED, None] * scale * lowest
        errors = np.linalg.norm(rest / np.sqrt(scale), axis=1)
        values = theta[:FOLLOWED] / (lowest**2).sum(axis=1)
        errors_of_values = np.linalg.norm(rest, axis=1) / np.linalg.norm(lowest, axis=1)
        unclear = errors_of_values > np.maximum(np.abs(values - DOWN), NOISE)
        unsettled = unclear | (errors > SETTLED)
        surely_down = values[0] + errors_of_values[0] < DOWN
        if surely_down or not unsettled.any() or len(tried) == len(diagonal):
            break
        step = rest[np.argmax(errors * unsettled)] / scale
        for _ in "twice":  # once leaves rounding along those before
            step -= (tried @ step) @ tried
        step /= np.linalg.norm(step)
        tried, turned = np.vstack([tried, step]), np.vstack([turned, curve(step)])
    small = tried @ turned.T
    values, mixed = np.linalg.eigh((small + small.T) / 2)
    lowest, *others = mixed.T[:FOLLOWED] @ tried
    return Curvature(float(values[0]), lowest, channels, others)


def downhill(mf, saddle: Curvature, **how) -> Minimum:
    """The minimum below the lowest point that is seen from a saddle, far or near on either side;
    ``how`` as for :func:`minimise`."""
    sides = [saddle.turned(sign * NUDGE / by) for by in (1, 4, 16) for sign in (1, -1)]
    start = min(sides, key=lambda orbitals: mf.energy_tot(mf.make_rdm1(*orbitals)))
    return minimise(mf, *start, **how)


def settle(mf, found: Minimum, *, scout=None, **how) -> tuple[Minimum, Curvature]:
    """From where the gradient vanishes to where no turn lowers the energy of ``mf``, or to where
    the way down is not found, with the lowest curvature there; ``how`` as for :func:`minimise`.

    ``scout``, the same on a coarser grid, is asked first: what curves down shows there, whether
    anything is gained does not. Where shells of a stretched molecule may turn, and energies are
    right to rounding, one descent more is tried along a curvature that may be the grid's noise.
    """
    eyes = scout or mf
    lowest = lowest_curvature(eyes, found.mo_coeff, found.mo_occ)
    for _ in range(DESCENTS):
        if not lowest.is_down:
            break
        if scout:
            lead = downhill(scout, lowest, gradient_tol=ROUGHLY)
            lower = minimise(mf, lead.mo_coeff, lead.mo_occ, **how)
        else:
            lower = downhill(mf, lowest, **how)
        if lower.energy > found.energy - EQUAL:
            break
        found = lower
        if not found.converged:
            return found, lowest
        lowest = lowest_curvature(eyes, found.mo_coeff, found.mo_occ)
    # Shells side by side; of a single atom it does not matter where they point.
    to_rounding = getattr(mf, "energy_noise", ENERGY_NOISE) <= ENERGY_NOISE
    turns = to_rounding and is_stretched(mf.mol)
    # Where an atom's open shell points, the coarse grid alone may curve down, or be flat.
    if scout and (lowest.is_down or (turns and lowest.value < FLAT)):
        lowest = lowest_curvature(mf, found.mo_coeff, found.mo_occ, lowest)
        if lowest.is_surely_down:  # and the fine one alone another way
            return settle(mf, found, **how)
    if turns and DOWN <= lowest.value < GENTLY:
        lower = downhill(mf, lowest, **how)
        if lower.converged and lower.energy < found.energy - EQUAL:
            return lower, lowest_curvature(mf, lower.mo_coeff, lower.mo_occ)
    return found, lowest


def _hessian(mf, channels):
    """Canonical orbitals, the product of H with a vector, and H's diagonal without the answer of
    the potential, 2 (f_p − f_q)(ε_q − ε_p)."""
    hcore, overlap = mf.get_hcore(), mf.get_ovlp()

    def fock_of(channels):
        density = _as_pyscf([c.density for c in channels])
        fock = mf.get_fock(hcore, overlap, mf.get_veff(mf.mol, density), density)
        return fock if len(channels) == 2 else [fock]

    channels, eps, _ = canonical(channels, fock_of(channels))

    def gradient(angles):
        turned = [c.rotated(a) for c, a in zip(channels, split(angles, channels))]
        return rotation_gradient(turned, fock_of(turned))

    def product(vector):
        step = STEP / np.abs(vector).max()
        return (gradient(step * vector) - gradient(-step * vector)) / (2 * step)

    gaps = [2.0 * c.differences * (e[None] - e[:, None]) for c, e in zip(channels, eps)]
    return channels, product, np.concatenate([g[c.pairs] for g, c in zip(gaps, channels)])


def _first(diagonal, near) -> np.ndarray:
    """Orthonormal vectors to begin with: those ``near`` the lowest, or the pairs that cost least,
    and all pairs a little, with signs of no symmetry."""
    cheapest = np.eye(len(diagonal))[np.argsort(diagonal, kind="stable")[:STARTS]]
    every = np.random.default_rng(0).uniform(0.5, 1.0, len(diagonal))
    every *= np.where(np.arange(len(diagonal)) % 3, 1.0, -1.0) / np.maximum(diagonal, CLOSE)
    vectors = np.vstack([near or cheapest, every])
    return np.linalg.qr(vectors.T)[0].T


def _as_pyscf(channels) -> np.ndarray:
    """One array a spin, as PySCF lays them out: a leading axis of two, or none."""
    return np.array(channels) if len(channels) == 2 else np.asarray(channels[0])
