"""Sets of reactions with reference energies, read from the files of the package xcbm.

GMTKN55 (Goerigk, Hansen, Bauer, Ehrlich, Najibi, Grimme, Phys. Chem. Chem. Phys. 19, 32184 (2017))
but for one of its 55 sets: xcbm's references of WATER27 are not those that were published. And two
sets of MGCDB84 (Mardirossian, Head-Gordon, Mol. Phys. 115, 2315 (2017)): TAE140 (Karton, Daon,
Martin, Chem. Phys. Lett. 510, 165 (2011)) and DBH24 (Karton, Tarnopolsky, Lamère, Schatz, Martin,
J. Phys. Chem. A 112, 12868 (2008)).

References are taken as they are. Of G21IP's three are a kcal/mol off what is measured: H (314.9,
NIST 313.6), Li (123.3, 124.3), B (190.4, 191.4); what the authors revised later
(github.com/grimme-lab/GMTKN55, G21IP/.res) has Li and B right and H as before.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path

import numpy as np
from pyscf.data import elements

from ..units import KCAL_PER_HARTREE
from ._few_reactions import (
    SETS,
    Reaction,
    Species,
    embedded_molecules,
    embedded_reactions,
    species_of,
)

GMTKN55 = {
    "W4-11": "atomisation energies",
    "G21EA": "electron affinities",
    "G21IP": "ionisation energies",
    "DIPCS10": "double ionisation of closed shells",
    "PA26": "proton affinities",
    "SIE4x4": "self-interaction",
    "ALKBDE10": "bonds of alkaline diatomics",
    "YBDE18": "bonds of ylides",
    "AL2X6": "dimers of aluminium compounds",
    "HEAVYSB11": "bonds of heavy elements",
    "NBPRC": "NH3/BH3 and PH3/BH3 with H2",
    "ALK8": "reactions of alkaline compounds",
    "RC21": "radical cations",
    "G2RC": "reactions of G2/97's molecules",
    "BH76RC": "reactions of the set BH76",
    "FH51": "reactions of organic molecules",
    "TAUT15": "tautomers",
    "DC13": "difficult cases",
    "MB16-43": "artificial molecules",
    "DARC": "Diels–Alder reactions",
    "RSE43": "radical stabilisation",
    "BSR36": "bond separation of hydrocarbons",
    "CDIE20": "double bonds in rings",
    "ISO34": "isomers",
    "ISOL24": "large isomers",
    "C60ISO": "isomers of C60",
    "PArel": "protonated isomers",
    "BH76": "barriers",
    "BHPERI": "barriers of pericyclic reactions",
    "BHDIV10": "barriers, diverse",
    "INV24": "barriers of inversion",
    "BHROT27": "barriers of rotation",
    "PX13": "barriers of proton exchange",
    "WCPT18": "barriers of proton transfer with water",
    "RG18": "rare gases",
    "ADIM6": "dimers of alkanes",
    "S22": "dimers",
    "S66": "dimers",
    "HEAVY28": "dimers of heavy hydrides",
    "CARBHB12": "hydrogen bonds to carbenes and their like",
    "PNICO23": "pnicogen bonds",
    "HAL59": "halogen bonds",
    "AHB21": "anions with neutral molecules",
    "CHB6": "cations with neutral molecules",
    "IL16": "pairs of ions",
    "IDISP": "dispersion within a molecule",
    "ICONF": "inorganic conformers",
    "ACONF": "conformers of alkanes",
    "Amino20x4": "conformers of amino acids",
    "PCONF21": "conformers of peptides",
    "MCONF": "conformers of melatonin",
    "SCONF": "conformers of sugars",
    "UPU23": "conformers of RNA",
    "BUT14DIOL": "conformers of butanediol",
}
MGCDB84 = {"TAE140": "atomisation energies", "DBH24": "barriers, diverse"}
WHOLE_SETS = GMTKN55 | MGCDB84
MOST, LIGHT = 5, 300  # reactions of a sample, and electrons of all its species
_NO_XCBM = 'the whole sets come with xcbm: pip install "mlxc-edu[benchmarks]"'


def known_set(name, among=WHOLE_SETS) -> str:
    """The name as the sets' authors spell it."""
    by_lower = {known.lower(): known for known in among}
    asked = str(name).strip().lower()
    if asked in by_lower:
        return by_lower[asked]
    if asked == "water27":
        raise ValueError("WATER27 is left out: xcbm's references are not those that were published")
    near = [by_lower[n] for n in get_close_matches(asked, by_lower, 3, 0.5)]
    if near:
        listed = ", ".join(f"{n} ({WHOLE_SETS[n]})" for n in near)
        raise ValueError(f"unknown set of reactions {name!r}; near names are {listed}")
    raise ValueError(f"unknown set of reactions {name!r}; there are {', '.join(among)}")


