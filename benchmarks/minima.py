"""Does every state that is called converged lie in a minimum, and is it the same on any machine?

    python benchmarks/minima.py                    # goes on where it was stopped
    python benchmarks/minima.py --molecules H2 N2 --methods PBE --threads 2

Seven diatomics at 1, 1.5, 2, 2.5 and 3 times their equilibrium distance, orbitals restricted and
not, four functionals: each by ``mx.solve``, by ``mx.KS(...).kernel()`` and by the same from PBE's
density, with one thread and with two. A line for each is written to minima.csv beside this file's
results as it comes; then what is not as it should be is printed.
"""

import argparse
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

MOLECULES = ["H2", "LiH", "HF", "N2", "F2", "C2", "O2"]
METHODS = ["PBE", "B3LYP", "EDU26", "DM21"]
TIMES = [1.0, 1.5, 2.0, 2.5, 3.0]
RESULTS = Path(__file__).with_name("results")
KEYS = ["molecule", "times", "method", "orbitals", "threads"]


def one(name, times, method, restricted) -> dict:
    """Energies in Hartree by three routes, and the lowest curvature at solve's, Hartree/radian²."""
    import mlxc_edu as mx
    from mlxc_edu.ks.convergence import lowest_curvature

    length = times * mx.catalogue().loc[name, "bond_length"]
    mol = mx.molecule(name, bond_length=length, basis="def2-svp")
    if restricted and mol.spin:  # of a triplet, its singlet
        mol = mx.molecule(name, bond_length=length, basis="def2-svp", spin=0)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = mx.solve(mol, method, unrestricted=not restricted)
        seconds = time.perf_counter() - began
        found = result.mean_field
        kind = dict(unrestricted=not restricted)
        kernel = mx.KS(mol, method, **kind)
        kernel.kernel()
        cheap = mx.KS(mol, "PBE", **kind)
        cheap.kernel()
        again = mx.KS(mol, method, **kind)
        again.kernel(cheap.make_rdm1())
    lowest = lowest_curvature(found, found.mo_coeff, found.mo_occ)
    return dict(
        solve=result.energy,
        converged=result.converged,
        curvature=lowest.value,
        kernel=kernel.e_tot,
        kernel_converged=kernel.converged,
        from_pbe=again.e_tot,
        from_pbe_converged=again.converged,
        seconds=seconds,
        notes="; ".join(result.notes),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--molecules", nargs="+", default=MOLECULES)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--times", nargs="+", type=float, default=TIMES)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--file", type=Path, default=RESULTS / "minima.csv")
    given = parser.parse_args()
    if len(given.threads) > 1:  # each in a process of its own
        for threads in given.threads:
            command = [sys.executable, __file__, "--threads", str(threads), "--file", given.file]
            command += ["--molecules", *given.molecules, "--methods", *given.methods]
            command += ["--times", *map(str, given.times)]
            subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": str(threads)}, check=True)
        print(report(pd.read_csv(given.file)))
        return
    done = pd.read_csv(given.file)[KEYS] if given.file.is_file() else pd.DataFrame(columns=KEYS)
    done = set(done.itertuples(index=False, name=None))
    for method in given.methods:
        for name in given.molecules:
            for times in given.times:
                for orbitals in ("restricted", "unrestricted"):
                    key = (name, times, method, orbitals, given.threads[0])
                    if key in done:
                        continue
                    row = dict(zip(KEYS, key)) | one(name, times, method, orbitals == "restricted")
                    header = not given.file.is_file()
                    pd.DataFrame([row]).to_csv(given.file, mode="a", header=header, index=False)
                    print(*key, f"{row['solve']:.6f}", f"{row['seconds']:.1f} s", flush=True)


def report(rows: pd.DataFrame) -> str:
    """What is not as it should be, in microhartree."""
    rows = rows.copy()
    routes = rows[["kernel", "from_pbe"]].where(
        rows[["kernel_converged", "from_pbe_converged"]].to_numpy()
    )
    rows["above_other_routes"] = 1e6 * (rows["solve"] - routes.min(axis=1)).clip(lower=0)
    rows["kernel_above"] = 1e6 * (rows["kernel"] - rows["solve"])
    spread = rows.groupby(KEYS[:-1])["solve"].agg(lambda e: 1e6 * (e.max() - e.min()))
    odd = rows[
        (~rows["converged"]) | (rows["curvature"] < -1e-3) | (rows["above_other_routes"] > 5)
    ]
    lines = [
        f"{len(rows)} calculations; {int((~rows['converged']).sum())} not converged",
        f"more than 5 µHartree between threads: {int((spread > 5).sum())} of {len(spread)}",
        spread[spread > 5].to_string(),
        odd[[*KEYS, "converged", "curvature", "above_other_routes", "notes"]].to_string(),
        f"kernel above solve by more than 5 µHartree: {int((rows['kernel_above'] > 5).sum())}",
    ]
    return "\n\n".join(lines)


if __name__ == "__main__":
    main()
