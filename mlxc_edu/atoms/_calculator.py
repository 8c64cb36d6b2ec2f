"""A calculator for ASE: its optimisers, vibrations and dynamics then work with every method."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..calculations import dipole_moment, make_result
from ..ks import KS
from ..molecules import molecule
from ..units import ANGSTROM_PER_BOHR, DEBYE_PER_AU, EV_PER_HARTREE

try:
    from ase.calculators import calculator as ase
except ImportError as error:
    raise ImportError("mlxc_edu.Calculator is for ASE's Atoms: pip install ase") from error


class Calculator(ase.Calculator):
    """Energies in eV, forces in eV/Å, of ASE ``Atoms`` that are no crystal.

    ::

        atoms = ase.build.molecule("H2O")
        atoms.calc = mlxc_edu.Calculator("PBE", basis="def2-svp")
        ase.optimize.BFGS(atoms).run(fmax=0.02)

    Properties are ``energy`` (``free_energy`` is the same), ``forces``, ``dipole`` in e Å, about
    the centre of nuclear charge, and ``charges`` in e, from intrinsic atomic orbitals. Each
    geometry is started from the density of the one before.

    Parameters
    ----------
    method, unrestricted : as for :func:`mlxc_edu.KS`.
    basis, charge, spin : as for :func:`mlxc_edu.molecule`; without the last two, what the ``Atoms``
        say of charge and spin.
    settings : what ASE's calculators take besides (``atoms``, ``label``, …).

    Attributes
    ----------
    mean_field : the PySCF object of the last calculation.

    Raises
    ------
    ImportError : ASE is not installed; the message gives the command.
    ase.calculators.calculator.SCFError : a calculation does not converge, or ends on a saddle.
    NotImplementedError, ValueError : as the two functions do, when something is calculated.
    """

    implemented_properties = ["energy", "free_energy", "forces", "dipole", "charges"]  # noqa: RUF012
    discard_results_on_any_change = True

    def __init__(
        self,
        method: str = "PBE",
        *,
        basis: str | dict = "def2-svp",
        charge: int | None = None,
        spin: int | None = None,
        unrestricted: bool = False,
        **settings: Any,
    ):
        self.mean_field: Any = None
        own = dict(method=method, basis=basis, charge=charge, spin=spin, unrestricted=unrestricted)
        super().__init__(**own, **settings)

    def calculate(self, atoms=None, properties=("energy",), system_changes=ase.all_changes):
        """What ASE calls; see :class:`ase.calculators.calculator.Calculator`."""
        super().calculate(atoms, properties, system_changes)
        if system_changes or self.mean_field is None:
            self.mean_field = self._converged(self.atoms)
        mf = self.mean_field
        energy = float(mf.e_tot) * EV_PER_HARTREE
        self.results |= dict(energy=energy, free_energy=energy)
        if "forces" in properties:
            gradient = mf.nuc_grad_method().kernel()  # Hartree/Bohr
            self.results["forces"] = -gradient * EV_PER_HARTREE / ANGSTROM_PER_BOHR
        if {"dipole", "charges"} & {*properties}:
            dm = np.asarray(mf.make_rdm1())
            spins = dm if dm.ndim == 3 else np.array([dm / 2, dm / 2])
            debye = dipole_moment(mf.mol, spins.sum(axis=0))
            self.results["dipole"] = debye / DEBYE_PER_AU * ANGSTROM_PER_BOHR
            found = make_result(mf.xc, mf.mol, mf.e_tot, True, spins, mf)
            self.results["charges"] = found.charges

    def reset(self):
        super().reset()
        self.mean_field = None

    def _converged(self, atoms):
        """The mean field at these atoms, from the last one's density where that is of the same
        functions and electrons."""
        asked, before = self.parameters, self.mean_field
        mol = molecule(atoms, **{name: asked[name] for name in ("basis", "charge", "spin")})
        mf = KS(mol, asked["method"], unrestricted=asked["unrestricted"])
        alike = (
            before is not None
            and before.mol.nelec == mol.nelec
            and before.mol.ao_labels() == mol.ao_labels()
        )
        mf.kernel(before.make_rdm1() if alike else None)
        if not mf.converged:
            raise ase.SCFError(
                f"{asked['method']} did not converge for {atoms.get_chemical_formula()}: "
                "mlxc_edu.solve tries several starts, and says what it found"
            )
        return mf
