"""Our energies against W4 theory: atomisation of molecules of W4-11, at its geometries.

    python recipe/calibrate.py

None of these energies is a lesson; they say what the error estimates are worth, and give the
factors of table.py, which are fitted to the molecules that do not judge.
"""

import json
from pathlib import Path

import numpy as np
from energies import NoReference, compute
from make_energies import done
from split import side
from systems import System, _from_xcbm
from table import FACTORS, LEFT, difference, estimated_error

from mlxc_edu.scans import whole_set

STORE = Path(__file__).with_name("calibration.jsonl")
MOLECULES = {  # label in W4-11, unpaired electrons
    "h2o": 0, "n2": 0, "co": 0, "f2": 0, "oh": 1, "nh": 2, "hf": 0, "hcl": 0, "ch4": 0, "c2h2": 0,
    "o2": 2, "no": 1, "so": 2, "s2": 2, "clf": 0, "cl2": 0, "sio": 0, "alf": 0, "bf": 0, "cs": 0,
    "cn": 1, "ph3": 0, "sih4": 0, "co2": 0, "bef2": 0, "cf": 1, "p2": 0, "ch3": 1, "h2co": 0,
    "clo": 1, "sif": 1, "alcl": 0, "of": 1,
}  # fmt: skip


BROKEN = 3.0  # kcal/mol; an estimate as large says that the reference is none


def main():
    known = {}
    if STORE.exists():
        known = {r["name"]: r for r in map(json.loads, STORE.read_text().splitlines())}
    atoms = {n: r for n, r in done().items() if r["kind"] == "atom" and r["charge"] == 0}
    names = {r.name.split(" → ")[0].lower(): r.reference for r in whole_set("W4-11")}
    rows = []
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
        parts = difference(row, atoms)
        error, estimate = -sum(parts.values()) - names[label], estimated_error(row, atoms)
        print(
            f"{label:6} {error:+6.2f} ± {estimate:.2f}", {k: round(v, 2) for k, v in parts.items()}
        )
        if estimate < BROKEN:
            judges = side(symbols) == "test"
            rows.append((judges, error, estimate / LEFT, *(parts[k] for k in FACTORS)))
    _report(np.array(rows))


def _report(rows):
    """Errors of both halves before and after factors that are fitted to the one."""
    judges, error, estimate, parts = rows[:, 0] == 1, rows[:, 1], rows[:, 2], rows[:, 3:]
    fitted = ~judges
    excess, *_ = np.linalg.lstsq(
        parts[fitted] / estimate[fitted, None], error[fitted] / estimate[fitted], rcond=None
    )
    print("factors:", *(1 + excess).round(2), "in use:", FACTORS)
    left = error - parts @ excess
    for what, chosen in (("fitted", fitted), ("not fitted", judges)):
        sizes = [np.sqrt(np.mean(e[chosen] ** 2)) for e in (error, left, left / estimate)]
        print(f"{what}: {chosen.sum()} molecules, {sizes[0]:.2f} before, {sizes[1]:.2f} after,")
        print(f"  {sizes[2]:.2f} of the estimates")


if __name__ == "__main__":
    main()
