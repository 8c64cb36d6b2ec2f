"""Errors of a functional, in units of what is expected of them, and their derivatives."""

from __future__ import annotations

import numpy as np

from ..units import KCAL_PER_HARTREE
from ._data import Data, turned
from ._loss import GAIN, SCALE, differentiated, energy, slope, summed
from ._reactions import KINDS
from ._settings import Settings

FALLS = "restricted", "spin", "plane", "mixed plane", "bound"  # kinds in which a minimiser falls
NEAR_BOUND = 40.0  # kcal/mol above a bound, where a step still minds not to fall below


class Problem:
    """Errors of reactions, and slopes of drawn samples, in units of what is expected of them.

    ``units(errors)`` are these of the R reactions, kcal/mol. ``draw(step)`` chooses the S samples
    whose slopes are looked at. ``errors(parameters)`` has shape (R + S,),
    ``errors_and_jacobian(parameters)`` returns these and their derivatives by all P parameters,
    (R + S, P).
    """

    def __init__(self, data: Data, settings: Settings):
        self.data, self.settings = data, settings
        self.scale = SCALE + np.array([r.error for r in data.reactions])
        weight = np.array([settings.weights[r.kind] for r in data.reactions])
        self.weight = weight / weight.sum()
        self.bound = np.array([r.bound for r in data.reactions], bool)
        self.falls = np.array([r.kind in FALLS for r in data.reactions], bool)
        self.drawn: list = []

    def draw(self, step: int) -> None:
        if self.settings.regulariser:
            generator = np.random.default_rng((self.settings.seed, step))
            self.drawn = self.data.draw(self.settings.slopes, generator)

    @property
    def weights(self) -> np.ndarray:
        each = self.settings.regulariser / max(len(self.drawn), 1)
        return np.concatenate([self.weight, np.full(len(self.drawn), each)])

    def units(self, errors) -> np.ndarray:
        """What is expected of an error, kcal/mol: less where a minimiser would fall below."""
        low = self.falls & (errors < 0)
        return np.where(low, self.scale / self.settings.below, self.scale)

    def _scaled(self, energies, slopes):
        errors = KCAL_PER_HARTREE * (self.data.numbers @ energies) - self.data.asked
        errors[self.bound] = np.minimum(errors[self.bound], 0)
        at_zero = np.array([s.slope[k] for s, k in self.drawn])
        slopes = (slopes + at_zero) * np.sqrt(KCAL_PER_HARTREE / GAIN)
        return np.concatenate([errors / self.units(errors), slopes])

    def errors(self, parameters) -> np.ndarray:
        e = summed(energy, parameters, self.data.points(), len(self.data.needed))
        return self._scaled(e, summed(slope, parameters, turned(self.drawn), len(self.drawn)))

    def errors_and_jacobian(self, parameters) -> tuple[np.ndarray, np.ndarray]:
        e, by_sample = differentiated(energy, parameters, self.data.points(), len(self.data.needed))
        s, by_turn = differentiated(slope, parameters, turned(self.drawn), len(self.drawn))
        above = KCAL_PER_HARTREE * (self.data.numbers @ e) - self.data.asked
        of_errors = (KCAL_PER_HARTREE / self.units(above)).astype(np.float32)
        rows = of_errors[:, None] * (self.data.numbers @ by_sample)
        of_slopes = np.float32(np.sqrt(KCAL_PER_HARTREE / GAIN))
        errors = self._scaled(e, s)
        rows[self.bound & (above > NEAR_BOUND)] = 0
        return errors, np.concatenate([rows, of_slopes * by_turn])


def evaluate(parameters, data: Data, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Errors of all reactions, and gains of a step of self-consistency of some samples, both in
    kcal/mol."""
    problem = Problem(data, settings)
    problem.drawn = data.draw(settings.slopes, np.random.default_rng(0))
    found = problem.errors(parameters)
    errors, slopes = np.split(found, [len(data.reactions)])
    return errors * problem.units(errors), GAIN * slopes**2


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
