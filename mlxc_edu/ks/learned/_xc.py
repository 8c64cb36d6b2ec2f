"""The exchange-correlation energy of a learned functional as a function of the density matrix.

E_xc[γ] = Σ_g w_g e_xc(f_g[γ]), with the features f of :mod:`mlxc_edu.functionals`. What is written
out is the way from γ to f; the Fock matrix ∂E/∂γ and its response are derivatives that JAX takes.
"""

from __future__ import annotations

from functools import cache
from typing import NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from ... import weights
from ...functionals import (
    FEATURES,
    OMEGAS,
    density_features,
    dm21,
    edu26,
    energy_and_potential,
    hessian_product,
)
from ._mirrors import Mirror, find_mirrors, keeping, symmetrised
from ._pairs import features as pair_features
from ._pairs import fock_times_density, pairs, rebuilt, slopes
from ._quadrature import Quadrature


@jax.custom_jvp
def _local_exchange(e, x):
    """−½ Σ_a e_a x_a, for e (spins, nao, N) and x = ν e (spins, 2, nao, N)."""
    return -0.5 * (e[:, None] * x).sum(axis=2)


@_local_exchange.defjvp
def _(primals, tangents):
    # x is linear in e, and ν symmetric: ½(ė·x + e·ẋ) = ė·x. So the Fock matrix needs no second ν.
    e, x = primals
    return _local_exchange(e, x), -(tangents[0][:, None] * x).sum(axis=2)


def _features(dm, x, chi):
    """(N, 11) features of spin density matrices (spins, nao, nao); one stands for both spins."""
    chi0, slope = chi[0], chi[1:]
    e = jnp.einsum("sab,bg->sag", dm, chi0)
    rho = (e * chi0).sum(axis=1)
    gradient = 2 * (e[:, None] * slope).sum(axis=2)
    tau = 0.5 * sum((jnp.einsum("sab,bg->sag", dm, d) * d).sum(axis=1) for d in slope)
    hfx = _local_exchange(e, x)
    if len(dm) == 1:
        rho, gradient, tau, hfx = (jnp.repeat(a, 2, axis=0) for a in (rho, gradient, tau, hfx))
    return density_features(rho, gradient, tau, hfx)


def _fock(dm, x, chi, v):
    """Σ_g v_g · ∂f_g/∂γ, v (N, 11) with the weights in it."""
    _, pull = jax.vjp(lambda dm: _features(dm, x, chi), dm)
    fock = pull(v)[0]
    return (fock + fock.swapaxes(1, 2)) / 2


features = jax.jit(_features)


@jax.jit
def energy_and_fock(dm, x, chi, weights, e, v):
    """Σ_g w_g e_g and the Fock matrices of some points."""
    return weights @ e, _fock(dm, x, chi, weights[:, None] * v)


@jax.jit
def features_change(dm, x, chi, dm1):
    """The features' first-order change for a change of the density matrices."""
    return jax.jvp(lambda dm: _features(dm, x, chi), (dm,), (dm1,))[1]


