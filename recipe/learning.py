"""Errors on the validation set by how much there was to learn from.

    MLXC_EDU_TRAINING_DIR=... python learning.py

Fits of eight steps with the settings of ``mlxc-edu train --preset full``, on a quarter, half and
all of the training systems, drawn by formula so that all geometries of a molecule go together.
Writes learned.csv.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from split import formula

from mlxc_edu.training import _train, entries
from mlxc_edu.training._data import Data
from mlxc_edu.training._fit import fit

STEPS = 8
SHARES = (0.25, 0.5, 1.0)
OUTPUT = Path(__file__).with_name("learned.csv")
SEED = 0


def main():
    preset = _train.PRESETS["full"]
    settings = replace(preset.settings, steps=STEPS)
    training, validation = (
        side.of_kinds(settings.weights) for side in _train._built(preset, settings, True, None)
    )
    names = sorted({formula(e.symbols) for e in entries().values() if e.kind != "atom"})
    order = np.random.default_rng(SEED).permutation(names)
    known = {e.name: formula(e.symbols) for e in entries().values() if e.kind != "atom"}
    rows = []
    for share in SHARES:
        kept = set(order[: round(share * len(order))])
        some = [
            r
            for r in training.reactions
            if all(known[name] in kept for _, name in r.parts if name in known)
        ]
        history = fit(Data(some, training.samples), validation, settings)[1]
        molecules = sum(r.kind == "molecule" for r in some)
        rows.append({"molecules": molecules, "lessons": len(some), **history[-1]["validation"]})
        print(rows[-1], flush=True)
        pd.DataFrame(rows).to_csv(OUTPUT, index=False)


if __name__ == "__main__":
    main()
