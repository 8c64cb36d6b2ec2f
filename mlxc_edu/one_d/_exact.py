"""The Schrödinger equation of up to three electrons on a line, solved as it stands."""

from __future__ import annotations

import itertools

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, lobpcg

from .._threads import one_blas_thread
from ._eigenstate import Eigenstate
from ._grid import SOFTENING
from ._nuclei import check_grid, check_walls, checked_nuclei, default_grid

MOST = 3  # electrons
RESIDUAL = 1e-10  # Hartree; far tails need it, energies are right long before
CYCLES = 200


@one_blas_thread
def exact(
    charges,
    positions,
    electrons: int = 1,
    *,
    spin: int | None = None,
    state: int = 0,
    softening=SOFTENING,
    half_width: float | None = None,
    points: int | None = None,
    period: float | None = None,
) -> Eigenstate:
    """Solve the Schrödinger equation of electrons on a line.

    Charges attract and repel as ±1/√(x² + a²), with a = 1 between electrons.

    Parameters
    ----------
    charges, positions : of the nuclei, e and Bohr.
    electrons : 1, 2 or 3.
    spin : unpaired electrons; by default as few as possible, which is the ground state (Lieb and
        Mattis, Phys. Rev. 125, 164 (1962)).
    state : 0 for the lowest of that spin, 1 for the next, …
    softening : a between electrons and nuclei, one length for all or one for each.
    half_width, points : of the grid; by default 12 Bohr beyond the nuclei and every 0.15 Bohr (for
        three electrons 0.4).
    period : in Bohr; the line is closed to a ring of this length, on which all feel each other's
        images. A charge that is left over sits in a uniform background.

    Returns
    -------
    Eigenstate

    Raises
    ------
    ValueError : nuclei without positions, too many electrons, a spin they cannot have, a box that
        is too small or a grid that is too coarse. The last two are looked for with one electron
        before the work is done.
    """
    nuclei = checked_nuclei(charges, positions, softening, period)
    spin = _checked_spin(electrons, spin)
    grid = default_grid(nuclei, half_width, points, coarse=electrons == MOST)
    check_grid(grid, nuclei, electrons)
    if isinstance(state, bool) or not isinstance(state, int) or state < 0:
        raise ValueError(f"state is 0 for the lowest, 1 for the next, and so on, not {state!r}")
    energies, vectors, converged = _lowest(grid, nuclei, electrons, spin, state + 1)
    shape = (grid.points,) * electrons
    psi = vectors[:, state].reshape(shape) / grid.spacing ** (electrons / 2)
    psi = psi * np.sign(psi.flat[np.argmax(np.abs(psi))])
    found = Eigenstate(grid, nuclei, electrons, spin, psi, float(energies[state]), converged)
    check_walls(grid, found.density)
    return found


def _checked_spin(electrons, spin) -> int:
    if isinstance(electrons, bool) or electrons not in range(1, MOST + 1):
        raise ValueError(
            f"exact() solves 1 to {MOST} electrons, not {electrons!r}: the wavefunction of N "
            "electrons on 200 points is 200^N numbers"
        )
    spin = electrons % 2 if spin is None else spin
    if spin not in range(electrons % 2, electrons + 1, 2):
        fitting = ", ".join(str(s) for s in range(electrons % 2, electrons + 1, 2))
        raise ValueError(f"{electrons} electrons can have {fitting} unpaired, not {spin!r}")
    return int(spin)


def _lowest(grid, nuclei, electrons, spin, count):
    """Energies, vectors (columns) and whether they are converged."""
    n = grid.points
    one = grid.kinetic + np.diag(nuclei.potential(grid.x) + grid.self_energy)
    levels, orbitals = scipy.linalg.eigh(one)
    if electrons == 1:
        return levels, orbitals, True
    shape = (n,) * electrons
    repulsion = _pairwise(grid.repulsion(), electrons)
    sums = np.add.reduce(np.meshgrid(*[levels] * electrons, indexing="ij"))
    project = _symmetry(electrons, spin)

    def hamiltonian(vector):
        psi = project(vector.reshape(shape))
        return project(_each_axis(one, psi, add=True) + repulsion * psi).ravel()

    def preconditioner(vector):
        """The inverse for electrons that do not feel each other."""
        psi = _each_axis(orbitals.T, project(vector.reshape(shape)))
        psi = psi / (sums - sums.min() + 1.0)
        return project(_each_axis(orbitals, psi)).ravel()

    size = n**electrons
    start = _start(orbitals, electrons, spin, count, project)
    with np.errstate(all="ignore"):
        energies, vectors, history = lobpcg(
            LinearOperator((size, size), matvec=hamiltonian, dtype=float),
            start,
            M=LinearOperator((size, size), matvec=preconditioner, dtype=float),
            largest=False,
            tol=RESIDUAL,
            maxiter=CYCLES,
            retResidualNormsHistory=True,
        )
    order = np.argsort(energies)
    return energies[order], vectors[:, order], bool(np.max(history[-1]) < 1e3 * RESIDUAL)


def _each_axis(matrix, psi, add=False):
    """The matrix on every electron: one after the other, or the sum over electrons."""
    out = np.zeros_like(psi) if add else psi
    for axis in range(psi.ndim):
        moved = np.moveaxis(np.tensordot(matrix, psi if add else out, axes=(1, axis)), 0, axis)
        out = out + moved if add else moved
    return out


def _pairwise(repulsion, electrons):
    """Of every pair of electrons, over the whole wavefunction."""
    total = 0.0
    for i, j in itertools.combinations(range(electrons), 2):
        shape = [1] * electrons
        shape[i] = shape[j] = len(repulsion)
        total = total + repulsion.reshape(shape)
    return total


def _symmetry(electrons, spin):
    """The projector on wavefunctions that Pauli allows with this spin."""

    def antisymmetric(psi):
        axes = range(psi.ndim)
        turned = ((_sign(p), psi.transpose(p)) for p in itertools.permutations(axes))
        return sum(sign * t for sign, t in turned) / (2 if psi.ndim == 2 else 6)

    if electrons == 2 and spin == 0:
        return lambda psi: (psi + psi.T) / 2
    if electrons == 3 and spin == 1:  # two of one spin, without what belongs to three of it
        return lambda psi: (psi - psi.transpose(1, 0, 2)) / 2 - antisymmetric(psi)
    return antisymmetric


def _sign(permutation) -> int:
    pairs = itertools.combinations(permutation, 2)
    return (-1) ** sum(a > b for a, b in pairs)


def _start(orbitals, electrons, spin, count, project):
    """Products of the lowest orbitals that the symmetry leaves something of."""
    size = orbitals.shape[0] ** electrons
    columns: list[np.ndarray] = []
    ways = sorted(itertools.product(range(count + electrons), repeat=electrons), key=sum)
    for way in ways:
        psi = orbitals[:, way[0]]
        for i in way[1:]:
            psi = np.multiply.outer(psi, orbitals[:, i])
        vector = project(psi).ravel()
        for other in columns:
            vector = vector - other * (other @ vector)
        norm = np.linalg.norm(vector)
        if norm > 0.1:
            columns.append(vector / norm)
        if len(columns) == count + 1:  # one more, so that the last wanted one has a neighbour
            break
    return np.array(columns).T.reshape(size, -1)
