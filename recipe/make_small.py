"""Make mlxc_edu/training/small.npz, the samples that come with the package."""

from itertools import takewhile

from pyscf import lib

from mlxc_edu.functionals import edu26
from mlxc_edu.training._build import atom_points, molecule_density
from mlxc_edu.training._planes import ladder
from mlxc_edu.training._reactions import entries, neutral_atom
from mlxc_edu.training._seen import seen
from mlxc_edu.training._small import FILE, pack

ATOMS = ("H", "He", "Li", "O", "Na", "Cl")
FRACTIONS = (0.3, 0.5, 0.7)
MOLECULES = """
BeH 1.340^2, BH 1.230, CH 1.120^2, NH 1.040^3, OH 0.970^2, NaH 1.890, ClH 1.270, HeH 0.775+1,
LiLi 2.670, NaNa 3.080, BF 1.260, BCl 1.720, AlH 1.650, SiH 1.520^2, PH 1.420^3, MgH 1.730^2,
NaH 3.591, BH 1.783, OH 1.261^2, LiLi 5.073
"""
OTHERS = ("Be", "B", "C", "N", "F", "Mg", "Al", "Si", "P")  # atoms of these, whole
LEVEL = 0


def _whole(symbol):
    """They come first."""
    return takewhile(lambda point: point.kind == "whole", atom_points(symbol, LEVEL))


def main():
    lib.num_threads(1)
    samples, lists = {}, {}
    for symbol in ATOMS:
        steps = ladder(symbol)[-3:]  # cation, atom, anion
        ends = {sum(n) for n in steps}
        lists[symbol] = []
        for point in atom_points(symbol, LEVEL):
            total = sum(point.electrons)
            share = round(total % 1, 6)
            within = min(ends) <= total <= max(ends)
            if point.kind == "whole" or (
                within and share in FRACTIONS and "plane" not in point.kind
            ):
                samples[point.name] = seen(point.density, edu26)
                lists[symbol].append((point.name, point.kind, point.electrons))
    for symbol in OTHERS:
        neutral = neutral_atom(symbol)
        samples |= {p.name: seen(p.density, edu26) for p in _whole(symbol) if p.name == neutral}
    table = entries()
    for name in MOLECULES.replace("\n", " ").split(","):
        entry = table.get(name.strip())
        if entry is None:
            print("not in the table:", name)
            continue
        density = molecule_density(entry.geometry, entry.charge, entry.spin, LEVEL)
        samples[entry.name] = seen(density, edu26)
    pack(samples, lists)
    print(len(samples), "samples", FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
