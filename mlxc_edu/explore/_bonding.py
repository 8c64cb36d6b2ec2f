"""The widget behind ``mlxc_edu.explore.bonding``."""

from __future__ import annotations

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go
from pyscf.scf import atom_hf, atom_ks
from scipy.linalg import block_diag

from ..calculations import solve
from ..figures.drawings import DIFFERENCE, GREY, RED, surfaces
from ..ks.methods import is_learned, libxc_code
from ..molecules import molecule
from .live import OnAPage, as_cube, as_xyz, say

KNOWN = ["H2", "N2", "F2", "LiH", "LiF", "HF", "NaCl", "CO", "H2O", "NH3", "CH4"]
DENSITY, BONDING, SPIN = "density", "what bonding moves", "spin density"


class BondingExplorer(OnAPage):
    """A molecule's density in three dimensions, and what it is more and less than its atoms'.

    Attributes
    ----------
    molecule, shown : the controls; set their ``value``.
    calc : the calculation whose density that is.
    figure : the surfaces.
    """

    def __init__(self, first: str, basis: str, method: str):
        self.basis, self.method = basis, method
        self._done: dict[str, tuple] = {}
        names = KNOWN if first in KNOWN else [first, *KNOWN]
        self.molecule = widgets.Dropdown(options=names, value=first, description="molecule")
        wide = dict(button_width="170px")
        self.shown = widgets.ToggleButtons(
            options=[BONDING, DENSITY, SPIN], value=BONDING, style=wide
        )
        self.status = widgets.HTML()
        self._place = widgets.HBox()
        super().__init__([widgets.HBox([self.molecule, self.shown]), self.status, self._place])
        self.molecule.observe(self._show, "value")
        self.shown.observe(self._show, "value")
        self._show()

    def offers(self):
        return super().offers() | {
            "geometry (XYZ)": lambda: (f"{self.molecule.value}.xyz", as_xyz(self.calc.mol)),
            "density (cube)": lambda: (
                f"{self.molecule.value}.cube",
                as_cube(self.calc.mol, self.calc.density_matrix.sum(axis=0)),
            ),
        }

    def _caption(self):
        said = "surfaces of equal density"
        if self.shown.value != DENSITY:
            said = f"surfaces where it is ±{DIFFERENCE:g} electrons/Bohr³"
        return (
            f"{self.molecule.value} with {self.method} in three dimensions, {self.shown.value}: "
            f"{said}, to be turned with the mouse."
        )

    def _show(self, _=None):
        name = self.molecule.value
        try:
            if name not in self._done:
                say(self.status, f"{name}: computing …")
                mol = molecule(name, basis=self.basis)
                self._done[name] = solve(mol, self.method), atoms_density(mol, self.method)
            self.calc, atoms = self._done[name]
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return say(self.status, str(error), RED)
        up, down = self.calc.density_matrix
        if self.shown.value == BONDING:
            signs = "more than in the free atoms", "less"
            drawn = surfaces(self.calc.mol, up + down - atoms, signs)
        elif self.shown.value == SPIN:
            drawn = surfaces(self.calc.mol, up - down, ("more spin up", "more spin down"))
        else:
            drawn = surfaces(self.calc.mol, up + down)
        self.figure = go.FigureWidget(drawn)
        self._place.children = [self.figure]
        charges = ", ".join(
            f"{self.calc.mol.atom_pure_symbol(i)} {round(q, 2) + 0.0:+.2f}"  # no −0.00
            for i, q in enumerate(self.calc.charges)
        )
        state = "" if self.calc.converged else " — NOT CONVERGED"
        tone = GREY if self.calc.converged else RED
        say(self.status, f"{name} with {self.method}, charges {charges} e{state}", tone)


def atoms_density(mol, method: str) -> np.ndarray:
    """(nao, nao): of free atoms, round and without spin, side by side. With the molecule's method,
    or PBE where that is a learned one, which PySCF's averaged atoms do not know."""
    if method == "HF":
        atoms = atom_hf.get_atm_nrhf(mol)
    else:
        atoms = atom_ks.get_atm_nrks(mol, xc=libxc_code("PBE" if is_learned(method) else method))
    parts = []
    for i in range(mol.natm):
        _, _, orbitals, occupations = atoms[mol.atom_symbol(i)]
        parts.append(orbitals * occupations @ orbitals.T)
    return block_diag(*parts)
