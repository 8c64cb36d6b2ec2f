"""Direct minimisation of the energy over orbital rotations.

Repeated diagonalisation cannot settle a nearly degenerate pair: in stretched NaCl, Na 3s and Cl 3p
cross at every iteration and the charge jumps back and forth. The *energy*, however, is a smooth
function of the angle that mixes the two orbitals, so we walk downhill in the rotations themselves:
geometric direct minimisation (Van Voorhis and Head-Gordon, Mol. Phys. 100, 1713 (2002)), a
quasi-Newton method on the manifold of occupied subspaces. It needs nothing but Fock matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_GAP = 0.2  # Hartree; keeps the preconditioner finite for a degenerate pair
LARGEST_ANGLE = 0.6  # radians in one step
MEMORY = 20  # quasi-Newton pairs kept
ENERGY_NOISE = 1e-9  # Hartree; an increase below this is rounding, unless the object knows better


@dataclass(frozen=True)
class Orbitals:
    """Molecular orbitals of one spin channel, the occupied ones first.

    Attributes
    ----------
    coefficients : (nao, nmo)
    occupied : how many of them are occupied
    electrons : in each occupied orbital, 2 (restricted) or 1
    """

    coefficients: np.ndarray
    occupied: int
    electrons: int

    def rotated(self, angles: np.ndarray) -> Orbitals:
        """exp(K) applied, with K's occupied–virtual block ``angles`` (occupied, virtual): the
        geodesic in the singular vectors of ``angles``, in which every rotation is planar."""
        left, angle, right = np.linalg.svd(angles, full_matrices=False)
        occ, vir = self.coefficients[:, : self.occupied], self.coefficients[:, self.occupied :]
        paired_occ, paired_vir = occ @ left, vir @ right.T
        turn_back, turn = np.cos(angle) - 1.0, np.sin(angle)
        occ = occ + (paired_occ * turn_back + paired_vir * turn) @ left.T
        vir = vir + (paired_vir * turn_back - paired_occ * turn) @ right
        return Orbitals(np.hstack([occ, vir]), self.occupied, self.electrons)


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


def minimise(mf, mo_coeff, mo_occ, *, gradient_tol=1e-5, max_cycle=150, callback=None) -> Minimum:
    """Minimise the energy of ``mf``, an RKS or UKS object, from the given orbitals.

    ``mf`` itself stays as it is. The occupied orbitals of the result diagonalise the Fock matrix
    among themselves, and so do the virtual ones; nothing mixes the two sets at a minimum.
    ``callback`` is called with a dictionary after every step, with the names of PySCF's.
    """
    restricted = np.ndim(mo_occ) == 1
    channels = _channels(mo_coeff, mo_occ, restricted)
    hcore, overlap = mf.get_hcore(), mf.get_ovlp()
    noise = getattr(mf, "energy_noise", ENERGY_NOISE)

    def energy_and_fock(channels):
        dms = [c.electrons * _occupied(c) @ _occupied(c).T for c in channels]
        dm = dms[0] if restricted else np.array(dms)
        potential = mf.get_veff(mf.mol, dm)
        fock = mf.get_fock(hcore, overlap, potential, dm)
        return float(mf.energy_tot(dm, hcore, potential)), [fock] if restricted else list(fock)

    energy, fock = energy_and_fock(channels)
    channels, eps, _ = _canonical(channels, fock)
    gradient = _gradient(channels, fock)
    steps: list[np.ndarray] = []
    changes: list[np.ndarray] = []
    builds = 1
    while np.linalg.norm(gradient) > gradient_tol and builds < max_cycle:
        step = -_quasi_newton(gradient, _curvature(channels, eps), steps, changes)
        if step @ gradient >= 0:
            steps, changes = [], []
            step = -gradient / _curvature(channels, eps)
        step *= min(1.0, LARGEST_ANGLE / np.abs(step).max())

        while True:  # shorten the step until the energy falls as the gradient promises
            trial = [c.rotated(a) for c, a in zip(channels, _split(step, channels))]
            trial_energy, fock = energy_and_fock(trial)
            builds += 1
            slope = step @ gradient
            if trial_energy <= energy + 1e-4 * slope + noise or builds >= max_cycle:
                break
            step = step * np.clip(-0.5 * slope / (trial_energy - energy - slope), 0.1, 0.5)

        change = _gradient(trial, fock) - gradient
        if step @ change > 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
            steps, changes = [*steps, step][-MEMORY:], [*changes, change][-MEMORY:]
        # Along a geodesic the tangent vectors keep their components; only the change to orbitals
        # that diagonalise the new Fock blocks has to be applied to them.
        channels, eps, turns = _canonical(trial, fock)
        steps = [_turned(v, channels, turns) for v in steps]
        changes = [_turned(v, channels, turns) for v in changes]
        energy, gradient = trial_energy, _gradient(channels, fock)
        if callable(callback):
            norm = float(np.linalg.norm(gradient))
            callback(dict(mf=mf, cycle=builds - 1, e_tot=energy, norm_gorb=norm))

    norm = float(np.linalg.norm(gradient))
    coeff = np.array([c.coefficients for c in channels])
    occ = np.array([c.electrons * (np.arange(len(e)) < c.occupied) for c, e in zip(channels, eps)])
    occ, eps = occ.astype(float), np.array(eps)
    if restricted:
        coeff, occ, eps = coeff[0], occ[0], eps[0]
    return Minimum(energy, bool(norm <= gradient_tol), norm, coeff, eps, occ, builds)


def _channels(mo_coeff, mo_occ, restricted) -> list[Orbitals]:
    coeffs, occs = ([mo_coeff], [mo_occ]) if restricted else (mo_coeff, mo_occ)
    out = []
    for coeff, occ in zip(coeffs, occs):
        occupied_first = np.argsort(-np.asarray(occ), kind="stable")
        out.append(Orbitals(coeff[:, occupied_first], int(np.sum(occ > 0)), 2 if restricted else 1))
    return out


def _occupied(c: Orbitals) -> np.ndarray:
    return c.coefficients[:, : c.occupied]


def _gradient(channels, fock) -> np.ndarray:
    """dE/dK_ia = 2 n F_ia, all channels in one vector."""
    blocks = []
    for c, f in zip(channels, fock):
        virtual = c.coefficients[:, c.occupied :]
        blocks.append((2.0 * c.electrons * _occupied(c).T @ f @ virtual).ravel())
    return np.concatenate(blocks)


def _canonical(channels, fock):
    """The same subspaces in orbitals that diagonalise the occupied and the virtual Fock blocks."""
    new, energies, turns = [], [], []
    for c, f in zip(channels, fock):
        occ, vir = _occupied(c), c.coefficients[:, c.occupied :]
        eps_occ, turn_occ = np.linalg.eigh(occ.T @ f @ occ)
        eps_vir, turn_vir = np.linalg.eigh(vir.T @ f @ vir)
        coefficients = np.hstack([occ @ turn_occ, vir @ turn_vir])
        new.append(Orbitals(coefficients, c.occupied, c.electrons))
        energies.append(np.concatenate([eps_occ, eps_vir]))
        turns.append((turn_occ, turn_vir))
    return new, energies, turns


def _curvature(channels, eps) -> np.ndarray:
    """Diagonal estimate of the Hessian, 2 n (ε_a − ε_i), kept away from zero."""
    blocks = []
    for c, e in zip(channels, eps):
        gap = e[None, c.occupied :] - e[: c.occupied, None]
        blocks.append((2.0 * c.electrons * np.maximum(gap, SMALLEST_GAP)).ravel())
    return np.concatenate(blocks)


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


def _split(vector, channels) -> list[np.ndarray]:
    shapes = [(c.occupied, c.coefficients.shape[1] - c.occupied) for c in channels]
    ends = np.cumsum([a * b for a, b in shapes])[:-1]
    return [part.reshape(shape) for part, shape in zip(np.split(vector, ends), shapes)]


def _turned(vector, channels, turns) -> np.ndarray:
    parts = zip(_split(vector, channels), turns)
    return np.concatenate([(occ.T @ part @ vir).ravel() for part, (occ, vir) in parts])
