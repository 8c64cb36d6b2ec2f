"""More turns of search and fit from a file: its functional's own states become lessons.

    MLXC_EDU_TRAINING_DIR=... python turns.py EDU27 runs/a --turns 6

Makes the densities of the preset "plane" first. Each turn adds lessons, takes some steps and writes
runs/a.1.npz, runs/a.2.npz, …; one that was stopped goes on after the last that is there. To go on
for longer, call it again with the same begin, output, first turn and seed, and more turns: states
of former turns are read from the cache, and stay lessons.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mlxc_edu.training import PRESETS, Trained, _train
from mlxc_edu.training._fit import fit
from mlxc_edu.training._problem import evaluate, mean_errors
from mlxc_edu.training._turns import own_states


def main():
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument("begin", help="a file, or the name of a functional that is shipped")
    said.add_argument("output", type=Path, help="what the files' names begin with")
    said.add_argument("--turns", type=int, default=6)
    said.add_argument("--first", type=int, default=1, help="of the turns' numbers")
    said.add_argument("--steps", type=int, default=PRESETS["plane"].settings.further)
    said.add_argument("--weights", type=json.loads, default={}, help="other than the preset's")
    said.add_argument("--seed", type=int, default=0)
    given = said.parse_args()
    preset = PRESETS["plane"]
    settings = replace(
        preset.settings,
        steps=given.steps,
        seed=given.seed,
        weights=preset.settings.weights | given.weights,
    )
    training, validation = (
        side.of_kinds(settings.weights) for side in _train._built(preset, settings, True, None)
    )
    now = Trained.load(given.begin)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    for turn in range(given.first, given.first + given.turns):
        own = own_states(now.parameters, settings, turn, os.cpu_count())
        print(f"turn {turn} began with (kcal/mol)", flush=True)
        print(_of_own(now.parameters, own, settings), flush=True)
        training = training.with_more(own)
        after = given.output.with_name(f"{given.output.name}.{turn}.npz")
        if not after.exists():
            found, history = fit(
                training, validation, settings, None, _printed, begin=now.parameters
            )
            rows = {
                side: mean_errors(data, *evaluate(found, data, settings))
                for side, data in (("train", training), ("validation", validation))
            }
            errors = pd.DataFrame(rows).T
            Trained(found, settings, _train.tabulate(history), errors).save(after)
            print(after.name, errors.to_string(), sep="\n", flush=True)
        now = Trained.load(after)


def _of_own(parameters, own, settings) -> str:
    """The lowest and the mean absolute error of what the minimiser found, by atom or bond."""
    errors, _ = evaluate(parameters, own, settings)
    names = [reaction.name.split()[0] for reaction in own.reactions]
    found = pd.DataFrame({"of": names, "error": errors}).groupby("of")["error"]
    table = pd.DataFrame({"lowest": found.min(), "mean": found.agg(lambda e: abs(e).mean())})
    return table.round(1).T.to_string()


def _printed(row):
    print(row["step"], row["loss"], row["damping"], row["validation"], flush=True)


if __name__ == "__main__":
    main()
