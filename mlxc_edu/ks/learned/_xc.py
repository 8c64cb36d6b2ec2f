"""The exchange-correlation energy of a learned functional as a function of the density matrix.

E_xc[γ] = Σ_g w_g e_xc(f_g[γ]), with the features f of :mod:`mlxc_edu.functionals`: plainly from the
density matrix, by pairs of occupied orbitals, and for large molecules by the one near the other.
"""

from __future__ import annotations

from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from ...functionals import FEATURES, OMEGAS, energy_and_potential, hessian_product
from ._integrals import are_quick
from ._local_exchange import ExactExchange
from ._mirrors import Mirror, find_mirrors, keeping, symmetrised
from ._near import ALL_HOLD, MORE, Near, among_empty, few_points, without_lightest
from ._pairs import features as pair_features
from ._pairs import fock_times_density, pairs, rebuilt, slopes
from ._plain import energy_and_fock, features, features_change, fock_change
from ._quadrature import Quadrature

# Points; with so many the integrals and a network are most of a processor's work.
MANY = 20_000


class LearnedXC:
    """E_xc of a learned functional, its Fock matrix and its response.

    Density matrices are α and β, (2, nao, nao), or one (1, nao, nao) that both spins share;
    derivatives are by the matrices given.

    Parameters
    ----------
    energy_density : e_xc(parameters, features), (N, 11) → (N,).
    parameters : of the network, at the precision that it is to run in.
    """

    def __init__(self, energy_density, parameters):
        self.energy_density, self.parameters = energy_density, parameters
        self.dtype = np.dtype(jax.tree.leaves(parameters)[0].dtype)
        self.reset()

    def reset(self) -> None:
        """Forget what is kept of a molecule and its grid."""
        self._grid: tuple = ()
        self._memory: float | None = None
        self._mirrors: list[Mirror] = []
        self._quadratures: dict[tuple, Quadrature] = {}
        self._near: Near | None = None
        self._swift: tuple[Any, Any] = None, None  # for few points, and these

    def fits(self, mol, grids, memory) -> bool:
        """Whether tables of exact local exchange fit in so many bytes, for densities as symmetric
        as the molecule."""
        points = self._count(mol, grids, memory)
        return points * ExactExchange.bytes_a_point(mol, self.dtype) <= memory

    def is_dear(self, mol, grids, memory) -> bool:
        """Whether few points follow all of them, for such densities."""
        many = self._count(mol, grids, memory) > MANY and not are_quick(mol)
        return many or not self.fits(mol, grids, memory)

    def _count(self, mol, grids, memory) -> float:
        self._look_at(mol, grids, memory)
        reflections = [m for m in self._mirrors if not m.swapped]  # open shells have these
        return np.count_nonzero(grids.weights) / len(reflections)

    def _look_at(self, mol, grids, memory) -> None:
        geometry = mol._env.tobytes() + mol._bas.tobytes()
        grid = (geometry, grids.coords, grids.weights)
        known = self._grid and self._grid[0] == geometry
        same = known and all(a is b for a, b in zip(self._grid[1:], grid[1:]))
        if not same or memory != self._memory:
            self.reset()
            self._grid, self._memory = grid, memory
            used = grids.weights != 0  # PySCF pads its grids
            self._mirrors = find_mirrors(mol, grids.coords[used], grids.weights[used])

    def quadrature(self, mol, grids, memory, *matrices, exact=None) -> Quadrature:
        """The points needed where the density is as symmetric as ``matrices``; ``memory`` in bytes,
        ``exact`` as in :class:`Quadrature`."""
        self._look_at(mol, grids, memory)
        mirrors = keeping(self._mirrors, *matrices)
        key = exact, *((m.swapped, m.signs) for m in mirrors)
        if key not in self._quadratures:
            new = Quadrature(mol, grids.coords, grids.weights, mirrors, memory, self.dtype, exact)
            if new.bytes + sum(old.bytes for old in self._quadratures.values()) > memory:
                self._quadratures.clear()  # their tables go before the new ones come
            self._quadratures[key] = new
        return self._quadratures[key]

    def nearly(self, mol, grids, dm, memory):
        """As :meth:`energy_and_fock`. Where points are many, or tables of exact local exchange do
        not fit in the memory, all points are looked at for one density, with fitted local exchange,
        and what this lacks to the exact one is taken from few; near it the energy's change is
        theirs, fitted."""
        self._look_at(mol, grids, memory)
        if self._near is None:
            points = self.quadrature(mol, grids, memory, dm)
            if not points.fitted and not self.is_dear(mol, grids, memory):
                return self._plainly(points, dm)
            self._swift = self._another(), few_points(mol, grids, _total(dm))
            self._near = Near(mol.intor_symmetric("int1e_ovlp"))
        swift, few = self._swift
        return self._near(
            dm,
            dear=lambda dm: self._dearly(mol, grids, dm, memory),
            cheap=lambda dm, known: swift.by_pairs(mol, few, dm, memory, known),
        )

    def _dearly(self, mol, grids, dm, memory):
        points = self.quadrature(mol, grids, memory, dm)
        if not points.fitted and not self.is_dear(mol, grids, memory):
            return self._plainly(points, dm)
        most = without_lightest(mol, grids, _total(dm), ALL_HOLD)
        more = few_points(mol, grids, _total(dm), MORE)
        fitted, fitted_fock = self._another().by_pairs(mol, more, dm, memory, keep=False)
        change, fock = self._another().energy_and_fock(mol, more, dm, 0.0, exact=True)
        energy, rows = self._another().by_pairs(mol, most, dm, memory, keep=False)
        return energy + change - fitted, rows + fock - fitted_fock

    def _another(self) -> LearnedXC:
        """The same for other points."""
        return LearnedXC(self.energy_density, self.parameters)

    def energy_and_fock(self, mol, grids, dm, memory, *, exact=None):
        """E_xc in Hartree, and ∂E_xc/∂γ like ``dm``.

        Raises
        ------
        FloatingPointError : a feature is not a number; the message names it and the point.
        """
        return self._plainly(self.quadrature(mol, grids, memory, dm, exact=exact), dm)

    def _plainly(self, points, dm):
        dm = self._symmetrised(points, dm)
        prepared = points.exchange.prepare(dm)
        energy, fock = 0.0, 0.0
        for batch in points:
            x = points.exchange.apply(batch.tables, prepared, batch.chi)
            f = features(dm, x, batch.chi)
            e, v = energy_and_potential(self.energy_density, self.parameters, f)
            part = energy_and_fock(dm, x, batch.chi, batch.weights, e, v)
            energy, fock = energy + part[0], fock + part[1]
        if not np.isfinite(energy := float(energy)):
            self._complain(points, dm, prepared)
        return energy, symmetrised(points.mirrors, np.asarray(fock))

    def by_pairs(self, mol, grids, dm, memory, known=None, *, keep=True):
        """The same with fitted local exchange from pairs of occupied orbitals. Of the Fock matrix
        this gives the rows of occupied orbitals; among empty ones it is ``known``, or nothing."""
        points = self.quadrature(mol, grids, memory, dm, exact=False)
        points.keeps = keep
        dm = np.asarray(self._symmetrised(points, dm))
        overlap = mol.intor_symmetric("int1e_ovlp")
        of = pairs(dm, overlap, points.exchange)
        on_device = [jax.device_put(a) for a in (of.orbitals, of.occupations, of.fit)]
        energy, by_orbitals, by_fit = 0.0, 0.0, 0.0
        for batch in points:
            f, phi, v = pair_features(*on_device, batch.chi, batch.tables)
            e, by_features = energy_and_potential(self.energy_density, self.parameters, f)
            part = slopes(
                phi, v, on_device[1], batch.chi, batch.tables, batch.weights, e, by_features
            )
            energy, by_orbitals, by_fit = energy + part[0], by_orbitals + part[1], by_fit + part[2]
        if not np.isfinite(energy := float(energy)):
            self._complain(points, dm)
        rows = fock_times_density(of, np.asarray(by_orbitals), np.asarray(by_fit))
        return energy, rebuilt(symmetrised(points.mirrors, rows), of, overlap, known)

    def roughly(self, mol, grids, dm, memory):
        """The same, with PBE's potential among empty orbitals."""
        return self.by_pairs(mol, grids, dm, memory, among_empty(mol, grids, dm))

    def _symmetrised(self, points, dm):
        dm = jax.device_put(symmetrised(points.mirrors, dm))
        if not np.isfinite(dm).all():
            self._complain(points, dm)
        return dm

    def response(self, mol, grids, dm, dm1, memory):
        """First-order change of ∂E_xc/∂γ at ``dm`` for a change ``dm1``, both (spins, nao, nao);
        that of the cheap energy where it follows a dear one and exact tables do not fit."""
        fits = self.fits(mol, grids, memory)
        swift, few = self._swift
        if swift is not None and not fits:
            return swift.response(mol, few, dm, dm1, memory)
        scale = np.abs(dm1).max() or 1.0  # symmetry and rank are judged on numbers of order one
        dm1 = dm1 / scale
        points = self.quadrature(mol, grids, memory, dm, dm1)
        dm = jax.device_put(symmetrised(points.mirrors, dm))
        dm1 = jax.device_put(symmetrised(points.mirrors, dm1))
        prepared, prepared1 = points.exchange.prepare(dm), points.exchange.prepare(dm1)
        fock = 0.0
        for batch in points:
            x = points.exchange.apply(batch.tables, prepared, batch.chi)
            x1 = points.exchange.apply(batch.tables, prepared1, batch.chi)
            f, f1 = features(dm, x, batch.chi), features_change(dm, x, batch.chi, dm1)
            _, v = energy_and_potential(self.energy_density, self.parameters, f)
            v1 = hessian_product(self.energy_density, self.parameters, f, f1)
            fock = fock + fock_change(dm, x, batch.chi, batch.weights, v, dm1, x1, v1)
        return scale * symmetrised(points.mirrors, np.asarray(fock))

    def _complain(self, points, dm, prepared=None) -> NoReturn:
        for i, batch in enumerate(points):
            x = jnp.zeros((len(dm), len(OMEGAS), *batch.chi.shape[1:]))
            if prepared is not None:
                x = points.exchange.apply(batch.tables, prepared, batch.chi)
            f = np.asarray(features(dm, x, batch.chi))
            bad = np.argwhere(~np.isfinite(f))
            if len(bad):
                place, name = points.coords[points.points(i)][bad[0, 0]], list(FEATURES)[bad[0, 1]]
                cause = (
                    "the density matrix holds numbers that are not finite"
                    if not np.isfinite(dm).all()
                    else "a basis function or an integral is not finite there"
                )
                raise FloatingPointError(
                    f"feature {name} is {f[tuple(bad[0])]} at the grid point "
                    f"({', '.join(f'{c:.6g}' for c in place)}) Bohr: {cause}"
                )
        raise FloatingPointError("the network's energy is not finite though its features are")


def _total(dm):
    return dm.sum(axis=0) * (3 - len(dm))
