"""Conversion factors between atomic units, used everywhere inside, and the units readers see.

The values are those PySCF itself uses (CODATA 2010), so that a geometry converted here and one
converted by PySCF agree to the last digit.
"""

from pyscf.data import nist

ANGSTROM_PER_BOHR: float = nist.BOHR
EV_PER_HARTREE: float = nist.HARTREE2EV
KCAL_PER_HARTREE: float = nist.HARTREE2J * nist.AVOGADRO / 4184.0
DEBYE_PER_AU: float = nist.AU2DEBYE

COULOMB_EV_ANGSTROM: float = EV_PER_HARTREE * ANGSTROM_PER_BOHR
"""e²/(4πε₀) = 14.3996 eV Å: the attraction of two unit charges one ångström apart."""
