"""ν^ω_ab(r) = ∫ χ_a χ_b erf(ω|r−r'|)/|r−r'| dr' at points: by PySCF, or by gpu4pyscf where it is
installed and JAX runs on a GPU."""

from __future__ import annotations

import warnings
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from ...functionals import OMEGAS
from ._memory import device

_HIGHEST = 4  # angular momentum that gpu4pyscf has integrals of


def integrals_at_points(mol, dtype):
    """A function from points (N, 3) to ν (nao, 2, nao, N), for ω as in ``OMEGAS``."""
    if not are_quick(mol):
        return partial(_by_pyscf, mol, dtype)
    return _by_gpu4pyscf(_gpu4pyscf(), mol, dtype)


def are_quick(mol) -> bool:
    """Whether an accelerator makes them."""
    has = device().platform == "gpu" and mol._bas[:, 1].max() <= _HIGHEST
    return has and _gpu4pyscf() is not None


@cache
def _gpu4pyscf():
    try:
        from gpu4pyscf.gto import int3c1e
    except ModuleNotFoundError:
        return None
    except Exception as error:  # it does not fit this machine's CUDA
        warnings.warn(f"gpu4pyscf does not work here ({error}); PySCF's integrals do", stacklevel=2)
        return None
    return int3c1e


def _by_pyscf(mol, dtype, coords) -> np.ndarray:
    n = mol.nao
    out = np.empty((n, len(OMEGAS), n, len(coords)), dtype)
    for i, omega in enumerate(OMEGAS):
        with mol.with_range_coulomb(omega):
            out[:, i] = mol.intor("int1e_grids", hermi=1, grids=coords).T
    return out


def _by_gpu4pyscf(gpu, mol, dtype):
    screened = gpu.VHFOpt(mol)
    screened.build()

    def at(coords):
        found = []
        for omega in OMEGAS:
            with mol.with_range_coulomb(omega):
                nu = gpu.int1e_grids(mol, np.ascontiguousarray(coords), intopt=screened)
            found.append(_ordered(nu, dtype))  # in its turn, so that just one is double
        return jnp.stack(found, axis=1)

    return at


@partial(jax.jit, static_argnums=1)
def _ordered(nu, dtype):
    """(N, nao, nao) → (nao, nao, N)"""
    return nu.transpose(1, 2, 0).astype(dtype)
