"""Write the tables of a model card, from the shipped file, judge.py and converge.py.

    python recipe/card.py EDU26                 # docs/EDU26.md, after judge.py and converge.py
    python recipe/card.py EDU26 --again runs/seed*.npz --ablations runs/no_*.npz
    python recipe/card.py EDU27 --judged recipe/judged27

A table stands between <!-- name --> and <!-- end -->; one whose numbers are not there stays as it
is. The table of seeds is that of the fits among which was chosen.
"""

import argparse
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

from mlxc_edu.training import Settings, Trained, _train, energies
from mlxc_edu.training._problem import evaluate, mean_errors
from mlxc_edu.units import ANGSTROM_PER_BOHR, COULOMB_EV_ANGSTROM, KCAL_PER_HARTREE
from mlxc_edu.weights import SHIPPED

DOCS = Path(__file__).parents[1] / "docs"
NAMES = {
    "molecule": "atomisation",
    "curve": "along bonds",
    "barrier": "barriers",
    "ion": "ionisation",
    "charge": "fractional charge",
    "shared": "shared electron",
    "spin": "half spins",
    "plane": "flat planes",
    "restricted": "paired bonds",
    "gain": "gain of an SCF step (median)",
}
# eV, from NIST: what the metal's electron costs, what the halogen gives for it.
MEASURED = {"NaCl": (5.139, 3.613), "LiF": (5.392, 3.401)}


