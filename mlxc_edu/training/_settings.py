"""How a functional is fitted, and what a fit begins with."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np

from ..functionals import FORMS
from ..functionals.edu26 import Parameters
from ._reactions import KINDS


@dataclass(frozen=True)
class Settings:
    """How a functional is fitted; two fits with the same settings and data agree.

    Attributes
    ----------
    form : of the functional, ``"EDU26"`` or ``"EDU27"``.
    width, blocks : of the network.
    steps : of the fit; one that finds nothing better only shortens the next.
    damping : of the first step, in units of the mean square of J's rows.
    least : damping, below which none is tried; with ``search``, what keeps a step near.
    pull : weight of half the parameters' squares in the loss, with ``search``.
    weights : of a reaction by its kind; a kind of weight 0, or without one, is left out.
    below : how many times as much an error counts that puts a state of a plane, or of a bond that
        breaks, too low: there a minimiser falls, and above it nothing happens.
    regulariser : weight of the gain of one step of self-consistency; 0 leaves it out.
    slopes : how many samples' gains a step looks at.
    seed : of the start and of what is drawn on the way.
    search : whether a step takes the best of several dampings, and parameters that matter more move
        less. EDU26 was fitted with the first damping that was better.
    turns : how often the functional's own states become lessons.
    further : steps of the fit after each turn.
    averaged : of how many last steps the parameters are the mean.
    blind : inputs of a spin that the network does not see, of ``OWN`` of the form.

    Raises ValueError for an input or a kind that there is not, a weight below zero, all zero, a
    factor ``below`` that is not positive, and a pull without search.
    """

    form: str = "EDU26"
    width: int = 64
    blocks: int = 2
    steps: int = 16
    damping: float = 1e-2
    least: float = 1e-6
    pull: float = 0.0
    weights: dict[str, float] = field(
        default_factory=lambda: (
            dict.fromkeys(KINDS, 0.0)
            | dict(molecule=1.0, curve=0.5, barrier=1.0, ion=3.0)
            | dict(charge=1.0, shared=3.0, mixture=0.1, total=0.5)
        )
    )
    below: float = 1.0
    regulariser: float = 1.0
    slopes: int = 600
    seed: int = 0
    search: bool = False
    turns: int = 0
    further: int = 6
    averaged: int = 1
    blind: tuple[str, ...] = ()

    def __post_init__(self):
        if self.form not in FORMS:
            raise ValueError(f"no form is called {self.form!r}; there are {', '.join(FORMS)}")
        if unknown := set(self.blind) - set(FORMS[self.form].OWN):
            listed = ", ".join(FORMS[self.form].OWN)
            raise ValueError(f"no input is called {', '.join(unknown)}; there are {listed}")
        if unknown := set(self.weights) - set(KINDS):
            listed = ", ".join(KINDS)
            raise ValueError(f"no lessons are called {', '.join(unknown)}; there are {listed}")
        if self.pull and not self.search:
            raise ValueError("a pull needs search=True")
        if not self.below > 0:
            raise ValueError(f"below is a factor larger than zero, not {self.below!r}")
        if not all(weight >= 0 for weight in self.weights.values()):
            raise ValueError(f"weights are zero or larger, not {self.weights}")
        if not any(self.weights.values()):
            raise ValueError(f"no lessons are left: all weights are zero ({self.weights})")


PLANE = Settings(
    form="EDU27",
    width=32,
    steps=45,
    turns=8,
    further=8,
    averaged=4,
    damping=5e-2,
    least=1e-2,
    pull=1e-3,
    slopes=450,
    search=True,
    weights=Settings().weights
    | {"molecule": 1.5, "charge": 1.5, "restricted": 1.2, "spin": 0.9}
    | {"plane": 2.6, "mixed plane": 0.3, "bound": 2.2},
    below=3.0,
)
"""What EDU27 is fitted with."""


def start(settings: Settings) -> Parameters:
    """Random parameters: a functional near the uniform gas in EDU26's form, near what needs no
    network in EDU27's."""
    generator = np.random.default_rng(settings.seed)
    w, n = settings.width, settings.blocks
    kind = FORMS[settings.form].Parameters
    _, own, shared, outputs = kind.form()
    names = FORMS[settings.form].OUTPUTS

    def normal(*shape, scale=1.0):
        values = generator.normal(size=shape) * scale / np.sqrt(shape[-2])
        return jnp.asarray(values, jnp.float32)

    seeing = kind(
        own_w=normal(own, w, scale=2.0),
        other_w=normal(own, w, scale=2.0),
        shared_w=normal(shared, w),
        input_b=jnp.zeros(w, jnp.float32),
        block_w=normal(n, w, w, scale=0.5),
        block_b=jnp.zeros((n, w), jnp.float32),
        output_w=normal(w, outputs, scale=0.1),
        output_b=jnp.asarray(
            [float(name == "a" and settings.form == "EDU26") for name in names], jnp.float32
        ),
    )
    return blinded(seeing, settings)


def blinded(parameters, settings: Settings) -> Parameters:
    """With zeros for the inputs that shall not be seen."""
    names = FORMS[settings.form].OWN
    sees = jnp.asarray([[name not in settings.blind] for name in names], jnp.float32)
    own, other = parameters.own_w * sees, parameters.other_w * sees
    return parameters._replace(own_w=own, other_w=other)
