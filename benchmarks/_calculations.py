"""What a benchmark's processes do: calculations, each reported by a line of JSON.

python benchmarks/_calculations.py '["calculations", {"system": "H2O/svp", "methods": ["PBE"]}]'
"""

import gc
import hashlib
import inspect
import json
import math
import os
import platform
import resource
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

OUT, sys.stdout = sys.stdout, sys.stderr  # before PySCF takes note of it

import numpy as np  # noqa: E402
import pyscf  # noqa: E402
from scipy.spatial.transform import Rotation  # noqa: E402

import mlxc_edu as mx  # noqa: E402
from mlxc_edu.ks.methods import canonical_name, is_learned  # noqa: E402

# JAX is imported only where it is needed: it would count as memory of PySCF's own functionals.
RING = [(math.sin(k * math.pi / 3), math.cos(k * math.pi / 3)) for k in range(6)]
BENZENE = [
    f"{a} {r * x:.9f} {r * y:.9f} 0" for a, r in [("C", 1.397), ("H", 2.481)] for x, y in RING
]
WATER = [("O", 0, 0, 0), ("H", 0, 0.757, 0.587), ("H", 0, -0.757, 0.587)]
APART = 2.9  # Å
FITTED = " density-fitted"  # what a method's name ends in whose Coulomb and exchange are so
GEOMETRIES = {"NaCl": "Na 0 0 0; Cl 0 0 2.36", "benzene": ";".join(BENZENE)}  # else the catalogue's


def check(systems, methods):
    """Whether all of it can be set up; the methods, each learned or not; what they run on."""
    import jax
    import joblib

    learned = {}
    for method in methods:
        name, fitted = _plain_name(method)
        learned[canonical_name(name) + fitted] = is_learned(canonical_name(name))
    functions = {system: int(molecule(system).nao) for system in systems}
    for system in systems:
        for name in learned:
            _object(molecule(system), name)
    code = [file.read_bytes() for file in sorted(Path(mx.__file__).parent.rglob("*.py"))]
    code += [Path(__file__).read_bytes()]
    info = Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else ""
    cpu = [line.split(": ")[1] for line in info.splitlines() if line.startswith("model name")]
    environment = dict(
        cpu=cpu[0] if cpu else platform.processor(),
        processors=joblib.cpu_count(),
        pyscf_threads=pyscf.lib.num_threads(),
        OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "not set"),
        jax_backend=jax.default_backend(),
        jax_device=jax.devices()[0].device_kind,
        code=hashlib.sha256(b"".join(code)).hexdigest()[:12],
        python=platform.python_version(),
        **{module.__name__: module.__version__ for module in (mx, jax, pyscf)},
    )
    yield dict(learned=learned, functions=functions, environment=environment)


def _plain_name(method):
    name = method.removesuffix(FITTED)
    return name, method[len(name) :]


def _object(mol, method):
    name, fitted = _plain_name(method)
    mf = mx.KS(mol, name)
    return mf.density_fit() if fitted else mf


def molecule(system):
    name, _, basis = system.rpartition("/")
    if not name:
        raise ValueError(f"a system is NAME/BASIS such as NaCl/def2-tzvp, not {system!r}")
    if name.endswith("H2O") and name[:-3].isdigit():
        return mx.molecule(_waters(int(name[:-3])), basis=basis)
    if name.startswith("tilted "):
        straight = molecule(f"{name.removeprefix('tilted ')}/{basis}")
        return straight.set_geom_(straight.atom_coords() @ _turn(1).T, unit="Bohr", inplace=False)
    return mx.molecule(GEOMETRIES.get(name, name), basis=basis)


