"""Direct minimisation of the energy over orbital rotations.

Repeated diagonalisation cannot settle a nearly degenerate pair: in stretched NaCl, Na 3s and Cl 3p
cross at every iteration and the charge jumps back and forth. The *energy*, however, is a smooth
function of the angle that mixes the two orbitals, so we walk downhill in the rotations themselves:
geometric direct minimisation (Van Voorhis and Head-Gordon, Mol. Phys. 100, 1713 (2002)), a
quasi-Newton method on the manifold of occupied subspaces. It needs nothing but Fock matrices.
Occupations may be fractions; they stay what they are, and so does the orbital that holds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ._rotations import canonical, rotation_gradient, spin_channels, split, turned

SMALLEST_GAP = 0.2  # Hartree; keeps the preconditioner finite for a degenerate pair
LARGEST_ANGLE = 0.6  # radians in one step
SMALLEST_STEP = 1e-9  # radians, norm; of a shorter one the gradient's change is rounding
MEMORY = 20  # quasi-Newton pairs kept
FLAT = 20  # times the noise
OFTEN = 2
ARRIVED = 0.03  # ‖γ − γ'‖ in orthonormal orbitals
ROUGHLY = 3e-4  # Hartree; the rotation gradient at which a start has shown where it leads
ENERGY_NOISE = 1e-9  # Hartree; an increase below this is rounding, unless the object knows better


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended: ``energy`` in Hartree, orbitals as PySCF lays them out
    (UKS: a leading axis of two), ``gradient``, the norm of the rotation gradient in Hartree,
    ``builds``, the number of Fock matrices it took, and what its last steps changed in the
    gradient, which tells of the curvature: ``steps``, ``changes``, in angles of its orbitals."""

    energy: float
    converged: bool
    gradient: float
    mo_coeff: np.ndarray
    mo_energy: np.ndarray
    mo_occ: np.ndarray
    builds: int
    steps: tuple[np.ndarray, ...] = ()
    changes: tuple[np.ndarray, ...] = ()


def ended(mf) -> Minimum:
    """Where PySCF's iteration of ``mf`` ended."""
    return Minimum(mf.e_tot, mf.converged, 0.0, mf.mo_coeff, mf.mo_energy, mf.mo_occ, 0)


def minimise(
    mf,
    mo_coeff,
    mo_occ,
    *,
    gradient_tol=1e-5,
    max_cycle=150,
    callback=None,
    coarse: Minimum | None = None,
    known: Sequence[Minimum] = (),
) -> Minimum:
    """Minimise the energy of ``mf``, an RKS or UKS object, from the given orbitals; where these are
    those of ``coarse``, a minimum on another grid, the way there shortens this one. Whoever comes
    from above so near to one of the ``known`` minima ends there.

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
    channels, eps, turns = canonical(channels, fock)
    gradient = rotation_gradient(channels, fock)
    steps, changes = (
        [turned(v, channels, turns) for v in vectors]
        for vectors in ((coarse.steps, coarse.changes) if coarse else ((), ()))
    )
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
        moved = np.linalg.norm(step)
        if moved > SMALLEST_STEP and step @ change > 1e-10 * moved * np.linalg.norm(change):
            steps, changes = [*steps, step][-MEMORY:], [*changes, change][-MEMORY:]
            reach = 1.0
        elif moved > SMALLEST_STEP and not shortened:
            reach *= 2.0  # the energy curves down; a grid lets an atom's open shell turn so
        # Along a geodesic the tangent vectors keep their components (with three and more different
        # occupations: nearly); only the change to orbitals that diagonalise the new Fock blocks has
        # to be applied to them.
        channels, eps, turns = canonical(trial, fock)
        steps = [turned(v, channels, turns) for v in steps]
        changes = [turned(v, channels, turns) for v in changes]
        energy, gradient = trial_energy, rotation_gradient(channels, fock)
        for other in known:
            if energy > other.energy and _apart(channels, other, overlap) < ARRIVED:
                return other
        if callable(callback):
            norm = float(np.linalg.norm(gradient))
            callback(dict(mf=mf, cycle=builds - 1, e_tot=energy, norm_gorb=norm))

    norm = float(np.linalg.norm(gradient))
    coeff = np.array([c.coefficients for c in channels])
    occ, eps = np.array([c.occupations for c in channels]), np.array(eps)
    if restricted:
        coeff, occ, eps = coeff[0], occ[0], eps[0]
    converged = bool(norm <= gradient_tol)
    way = tuple(steps), tuple(changes)
    return Minimum(energy, converged, norm, coeff, eps, occ, builds, *way)


def _apart(channels, other: Minimum, overlap) -> float:
    there = spin_channels(other.mo_coeff, other.mo_occ)
    changes = [(a.density - b.density) @ overlap for a, b in zip(channels, there)]
    return np.sqrt(abs(sum(np.vdot(change, change.T) for change in changes)))


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
