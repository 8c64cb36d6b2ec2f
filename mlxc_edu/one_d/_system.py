"""Kohn–Sham on a line. One iteration is a pure function: ``step(state) → state``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np

from .._threads import one_blas_thread
from ..ks.convergence import minimise
from ._functionals import Functional
from ._grid import Grid
from ._nuclei import Nuclei, check_walls

CYCLES = 120
GRADIENT = 1e-5  # Hartree
GAIN = 1e-9  # Hartree; what filling the lowest orbitals could still lower the energy by, at most


@dataclass(frozen=True)
class State:
    """Where the iteration stands. Arrays carry a leading axis of two spins.

    Attributes
    ----------
    density_matrix : (2, points, points)
    fock : (2, points, points), the energy's derivative by it, Hartree.
    energy : electronic, Hartree.
    gain : what filling the lowest orbitals of ``fock`` promises, Hartree; zero at the solution.
    orbitals, levels : of ``fock``: (2, points, points), columns, and (2, points), Hartree.
    """

    density_matrix: np.ndarray
    fock: np.ndarray
    energy: float
    gain: float
    orbitals: np.ndarray
    levels: np.ndarray


@dataclass(frozen=True)
class KohnSham:
    """A system with a functional. Spins that are alike stay so, even where they would rather part:
    ``start`` takes a bias that parts them.

    Attributes
    ----------
    grid, nuclei : where the electrons live.
    occupations : electrons of spin up and of spin down, fractions included.
    functional : γ ↦ exchange–correlation energy, see :mod:`mlxc_edu.one_d._functionals`.
    """

    grid: Grid
    nuclei: Nuclei
    occupations: tuple[float, float]
    functional: Functional

    def energy(self, density_matrix):
        """E[γ] = Tr γ(−½ d²/dx² + v) + ½ ∬ n n′/√((x − x′)² + 1) + E_xc[γ], Hartree."""
        return _energy(density_matrix, self.functional, self.one_electron, self._repulsion)

    def start(self, bias: np.ndarray | float = 0.0) -> State:
        """Electrons that do not feel each other; ``bias`` (2, points) Hartree is felt besides, to
        push the spins apart."""
        _, orbitals = np.linalg.eigh(self.one_electron + self._diagonal(bias))
        return self._state(self._filled(orbitals))

    def step(self, state: State) -> State:
        """Fill the lowest orbitals, and go towards them as far as the energy falls (optimal
        damping, Cancès and Le Bris, Int. J. Quantum Chem. 79, 82 (2000)).

        E along the way from γ to the new γ′ is drawn as a cubic through energies and slopes at both
        ends; where it bends upwards the minimum lies between, and mixing is what finds it.
        """
        filled = self._filled(state.orbitals)
        way = filled - state.density_matrix
        there, fock = self._energy_and_fock(filled)
        slope, slope_there = (state.fock * way).sum(), (fock * way).sum()
        share = _lowest_on_the_way(float(there) - state.energy, slope, slope_there)
        return self._state(state.density_matrix + share * way)

    @one_blas_thread  # matrices this small gain nothing from more
    def solve(self, cycles: int = CYCLES, bias: np.ndarray | float = 0.0) -> Solution:
        """Step until nothing changes. What that does not settle, such as an electron that may sit
        on either of two atoms, is minimised directly over the orbitals.

        Raises ValueError where the electrons touch the walls of the box.
        """
        state = self.start(bias)
        for _ in range(cycles):
            if state.gain < GAIN:
                break
            state = self.step(state)
        converged = state.gain < GAIN
        if not converged:
            _, orbitals = np.linalg.eigh(state.density_matrix)  # by rising occupation
            found = minimise(
                _MeanField(self), orbitals[..., ::-1], self._filling, gradient_tol=GRADIENT
            )
            state, converged = self._state(_density(found.mo_coeff, found.mo_occ)), found.converged
        solution = Solution(self, state, converged)
        check_walls(self.grid, solution.density)
        return solution

    @cached_property
    def one_electron(self) -> np.ndarray:
        """(points, points): kinetic energy and nuclei."""
        return self.grid.kinetic + np.diag(self.nuclei.potential(self.grid.x))

    def _state(self, gamma) -> State:
        energy, fock = self._energy_and_fock(gamma)
        fock = np.asarray(fock)
        levels, orbitals = np.linalg.eigh(fock)
        gain = float((fock * (gamma - self._filled(orbitals))).sum())
        return State(gamma, fock, float(energy), gain, orbitals, levels)

    def _filled(self, orbitals) -> np.ndarray:
        return _density(orbitals, self._filling)

    def _diagonal(self, potential) -> np.ndarray:
        wide = np.broadcast_to(potential, (2, self.grid.points))
        return np.array([np.diag(v) for v in wide])

    @cached_property
    def _repulsion(self) -> np.ndarray:
        return self.grid.repulsion()

    @cached_property
    def _filling(self) -> np.ndarray:
        """(2, points): what each orbital holds, from the lowest up."""
        return np.array([np.clip(m - np.arange(self.grid.points), 0, 1) for m in self.occupations])

    def _energy_and_fock(self, gamma):
        energy, fock = _energy_and_fock(gamma, self.functional, self.one_electron, self._repulsion)
        if np.array_equal(*gamma):  # rounding must not part spins that are alike
            fock = np.broadcast_to(np.mean(fock, axis=0), fock.shape)
        return energy, fock


def _energy(gamma, functional, one_electron, repulsion):
    n = jnp.diagonal(gamma, axis1=1, axis2=2).sum(axis=0)
    return (gamma * one_electron).sum() + 0.5 * n @ repulsion @ n + functional(gamma)


@partial(jax.jit, static_argnums=1)  # compiled once for each functional and grid
def _energy_and_fock(gamma, functional, one_electron, repulsion):
    energy, fock = jax.value_and_grad(_energy)(gamma, functional, one_electron, repulsion)
    return energy, (fock + fock.transpose(0, 2, 1)) / 2


@dataclass(frozen=True, repr=False)
class Solution:
    """Where the iteration ended. Hartree and Bohr.

    Attributes
    ----------
    system : the :class:`KohnSham` it solves.
    state : the last :class:`State`.
    converged : bool
    """

    system: KohnSham
    state: State
    converged: bool

    @property
    def grid(self) -> Grid:
        return self.system.grid

    @property
    def electronic_energy(self) -> float:
        return self.state.energy

    @property
    def energy(self) -> float:
        """With the nuclei's repulsion."""
        return self.state.energy + self.system.nuclei.repulsion

    @property
    def spin_density(self) -> np.ndarray:
        """(2, points): electrons of either spin per Bohr."""
        return np.diagonal(self.state.density_matrix, axis1=1, axis2=2) / self.grid.spacing

    @property
    def density(self) -> np.ndarray:
        """(points,): electrons per Bohr."""
        return self.spin_density.sum(axis=0)

    @property
    def levels(self) -> np.ndarray:
        """(2, points), Hartree"""
        return self.state.levels

    @property
    def potential(self) -> np.ndarray:
        """(2, points): the Fock matrix's diagonal without kinetic energy, Hartree. With a local
        functional it is the Kohn–Sham potential."""
        return np.diagonal(self.state.fock - self.grid.kinetic, axis1=1, axis2=2)

    def __repr__(self) -> str:
        said = f"{self.energy:.6f} Hartree" + ("" if self.converged else ", NOT CONVERGED")
        return f"Solution({sum(self.system.occupations):g} electrons: {said})"


