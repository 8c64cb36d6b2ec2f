"""Two like atoms that share an electron, far apart: half of it here, half there, in one orbital.
What exchange between the two halves should be, lessons on single atoms do not say."""

from __future__ import annotations

from dataclasses import dataclass

from pyscf.data import elements

from ..units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE
from ._build import ladder
from ._reactions import Reaction, atom_name

# Two like atoms and an electron less, far apart: Å, and the atom's polarisability in Bohr³ (P.
# Schwerdtfeger, J. K. Nagle, Mol. Phys. 117, 1200 (2019)). The ground state is one orbital on both
# where neither atom has an open shell that could turn. N2 and He2 are test systems.
PAIRS = {
    "Be": (8.0, 37.74), "B": (8.0, 20.5), "O": (6.0, 5.3), "Ne": (6.0, 2.66),
    "Mg": (8.0, 71.2), "Al": (8.0, 57.8), "S": (7.0, 19.4), "Ar": (7.0, 11.08),
}  # fmt: skip
FARTHER = 3.0  # Å, and once more
VALIDATION = ("B", "O")


@dataclass(frozen=True)
class Pair:
    """Two like atoms that share an electron; the distance in Å."""

    symbol: str
    distance: float

    @property
    def job(self) -> dict:
        """What its density is made of."""
        (a, b), (c, d) = self._ends
        return dict(
            name=f"{self.symbol}2+ {self.distance:.1f} shared",
            geometry=f"{self.symbol} 0 0 0; {self.symbol} 0 0 {self.distance}",
            charge=1,
            spin=a + c - b - d,
        )

    @property
    def _ends(self):
        protons, steps = elements.charge(self.symbol), ladder(self.symbol)
        return [next(n for n in steps if sum(n) == protons - charge) for charge in (0, 1)]

    @property
    def reaction(self) -> Reaction:
        """Half an electron less on each atom costs what one electron less on one of them does. A
        point charge polarises the other atom by −α/2R⁴."""
        name = self.job["name"]
        side = "validation" if self.symbol in VALIDATION else "train"
        parts = (1.0, name), *((-1.0, atom_name(self.symbol, n)) for n in self._ends)
        r = self.distance / ANGSTROM_PER_BOHR
        polarised = -PAIRS[self.symbol][1] / (2 * r**4) * KCAL_PER_HARTREE
        return Reaction(name, "shared", side, parts, polarised, 0.3)


def pairs() -> list[Pair]:
    return [Pair(symbol, r + d) for symbol, (r, _) in PAIRS.items() for d in (0.0, FARTHER)]
