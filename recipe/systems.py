"""The molecules whose energies we compute: who, where the atoms are, charge, unpaired electrons.

Distances are round numbers near the equilibrium ones; nothing depends on their being exact, for a
functional has to be right at every distance. Polyatomic geometries named by a label of W4-11 or
BH76 are those of GMTKN55 in the package xcbm (Goerigk et al., Phys. Chem. Chem. Phys. 19, 32184
(2017)), stretched and compressed as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import xcbm
from pyscf.data import elements
from split import side

# kind, atoms, r (Å), charge/unpaired electrons of each state to compute.
BONDS = """
wide He H 0.78 2/1
wide Li H 1.60 0/0 1/1 3/1
wide Li Li 2.67 0/0 1/1
wide Na H 1.89 0/0 1/1
wide Na Li 2.88 0/0 1/1
wide Na Na 3.08 0/0 1/1
wide He H 0.775 1/0 0/1
wide Li He 1.90 1/0 2/1
wide Be H 1.34 0/1 1/0 2/1
wide Mg H 1.73 0/1 1/0
wide B H 1.23 0/0 1/1 0/2
wide Al H 1.65 0/0 1/1
wide C H 1.12 0/1 1/0 0/3 1/2
wide Si H 1.52 0/1 1/0 0/3
wide N H 1.04 0/2 1/1 1/3
wide P H 1.42 0/2 1/1
wide O H 0.97 0/1 1/2 -1/0
wide S H 1.34 0/1 1/2 -1/0
wide Cl H 1.27 0/0 1/1
wide Ar H 1.28 1/0
wide Ne H 0.99 1/0
wide Li Be 2.50 1/0 0/1
wide Be Be 2.20 1/1
wide Na He 2.40 1/0
wide Be He 1.50 1/1 2/0
near Li Cl 2.02 0/0
near Na F 1.93 0/0
near Li O 1.69 0/1
near Li S 2.15 0/1
near Li N 1.90 0/2
near Be O 1.33 0/0
near Be F 1.36 0/1 1/0
near Be S 1.74 0/0
near Be Cl 1.80 0/1
near Mg F 1.75 0/1
near Mg Cl 2.20 0/1
near Mg O 1.75 0/0
near B O 1.20 0/1 -1/0
near B F 1.26 0/0 1/1
near B Cl 1.72 0/0
near B S 1.61 0/1
near B N 1.33 0/2
near B B 1.59 0/2
near B C 1.49 0/3
near C O 1.13 0/0 1/1
near C F 1.27 0/1 1/0
near C Cl 1.65 0/1 1/0
near C N 1.17 -1/0
near C P 1.56 -1/0
near N F 1.32 0/2
near N Cl 1.61 0/2
near N S 1.49 0/1 1/0
near N P 1.49 0/0
near N O 1.06 1/0
near O O 1.21 0/2 1/1
near O F 1.35 0/1
near O P 1.48 0/1 1/0
near O S 1.48 0/2 1/1
near O Cl 1.57 0/1
near F Al 1.65 1/1
near F Si 1.60 0/1 1/0
near F P 1.59 0/2
near F S 1.60 0/1
near F Cl 1.63 0/0 1/1
near Al Cl 2.13 0/0
near Al O 1.62 0/1
near Al S 2.03 0/1
near Al N 1.79 0/2
near Si S 1.93 0/0
near Si Cl 2.06 0/1
near Si N 1.57 0/1
near Si Si 2.25 0/2
near Si C 1.72 0/2
near P S 1.90 0/1
near P Cl 2.01 0/2
near S S 1.89 0/2 1/1
near S Cl 1.97 0/1
near Ne Ne 1.70 1/1
near Ar Ar 2.40 1/1
loose He Ne 3.00 0/0
loose Ne Ne 3.10 0/0
loose He Ar 3.50 0/0
loose Ne Ar 3.50 0/0
loose Be He 4.50 0/0
loose Na Ne 2.60 1/0
loose Li Ar 2.40 1/0
loose Li Ne 2.05 1/0
"""
STRETCH = {  # of the distance given
    "wide": (0.75, 0.85, 0.93, 1.0, 1.08, 1.18, 1.3, 1.45, 1.65, 1.9, 2.25, 2.75, 3.5),
    "near": (0.86, 0.93, 1.0, 1.08, 1.18, 1.32),
    "loose": (0.75, 0.85, 0.95, 1.1),
}

# Shape, centre, ligand, r (Å), angle between two bonds (degrees), charge/unpaired electrons.
SHAPES = """
2 Be H 1.33 180 0/0 1/1
2 Mg H 1.70 180 0/0
2 B H 1.19 131 0/1 1/0 -1/0
2 Al H 1.59 118 0/1 1/0
2 C H 1.11 102 0/0 1/1 -1/1
2 C H 1.08 134 0/2
2 Si H 1.52 92 0/0 1/1
2 Si H 1.48 118 0/2
2 P H 1.42 92 0/1 1/0 -1/0
2 S H 1.34 92 0/0 1/1
2 Cl H 1.31 94 1/0
2 Be F 1.37 180 0/0
2 Be Cl 1.79 180 0/0
2 Li F 1.70 180 -1/0
2 F Li 1.65 180 1/0
2 Cl H 1.55 180 -1/0
2 H Cl 1.57 180 -1/0
2 H F 1.15 180 -1/0
2 C O 1.16 180 0/0
2 B O 1.26 180 -1/0
2 N O 1.12 180 1/0
2 C F 1.30 105 0/0
2 O F 1.41 103 0/0
2 S F 1.59 98 0/0
2 Si F 1.59 101 0/0
2 S O 1.43 119 0/0
2 Li He 1.95 180 1/0
2 H He 0.93 180 1/0
2 O Li 1.62 180 0/0
3 C H 1.08 120 0/1 1/0
3 C H 1.09 110 -1/0
3 Si H 1.48 111 0/1 1/0
3 Al H 1.58 120 0/0
3 S H 1.35 94 1/0
3 B F 1.31 120 0/0
4 B H 1.24 109.4712 -1/0
4 Al H 1.64 109.4712 -1/0
4 P H 1.39 109.4712 1/0
"""

# Label in W4-11: neutral molecules, and whether their vertical cation is computed too.
POLYATOMICS = """
ch2-trip 0, sih3f 0, b2h6 0, c2h6 1, ch3nh 0, c2h4 1, methanol 1, ch3f 1, ch2nh2 0, ch2ch 0, ch2c 0,
n2h4 1, ch2nh 1, h2cn 0, t-hcoh 0, ch3nh2 1, hcof 0, nh2cl 0, hccf 0, cch 0, hooh 1, hnco 0,
t-n2h2 1, c-n2h2 0, ssh 0, hoo 0, ocs 1, clcn 0, hof 0, no2 0, si2h6 0, c-hcoh 0, c2h3f 0,
oxirane 0, bhf2 0, cs2 0, s2o 0, cl2o 0, ccl2 0, hocn 0, honc 0, hcno 0, formic 0, ketene 0,
nccn 0, fccf 0
"""
SCALES = (0.93, 1.0, 1.07, 1.16)

# Label in BH76, charge, unpaired electrons: transition states, scaled a little.
BARRIERS = """
RKT04 0 1, RKT07 0 1, RKT08 0 1, RKT11 0 2, RKT12 0 1, RKT16 0 1, RKT17 0 2, RKT18 0 2, RKT21 0 1,
hfch3ts 0 1, ch3fclts 0 1, fch3fts -1 0, clch3clts -1 0, c2h5ts 0 1, n2ohts 0 1, fch3clts -1 0
"""
BARRIER_SCALES = (0.97, 1.0, 1.04)

# Three atoms in a row, the middle one on its way: symbols, charge, unpaired electrons, two bonds.
TRANSFERS = """
H H Li 0 1 0.74 1.60
H H Na 0 1 0.74 1.89
H H He 1 1 0.90 0.95
H Be H 1 1 1.33 1.33
H H S 0 2 0.74 1.34
H H B 0 1 0.74 1.23
H H Al 0 1 0.74 1.65
Cl H Cl 0 1 1.27 1.27
S H S -1 0 1.34 1.34
Li H Li 1 0 1.60 1.60
Na H Li 1 0 1.89 1.60
Li H Be 1 1 1.60 1.34
H Li H -1 0 1.65 1.65
H Mg H 1 1 1.70 1.70
Li Cl Li 1 0 2.02 2.02
He H Ne 1 0 0.90 1.10
He H Ar 1 0 0.90 1.30
Ne H Ar 1 0 1.10 1.30
S H Cl 0 2 1.34 1.27
O H Cl 0 2 0.97 1.27
"""
TRANSFER_SCALES = ((1.0, 1.0), (1.05, 1.5), (1.15, 1.15), (1.5, 1.05), (1.3, 1.3), (1.05, 2.0))


@dataclass(frozen=True)
class System:
    """Symbols, positions (Å), charge and unpaired electrons of one calculation."""

    name: str
    kind: str
    symbols: tuple[str, ...]
    positions: tuple[tuple[float, float, float], ...]
    charge: int
    spin: int

    @property
    def geometry(self) -> str:
        rows = [
            f"{s} {x:.6f} {y:.6f} {z:.6f}" for s, (x, y, z) in zip(self.symbols, self.positions)
        ]
        return "; ".join(rows)


def _system(label, kind, symbols, positions, charge, spin) -> System:
    places = tuple(tuple(round(float(x), 6) for x in p) for p in positions)
    name = f"{label}{f'{charge:+d}' if charge else ''}{f'^{spin + 1}' if spin else ''}"
    return System(name, kind, tuple(symbols), places, int(charge), int(spin))


def _states(words):
    return [tuple(map(int, word.split("/"))) for word in words]


def _rows(text, separator="\n"):
    return [row.split() for row in text.strip().replace("\n", separator).split(separator) if row]


def bonds() -> Iterator[System]:
    for kind, a, b, r, *states in _rows(BONDS):
        for charge, spin in _states(states):
            for stretch in STRETCH[kind]:
                x = float(r) * stretch
                yield _system(f"{a}{b} {x:.3f}", kind, (a, b), [(0, 0, 0), (0, 0, x)], charge, spin)


def _ligands(n, r, angle) -> np.ndarray:
    """n places at a distance r from the origin, any two seen from it under the same angle."""
    angle = np.radians(angle)
    if n == 2:
        half = angle / 2
        return r * np.array([(0, np.sin(half), np.cos(half)), (0, -np.sin(half), np.cos(half))])
    if n == 3:  # on a cone about z
        sine = min(np.sin(angle / 2) / np.sin(np.pi / 3), 1.0)
        turns = 2 * np.pi * np.arange(3) / 3
        z = np.full(3, np.sqrt(max(1 - sine**2, 0)))
        return r * np.column_stack([sine * np.cos(turns), sine * np.sin(turns), z])
    corners = np.array([(1, 1, 1), (-1, -1, 1), (-1, 1, -1), (1, -1, -1)])
    return r * corners / np.sqrt(3)


def shapes() -> Iterator[System]:
    for n, centre, ligand, r, angle, *states in _rows(SHAPES):
        n = int(n)
        for charge, spin in _states(states):
            for scale in SCALES:
                places = np.vstack([np.zeros(3), scale * _ligands(n, float(r), float(angle))])
                symbols = (centre, *[ligand] * n)
                label = f"{centre}{ligand}{n} {float(angle):.0f}° ×{scale:.2f}"
                yield _system(label, "small", symbols, places, charge, spin)


@cache
def _from_xcbm(group, label):
    folder = Path(next(iter(xcbm.__path__))) / "GMTKN55_Dataset" / "STRUCTURES" / group / label
    rows = [row.split() for row in (folder / "struc.xyz").read_text().splitlines()[2:]]
    rows = [row for row in rows if row]
    positions = np.array([row[1:] for row in rows], float)
    return tuple(row[0].capitalize() for row in rows), positions - positions.mean(axis=0)


def polyatomics() -> Iterator[System]:
    for label, cation in _rows(POLYATOMICS, ","):
        symbols, positions = _from_xcbm("W4-11", label)
        electrons = sum(elements.charge(s) for s in symbols)
        spin = 2 if label.endswith("trip") else electrons % 2
        for scale in SCALES:
            text = f"{label} ×{scale:.2f}"
            yield _system(text, "polyatomic", symbols, scale * positions, 0, spin)
        if int(cation):
            yield _system(f"{label} ×1.00", "polyatomic", symbols, positions, 1, 1 - spin)


def barriers() -> Iterator[System]:
    for label, charge, spin in _rows(BARRIERS, ","):
        symbols, positions = _from_xcbm("BH76", label)
        for scale in BARRIER_SCALES:
            text = f"{label} ×{scale:.2f}"
            yield _system(text, "barrier", symbols, scale * positions, int(charge), int(spin))


def transfers() -> Iterator[System]:
    for a, b, c, charge, spin, left, right in _rows(TRANSFERS):
        for stretch in TRANSFER_SCALES:
            r, s = float(left) * stretch[0], float(right) * stretch[1]
            places = [(0, 0, -r), (0, 0, 0), (0, 0, s)]
            label = f"{a}{b}{c} {r:.2f} {s:.2f}"
            yield _system(label, "transfer", (a, b, c), places, int(charge), int(spin))


def molecules() -> list[System]:
    """All of them but those that judge; the free atoms and ions are in atoms.py."""
    every = [*bonds(), *shapes(), *transfers(), *polyatomics(), *barriers()]
    kept = {s.name: s for s in every if side(s.symbols) != "test"}
    return list(kept.values())


if __name__ == "__main__":
    from collections import Counter

    found = molecules()
    print(Counter(s.kind for s in found), Counter(side(s.symbols) for s in found), len(found))