def _waters(count):
    """Molecules on a cubic lattice, each turned some way: there is no symmetry."""
    lines = []
    for k in range(count):
        place = APART * np.array([k % 2, k // 2 % 2, k // 4])
        lines += [(s, *(_turn(k) @ np.array(x) + place)) for s, *x in WATER]
    return "\n".join("{} {:.9f} {:.9f} {:.9f}".format(*line) for line in lines)


def _turn(seed):
    """Some rotation, (3, 3), the same on all machines."""
    return Rotation.from_quat([1, 0.3 + seed, 0.7 - 2 * seed, 0.5 + 3 * seed]).as_matrix()


def calculations(system, methods, profiled=()):
    """One after the other in this process; those with clocks in them come last."""
    mol = molecule(system)
    for method in methods:
        yield dict(_calculation(mol, method), method=method, kind="runs")
    spent = None
    for method in profiled:
        try:
            spent = _put_clocks_in() if spent is None else spent
            spent.clear()
            run = dict(_calculation(mol, method), spent=spent)
        except Exception as error:  # the library has other parts now
            run = dict(error=f"no clocks: {error!r}")
        yield dict(run, method=method, kind="profile")


def _calculation(mol, method):
    gc.collect()
    began = time.perf_counter()
    try:
        mf = _object(mol, method)
        energy = float(mf.kernel())
    except Exception as error:  # it is reported, and the others go on
        return dict(error=repr(error))
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB, on a Mac bytes
    device = sys.modules["jax"].devices()[0].memory_stats() if "jax" in sys.modules else None
    return dict(
        seconds=seconds,
        energy=energy if math.isfinite(energy) else None,
        converged=bool(mf.converged),
        conv_tol=mf.conv_tol,
        cycles=int(mf.cycles),
        minimised=getattr(mf, "minimised", False),
        basis_functions=int(mol.nao),
        max_memory=mf.max_memory,
        peak_mb=memory / (1e6 if sys.platform == "darwin" else 1e6 / 1024),
        device_peak_mb=device["peak_bytes_in_use"] / 1e6 if device else None,
    )


def floor(system):
    """Seconds that exact local exchange takes at all points of PySCF's level-3 grid, each looked at
    once, from a sample: what one evaluation would cost at least that leaves out nothing."""
    from pyscf import dft

    from mlxc_edu.ks.learned import ExactExchange
    from mlxc_edu.ks.learned._memory import batch_size

    mol = molecule(system)
    grids = dft.Grids(mol).build(with_non0tab=False)
    coords = grids.coords[grids.weights != 0]
    exchange = ExactExchange(mol, np.float32)
    size = int(np.clip(batch_size()[1] // exchange.bytes_a_point(mol, np.float32), 64, 1024))
    some = [coords[i : i + size] for i in np.linspace(0, len(coords) - size, 12, dtype=int)]
    exchange.tables(some[0])
    began = time.perf_counter()
    for part in some:
        exchange.tables(part)
    seconds = (time.perf_counter() - began) * len(coords) / (size * len(some))
    yield dict(seconds=seconds, points=len(coords), basis_functions=int(mol.nao))


def _put_clocks_in():
    """Seconds by part, each without those of parts inside it; within the staged start they are
    called "staged start: network" and so on. For good: this process has no other times to take."""
    import jax
    from pyscf.dft.gen_grid import Grids

    from mlxc_edu.ks.convergence import _staging
    from mlxc_edu.ks.learned import _local_exchange, _objects, _potentials, _quadrature, _xc

    exact, fitted = _local_exchange.ExactExchange, _local_exchange.FittedExchange
    start = "staged start"
    spent, within = defaultdict(float), []

    def clock(part, owner, *names):
        for name in names:
            function, static = getattr(owner, name), inspect.getattr_static(owner, name)

            def timed(*args, function=function, **kwargs):
                jax.block_until_ready((args, kwargs))  # what is still under way is not ours
                in_start = within and within[0] == start
                within.append(f"{start}: {part}" if in_start else part)
                began = time.perf_counter()
                try:
                    return jax.block_until_ready(function(*args, **kwargs))
                finally:
                    seconds = time.perf_counter() - began
                    spent[within.pop()] += seconds
                    if within:
                        spent[within[-1]] -= seconds

            setattr(owner, name, staticmethod(timed) if isinstance(static, staticmethod) else timed)

    clock(start, _staging.ConvergesInStages, "_staged")
    clock("local-exchange integrals", exact, "tables")
    clock("fit", fitted, "__init__")
    clock("fit", _potentials.Potentials, "__call__")
    clock("fit", _xc, "pairs")
    clock("network", _xc, "energy_and_potential")
    clock("contractions", _xc, "features", "energy_and_fock", "pair_features", "slopes")
    clock("contractions", exact, "prepare", "apply")
    clock("Coulomb", _objects.LearnedRKS, "coulomb")
    clock("Coulomb", _objects.LearnedUKS, "coulomb")
    clock("grid", Grids, "build")
    clock("grid", _xc, "few_points")
    clock("grid", _quadrature.Quadrature, "__init__", "_batch")
    return spent


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    task, what = json.loads(sys.argv[1])
    try:
        for reply in dict(check=check, calculations=calculations, floor=floor)[task](**what):
            print(json.dumps(reply), file=OUT, flush=True)
    except (ValueError, ImportError, OSError) as error:
        sys.exit(f"error: {error}")
