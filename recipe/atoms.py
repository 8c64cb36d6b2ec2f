"""Free atoms and their ions, from one electron to one more than the neutral atom has."""

from __future__ import annotations

from pyscf.data import elements
from systems import System

from mlxc_edu.molecules import hund_spin
from mlxc_edu.training import ANIONS, ATOMS

IONISED = 4  # times at most


def atom(symbol, charge) -> System:
    spin = hund_spin(symbol, charge)
    name = f"{symbol}{f'{charge:+d}' if charge else ''}"
    return System(name, "atom", (symbol,), ((0.0, 0.0, 0.0),), charge, spin)


def atoms() -> list[System]:
    found = []
    for symbol in ATOMS:
        electrons = elements.charge(symbol)
        most = min(IONISED, electrons - 1)
        found += [atom(symbol, charge) for charge in range(-(symbol in ANIONS), most + 1)]
    return found
