"""What a calculation returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyscf import gto

from ..units import DEBYE_PER_AU
from ._populations import atomic_populations, natural_orbitals


@dataclass(frozen=True)
class Result:
    """One molecule, one method, one state.

    Attributes
    ----------
    method : what was done, e.g. ``"PBE"`` or ``"CCSD(T), unrestricted"``.
    energy : total energy in Hartree.
    converged : whether every iteration behind the energy converged.
    charges : (natm,) atomic charges in e, from intrinsic atomic orbitals (Knizia 2013).
    spin_populations : (natm,) α minus β electrons on each atom, from the same scheme.
    dipole : magnitude in Debye; of an ion, about its centre of nuclear charge.
    density_matrix : (2, nao, nao), α and β, in the molecule's basis.
    mean_field : the PySCF object behind it, with its orbitals; its Hartree–Fock reference for a
        wavefunction method.
    notes : what a reader should know of it: starts tried, states found, error sources.
    """

    method: str
    mol: gto.Mole
    energy: float
    converged: bool
    charges: np.ndarray
    spin_populations: np.ndarray
    dipole: float
    density_matrix: np.ndarray
    mean_field: Any
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT CONVERGED"
        atoms = ", ".join(
            f"{self.mol.atom_pure_symbol(i)} {round(q, 3) + 0.0:+.3f}"
            for i, q in enumerate(self.charges)
        )
        lines = [
            f"{self.method}, {state}: E = {self.energy:.8f} Hartree, dipole {self.dipole:.3f} D",
            f"  charges (IAO, e): {atoms}",
            *(f"  {note}" for note in self.notes),
        ]
        return "\n".join(lines)


def make_result(
    method, mol, energy, converged, density_matrix, mean_field, notes=(), occupied=None
) -> Result:
    """Fill a Result from a spin-resolved density matrix, (2, nao, nao). ``occupied``: how many
    orbitals of each spin hold electrons, where that is not the number of electrons."""
    electrons = np.array(
        [
            atomic_populations(mol, dm, natural_orbitals(mol, dm, n))
            for dm, n in zip(density_matrix, mol.nelec if occupied is None else occupied)
        ]
    )
    up, down = electrons
    return Result(
        method=method,
        mol=mol,
        energy=float(energy),
        converged=bool(converged),
        charges=mol.atom_charges() - up - down,
        spin_populations=up - down,
        dipole=float(np.linalg.norm(dipole_moment(mol, density_matrix.sum(axis=0)))),
        density_matrix=density_matrix,
        mean_field=mean_field,
        notes=tuple(notes),
    )


def dipole_moment(mol, density) -> np.ndarray:
    """(3,) in Debye, about the centre of nuclear charge."""
    z = mol.atom_charges()
    centre = z @ mol.atom_coords() / z.sum()
    with mol.with_common_orig(centre):
        electrons = np.einsum("xij,ji->x", mol.intor_symmetric("int1e_r"), density)
    nuclei = z @ (mol.atom_coords() - centre)
    return (nuclei - electrons) * DEBYE_PER_AU
