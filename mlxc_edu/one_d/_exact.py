"""The Schrödinger equation of up to three electrons on a line, solved as it stands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, lobpcg

from ._grid import SOFTENING, Grid
from ._inversion import Inversion, invert
from ._nuclei import Nuclei, check_grid, check_walls, checked_nuclei, default_grid

MOST = 3  # electrons
RESIDUAL = 1e-10  # Hartree; far tails need it, energies are right long before
CYCLES = 200
SURE = 1e-14  # electrons per Bohr; pairs are known well where there are more


@dataclass(frozen=True, repr=False)
class Eigenstate:
    """A solution of the Schrödinger equation. Hartree and Bohr.

    Attributes
    ----------
    grid, nuclei : where it lives.
    electrons : how many.
    spin : unpaired electrons.
    wavefunction : (points,) * electrons; of three, the first two have one spin and the last the
        other (spin=3: all the same). Its square, times spacing**electrons, adds up to 1.
    electronic_energy : without the nuclei's repulsion.
    converged : bool
    """

    grid: Grid
    nuclei: Nuclei
    electrons: int
    spin: int
    wavefunction: np.ndarray
    electronic_energy: float
    converged: bool

    @property
    def energy(self) -> float:
        """With the nuclei's repulsion."""
        return self.electronic_energy + self.nuclei.repulsion

    @cached_property
    def spin_density(self) -> np.ndarray:
        """(2, points): electrons of either spin per Bohr."""
        up = (self.electrons + self.spin) // 2
        probability = self.wavefunction**2 * self.grid.spacing ** (self.electrons - 1)
        each = [
            probability.sum(axis=tuple(j for j in range(self.electrons) if j != i))
            for i in range(self.electrons)
        ]
        nothing = np.zeros(self.grid.points)
        return np.array([sum(each[:up], nothing), sum(each[up:], nothing)])

    @property
    def density(self) -> np.ndarray:
        """(points,): electrons per Bohr."""
        return self.spin_density.sum(axis=0)

    @cached_property
    def pair_density(self) -> np.ndarray:
        """(points, points): how often one electron is at x while another is at x'; it adds up to
        N(N − 1)."""
        probability = self.wavefunction**2 * self.grid.spacing ** max(0, self.electrons - 2)
        pairs = np.zeros((self.grid.points,) * 2)
        for i, j in itertools.permutations(range(self.electrons), 2):
            others = tuple(k for k in range(self.electrons) if k not in (i, j))
            marginal = probability.sum(axis=others)
            pairs += marginal if i < j else marginal.T
        return pairs

    @property
    def external_energy(self) -> float:
        return self.grid.integrate(self.density * self.nuclei.potential(self.grid.x))

    @property
    def repulsion_energy(self) -> float:
        """Of the electrons."""
        w = self.grid.repulsion()
        return 0.5 * self.grid.integrate(self.pair_density * w) * self.grid.spacing

    @property
    def kinetic_energy(self) -> float:
        moved = np.tensordot(self.grid.kinetic, self.wavefunction, axes=1)
        one = float((self.wavefunction * moved).sum() * self.grid.spacing**self.electrons)
        return one * self.electrons if self.electrons < 3 else self._kinetic_by_axis()

    def _kinetic_by_axis(self) -> float:
        total = 0.0
        for axis in range(self.electrons):
            moved = np.tensordot(self.grid.kinetic, self.wavefunction, axes=(1, axis))
            total += float((np.moveaxis(moved, 0, axis) * self.wavefunction).sum())
        return total * self.grid.spacing**self.electrons

    @cached_property
    def kohn_sham(self) -> tuple[Inversion | None, Inversion | None]:
        """For each spin, electrons that do not feel each other and have its density; None where
        there are no electrons."""
        far_away = self.nuclei.potential(self.grid.x) + self._repulsion_felt()
        found = []
        for density in self.spin_density:
            twin = found and np.allclose(density, self.spin_density[0], atol=1e-14)
            some = density.any()
            found.append(
                found[0] if twin else invert(self.grid, density, far_away) if some else None
            )
        return tuple(found)

    def _repulsion_felt(self) -> np.ndarray:
        """(points,): what the others, where they are when one electron is at x, do to it. In the
        far tails it is all that is left of the Kohn–Sham potential beside the nuclei."""
        density, pairs = self.density, self.pair_density
        known = np.flatnonzero(density > SURE)
        nearest = np.clip(np.arange(self.grid.points), known[0], known[-1])
        others = pairs[nearest] / density[nearest, None]
        return (others * self.grid.repulsion()).sum(axis=1) * self.grid.spacing

    @property
    def kohn_sham_potential(self) -> np.ndarray:
        """(2, points), Hartree: the exact Kohn–Sham potential of each spin; zero far away, and nan
        for a spin without electrons."""
        nothing = np.full(self.grid.points, np.nan)
        return np.array([nothing if ks is None else ks.potential for ks in self.kohn_sham])

    def __repr__(self) -> str:
        atoms = ", ".join(
            f"{z:g} at {x:g}" for z, x in zip(self.nuclei.charges, self.nuclei.positions)
        )
        said = f"{self.energy:.6f} Hartree" + ("" if self.converged else ", NOT CONVERGED")
        return f"Eigenstate({self.electrons} electrons, nuclei {atoms}: {said})"


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

    Returns
    -------
    Eigenstate

    Raises
    ------
    ValueError : nuclei without positions, too many electrons, a spin they cannot have, a box that
        is too small or a grid that is too coarse. The last two are looked for with one electron
        before the work is done.
    """
    nuclei = checked_nuclei(charges, positions, softening)
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
    one = grid.kinetic + np.diag(nuclei.potential(grid.x))
    levels, orbitals = scipy.linalg.eigh(one)
    if electrons == 1:
        return levels, orbitals, True
    shape = (n,) * electrons
    repulsion = _pairwise(grid.repulsion(), electrons)
    sums = sum(np.meshgrid(*[levels] * electrons, indexing="ij", sparse=True))
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
