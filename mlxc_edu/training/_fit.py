"""The fit: Adam down the loss, checkpoints on the way."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..functionals import edu26
from ._data import Data, Sizes
from ._loss import loss
from ._reactions import KINDS, Reaction

REPORTS = 20  # during a fit
CLIP = 1.0  # of the gradient's norm
WARM_UP = 0.1  # of all steps


@dataclass(frozen=True)
class Settings:
    """How a functional is fitted; two fits with the same settings and data agree.

    Attributes
    ----------
    width, blocks : of the network.
    steps, rate : of Adam; the rate rises and falls along a cosine.
    weights : of a reaction by its kind.
    regulariser : weight of the gain of one step of self-consistency; 0 leaves it out.
    regularised : every so many steps, with as many times the weight.
    seed : of the start and of the batches' order.
    blind : inputs of a spin that the network does not see, of ``edu26.OWN``.
    points : in a batch.

    Raises ValueError for an input that there is not.
    """

    width: int = 64
    blocks: int = 2
    steps: int = 3000
    rate: float = 3e-3
    weights: dict[str, float] = field(
        default_factory=lambda: dict(molecule=1.0, curve=0.5, ion=0.5, charge=1.0, spin=0.1)
    )
    regulariser: float = 1.0
    regularised: int = 3
    seed: int = 0
    blind: tuple[str, ...] = ()
    points: int = 40_000

    def __post_init__(self):
        if unknown := set(self.blind) - set(edu26.OWN):
            listed = ", ".join(edu26.OWN)
            raise ValueError(f"no input is called {', '.join(unknown)}; there are {listed}")


def start(settings: Settings) -> edu26.Parameters:
    """Random parameters: a functional near the uniform gas."""
    generator = np.random.default_rng(settings.seed)
    w, n = settings.width, settings.blocks

    def normal(*shape, scale=1.0):
        values = generator.normal(size=shape) * scale / np.sqrt(shape[-2])
        return jnp.asarray(values, jnp.float32)

    seeing = edu26.Parameters(
        own_w=normal(len(edu26.OWN), w, scale=2.0),
        other_w=normal(len(edu26.OWN), w, scale=2.0),
        shared_w=normal(len(edu26.SHARED), w),
        input_b=jnp.zeros(w, jnp.float32),
        block_w=normal(n, w, w, scale=0.5),
        block_b=jnp.zeros((n, w), jnp.float32),
        output_w=normal(w, len(edu26.OUTPUTS), scale=0.1),
        output_b=jnp.asarray([1.0, 0.0, 0.0, 0.0], jnp.float32),
    )
    return _blinded(seeing, settings)


def _blinded(parameters, settings: Settings) -> edu26.Parameters:
    """With zeros for the inputs that shall not be seen."""
    sees = jnp.asarray([[name not in settings.blind] for name in edu26.OWN], jnp.float32)
    own, other = parameters.own_w * sees, parameters.other_w * sees
    return parameters._replace(own_w=own, other_w=other)


def evaluate(parameters, data: Data, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Errors of all reactions in their order, and gains of a step of self-consistency, kcal/mol."""
    sizes = Sizes(points=settings.points)
    errors: list[float] = []
    gains: list[float] = []
    generator = np.random.default_rng(0)
    for chosen in data.plan(sizes):
        batch = data.batch(chosen, sizes, settings.weights, generator)
        found = _evaluated(parameters, batch)
        errors.extend(np.asarray(found.errors)[: len(chosen)])
        gains.extend(np.asarray(found.gains)[batch.has_slope > 0])
    return np.array(errors), np.array(gains)


@jax.jit
def _evaluated(parameters, batch):
    return loss(parameters, batch, 1.0)


def mean_errors(data: Data, errors, gains) -> dict[str, float]:
    """Mean absolute errors by kind, and the median gain; kcal/mol."""
    found = {}
    for kind in KINDS:
        chosen = [abs(e) for r, e in zip(data.reactions, errors) if r.kind == kind]
        if chosen:
            found[kind] = round(float(np.mean(chosen)), 3)
    if len(gains):
        found["gain"] = round(float(np.median(gains)), 3)
    return found


