"""The fit of the network that reads local occupations: Levenberg and Marquardt's, as that of
energies (:mod:`mlxc_edu.training._fit`), but with many more points than parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax.flatten_util import ravel_pytree
from scipy.linalg import solve

from ..functionals import Features, edu26, occupation
from ._occupation import FAINTEST, Lesson

WIDTH, STEPS = 24, 200
SCALE = 0.01  # of an electron, the unit of errors
PULL = 1e-5  # of parameters to zero
DAMPINGS = 0.1, 1.0, 10.0  # times the last, of which a step takes the best
HARDER = 30.0  # where none is better
TOGETHER = 4096  # points at once


def start(width: int, seed: int, at: occupation.Seen) -> occupation.Shape:
    """A network that changes little, of inputs that differ as those ``at`` points do."""
    generator = np.random.default_rng(seed)
    numbers = np.asarray(at.numbers).reshape(-1, at.numbers.shape[-1])
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0)
    inputs = generator.normal(size=(len(mean), width)) / np.sqrt(len(mean)) / spread[:, None]
    return occupation.Shape(
        input_w=jnp.asarray(inputs),
        input_b=jnp.asarray(-mean @ inputs),
        block_w=jnp.asarray(generator.normal(size=(width, width)) / np.sqrt(width)),
        block_b=jnp.zeros(width),
        output_w=jnp.asarray(0.05 * generator.normal(size=width)),
        output_b=jnp.zeros(()),
    )


def fit(
    lessons: Sequence[Lesson],
    width: int = WIDTH,
    steps: int = STEPS,
    seed: int = 0,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> occupation.Shape:
    """The network whose occupations are the lessons', in the mean square; a report a step: its
    number, and the mean square in units of ``SCALE``²."""
    at, n, weights = _points(lessons)
    begun, unravel = ravel_pytree(start(width, seed, at))
    root = np.sqrt(weights / weights.sum()) / SCALE
    pieces = tuple(_in_pieces(a) for a in (*at, n, root))

    def reading(flat, *of_point):
        return occupation.read(unravel(flat), occupation.Seen(*of_point))

    slopes = jax.vmap(jax.grad(reading), (None, *[0] * len(at)))

    @jax.jit
    def normal(flat):
        """JᵀJ and Jᵀx."""

        def add(sums, piece):
            *point, n, root = piece
            x = root * (reading(flat, *point) - n)
            by = root[:, None] * slopes(flat, *point)
            return (sums[0] + by.T @ by, sums[1] + by.T @ x), None

        count, zero = flat.size, flat[0] * 0
        return jax.lax.scan(add, (jnp.full((count, count), zero), jnp.full(count, zero)), pieces)[0]

    @jax.jit
    def square(flat):
        def add(total, piece):
            *point, n, root = piece
            return total + jnp.sum((root * (reading(flat, *point) - n)) ** 2), None

        return jax.lax.scan(add, flat[0] * 0, pieces)[0]

    def loss(flat):
        return float(square(jnp.asarray(flat, jnp.float32))) + PULL * flat @ flat

    flat, damping = np.asarray(begun, float), 1.0
    now = loss(flat)
    for step in range(steps):
        a, b = (np.asarray(s, float) for s in normal(jnp.asarray(flat, jnp.float32)))
        a, b = a + PULL * np.eye(len(b)), b + PULL * flat
        found = []
        for times in DAMPINGS:
            damped = a + damping * times * np.diag(np.diag(a))
            trial = flat - solve(damped, b, assume_a="pos")
            found.append((loss(trial), damping * times, trial))
        best = min(found, key=lambda f: f[0])
        if best[0] < now:
            now, damping, flat = best
        else:
            damping *= HARDER
        report(step, now)
    return unravel(jnp.asarray(flat))


def table(shape: occupation.Shape, lessons: Sequence[Lesson]) -> pd.DataFrame:
    """Errors by side, kind and, of atoms, symbol: mean and root of the mean square, of the closed
    form (``before``) and of the network."""
    at, n, weights = _points(lessons)
    who = np.concatenate([np.full(lesson.n.size, i) for i, lesson in enumerate(lessons)])
    rows = pd.DataFrame(
        dict(
            side=np.array([lesson.side for lesson in lessons])[who],
            kind=np.array([lesson.kind for lesson in lessons])[who],
            weight=weights,
            before=np.asarray(at.compact) - n,
            after=np.asarray(occupation.read(shape, at)) - n,
        )
    )

    def errors(part):
        w = part.weight / part.weight.sum()
        columns = {}
        for name in ("before", "after"):
            columns[f"{name}_mean"] = w @ part[name]
            columns[f"{name}_rms"] = np.sqrt(w @ part[name] ** 2)
        return pd.Series(columns)

    return rows.groupby(["side", "kind"])[["weight", "before", "after"]].apply(errors)


def _points(lessons: Sequence[Lesson]) -> tuple[occupation.Seen, np.ndarray, np.ndarray]:
    """What is seen of both spins of all points, in one row; what is true; how much each counts."""
    features = np.concatenate([lesson.features for lesson in lessons]).astype(float)
    at = occupation.seen(edu26.point(features), features)
    n = np.concatenate([lesson.n for lesson in lessons])
    rho = features[:, Features.RHO]
    each = np.concatenate([np.full(len(m.n), m.weight / len(m.n)) for m in lessons])
    weights = each[:, None] * rho / rho.sum(axis=1, keepdims=True)
    there = (rho > FAINTEST) & (np.abs(features[:, Features.HFX]) > FAINTEST / 10)
    flat = occupation.Seen(*(jnp.asarray(a).reshape(-1, *a.shape[2:]) for a in at))
    return flat, n.ravel(), (weights * there).ravel()


def _in_pieces(array) -> jax.Array:
    """(…, …) → (pieces, TOGETHER, …), the last filled up with zeros, in single precision."""
    more = -len(array) % TOGETHER
    filled = np.concatenate([array, np.zeros((more, *array.shape[1:]))])
    return jnp.asarray(filled.reshape(-1, TOGETHER, *array.shape[1:]), jnp.float32)
