"""What a learned functional costs where JAX sees a GPU: a frozen protocol of under ten minutes.

    python benchmarks/gpu.py            # JAX with CUDA, PySCF; DM21 too where its parameters are

Molecules from 18 functions to 258, each to convergence twice in one process, with EDU26, with DM21
where its parameters are found, and with PySCF's B3LYP on the CPU. Nothing is begun after eight
minutes. A line for each is printed as it comes, and all are written to gpu_DEVICE.json beside this
file's results, with what they ran on. Without a GPU it says so and times the CPU.
"""

import argparse
import json
import re
import sys
import time
from pathlib import Path

from learned_functional import ask

SYSTEMS = ["H2O/def2-svp", "H2O/def2-tzvp", "NaCl/def2-tzvp", "2H2O/def2-tzvp"]
SYSTEMS += ["tilted benzene/def2-svp", "4H2O/def2-tzvp", "6H2O/def2-tzvp"]
METHODS = ["EDU26", "DM21", "B3LYP"]
SHOWN = ["seconds", "energy", "basis_functions", "peak_mb", "device_peak_mb", "converged", "error"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results"))
    given = parser.parse_args()

    began = time.monotonic()
    environment, methods = _what_there_is()
    device = environment["jax_device"]
    if environment["jax_backend"] == "cpu":
        print("JAX sees no GPU: these are times of the CPU", file=sys.stderr)
    given.output.mkdir(parents=True, exist_ok=True)
    file = given.output / f"gpu_{re.sub(r'[^a-zA-Z0-9]+', '_', device)}.json"
    results = dict(environment, rows=[])
    print("system", "method", "first s", "second s", "peak MB", "JAX on the device MB", sep="\t")
    for system in given.systems:
        for method in methods:
            if time.monotonic() - began > 60 * given.minutes:
                print(f"{system} {method}: no time left", file=sys.stderr)
                continue
            runs = [*ask("calculations", system=system, methods=[method, method])]
            runs = [{key: run.get(key) for key in SHOWN} for run in runs]
            results["rows"].append(dict(system=system, method=method, runs=runs))
            file.write_text(json.dumps(results, indent=1) + "\n")
            print(system, method, *_cells(runs), sep="\t", flush=True)
    print(f"{device}: written to {file}")


def _what_there_is():
    """What it runs on, and the methods that can run."""
    for methods in (METHODS, [m for m in METHODS if m != "DM21"]):
        answer = next(ask("check", systems=["H2O/def2-svp"], methods=methods), {})
        if "environment" in answer:
            return answer["environment"], methods
    sys.exit("EDU26 and B3LYP cannot be set up here")


def _cells(runs):
    if any(run["error"] for run in runs):
        return ["; ".join({run["error"]: None for run in runs if run["error"]})]
    last = runs[-1]
    on_device = f"{last['device_peak_mb']:.0f}" if last["device_peak_mb"] else "–"
    times = [f"{run['seconds']:.2f}" for run in runs]
    return [*times, f"{last['peak_mb']:.0f}", on_device]


if __name__ == "__main__":
    main()
