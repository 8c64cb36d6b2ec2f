"""The local exchange features' heart: x_a(r) = Σ_b ν^ω_ab(r) e_b(r), exact or by density fitting.

With e = γχ(r) and ν^ω_ab(r) = ∫ χ_a χ_b erf(ω|r−r'|)/|r−r'| dr' (ω = 0: 1/|r−r'|), the local
exchange energy of a spin is −½ Σ_a e_a x_a. Both classes offer the same three steps, of which the
first does not depend on the density and may be kept: ``tables`` at points, ``prepare`` a density,
``apply`` the one to the other.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from pyscf import df, gto
from pyscf.df.addons import make_auxmol

from ...functionals import OMEGAS

_RANK = 1e-9  # eigenvalues of a density matrix below this carry nothing
_DEPENDENT = 1e-10  # eigenvalues of the fitting metric below this do harm


class ExactExchange:
    """ν itself at every point, (nao, 2, nao, N)."""

    def __init__(self, mol, dtype):
        self.mol, self.dtype = mol, dtype

    @staticmethod
    def bytes_a_point(mol, dtype) -> int:
        return len(OMEGAS) * mol.nao**2 * np.dtype(dtype).itemsize

    def tables(self, coords) -> np.ndarray:
        n = self.mol.nao
        out = np.empty((n, len(OMEGAS), n, len(coords)), self.dtype)
        for i, omega in enumerate(OMEGAS):
            with self.mol.with_range_coulomb(omega):
                out[:, i] = self.mol.intor("int1e_grids", hermi=1, grids=coords).T
        return out

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


class FittedExchange:
    """ν from the potentials of an auxiliary basis, ν_ab(r) ≈ Σ_P B^P_ab W_P(r), fitted in the
    Coulomb metric J. J^{-½} is shared out between both factors: single precision then suffices.
    """

    def __init__(self, mol, dtype):
        self.mol, self.dtype = mol, dtype
        self.aux = make_auxmol(mol, df.make_auxbasis(mol))
        value, vector = np.linalg.eigh(self.aux.intor("int2c2e", hermi=1))
        kept = value > _DEPENDENT * value[-1]
        self.half_inverse = vector[:, kept] / np.sqrt(value[kept])
        triples = df.incore.aux_e2(mol, self.aux, "int3c2e", aosym="s2ij")
        self.pairs = np.asarray(triples @ self.half_inverse, dtype).T  # (P, nao(nao+1)/2)

    @staticmethod
    def bytes_a_point(mol, dtype) -> int:
        auxiliary = make_auxmol(mol, df.make_auxbasis(mol)).nao
        return len(OMEGAS) * auxiliary * np.dtype(dtype).itemsize

    def tables(self, coords) -> np.ndarray:
        charges = gto.fakemol_for_charges(coords)
        out = []
        for omega in OMEGAS:
            with self.aux.with_range_coulomb(omega), charges.with_range_coulomb(omega):
                potential = gto.mole.intor_cross("int2c2e", self.aux, charges)
            out.append(np.asarray(self.half_inverse.T @ potential, self.dtype))
        return np.array(out)  # (2, P, N)

    def prepare(self, dm):
        """Orbitals that make up the density, (spins, nao, n), and the fit of their products."""
        nao = dm.shape[1]
        value, vector = np.linalg.eigh(dm)
        rank = int((np.abs(value) > _RANK).sum(axis=1).max())
        most = np.argsort(-np.abs(value), axis=1)[:, :rank]
        value = np.take_along_axis(value, most, axis=1)
        orbitals = np.take_along_axis(vector, most[:, None], axis=2).astype(self.dtype)
        square = np.zeros((len(self.pairs), nao, nao), self.dtype)
        lower = np.tril_indices(nao)
        square[:, lower[0], lower[1]] = square[:, lower[1], lower[0]] = self.pairs
        fit = [square @ (c * v.astype(self.dtype)) for c, v in zip(orbitals, value)]
        return jax.device_put(orbitals), jax.device_put(np.array(fit))  # fit (spins, P, nao, n)

    @staticmethod
    @jax.jit
    def apply(tables, prepared, chi):
        orbitals, fit = prepared
        phi = jnp.einsum("san,ag->sng", orbitals, chi[0].astype(orbitals.dtype))
        spins, aux, nao, rank = fit.shape

        def one(spin, omega):
            x = fit[spin].reshape(aux, nao * rank).T @ tables[omega]
            return (x.reshape(nao, rank, -1) * phi[spin]).sum(axis=1)

        return jnp.stack([jnp.stack([one(s, w) for w in range(len(OMEGAS))]) for s in range(spins)])
