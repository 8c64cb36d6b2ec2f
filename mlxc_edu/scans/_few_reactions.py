"""A few reactions with reference energies, which need no other package.

Reference energies and geometries are those of three subsets of the GMTKN55 collection (Goerigk,
Hansen, Bauer, Ehrlich, Najibi, Grimme, Phys. Chem. Chem. Phys. 19, 32184 (2017)) as the package
``xcbm`` 0.1.8 (Apache-2.0) carries them; a handful of each is copied here:

W4-11   atomisation energies, W4 theory without zero-point energy
        (Karton, Daon, Martin, Chem. Phys. Lett. 510, 165 (2011))
BH76    barrier heights, coupled-cluster energies as GMTKN55 gives them; collected by
        (Zhao, González-García, Truhlar, J. Phys. Chem. A 109, 2012 (2005) and
        Zhao, Lynch, Truhlar, Phys. Chem. Chem. Phys. 7, 43 (2005))
G21IP   adiabatic ionisation energies, measured, zero-point energy taken off
        (Curtiss, Raghavachari, Trucks, Pople, J. Chem. Phys. 94, 7221 (1991))
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..molecules import hund_spin

SETS = {"W4-11": "atomisation energies", "BH76": "barriers", "G21IP": "ionisation energies"}

# set, name in xcbm, name here, charge, unpaired electrons; then atoms, Å. Free atoms need no entry.
_MOLECULES = """
W4-11 h2 H2 0 0
H 0.000000 0.000000 0.370946
H 0.000000 0.000000 -0.370946

W4-11 ch4 CH4 0 0
H 0.628099 0.628099 0.628099
C 0.000000 0.000000 0.000000
H -0.628099 -0.628099 0.628099
H -0.628099 0.628099 -0.628099
H 0.628099 -0.628099 -0.628099

W4-11 h2o H2O 0 0
O 0.000000 0.000000 0.117790
H 0.000000 0.755453 -0.471161
H 0.000000 -0.755453 -0.471161

W4-11 n2 N2 0 0
N 0.000000 0.000000 0.550150
N 0.000000 0.000000 -0.550150

W4-11 f2 F2 0 0
F 0.000000 0.000000 0.706450
F 0.000000 0.000000 -0.706450

BH76 H2 H2 0 0
H 0.00000000 0.00000000 0.37093843
H 0.00000000 0.00000000 -0.37093843

BH76 hf HF 0 0
F 0.00000000 0.00000000 0.45769122
H 0.00000000 0.00000000 -0.45769122

BH76 hfhts HFH‡ 0 1
H 0.00000000 0.00000000 1.13721778
F 0.00000000 0.00000000 0.00000000
H 0.00000000 0.00000000 -1.13721778

BH76 RKT06 HHH‡ 0 1
H 0.00000000 0.00000000 0.00000000
H 0.00000000 0.00000000 0.92947338
H 0.00000000 0.00000000 -0.92947338

BH76 RKT10 FHH‡ 0 1
H 0.14656781 -0.24726460 0.00000000
F 0.00000000 1.21154849 0.00000000
H -0.14656781 -0.96428389 0.00000000
"""

# set, number in the set, reference (kcal/mol), then how many of what; consumed ones are negative.
_REACTIONS = """
W4-11 1 109.493 -1 H2 2 H
W4-11 11 420.420 -1 CH4 1 C 4 H
W4-11 35 232.974 -1 H2O 2 H 1 O
W4-11 92 228.485 -1 N2 2 N
W4-11 120 39.042 -1 F2 2 F
BH76 3 42.1 -1 H -1 HF 1 HFH‡
BH76 47 9.7 -1 H -1 H2 1 HHH‡
BH76 55 1.6 -1 F -1 H2 1 FHH‡
BH76 56 33.8 -1 HF -1 H 1 FHH‡
G21IP 3 214.9 1 Be+ -1 Be
G21IP 5 259.6 1 C+ -1 C
G21IP 6 335.3 1 N+ -1 N
G21IP 7 313.8 1 O+ -1 O
G21IP 8 401.7 1 F+ -1 F
"""


@dataclass(frozen=True)
class Species:
    """An atom or a molecule of a set: its name here, XYZ text (Å), charge, unpaired electrons."""

    name: str
    xyz: str
    charge: int
    spin: int


@dataclass(frozen=True)
class Reaction:
    """Its number in the set, how many of which species (consumed ones negative), and the reference,
    kcal/mol."""

    number: int
    parts: tuple[tuple[int, Species], ...]
    reference: float

    @property
    def name(self) -> str:
        sides = []
        for sign in (-1, 1):
            side = [(sign * n, s.name) for n, s in self.parts if sign * n > 0]
            sides.append(" + ".join(name if n == 1 else f"{n} {name}" for n, name in side))
        return " → ".join(sides)


def species_of(name: str, positions: list[str], charge: int, spin: int) -> Species:
    """From lines of XYZ, Å."""
    return Species(name, "\n".join([str(len(positions)), "", *positions]), charge, spin)


def _atom(name: str) -> Species:
    symbol, charge = name.rstrip("+"), name.count("+")
    return species_of(name, [f"{symbol} 0.0 0.0 0.0"], charge, hund_spin(symbol, charge))


@cache
def embedded_molecules() -> dict[tuple[str, str], tuple[str, Species]]:
    """By set and name here: the name in xcbm, and the species."""
    found = {}
    for block in _MOLECULES.strip().split("\n\n"):
        head, *positions = block.splitlines()
        group, label, name, charge, spin = head.split()
        found[group, name] = label, species_of(name, positions, int(charge), int(spin))
    return found


@cache
def embedded_reactions() -> dict[str, list[Reaction]]:
    known = embedded_molecules()
    found: dict[str, list[Reaction]] = {name: [] for name in SETS}
    for line in _REACTIONS.strip().splitlines():
        group, number, reference, *parts = line.split()
        species = [known[group, p][1] if (group, p) in known else _atom(p) for p in parts[1::2]]
        pairs = tuple(zip(map(int, parts[::2]), species))
        found[group].append(Reaction(int(number), pairs, float(reference)))
    return found
