"""What a network costs at a point: EDU26 against DM21, energy and potential, in one run.

    python benchmarks/network.py --points 16384 --repeat 7

Needs DM21's parameters. The points are those of a water molecule's density, over and over; times
are medians over rounds in which both networks take turns.
"""

import argparse
import json
import statistics
import time

import jax
import numpy as np

import mlxc_edu as mx
from mlxc_edu.functionals import FEATURES, energy_and_potential
from mlxc_edu.ks.learned import learned

BATCH = 1024


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=16 * BATCH)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--methods", nargs="+", default=["EDU26", "DM21"])
    options = parser.parse_args()
    water = mx.KS(mx.molecule("H2O", basis="def2-svp"), "PBE").run()
    places = np.random.default_rng(0).normal(size=(BATCH, 3))
    some = mx.profile(water, places, "EDU26")[list(FEATURES)].to_numpy()
    batches = [jax.device_put(some)] * (options.points // BATCH)
    functionals = {m: learned(m) for m in options.methods}
    spent: dict[str, list[float]] = {m: [] for m in functionals}
    for turn in range(options.repeat + 1):
        for method, f in functionals.items():
            began = time.perf_counter()
            found = [energy_and_potential(f.energy_density, f.parameters, b) for b in batches]
            jax.block_until_ready(found)
            if turn:  # the first compiles
                spent[method].append(time.perf_counter() - began)
    micro = {m: 1e6 * statistics.median(s) / (BATCH * len(batches)) for m, s in spent.items()}
    size = {m: sum(p.size for p in jax.tree.leaves(f.parameters)) for m, f in functionals.items()}
    first = options.methods[0]
    ratio = {m: round(t / micro[first], 1) for m, t in micro.items()}
    print(json.dumps({"microseconds a point": micro, "parameters": size, "ratio": ratio}, indent=1))


if __name__ == "__main__":
    main()
