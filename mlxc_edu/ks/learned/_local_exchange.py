"""The local exchange features' heart: x_a(r) = Σ_b ν^ω_ab(r) e_b(r), exact or by density fitting.

With e = γχ(r) and ν^ω_ab(r) = ∫ χ_a χ_b erf(ω|r−r'|)/|r−r'| dr' (ω = 0: 1/|r−r'|), the local
exchange energy of a spin is −½ Σ_a e_a x_a. Both classes offer the same three steps, of which the
first does not depend on the density and may be kept: ``tables`` at points, ``prepare`` a density,
``apply`` the one to the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakValueDictionary

import jax
import jax.numpy as jnp
import numpy as np
from pyscf import df
from pyscf.df.addons import make_auxmol

from ...functionals import OMEGAS
from ._integrals import integrals_at_points
from ._potentials import Potentials

_RANK = 1e-9  # eigenvalues of a density matrix below this carry nothing
_FEW, _MANY = 32, 4096  # auxiliary functions, products of basis functions
_in_use: WeakValueDictionary = WeakValueDictionary()
_DEPENDENT = 1e-10  # eigenvalues of the fitting metric below this do harm


class ExactExchange:
    """ν itself at every point, (nao, 2, nao, N)."""

    def __init__(self, mol, dtype):
        self.dtype = dtype
        self._integrals = integrals_at_points(mol, np.dtype(dtype))

    @staticmethod
    def bytes_a_point(mol, dtype) -> int:
        return len(OMEGAS) * mol.nao**2 * np.dtype(dtype).itemsize

    def tables(self, coords):
        return self._integrals(coords)

    def prepare(self, dm):
        return jax.device_put(np.asarray(dm, self.dtype))

    @staticmethod
    @jax.jit
    def apply(tables, dm, chi):
        e = jnp.einsum("sab,bg->sag", dm, chi[0].astype(dm.dtype))

        def add(x, row):  # one basis function at a time reads ν just once
            nu, e_a = row
            return x + nu[None] * e_a[:, None, None], None

        x = jnp.zeros((len(dm), *tables.shape[1:]), dm.dtype)
        return jax.lax.scan(add, x, (tables, e.swapaxes(0, 1)))[0]


def fitted(mol, dtype) -> FittedExchange:
    """The fit of a molecule's basis, the same one as long as somebody uses it."""
    key = mol._env.tobytes(), mol._bas.tobytes(), np.dtype(dtype)
    found = _in_use.get(key)
    if found is None:
        found = _in_use[key] = FittedExchange(mol, dtype)
    return found


class FittedExchange:
    """ν from the potentials of an auxiliary basis, ν_ab(r) ≈ Σ_P B^P_ab W_P(r), fitted in the
    Coulomb metric."""

    def __init__(self, mol, dtype):
        self.mol, self.dtype = mol, np.dtype(dtype)
        aux = make_auxmol(mol, df.make_auxbasis(mol))
        self.potentials = Potentials(aux, dtype)
        order = self.potentials.order
        self.metric = aux.intor("int2c2e", hermi=1)[np.ix_(order, order)]
        value, vector = np.linalg.eigh(self.metric)
        kept = value > _DEPENDENT * value[-1]
        inverse = (vector[:, kept] / value[kept]) @ vector[:, kept].T
        triples = df.incore.aux_e2(mol, aux, "int3c2e", aosym="s2ij")
        self.pairs = np.empty((len(order), len(triples)), dtype)  # (P, nao(nao+1)/2)
        for first in range(0, len(triples), _MANY):
            some = slice(first, first + _MANY)
            self.pairs[:, some] = (triples[some][:, order] @ inverse).T

    @staticmethod
    def bytes_a_point(mol, dtype) -> int:
        auxiliary = make_auxmol(mol, df.make_auxbasis(mol)).nao
        return len(OMEGAS) * auxiliary * np.dtype(dtype).itemsize

    def tables(self, coords):
        """(P, 2, N)"""
        return self.potentials(coords)

    def blocks(self, dtype=np.float64) -> Iterator[np.ndarray]:
        """B^P_ab for some P at a time, (few, nao, nao)."""
        nao = self.mol.nao
        lower = np.tril_indices(nao)
        for first in range(0, len(self.pairs), _FEW):
            some = self.pairs[first : first + _FEW]
            square = np.zeros((len(some), nao, nao), dtype)
            square[:, lower[0], lower[1]] = square[:, lower[1], lower[0]] = some
            yield square

    def coulomb(self, dm) -> np.ndarray:
        """The Coulomb potential of a density matrix (nao, nao), fitted."""
        lower = np.tril_indices(self.mol.nao)
        packed = dm[lower] * np.where(lower[0] == lower[1], 1.0, 2.0)
        parts = range(0, len(self.pairs), _FEW)
        charge = np.concatenate([self.pairs[i : i + _FEW].astype(float) @ packed for i in parts])
        potential = self.metric @ charge
        found = np.zeros_like(dm)
        found[lower] = sum(
            potential[i : i + _FEW] @ self.pairs[i : i + _FEW].astype(float) for i in parts
        )
        return found + np.tril(found, -1).T

    def prepare(self, dm):
        """Orbitals that make up the density, (spins, nao, n), and the fit of their products."""
        value, vector = np.linalg.eigh(dm)
        rank = int((np.abs(value) > _RANK).sum(axis=1).max())
        most = np.argsort(-np.abs(value), axis=1)[:, :rank]
        value = np.take_along_axis(value, most, axis=1)
        orbitals = np.take_along_axis(vector, most[:, None], axis=2).astype(self.dtype)
        scaled = [c * v.astype(self.dtype) for c, v in zip(orbitals, value)]
        fit = [np.concatenate([block @ c for block in self.blocks(self.dtype)]) for c in scaled]
        return jax.device_put(orbitals), jax.device_put(np.array(fit))  # fit (spins, P, nao, n)

    @staticmethod
    @jax.jit
    def apply(tables, prepared, chi):
        orbitals, fit = prepared
        phi = jnp.einsum("san,ag->sng", orbitals, chi[0].astype(orbitals.dtype))
        spins, aux, nao, rank = fit.shape

        def one(spin, omega):
            x = fit[spin].reshape(aux, nao * rank).T @ tables[:, omega]
            return (x.reshape(nao, rank, chi.shape[-1]) * phi[spin]).sum(axis=1)

        return jnp.stack([jnp.stack([one(s, w) for w in range(len(OMEGAS))]) for s in range(spins)])
