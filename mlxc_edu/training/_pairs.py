"""Two like atoms that share an electron, far apart: half of it here, half there, in one orbital.
What exchange between the two halves should be, lessons on single atoms do not say."""

from __future__ import annotations

from dataclasses import dataclass

from pyscf.data import elements

from ..units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE
from ._planes import ladder
from ._reactions import Reaction, atom_name

# Two like atoms or ions and an electron less, far apart, by the charge of what has the electron: Å,
# and its polarisability in Bohr³ (P. Schwerdtfeger, J. K. Nagle, Mol. Phys. 117, 1200 (2019); ions:
# J. Mitroy, M. S. Safronova, C. W. Clark, J. Phys. B 43, 202001 (2010)). The ground state is one
# orbital on both where neither has an open shell that could turn. N2 and He2 are test systems.
PAIRS = {
    ("Be", 0): (8.0, 37.74), ("B", 0): (8.0, 20.5), ("O", 0): (6.0, 5.3), ("Ne", 0): (6.0, 2.66),
    ("Mg", 0): (8.0, 71.2), ("Al", 0): (8.0, 57.8), ("S", 0): (7.0, 19.4), ("Ar", 0): (7.0, 11.08),
    ("Li", 1): (4.0, 0.19), ("Be", 2): (3.0, 0.05), ("Na", 1): (6.0, 1.0), ("Mg", 1): (8.0, 35.0),
    ("Be", 1): (8.0, 24.5), ("Al", 1): (8.0, 24.1),
}  # fmt: skip
FARTHER = 3.0  # Å, and once more
VALIDATION = ("B", "O")


@dataclass(frozen=True)
class Pair:
    """Two like atoms or ions that share an electron: the charge of what has it, the distance in
    Å."""

    symbol: str
    charge: int
    distance: float

    @property
    def job(self) -> dict:
        """What its density is made of."""
        (a, b), (c, d) = self._ends
        charge = 2 * self.charge + 1
        return dict(
            name=f"{self.symbol}2{charge:+d} {self.distance:.1f} shared",
            geometry=f"{self.symbol} 0 0 0; {self.symbol} 0 0 {self.distance}",
            charge=charge,
            spin=a + c - b - d,
        )

    @property
    def _ends(self):
        protons, steps = elements.charge(self.symbol), ladder(self.symbol)
        charges = self.charge, self.charge + 1
        return [next(n for n in steps if sum(n) == protons - charge) for charge in charges]

    @property
    def reaction(self) -> Reaction:
        """Half an electron less on each costs what one electron less on one of them does. They
        repel each other as points, and the one polarises the other by −αq²/2R⁴."""
        name, q = self.job["name"], self.charge
        side = "validation" if self.symbol in VALIDATION else "train"
        parts = (1.0, name), *((-1.0, atom_name(self.symbol, n)) for n in self._ends)
        r = self.distance / ANGSTROM_PER_BOHR
        alpha = PAIRS[self.symbol, q][1]
        reference = KCAL_PER_HARTREE * (q * (q + 1) / r - alpha * (q + 1) ** 2 / (2 * r**4))
        return Reaction(name, "shared", side, parts, reference, 0.3)


def pairs() -> list[Pair]:
    return [Pair(*which, r + d) for which, (r, _) in PAIRS.items() for d in (0.0, FARTHER)]
