"""Our energies against W4 theory: atomisation of molecules of W4-11, at its geometries.

    python training/calibrate.py

None of these energies is trained on; they say what the error estimates are worth.
"""

import json
import math
from pathlib import Path

from energies import NoReference, compute
from make_energies import done
from systems import System, _from_xcbm
from table import difference, estimated_error

from mlxc_edu._reaction_sets import xcbm_reactions

STORE = Path(__file__).with_name("calibration.jsonl")
MOLECULES = {  # label in W4-11, unpaired electrons
    "h2o": 0, "n2": 0, "co": 0, "f2": 0, "oh": 1, "nh": 2, "hf": 0, "hcl": 0, "ch4": 0, "c2h2": 0,
    "o2": 2, "no": 1, "so": 2, "s2": 2, "clf": 0, "cl2": 0, "sio": 0, "alf": 0, "bf": 0, "cs": 0,
    "cn": 1, "ph3": 0, "sih4": 0, "co2": 0, "bef2": 0, "cf": 1, "p2": 0, "ch3": 1, "h2co": 0,
    "clo": 1, "sif": 1, "alcl": 0, "of": 1,
}  # fmt: skip


def main():
    known = {}
    if STORE.exists():
        known = {r["name"]: r for r in map(json.loads, STORE.read_text().splitlines())}
    atoms = {n: r for n, r in done().items() if r["kind"] == "atom" and r["charge"] == 0}
    names = {r.name.split(" → ")[0].lower(): r.reference for r in xcbm_reactions("W4-11")}
    squares = []
    for label, spin in MOLECULES.items():
        symbols, positions = _from_xcbm("W4-11", label)
        system = System(label, "w4", symbols, tuple(map(tuple, positions)), 0, spin)
        if label not in known:
            try:
                row = {"name": label, "geometry": system.geometry, **compute(system)}
            except NoReference as error:
                print(label, error)
                continue
            known[label] = {k: float(v) if hasattr(v, "dtype") else v for k, v in row.items()}
            with STORE.open("a") as out:
                out.write(json.dumps(known[label]) + "\n")
        row = known[label]
        ours = -sum(difference(row, atoms).values())
        error, estimate = ours - names[label], estimated_error(row, atoms)
        squares.append((error / estimate) ** 2)
        parts = {k: round(v, 2) for k, v in difference(row, atoms).items()}
        print(f"{label:6} {ours:8.2f} {names[label]:8.2f} {error:+6.2f} ± {estimate:.2f} {parts}")
    ratio = math.sqrt(sum(squares) / len(squares))
    print(f"root mean square of error over estimate: {ratio:.2f}")


if __name__ == "__main__":
    main()
