"""How the threads of several kernels get on with each other: a class on one hub, a busy laptop.

    python benchmarks/busy.py                      # 1, 2 and 8 kernels at once
    python benchmarks/busy.py --kernels 1 8 --json FILE.json

Each kernel is a process of its own that computes the same: NaCl at 6 Å with PBE by ``mx.solve``,
and four atoms by coupled cluster. All begin together; the seconds until the last is done are given,
for each way of telling PySCF's OpenMP threads how long to spin while they wait. OpenMP reads that
when PySCF is loaded, so here PySCF comes first and what the package would choose has no say.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time

from mlxc_edu._threads import SPINS

WAYS = {
    "as OpenMP does": {},
    "not at all": {"OMP_WAIT_POLICY": "passive"},
    "briefly, as mlxc_edu has it": {"GOMP_SPINCOUNT": str(SPINS)},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
KERNEL = """
import pyscf.lib
pyscf.lib.num_threads()
import sys, time
import mlxc_edu as mx
mx.solve(mx.molecule("H2", basis="sto-3g"), "PBE")  # everything is loaded
atoms = [mx.molecule(name, basis="def2-svpd") for name in ("C", "N", "O", "F")]
salt = mx.molecule("NaCl", bond_length=6.0, basis="def2-svp")
print("ready", flush=True)
sys.stdin.readline()
def salt_bond():
    mx.solve(salt, "PBE")

def four_atoms():
    for atom in atoms:
        mx.exact(atom, level="CCSD(T)")

for work in (salt_bond, four_atoms):
    began = time.perf_counter()
    work()
    print(time.perf_counter() - began, flush=True)
"""


def together(kernels: int, environment: dict) -> tuple[float, float]:
    """Seconds of the slowest of some kernels that begin together: NaCl, atoms."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", KERNEL],
            env=inherited | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(kernels)
    ]
    for kernel in running:
        assert kernel.stdout.readline() == "ready\n", "a kernel did not start"
    for kernel in running:
        kernel.stdin.write("\n")
        kernel.stdin.flush()
    said = [kernel.communicate()[0].split() for kernel in running]
    salt, atoms = zip(*[map(float, numbers) for numbers in said])
    return max(salt), max(atoms)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kernels", type=int, nargs="+", default=[1, 2, 8])
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--json", metavar="FILE", help="write the numbers, too")
    options = parser.parse_args()
    rows = []
    print(f"{os.cpu_count()} processors; the best of {options.repeat} runs, seconds")
    print("| kernels at once | threads spin | NaCl, PBE | four atoms, CCSD(T) |\n|---|---|---|---|")
    for kernels in options.kernels:
        for way, environment in WAYS.items():
            runs = [together(kernels, environment) for _ in range(options.repeat)]
            salt, atoms = (min(column) for column in zip(*runs))
            rows.append(dict(kernels=kernels, way=way, salt=salt, atoms=atoms, runs=runs))
            print(f"| {kernels} | {way} | {salt:.1f} | {atoms:.1f} |", flush=True)
    if options.json:
        about = dict(processors=os.cpu_count(), system=platform.platform())
        about["date"] = time.strftime("%Y-%m-%d")
        with open(options.json, "w") as file:
            json.dump(dict(about, rows=rows), file, indent=1)


if __name__ == "__main__":
    main()
