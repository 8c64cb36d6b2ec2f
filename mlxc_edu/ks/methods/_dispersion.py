"""The D3 dispersion correction with Becke–Johnson damping, by simple-dftd3 as PySCF packages it."""

from __future__ import annotations

from functools import cache

import numpy as np
from pyscf import gto
from pyscf.scf.hf import SCF

from ...molecules import real_atoms


def d3bj(mol, xc: str = "B3LYP") -> tuple[float, np.ndarray]:
    """Energy in Hartree and its nuclear gradient (natm, 3) in Hartree/Bohr, two-body terms, with
    the parameters fitted for ``xc`` (B3LYP: s8 = 1.9889, a1 = 0.3981, a2 = 4.4211 Bohr). Ghosts are
    left out.

    Raises ValueError where there are none for this functional.
    """
    from pyscf.dispersion import dftd3

    try:
        model = dftd3.DFTD3Dispersion(without_ghosts(mol), xc=xc, version="d3bj")
    except RuntimeError as error:
        raise ValueError(
            f"there are no D3(BJ) parameters for {xc}; use it without -D3BJ, or by its usual name"
        ) from error
    found = model.get_dispersion(grad=True)
    return float(found["energy"]), np.asarray(found["gradient"])


@cache
def require_d3bj(xc: str) -> None:
    """Raise ValueError where there are no parameters for ``xc``."""
    d3bj(gto.M(atom="He 0 0 0", verbose=0), xc)


class GhostsApart(SCF):
    """Mixed into PySCF's own objects of a molecule with ghosts: its D3 counts them as neighbours,
    which at 1 Å takes a tenth off an atom's dispersion."""

    def get_dispersion(self, *args, **kwargs):
        alone = self.copy()
        alone.mol = without_ghosts(self.mol)
        return super(GhostsApart, alone).get_dispersion(*args, **kwargs)

    def nuc_grad_method(self):
        if self.do_disp():
            raise NotImplementedError(
                "nuclear gradients with dispersion and ghosts are not available"
            )
        return super().nuc_grad_method()

    Gradients = nuc_grad_method


def without_ghosts(mol: gto.Mole) -> gto.Mole:
    """The molecule itself, or its atoms that have a nucleus, in no basis to compute with."""
    atoms = real_atoms(mol)
    if len(atoms) == mol.natm:
        return mol
    places = [(mol.atom_pure_symbol(i), mol.atom_coord(i)) for i in atoms]
    return gto.M(atom=places, unit="Bohr", basis=[[0, [1.0, 1.0]]], spin=None, verbose=0)
