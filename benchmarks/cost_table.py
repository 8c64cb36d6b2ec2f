"""Make mlxc_edu/scans/tables/costs_def2-tzvp.csv, what `mx.stored("costs", "def2-tzvp")` returns.

    python benchmarks/cost_table.py

It is made of learned_functional_cpu.json and gpu_NVIDIA_H200.json, which were measured by
learned_functional.py and gpu.py; nothing is computed here. The days are those on which these two
were committed.
"""

import json
import re
import subprocess
from pathlib import Path

import pandas as pd
from learned_functional import PARTS

from mlxc_edu.scans import FOLDER

RESULTS = Path(__file__).with_name("results")
CPU, GPU = RESULTS / "learned_functional_cpu.json", RESULTS / "gpu_NVIDIA_H200.json"
BASIS = "def2-tzvp"
FILE = FOLDER / f"costs_{BASIS}.csv"
PLAIN = {"R2SCAN", "PBE0", "B3LYP", "B3LYP density-fitted"}  # PySCF's own: never on the GPU
UNITS = (
    "energy Hartree, seconds of the wall clock (all of a calculation, to convergence; a first one "
    "in its process compiles, too), peak_mb and device_peak_mb MB, part_ seconds of the "
    "profiled_seconds of one more run with clocks in it"
)


def table(days: dict[Path, str]) -> pd.DataFrame:
    """All rows in that basis; a day for each of the files."""
    rows = [dict(row, date=days[CPU]) for row in _on_the_cpu(json.loads(CPU.read_text()))]
    rows += [dict(row, date=days[GPU]) for row in _with_the_gpu(json.loads(GPU.read_text()))]
    made = pd.DataFrame(rows)
    first = ["system", "functions", "method", "device", "threads", "date", "seconds"]
    first += ["first_seconds", "peak_mb", "device_peak_mb", "energy"]
    made = made[[*first, *(name for name in made if name not in first)]]
    digits = {"energy": 7, "peak_mb": 0, "device_peak_mb": 0}
    return made.round({c: digits.get(c, 3) for c in made.select_dtypes("float")})


def _on_the_cpu(results):
    settings = results["settings"]
    device = f"{settings['processors']} cores of an {settings['cpu']}"
    for system, entry in results["systems"].items():
        for method, row in entry["methods"].items():
            if not system.endswith(f"/{BASIS}") or row["error"]:
                continue
            yield dict(
                _named(system, entry["basis_functions"], method),
                device=device,
                threads=settings["pyscf_threads"],
                seconds=row["seconds"],
                # Where a calculation takes minutes there was one only, and that was the first.
                first_seconds=row["first_seconds"],
                peak_mb=row["peak_mb"],
                **_of_a_run(row["alone"][0]),
                **_parts(row["profile"]),
            )


def _with_the_gpu(results):
    cores = f"{results['processors']} cores of an {results['cpu'].replace('(R)', '')}"
    for entry in results["rows"]:
        if not entry["system"].endswith(f"/{BASIS}") or any(run["error"] for run in entry["runs"]):
            continue
        first, second = entry["runs"]
        alone = entry["method"] in PLAIN
        yield dict(
            _named(entry["system"], second["basis_functions"], entry["method"]),
            device=cores if alone else f"{results['jax_device']} and {cores}",
            threads=results["pyscf_threads"],
            seconds=second["seconds"],
            first_seconds=first["seconds"],
            peak_mb=second["peak_mb"],
            **_of_a_run(second),
            device_peak_mb=second["device_peak_mb"],
        )


def _named(system, functions, method):
    """7 H2O for 7H2O/def2-tzvp, so that it is printed as a formula."""
    name = re.sub(r"^(\d+)(?=H2O$)", r"\1 ", system.removesuffix(f"/{BASIS}"))
    return dict(system=name, functions=functions, method=method)


def _of_a_run(run):
    return {key: run.get(key) for key in ("energy", "converged", "cycles")}


def _parts(profile):
    """Seconds of each part wherever it was spent; what the start has of its own is "start"."""
    if not profile or "error" in profile[0]:
        return {}
    found = dict.fromkeys(PARTS, 0.0)
    for label, seconds in profile[0]["spent"].items():
        found[label.removeprefix("staged start: ")] += seconds
    total = profile[0]["seconds"]
    found |= {"rest": total - sum(found.values())}
    short = {"staged start": "start", "local-exchange integrals": "integrals"}
    parts = {f"part_{short.get(part, part).lower()}": t for part, t in found.items()}
    return dict(profiled_seconds=total, **parts)


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(RESULTS), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main():
    days = {file: _git("log", "-1", "--format=%cs", "--", file.name) for file in (CPU, GPU)}
    ran = {file: json.loads(file.read_text()) for file in (CPU, GPU)}
    ran[CPU] = ran[CPU]["settings"]
    with_ = [f"{key} {{{key}}}" for key in ("code", "mlxc_edu", "jax", "pyscf", "python")]
    provenance = {
        "system": "costs",
        "basis": BASIS,
        "made by": "benchmarks/cost_table.py of benchmarks/results/"
        f"{{{', '.join(file.name for file in ran)}}}",
        "date": days[CPU],
        "mlxc-edu": ran[CPU]["mlxc_edu"],
        "code": ran[CPU]["code"],
        "PySCF": ran[CPU]["pyscf"],
        **{
            f"run on the {kind}": f"{days[file]}, " + ", ".join(with_).format(**ran[file])
            for kind, file in (("CPU", CPU), ("GPU", GPU))
        },
        "units": UNITS,
    }
    head = "".join(f"# {key}: {value}\n" for key, value in provenance.items())
    FILE.write_text(head + table(days).to_csv(index=False), encoding="utf-8")
    print(FILE)


if __name__ == "__main__":
    main()
