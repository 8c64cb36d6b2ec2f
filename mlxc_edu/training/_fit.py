"""The fit: Levenberg and Marquardt's way down the loss, checkpoints on the way.

All that is asked of a functional is a list of errors, a few thousand, and it has ten thousand
parameters. So every step solves for the change of the parameters that would remove all errors if
these were linear in them, not longer than the damping λ allows:

    δ = Jᵀ (J Jᵀ + λ)⁻¹ x

Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963). Ten such steps got
below the errors that a thousand of gradient descent (Adam) had left, in less time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from scipy.linalg import solve

from ..functionals.edu26 import Parameters
from ._data import Data
from ._loss import objective
from ._problem import Problem, evaluate, mean_errors
from ._settings import Settings, blinded, start

EASIER, HARDER = 1 / 3, 4.0  # of the damping, after a step that was good, or was not
TRIES = 6
SMALLEST_COLUMN = 1e-4


def fit(
    training: Data,
    validation: Data,
    settings: Settings,
    checkpoint: Path | None = None,
    report: Callable[[dict], None] = lambda row: None,
    begin: Parameters | None = None,
) -> tuple[Parameters, list[dict]]:
    """Fit from random parameters or from those given, or on from a checkpoint.

    Returns the parameters and what was reported: a row with ``step``, ``seconds``, ``loss``,
    ``train`` and ``validation`` errors.

    Raises
    ------
    ValueError : the checkpoint is of a fit with other settings or data; the message says which.
    """
    begun, unravel = ravel_pytree(start(settings) if begin is None else begin)
    ones = jax.tree.map(jnp.ones_like, unravel(begun))
    last, seen = [np.asarray(begun)], np.asarray(ravel_pytree(blinded(ones, settings))[0])
    damping, first, history = settings.damping, 0, []
    if checkpoint is not None and checkpoint.exists():
        last, damping, first, history = _resume(checkpoint, _said(settings, training))
    problem, count = Problem(training, settings), len(training.reactions)
    began = time.perf_counter()
    before = history[-1]["seconds"] if history else 0.0
    for i in range(first, settings.steps):
        problem.draw(i)
        flat, damping, x, found = _step(problem, last[-1], unravel, damping, seen)
        last = [*last, flat][-settings.averaged :]
        parameters = unravel(jnp.asarray(flat))
        row = dict(
            step=i + 1,
            seconds=round(before + time.perf_counter() - began, 1),
            loss=round(found, 4),
            damping=damping,
            train=mean_errors(training, x[:count] * problem.units(x[:count]), []),
            validation=mean_errors(validation, *evaluate(parameters, validation, settings)),
        )
        history.append(row)
        report(row)
        if checkpoint is not None:
            _keep(checkpoint, _said(settings, training), last, damping, history)
    return unravel(jnp.asarray(np.mean(last, axis=0, dtype=float), jnp.float32)), history


def _step(problem: Problem, flat, unravel, damping, seen):
    """One step that reduces the loss, or none where none is found; and the errors after it."""
    settings, weights = problem.settings, problem.weights

    def loss(errors, parameters):
        return objective(errors, weights) + settings.pull / 2 * _square(parameters)

    x, jacobian = problem.errors_and_jacobian(unravel(jnp.asarray(flat)))
    here = loss(x, flat)
    # ρ'(x)/x makes the loss a sum of squares
    root = np.sqrt(weights / np.sqrt(1 + x**2))
    jacobian *= root[:, None].astype(np.float32)
    jacobian *= seen
    jacobian = jacobian.astype(np.float64)  # its largest direction is 10⁹ times the damping
    if settings.search:
        change = _of_parameters(jacobian, root * x, settings.pull, flat)
    else:
        change = _of_errors(jacobian, root * x)
    found = None  # loss, damping, parameters, errors
    for _ in range(TRIES):
        trial = (flat - change(damping)).astype(np.float32)
        tried = problem.errors(unravel(jnp.asarray(trial)))
        there = loss(tried, trial)
        if there < (here if found is None else found[0]):
            found = there, damping, trial, tried
            least = damping <= settings.least
            damping = max(damping * EASIER, settings.least)
            if least or not settings.search:
                break
        elif found is None:
            damping *= HARDER
        else:
            break
    if found is None:
        return flat, damping, x, here
    there, best, trial, tried = found
    return trial, best if settings.search else damping, tried, there


def _of_errors(jacobian, x) -> Callable[[float], np.ndarray]:
    """δ for a damping, from one equation an error."""
    gram = jacobian @ jacobian.T
    size = np.trace(gram) / len(gram)

    def change(damping):
        damped = gram + damping * size * np.eye(len(gram))
        return jacobian.T @ solve(damped, x, assume_a="pos", overwrite_a=True)

    return change


def _of_parameters(jacobian, x, pull, flat) -> Callable[[float], np.ndarray]:
    """The same from one equation a parameter, of which EDU27 has fewer. Parameters that matter
    more move less, by the root of how much more, and all are pulled to zero."""
    column = (jacobian**2).sum(axis=0)
    scale = 1 / np.sqrt(column + SMALLEST_COLUMN * column.mean())
    scaled = jacobian * scale
    matrix = scaled.T @ scaled
    size = np.trace(matrix) / len(x)
    matrix += pull * np.diag(scale**2)
    force = scaled.T @ x + pull * scale * flat

    def change(damping):
        damped = matrix + damping * size * np.eye(len(flat))
        return scale * solve(damped, force, assume_a="pos", overwrite_a=True)

    return change


def _square(parameters) -> float:
    return float((np.asarray(parameters, float) ** 2).sum())


def _said(settings: Settings, training: Data) -> dict[str, Any]:
    """What has to be the same for a fit to go on: the settings and what is trained on."""
    known = repr([(r.name, round(r.reference, 3), r.error) for r in training.reactions])
    return asdict(settings) | {"data": hashlib.sha256(known.encode()).hexdigest()[:12]}


def _keep(path: Path, settings, last, damping, history) -> None:
    said = json.dumps(dict(settings=settings, damping=damping, history=history))
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez(file, last=np.array(last), said=np.array(said))
    temporary.replace(path)


def _resume(path: Path, settings):
    with np.load(path) as kept:
        last, said = [*kept["last"]], json.loads(str(kept["said"]))
    wanted = json.loads(json.dumps(settings))
    others = [k for k, v in wanted.items() if said["settings"].get(k) != v]
    if others:
        listed = ", ".join(f"{k}: {said['settings'].get(k)}, now {wanted[k]}" for k in others)
        raise ValueError(f"{path} is a fit with other settings ({listed}); give another file")
    return last, said["damping"], len(said["history"]), said["history"]