def fit(
    training: Data,
    validation: Data,
    settings: Settings,
    checkpoint: Path | None = None,
    report: Callable[[dict], None] = lambda row: None,
) -> tuple[edu26.Parameters, list[dict]]:
    """Fit from the start, or on from a checkpoint.

    Returns the parameters and what was reported: a row with ``step``, ``seconds``, ``loss``,
    ``train`` (of the batches since the last) and ``validation`` errors.

    Raises
    ------
    ValueError : the checkpoint is of a fit with other settings or data; the message says which.
    """
    schedule = optax.cosine_onecycle_schedule(settings.steps, settings.rate, WARM_UP)
    optimiser = optax.chain(optax.clip_by_global_norm(CLIP), optax.adam(schedule, b2=0.99))
    parameters = start(settings)
    state, first, history = optimiser.init(parameters), 0, []
    if checkpoint is not None and checkpoint.exists():
        (parameters, state), first, history = _resume(
            checkpoint, _said(settings, training), (parameters, state)
        )
    sizes = Sizes(points=settings.points)

    @partial(jax.jit, static_argnums=3)
    def step(parameters, state, batch, regulariser):
        def total(p):
            found = loss(p, batch, regulariser)
            return found.total, found.errors

        (value, errors), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
        updates, state = optimiser.update(gradient, state, parameters)
        return _blinded(optax.apply_updates(parameters, updates), settings), state, value, errors

    began = time.perf_counter()
    since: list[float] = []
    seen: list[tuple[Reaction, float]] = []
    before = history[-1]["seconds"] if history else 0.0
    epoch, offset = -1, 0
    plan: list[list[Reaction]] = []
    for i in range(first, settings.steps):
        while i - offset >= len(plan):
            offset += len(plan)
            epoch += 1
            plan = training.plan(sizes, np.random.default_rng((settings.seed, epoch)))
        chosen = plan[i - offset]
        generator = np.random.default_rng((settings.seed, i, 1))
        batch = training.batch(chosen, sizes, settings.weights, generator)
        turn = settings.regularised
        regulariser = settings.regulariser * turn if i % turn == 0 else 0.0
        parameters, state, value, errors = step(parameters, state, batch, regulariser)
        since.append(float(value))
        seen.extend(zip(chosen, np.asarray(errors)))
        if (i + 1) % max(1, settings.steps // REPORTS) == 0 or i + 1 == settings.steps:
            errors, gains = evaluate(parameters, validation, settings)
            chosen_data = Data([r for r, _ in seen], {})
            train = mean_errors(chosen_data, [e for _, e in seen], [])
            row = dict(
                step=i + 1,
                seconds=round(before + time.perf_counter() - began, 1),
                loss=round(float(np.mean(since)), 4),
                train=train,
                validation=mean_errors(validation, errors, gains),
            )
            history.append(row)
            report(row)
            since, seen = [], []
            if checkpoint is not None:
                _keep(checkpoint, _said(settings, training), (parameters, state), i + 1, history)
    return parameters, history


def _said(settings: Settings, training: Data) -> dict[str, Any]:
    """What has to be the same for a fit to go on: the settings and what is trained on."""
    known = repr([(r.name, round(r.reference, 3)) for r in training.reactions])
    return asdict(settings) | {"data": hashlib.sha256(known.encode()).hexdigest()[:12]}


def _keep(path: Path, settings, trees, step, history) -> None:
    leaves: dict[str, Any] = {
        f"leaf_{i}": np.asarray(x) for i, x in enumerate(jax.tree.leaves(trees))
    }
    said = dict(settings=settings, step=step, history=history)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        np.savez(file, **leaves, said=np.array(json.dumps(said)))
    temporary.replace(path)


def _resume(path: Path, settings, trees):
    with np.load(path) as kept:
        said = json.loads(str(kept["said"]))
        wanted = json.loads(json.dumps(settings))
        others = [k for k, v in wanted.items() if said["settings"].get(k) != v]
        if others:
            listed = ", ".join(f"{k}: {said['settings'].get(k)}, now {wanted[k]}" for k in others)
            raise ValueError(f"{path} is a fit with other settings ({listed}); give another file")
        leaves = [jnp.asarray(kept[f"leaf_{i}"]) for i in range(len(jax.tree.leaves(trees)))]
    return jax.tree.unflatten(jax.tree.structure(trees), leaves), said["step"], said["history"]