def markdown(table: pd.DataFrame) -> str:
    """A table with its index, numbers as they are; nothing where there is none."""
    head = [table.index.name or "", *map(str, table.columns)]
    rows = [head, ["---"] * len(head)]
    rows += [
        [str(i), *("" if pd.isna(v) else str(v) for v in row)]
        for i, row in zip(table.index, table.to_numpy(object))
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def file_table(name) -> pd.DataFrame:
    made, file = Trained.load(name), SHIPPED.get(name, Path(name))
    steps, seconds = made.history["step"], made.history["seconds"].iloc[-1]
    rows = {
        "parameters": sum(a.size for a in made.parameters),
        "size": f"{file.stat().st_size / 1000:.0f} kB",
        "SHA-256": f"`{hashlib.sha256(file.read_bytes()).hexdigest()}`",
        "fit": f"{steps.iloc[-1] - steps.iloc[0] + 1} steps, {seconds:.0f} s",
        "seed": made.settings.seed,
    }
    return pd.DataFrame({file.stem if name not in SHIPPED else name: rows}, dtype=object)


def data_table() -> pd.DataFrame:
    table = energies()
    found = table.groupby("kind").agg(
        systems=("name", "size"),
        hours=("seconds", lambda s: round(s.sum() / 3600, 1)),
        **{"median error (kcal/mol)": ("error", lambda e: round(e.median(), 2))},
    )
    sides = table.groupby(["kind", "side"]).size().unstack(fill_value=0)
    return found.join(sides[["train", "validation", "test"]]).sort_values(
        "systems", ascending=False
    )


def errors_of(files) -> str:
    """Errors of what each was fitted to, as it says itself."""
    rows = {}
    for file in files:
        errors = Trained.load(file).errors
        name = file if str(file) in SHIPPED else Path(file).stem
        rows |= {f"{name}, {side}": errors.loc[side] for side in ("train", "validation")}
    return _errors(rows)


def ablated(files) -> str:
    """Errors on all that validates, also of the kinds that a fit was not shown."""
    if not files:
        return ""
    settings = Settings()
    data = _train._built(_train.PRESETS["full"], settings, True, None)[1].of_kinds(settings.weights)
    rows = {}
    for file in files:
        found = evaluate(Trained.load(file).parameters, data, settings)
        rows[Path(file).stem.replace("_", " ")] = mean_errors(data, *found)
    return _errors(rows)


def _errors(rows) -> str:
    if not rows:
        return ""
    each = {
        n: {NAMES[k]: round(e[k], 2) for k in NAMES if k in e and pd.notna(e[k])}
        for n, e in rows.items()
    }
    table = pd.DataFrame(each).T.rename_axis("mean absolute error, kcal/mol")
    return markdown(table.astype(object))


def learning(file: Path) -> str:
    """Validation errors by how many molecules there were to learn from."""
    if not file.exists():
        return ""
    table = pd.read_csv(file).set_index("molecules")
    chosen = table[[k for k in NAMES if k in table]].round(2).rename(columns=NAMES)
    return markdown(chosen.rename_axis("molecules in the lessons").astype(object))


def crossings(table: pd.DataFrame) -> pd.DataFrame:
    """Where ion pair and atoms cost the same (Å): the last ion pair's energy and 1/R from there
    on; nothing for a method whose atoms keep a fraction."""
    rows = []
    for (system, method), curve in table.sort_values("r").groupby(["system", "method"]):
        ions, ending = curve[curve["charge"] > 0.5].iloc[-1], curve["charge"].iloc[-1]
        # a pair that keeps less than a whole charge attracts less than 1/R: atoms end it
        latest = curve.loc[curve["r"] > ions["r"], "r"].min()
        found = np.nan
        if ending < 0.1:
            attraction = ANGSTROM_PER_BOHR / ions["r"] + ions["relative_kcal"] / KCAL_PER_HARTREE
            found = min(ANGSTROM_PER_BOHR / attraction, latest)
        rows.append((system, method, round(found, 2)))
    for system, (cost, gain) in MEASURED.items():
        rows.append((system, "measured", round(COULOMB_EV_ANGSTROM / (cost - gain), 2)))
    found = pd.DataFrame(rows, columns=["system", "method", "r"])
    return found.pivot(index="system", columns="method", values="r").rename_axis("crossing, Å")


def planes(folder: Path) -> str:
    """Largest and mean absolute deviation from the flat plane, kcal/mol."""
    file = folder / "plane_planes.csv"
    if not file.exists():
        return ""
    table = pd.read_csv(file)
    size = table.assign(size=table["deviation_kcal"].abs())
    by = size.groupby(["atom", "method"], sort=False)["size"]
    said = by.agg(lambda d: f"{d.max():.0f} ({d.mean():.1f})").unstack("method")
    said = said.reindex(table["atom"].unique())
    missing = len(table) - table["converged"].sum()
    return f"{markdown(said.astype(object))}\n\nNot converged: {missing} of {len(table)}."


def paired_bonds(folder: Path) -> str:
    """Errors of bonds with paired electrons, kcal/mol."""
    file = folder / "plane_restricted.csv"
    if not file.exists():
        return ""
    table = pd.read_csv(file)
    wide = table.pivot_table(index=["system", "r"], columns="method", values="error_kcal").round(1)
    wide.index = [f"{s}, {r:g} Å" for s, r in wide.index]
    return markdown(wide.astype(object))


def judged(folder: Path, side: str) -> str:
    parts = []
    for file in sorted(folder.glob(f"{side}_*.csv")):
        table, name = pd.read_csv(file), file.stem.removeprefix(f"{side}_")
        if name == "planes":
            continue
        if "error_kcal" in table:
            found = table.groupby("method")["error_kcal"].agg(
                **{
                    "mean error": "mean",
                    "mean absolute error": lambda e: e.abs().mean(),
                    "largest": lambda e: e.abs().max(),
                }
            )
            found = found.round(2).assign(reactions=table.groupby("method").size())
        elif "deviation_kcal" in table:
            wide = table.pivot_table(index=["atom", "n"], columns="method", values="deviation_kcal")
            found = wide.round(1)
            found.index = [f"{a}, {n:g} electrons" for a, n in found.index]
        else:
            wide = table.pivot_table(
                index=["system", "r"], columns="method", values=["relative_kcal", "charge"]
            )
            found = wide.round({c: 2 if c[0] == "charge" else 1 for c in wide})
            found.columns = [
                f"{m}, {'e' if what == 'charge' else 'kcal/mol'}" for what, m in found.columns
            ]
            found.index = [f"{s}, {r:g} Å" for s, r in found.index]
        unfinished = table[~table["converged"]] if "converged" in table else table[:0]
        said = f"\nNot converged: {len(unfinished)} of {len(table)}." if len(unfinished) else ""
        parts.append(f"**{name}**\n\n{markdown(found.astype(object))}\n{said}")
        if name == "salts":
            parts.append(f"{markdown(crossings(table).astype(object))}\n")
    return "\n".join(parts)


def convergence(file: Path) -> str:
    if not file.exists():
        return ""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    failed = [row["name"] for row in rows if not row["converged"]]
    moved = np.abs([r["moved_kcal"] for r in rows if r["converged"] and r["reference_converged"]])
    not_these = f" (not: {', '.join(failed)})" if failed else ""
    median, ninetieth = np.percentile(moved, (50, 90))
    return (
        f"{len(rows) - len(failed)} of {len(rows)} systems converge at defaults{not_these}; "
        f"self-consistency moves the energy by {median:.2f} kcal/mol in the median, "
        f"{ninetieth:.2f} at the 90th percentile, {moved.max():.1f} at most."
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = Path(__file__).parent
    parser.add_argument("functional")
    parser.add_argument("--card", type=Path)
    parser.add_argument("--judged", type=Path, default=here / "judged")
    parser.add_argument("--converged", type=Path, default=here / "converged.jsonl")
    parser.add_argument("--learned", type=Path, default=here / "learned.csv")
    parser.add_argument("--seeds", nargs="*", default=[])
    parser.add_argument("--again", nargs="*", default=[])
    parser.add_argument("--ablations", nargs="*", default=[])
    options = parser.parse_args()
    tables = {
        "file": markdown(file_table(options.functional)),
        "data": markdown(data_table()),
        "fit": errors_of([options.functional]),
        "seeds": errors_of(options.seeds),
        "again": errors_of(options.again),
        "ablations": ablated(options.ablations),
        "learning": learning(options.learned),
        "test": judged(options.judged, "test"),
        "test27": judged(options.judged, "test27"),
        "planes": planes(options.judged),
        "restricted": paired_bonds(options.judged),
        "convergence": convergence(options.converged),
    }
    card = options.card or DOCS / f"{options.functional}.md"
    text = card.read_text()
    if unknown := set(re.findall("<!-- (.*?) -->", text)) - {*tables, "end"}:
        raise SystemExit(f"{card} has places for {unknown}")
    for name, table in tables.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if table:
            text = between.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
    card.write_text(text)


if __name__ == "__main__":
    main()