def reactions_of(name: str, subset: str = "small") -> list[Reaction]:
    """Of a set by its name: a few, or ``"full"``."""
    if subset == "small":
        return embedded_reactions()[name] if name in SETS else [*sample(name)]
    if subset == "full":
        return [*whole_set(name)]
    raise ValueError(f"subset must be 'small' or 'full', not {subset!r}")


@cache
def whole_set(name: str) -> tuple[Reaction, ...]:
    """All reactions of a set of ``WHOLE_SETS``; ImportError where xcbm is not installed."""
    spec = find_spec("xcbm")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(_NO_XCBM)
    folder = Path(next(iter(spec.submodule_search_locations)))
    if name in MGCDB84:
        return tuple(_of_mgcdb84(folder / "MGCDB84_Dataset", name))
    return tuple(_of_gmtkn55(folder / "GMTKN55_Dataset", name))


def sample(name: str) -> tuple[Reaction, ...]:
    """The lightest reactions of a set: at most five, and as many as have together 300 electrons,
    but one. Lightest is what has the fewest electrons in the species it brings; of equals the first
    of the set."""
    listed = sorted(whole_set(name), key=lambda r: (electrons_of(r), r.number))
    so_far = accumulate(map(electrons_of, listed))
    light = sum(total <= LIGHT for total in so_far)
    return tuple(sorted(listed[: min(MOST, max(light, 1))], key=lambda r: r.number))


def electrons_of(reaction: Reaction) -> int:
    """Of its species together, each counted once."""
    return sum(
        sum(elements.charge(line.split()[0]) for line in s.xyz.splitlines()[2:]) - s.charge
        for _, s in reaction.parts
    )


def mean_size(name: str) -> float:
    """Mean absolute reference energy of the whole set, kcal/mol, by which WTMAD-2 weighs it."""
    return float(np.mean([abs(r.reference) for r in whole_set(name)]))


def _of_gmtkn55(folder: Path, name: str):
    embedded = embedded_molecules().items()
    ours = {label: s.name for (group, _), (label, s) in embedded if group == name}
    species = {}
    for line in _lines(folder, "CHARGE_MULTIPLICITY", name):
        if line.strip():
            label, charge, multiplicity = line.split()
            text = (folder / "STRUCTURES" / name / label / "struc.xyz").read_text()
            called = ours.get(label, label)
            rows = text.splitlines()[2:]
            species[label] = _species(called, rows, int(charge), int(multiplicity) - 1)
    for line in _lines(folder, "STOCHIOMETRY", name):
        number, *parts, reference = line.split() or [""] * 2
        if number.isdigit():
            half = len(parts) // 2
            pairs = tuple((int(n), species[p]) for p, n in zip(parts[:half], parts[half:]))
            yield Reaction(int(number), pairs, float(reference))


def _of_mgcdb84(folder: Path, name: str):
    for line in (folder / "DatasetEval.csv").read_text().splitlines():
        label, *parts, reference = [part for part in line.strip().split(",") if part]
        group, _, number = label.rpartition("_")
        if group != name:
            continue
        pairs = []
        for n, file in zip(parts[::2], parts[1::2]):
            rows = (folder / "Geometries" / name / f"{file}.xyz").read_text().splitlines()[1:]
            charge, multiplicity = map(int, rows[0].split())
            called = file.split("_", 1)[1].rsplit("_", 1)[0]
            pairs.append((int(n), _species(called, rows[1:], charge, multiplicity - 1)))
        yield Reaction(int(number), tuple(pairs), float(reference) * KCAL_PER_HARTREE)


def _species(name: str, rows: list[str], charge: int, spin: int) -> Species:
    """An atom stands at the origin and is called by its symbol."""
    found = [row.split() for row in rows if row.strip()]
    positions = [" ".join([row[0].capitalize(), *row[1:4]]) for row in found]
    if len(positions) == 1:
        symbol = positions[0].split()[0]
        name = symbol + ("+" * charge if charge > 0 else "-" * -charge)
        positions = [f"{symbol} 0.0 0.0 0.0"]
    return species_of(name, positions, charge, spin)


def _lines(folder: Path, what: str, name: str) -> list[str]:
    return (folder / what / f"{what}_{name}.txt").read_text().splitlines()