@jax.jit
def fock_change(dm, x, chi, weights, v, dm1, x1, v1):
    """The Fock matrices' first-order change, where v changes by v1 and x = ν e by x1."""
    w = weights[:, None]
    return jax.jvp(lambda dm, x, v: _fock(dm, x, chi, v), (dm, x, w * v), (dm1, x1, w * v1))[1]


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
        self._mirrors: list[Mirror] = []
        self._quadrature: Quadrature | None = None
        self._among_empty: np.ndarray | None = None

    def quadrature(self, mol, grids, memory, *matrices, exact=None) -> Quadrature:
        """The points needed where the density is as symmetric as ``matrices``; ``memory`` in bytes,
        ``exact`` as in :class:`Quadrature`."""
        geometry = mol._env.tobytes() + mol._bas.tobytes()
        grid = (geometry, grids.coords, grids.weights)
        known = self._grid and self._grid[0] == geometry
        if not (known and all(a is b for a, b in zip(self._grid[1:], grid[1:]))):
            self.reset()
            self._grid = grid
            used = grids.weights != 0  # PySCF pads its grids
            self._mirrors = find_mirrors(mol, grids.coords[used], grids.weights[used])
        mirrors = keeping(self._mirrors, *matrices)
        old = self._quadrature
        same = old is not None and [m.signs for m in old.mirrors] == [m.signs for m in mirrors]
        if old is None or not same or exact not in (None, not old.fitted):
            old = self._quadrature = None  # its tables go before the new ones come
            self._quadrature = Quadrature(
                mol, grids.coords, grids.weights, mirrors, memory, self.dtype, exact
            )
        return self._quadrature

    def exactly(self, mol, grids, dm, memory):
        """What exact local exchange adds to the energy with fitted local exchange on a grid, and
        how it changes what is known of the Fock matrix among empty orbitals."""
        other = LearnedXC(self.energy_density, self.parameters)
        fitted, _, _ = other.energy_and_fock(mol, grids, dm, memory, exact=False)
        exact, fock, _ = other.energy_and_fock(mol, grids, dm, memory, exact=True)
        before, self._among_empty = self._among_empty, fock
        return exact - fitted, fock if before is None else fock - before

    def energy_and_fock(self, mol, grids, dm, memory, *, exact=None):
        """E_xc in Hartree, ∂E_xc/∂γ like ``dm``, and whether local exchange was fitted.

        Raises
        ------
        FloatingPointError : a feature is not a number; the message names it and the point.
        """
        points = self.quadrature(mol, grids, memory, dm, exact=exact)
        dm = jax.device_put(symmetrised(points.mirrors, dm))
        if not np.isfinite(dm).all():
            self._complain(points, dm)
        if points.fitted:
            return self._by_pairs(points, np.asarray(dm))
        prepared = points.exchange.prepare(dm)
        parts = []
        for batch in points:
            x = points.exchange.apply(batch.tables, prepared, batch.chi)
            f = features(dm, x, batch.chi)
            e, v = energy_and_potential(self.energy_density, self.parameters, f)
            parts.append(energy_and_fock(dm, x, batch.chi, batch.weights, e, v))
        energy = sum(float(part) for part, _ in parts)
        if not np.isfinite(energy):
            self._complain(points, dm, prepared)
        fock = np.sum([part for _, part in parts], axis=0)
        return energy, symmetrised(points.mirrors, fock), points.fitted

    def _by_pairs(self, points, dm):
        overlap = points.mol.intor_symmetric("int1e_ovlp")
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
        rows = symmetrised(points.mirrors, rows)
        return energy, rebuilt(rows, of, overlap, self._among_empty), True

    def response(self, mol, grids, dm, dm1, memory):
        """First-order change of ∂E_xc/∂γ at ``dm`` for a change ``dm1``, both (spins, nao, nao)."""
        scale = np.abs(dm1).max() or 1.0  # symmetry and rank are judged on numbers of order one
        dm1 = dm1 / scale
        points = self.quadrature(mol, grids, memory, dm, dm1)
        dm = jax.device_put(symmetrised(points.mirrors, dm))
        dm1 = jax.device_put(symmetrised(points.mirrors, dm1))
        prepared, prepared1 = points.exchange.prepare(dm), points.exchange.prepare(dm1)
        parts = []
        for batch in points:
            x = points.exchange.apply(batch.tables, prepared, batch.chi)
            x1 = points.exchange.apply(batch.tables, prepared1, batch.chi)
            f, f1 = features(dm, x, batch.chi), features_change(dm, x, batch.chi, dm1)
            _, v = energy_and_potential(self.energy_density, self.parameters, f)
            v1 = hessian_product(self.energy_density, self.parameters, f, f1)
            parts.append(fock_change(dm, x, batch.chi, batch.weights, v, dm1, x1, v1))
        return scale * symmetrised(points.mirrors, np.sum(parts, axis=0))

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


def learned(name: str, dtype: str = "float32") -> LearnedXC:
    """A learned functional by its name, or EDU26's network with a file of parameters. Raises
    FileNotFoundError without its weights, ValueError where they do not fit."""
    if name in weights.MODELS:
        return LearnedXC(dm21.energy_density, _dm21(name, weights.folder(name), dtype))
    return LearnedXC(edu26.energy_density, _edu26(name, weights.fingerprint(name), dtype))


@cache
def _dm21(name, folder, dtype):
    return dm21.Parameters.from_variables(weights.load(name), dtype)


@cache
def _edu26(name, fingerprint, dtype):
    return edu26.Parameters.from_arrays(weights.load_edu26(name), dtype)
