"""A small catalogue of molecules with the experimental facts to compare with."""

from __future__ import annotations

from dataclasses import dataclass

_HH = "Huber and Herzberg, Constants of Diatomic Molecules (1979), via the NIST WebBook"
_CRC = "CRC Handbook of Chemistry and Physics, dipole moments in the gas phase"
_HERZBERG = "Herzberg, Electronic Spectra of Polyatomic Molecules (1966), via NIST CCCBDB"


@dataclass(frozen=True)
class Entry:
    """One molecule: its experimental geometry, and what is needed to set it up.

    Attributes
    ----------
    atoms : element symbols and positions in Å. A diatomic has its first atom at the origin and its
        second on the z axis at the experimental equilibrium distance.
    charge : in elementary charges.
    spin : number of unpaired electrons, 2S.
    dipole : experimental dipole moment in Debye, None where we have no value.
    source : where the geometry comes from.
    """

    atoms: tuple[tuple[str, tuple[float, float, float]], ...]
    charge: int = 0
    spin: int = 0
    dipole: float | None = None
    source: str = _HH

    @property
    def bond_length(self) -> float | None:
        """Equilibrium distance in Å of a diatomic, None for larger molecules."""
        return self.atoms[1][1][2] if len(self.atoms) == 2 else None


def _pair(a, b, r, charge=0, spin=0, dipole=None):
    return Entry(((a, (0.0, 0.0, 0.0)), (b, (0.0, 0.0, r))), charge, spin, dipole)


def _polyatomic(*atoms, dipole=0.0):
    return Entry(tuple((a[0], a[1:]) for a in atoms), dipole=dipole, source=_HERZBERG)


MOLECULES: dict[str, Entry] = {
    "H2+": _pair("H", "H", 1.052, charge=1, spin=1),
    "He2+": _pair("He", "He", 1.0808, charge=1, spin=1),
    "H2": _pair("H", "H", 0.74144, dipole=0.0),
    "Li2": _pair("Li", "Li", 2.6729, dipole=0.0),
    "Na2": _pair("Na", "Na", 3.0789, dipole=0.0),
    "N2": _pair("N", "N", 1.09768, dipole=0.0),
    "O2": _pair("O", "O", 1.20752, spin=2, dipole=0.0),
    "F2": _pair("F", "F", 1.41193, dipole=0.0),
    "Cl2": _pair("Cl", "Cl", 1.9879, dipole=0.0),
    "C2": _pair("C", "C", 1.24253, dipole=0.0),
    "LiH": _pair("Li", "H", 1.5957, dipole=5.88),
    "NaH": _pair("Na", "H", 1.8874),
    "BH": _pair("B", "H", 1.23236),
    "CH": _pair("C", "H", 1.1199, spin=1, dipole=1.46),
    "OH": _pair("O", "H", 0.96966, spin=1, dipole=1.655),
    "HF": _pair("H", "F", 0.91681, dipole=1.826),
    "HCl": _pair("H", "Cl", 1.27455, dipole=1.109),
    "LiF": _pair("Li", "F", 1.56386, dipole=6.327),
    "LiCl": _pair("Li", "Cl", 2.02067, dipole=7.129),
    "NaF": _pair("Na", "F", 1.92595, dipole=8.156),
    "NaCl": _pair("Na", "Cl", 2.36080, dipole=9.001),
    "KCl": _pair("K", "Cl", 2.66665, dipole=10.269),
    "CO": _pair("C", "O", 1.12832, dipole=0.110),
    "NO": _pair("N", "O", 1.15077, spin=1, dipole=0.159),
    "CN": _pair("C", "N", 1.1718, spin=1, dipole=1.45),
    "H2O": _polyatomic(
        ("O", 0.0, 0.0, 0.0), ("H", 0.0, 0.7572, 0.5865), ("H", 0.0, -0.7572, 0.5865), dipole=1.855
    ),
    "NH3": _polyatomic(
        ("N", 0.0, 0.0, 0.0),
        ("H", 0.0, 0.9377, 0.3816),
        ("H", 0.8121, -0.4689, 0.3816),
        ("H", -0.8121, -0.4689, 0.3816),
        dipole=1.471,
    ),
    "CH4": _polyatomic(
        ("C", 0.0, 0.0, 0.0),
        ("H", 0.6276, 0.6276, 0.6276),
        ("H", -0.6276, -0.6276, 0.6276),
        ("H", -0.6276, 0.6276, -0.6276),
        ("H", 0.6276, -0.6276, -0.6276),
    ),
    "CO2": _polyatomic(("C", 0.0, 0.0, 0.0), ("O", 0.0, 0.0, 1.1621), ("O", 0.0, 0.0, -1.1621)),
    "HCN": _polyatomic(
        ("C", 0.0, 0.0, 0.0), ("H", 0.0, 0.0, -1.0640), ("N", 0.0, 0.0, 1.1560), dipole=2.985
    ),
}


def catalogue():
    """The molecules known by name, as a pandas table.

    Columns: ``name``, ``charge`` (e), ``spin`` (unpaired electrons), ``bond_length`` (Å, diatomics
    only), ``dipole`` (Debye, experimental), ``geometry_source``, ``dipole_source``.
    """
    import pandas as pd

    rows = [
        dict(
            name=name,
            charge=e.charge,
            spin=e.spin,
            bond_length=e.bond_length,
            dipole=e.dipole,
            geometry_source=e.source,
            # A homonuclear or centrosymmetric molecule needs no measurement.
            dipole_source=None if e.dipole is None else (_CRC if e.dipole else "symmetry"),
        )
        for name, e in MOLECULES.items()
    ]
    return pd.DataFrame(rows).set_index("name")