class _MeanField:
    """What the library's minimiser asks of a mean field, with the grid's points as the basis."""

    mol = None

    def __init__(self, system: KohnSham):
        self.system = system

    def get_hcore(self):
        return self.system.one_electron

    def get_ovlp(self):
        return np.eye(self.system.grid.points)

    def get_veff(self, mol, gamma):
        return self.system._energy_and_fock(gamma)

    def get_fock(self, hcore, overlap, energy_and_fock, gamma):
        return np.asarray(energy_and_fock[1])

    def energy_tot(self, gamma, hcore, energy_and_fock):
        return energy_and_fock[0]


def _density(orbitals, occupations) -> np.ndarray:
    return (orbitals * occupations[:, None]) @ orbitals.transpose(0, 2, 1)


def _lowest_on_the_way(rise, slope, slope_there) -> float:
    """Where between 0 and 1 the cubic with these slopes, and this rise, is lowest."""
    cubic, square = slope + slope_there - 2 * rise, 3 * rise - 2 * slope - slope_there
    turn = square**2 - 3 * cubic * slope
    if slope_there <= 0 or turn < 0:
        return 1.0
    # Of the two roots of 3 cubic s² + 2 square s + slope, the minimum, in a form without 0/0.
    return float(np.clip(-slope / (square + np.sqrt(turn)), 1e-3, 1.0))
