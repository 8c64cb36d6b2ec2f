"""What a learned functional is told at single points, and what its network answers there."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from ...functionals import dm21, form_with
from ._local_exchange import ExactExchange
from ._memory import batch_size
from ._plain import features
from ._xc import LearnedXC

BATCH_MEMORY = 128e6  # bytes, of one batch's integrals


def outputs(functional: LearnedXC) -> dict[str, str]:
    """The names of the network's answers, with their meaning."""
    return (form_with(functional.parameters) or dm21).OUTPUTS


def at_points(mol, dm, functional: LearnedXC, coords) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, 11), the network's answers (n, outputs) and e_xc (n,) of (2, nao, nao) density
    matrices at points (n, 3) in Bohr; local exchange is exact. All in atomic units."""
    exchange = ExactExchange(mol, np.float64)
    most = int(BATCH_MEMORY // exchange.bytes_a_point(mol, np.float64))
    size = min(most, batch_size()[0], len(coords))
    prepared, size, parts = exchange.prepare(dm), max(size, 1), []
    for first in range(0, len(coords), size):
        batch = coords[first : first + size]
        # The last batch is filled up, so that JAX compiles once.
        filled = np.vstack([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
        chi = jax.device_put(mol.eval_gto("GTOval_sph_deriv1", filled).transpose(0, 2, 1))
        x = exchange.apply(jax.device_put(exchange.tables(filled)), prepared, chi)
        f = features(jax.device_put(dm), x, chi)
        answers, e_xc = _answer(functional.energy_density, functional.parameters, f)
        parts.append([np.asarray(a)[: len(batch)] for a in (f, answers, e_xc)])
    f, answers, e_xc = (np.concatenate(column) for column in zip(*parts))
    return f, answers, e_xc


@partial(jax.jit, static_argnums=0)
def _answer(energy_density, parameters, f):
    """The network's outputs and e_xc."""
    form = form_with(parameters)
    if form is not None:
        answers = form.coefficients(parameters, form.inputs(f))
    else:
        answers = dm21.enhancement_factors(parameters, f)
    return answers, energy_density(parameters, f)
