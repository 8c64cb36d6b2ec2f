"""Does it converge at defaults, and how far does self-consistency move the energy?

    python recipe/converge.py EDU26 --workers 2

Two hundred systems out of W4-11, BH76 and G21IP, evenly over their sizes: atoms, molecules,
transition states, ions. Each is computed as ``mlxc_edu.KS(mol, name).run()``, nothing else set.
Its energy is compared with that of the functional on the density that the training begins from.
One line of JSON a system; what is there already is not computed again.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from pyscf import lib
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import mlxc_edu as mx
from mlxc_edu.scans import Species, whole_set
from mlxc_edu.training import METHOD
from mlxc_edu.units import KCAL_PER_HARTREE

SETS = ("W4-11", "BH76", "G21IP")
BASIS = "def2-svpd"
SYSTEMS = 200


def systems() -> list[Species]:
    every = {s for name in SETS for r in whole_set(name) for _, s in r.parts}
    ordered = sorted(every, key=lambda s: (len(s.xyz.splitlines()), s.name))
    chosen = np.linspace(0, len(ordered) - 1, SYSTEMS).round().astype(int)
    return [ordered[i] for i in chosen]


def one(species: Species, method: str) -> dict:
    lib.num_threads(1)
    began = time.perf_counter()
    with threadpool_limits(limits=1):
        mol = mx.molecule(species.xyz, basis=BASIS, charge=species.charge, spin=species.spin)
        reference = mx.KS(mol, METHOD).run()
        mf = mx.KS(mol, method).run()
        fixed = mf.energy_tot(reference.make_rdm1())
    moved = (fixed - mf.e_tot) * KCAL_PER_HARTREE
    return dict(
        name=species.name,
        converged=bool(mf.converged),
        reference_converged=bool(reference.converged),
        moved_kcal=round(float(moved), 3),
        cycles=int(mf.cycles),
        seconds=round(time.perf_counter() - began, 1),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("converged.jsonl"))
    options = parser.parse_args()
    rows = []
    if options.output.exists():
        rows = [json.loads(line) for line in options.output.read_text().splitlines()]
    known = {row["name"] for row in rows}
    todo = [s for s in systems() if s.name not in known]
    with (
        ProcessPoolExecutor(options.workers, get_context("spawn")) as pool,
        options.output.open("a") as out,
    ):
        running = [pool.submit(one, s, options.method) for s in todo]
        for done in tqdm(as_completed(running), total=len(todo), disable=not todo):
            rows.append(done.result())
            out.write(json.dumps(rows[-1]) + "\n")
            out.flush()
    failed = [row["name"] for row in rows if not row["converged"]]
    moved = np.abs([r["moved_kcal"] for r in rows if r["converged"] and r["reference_converged"]])
    print(f"{len(rows) - len(failed)} of {len(rows)} converge; not: {', '.join(failed) or 'none'}")
    print(f"self-consistency moves the energy by {np.median(moved):.2f} kcal/mol in the median,")
    print(f"by {np.percentile(moved, 90):.2f} at the 90th percentile, at most {moved.max():.1f}")


if __name__ == "__main__":
    main()
