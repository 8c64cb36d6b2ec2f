"""A few crystals with two atoms a cell, and what was measured of them."""

from __future__ import annotations

from dataclasses import dataclass

_SOLIDS = (
    "lattice constant, bulk modulus and cohesive energy without zero-point vibrations: Schimka, "
    "Harl, Kresse, J. Chem. Phys. 134, 024116 (2011)"
)
STRUCTURES = {"rock salt": 1 / 2, "diamond": 1 / 4}  # where on the diagonal the second atom sits


@dataclass(frozen=True)
class Entry:
    """One crystal, face-centred cubic with two atoms a cell.

    Attributes
    ----------
    atoms : element symbols.
    structure : of ``STRUCTURES``.
    lattice_constant : of the cube, Å, as it would be without zero-point vibrations.
    bulk_modulus : GPa, the same.
    cohesive_energy : eV an atom, the same.
    gap : the measured fundamental gap, eV.
    ke_cutoff : Hartree; with the pseudopotentials and basis of :func:`crystal`, the mesh that it
        asks for gives energies to within ``within``.
    within : mHartree a cell, of the energy of a cell 6 % shorter relative to this one.
    source : where the measured numbers come from.
    """

    atoms: tuple[str, str]
    structure: str
    lattice_constant: float
    bulk_modulus: float
    cohesive_energy: float
    gap: float
    ke_cutoff: float
    within: float
    source: str


def _entry(atoms, structure, a, b, e, gap, source, ke, within):
    return Entry(atoms, structure, a, b, e, gap, ke, within, f"{_SOLIDS}; gap: {source}")


CRYSTALS: dict[str, Entry] = {
    "LiH": _entry(("Li", "H"), "rock salt", 3.979, 40.1, 2.489, 4.99,
                  "Plekhanov, Phys. Rep. 410, 1 (2005)", 120, 0.01),
    "C": _entry(("C", "C"), "diamond", 3.553, 454.7, 7.545, 5.48,
                "Clark, Dean, Harris, Proc. R. Soc. A 277, 312 (1964)", 60, 0.1),
    "Si": _entry(("Si", "Si"), "diamond", 5.421, 100.8, 4.682, 1.17,
                 "Kittel, Introduction to Solid State Physics", 60, 0.1),
    "NaCl": _entry(("Na", "Cl"), "rock salt", 5.569, 27.6, 3.337, 8.5,
                   "Poole, Jenkin, Liesegang, Leckey, Phys. Rev. B 11, 5179 (1975)", 250, 1),
    "MgO": _entry(("Mg", "O"), "rock salt", 4.189, 169.8, 5.203, 7.83,
                  "Whited, Flaten, Walker, Solid State Commun. 13, 1903 (1973)", 250, 1),
}  # fmt: skip
ALIASES = {"diamond": "C", "silicon": "Si", "rock salt": "NaCl"}
