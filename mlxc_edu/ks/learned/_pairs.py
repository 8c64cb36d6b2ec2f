"""E_xc and its Fock matrix from the occupied orbitals and their pairs: the fast way.

With γ = Σ_i n_i φ_i φ_i the local exchange of a spin is −½ Σ_ij n_i n_j φ_i φ_j V_ij, where V_ij is
the potential of φ_i φ_j, here by density fitting: V_ij(r) = Σ_P D^P_ij W_P(r). There are fewer
pairs of occupied orbitals than products of one with a basis function by as much as there are fewer
orbitals than functions. What the energy's derivative by the orbitals tells of the Fock matrix is
F C = ½ (∂E/∂C) / n, its rows for the occupied ones. These decide which orbitals are occupied; the
block among empty ones is left to what is known of it from elsewhere.

Köppl and Werner, J. Chem. Theory Comput. 12, 3122 (2016), and Manzer, Horn, Mardirossian and
Head-Gordon, J. Chem. Phys. 143, 024113 (2015), do so for the exchange of Hartree and Fock.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ...functionals import density_features

RANK = 1e-9  # an orbital that holds less carries nothing
DEPENDENT = 1e-12  # of the overlap's eigenvalues; PySCF leaves out larger ones


class Pairs(NamedTuple):
    """``orbitals`` (spins, nao, n), orthonormal in the overlap, and their ``occupations``
    (spins, n); where a spin has fewer than the other, orbitals of nothing. The fit ``half`` of
    their products with basis functions (spins, P, nao, n), and ``fit`` of those with each other
    (spins, P, n(n+1)/2)."""

    orbitals: np.ndarray
    occupations: np.ndarray
    half: np.ndarray
    fit: np.ndarray


def pairs(dm, overlap, exchange) -> Pairs:
    """Of density matrices (spins, nao, nao)."""
    size, basis = np.linalg.eigh(overlap)
    root, basis = np.sqrt(size[size > DEPENDENT]), basis[:, size > DEPENDENT]
    found = []
    for d in dm:
        value, mixed = np.linalg.eigh((basis * root).T @ d @ (basis * root))
        found.append((value, (basis / root) @ mixed))
    rank = max(1, *(int((np.abs(value) > RANK).sum()) for value, _ in found))
    most = [np.argsort(-np.abs(value))[:rank] for value, _ in found]
    occupations = np.array([value[k] for (value, _), k in zip(found, most)])
    orbitals = np.array([vector[:, k] for (_, vector), k in zip(found, most)])
    nothing = np.abs(occupations) <= RANK  # where the other spin holds more
    occupations[nothing], orbitals[np.broadcast_to(nothing[:, None], orbitals.shape)] = 1.0, 0.0
    i, j = np.tril_indices(rank)
    half, fit = [], []
    for c in orbitals:
        # In double precision: large numbers of both signs make up a pair's potential.
        products = [block @ c for block in exchange.blocks()]
        fit.append(np.concatenate([(c.T @ p)[:, i, j] for p in products]))
        half.append(np.concatenate([p.astype(exchange.dtype) for p in products]))
    return Pairs(orbitals, occupations, np.array(half), np.array(fit, exchange.dtype))


def _features(phi, v, occupations):
    """(N, 11) from orbitals with their gradients (spins, 4, n, N) and V_ij (spins, pairs, 2, N)."""
    spins, _, n, _ = phi.shape
    value, slope = phi[:, 0], phi[:, 1:]
    held = occupations[:, :, None] * value
    rho = (held * value).sum(axis=1)
    gradient = 2 * (held[:, None] * slope).sum(axis=2)
    tau = 0.5 * (occupations[:, None, :, None] * slope**2).sum(axis=(1, 2))
    i, j = np.tril_indices(n)
    held = held.astype(v.dtype)
    products = np.where(i == j, 0.5, 1.0).astype(v.dtype)[:, None] * held[:, i] * held[:, j]
    hfx = -(products[:, :, None] * v).sum(axis=1)
    if spins == 1:
        rho, gradient, tau, hfx = (jnp.repeat(a, 2, axis=0) for a in (rho, gradient, tau, hfx))
    return density_features(rho, gradient, tau, hfx)


@jax.jit
def features(orbitals, occupations, fit, chi, tables):
    """The features at some points, with the orbitals and the pairs' potentials there."""
    phi = jnp.einsum("sai,kag->skig", orbitals, chi)
    v = jnp.einsum("sPp,Pwg->spwg", fit, tables)
    return _features(phi, v, occupations), phi, v


@jax.jit
def slopes(phi, v, occupations, chi, tables, weights, e, by_features):
    """Σ_g w_g e_g, and its derivatives by the orbitals with the pairs' fit held, (spins, nao, n),
    and by the fit, (spins, P, pairs)."""
    _, pull = jax.vjp(lambda phi, v: _features(phi, v, occupations), phi, v)
    by_phi, by_v = pull(weights[:, None] * by_features)
    by_orbitals = jnp.einsum("kag,skig->sai", chi, by_phi)
    return weights @ e, by_orbitals, jnp.einsum("Pwg,spwg->sPp", tables, by_v)


def fock_times_density(of: Pairs, by_orbitals, by_fit) -> np.ndarray:
    """F γ̂ with γ̂ = Σ_i φ_i φ_i from the energy's derivatives, (spins, nao, nao)."""
    n = of.occupations.shape[1]
    i, j = np.tril_indices(n)
    out = []
    for k, c in enumerate(of.orbitals):
        square = np.zeros((len(of.half[k]), n, n), of.half.dtype)
        square[:, i, j] = square[:, j, i] = by_fit[k] * np.where(i == j, 1.0, 0.5)
        by_c = by_orbitals[k] + 2 * np.tensordot(of.half[k], square, axes=([0, 2], [0, 1]))
        out.append((by_c / (2 * of.occupations[k])) @ c.T)
    return np.array(out)


def rebuilt(fock_density, of: Pairs, overlap, known=None) -> np.ndarray:
    """The Fock matrix from F γ̂; among the empty orbitals it is ``known``, or nothing."""
    out = []
    for k, (rows, c) in enumerate(zip(fock_density, of.orbitals)):
        inside = c @ c.T @ overlap
        if known is not None:
            rows = rows - known[k] @ c @ c.T
        half = rows @ overlap  # F times the projector on the occupied
        out.append(half + half.T - inside.T @ half)
        if known is not None:
            out[-1] += known[k]
    return np.array(out)
