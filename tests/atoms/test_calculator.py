"""ASE's calculator: energies and forces are those of the mean field, and ASE's tools run on it."""

import subprocess
import sys

import ase
import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.calculator import SCFError
from ase.optimize import BFGS
from ase.vibrations import Vibrations

import mlxc_edu as mx
from mlxc_edu.units import EV_PER_HARTREE


@pytest.mark.parametrize("method", ["HF", "PBE", "EDU26"])
def test_forces_are_the_energys_derivative(method):
    atoms = molecule("H2O")
    atoms.calc = mx.Calculator(method, basis="sto-3g")
    forces = atoms.get_forces()
    mf = mx.KS(mx.molecule(atoms, basis="sto-3g"), method).run()
    assert atoms.get_potential_energy() == pytest.approx(mf.e_tot * EV_PER_HARTREE, abs=1e-5)
    along = np.zeros((3, 3))
    along[1, 1] = 0.01
    ends = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions += sign * along
        moved.calc = atoms.calc
        ends.append(moved.get_potential_energy())
    assert forces[1, 1] == pytest.approx(-(ends[0] - ends[1]) / 0.02, abs=0.02)
    assert np.abs(forces.sum(axis=0)).max() < 0.05


def test_what_the_atoms_say_of_charge_and_spin():
    atoms = ase.Atoms("OH", [(0, 0, 0), (0, 0, 0.97)])
    atoms.calc = mx.Calculator(basis="6-31g")
    radical = atoms.get_potential_energy()
    assert atoms.calc.mean_field.mol.spin == 1
    atoms.set_initial_charges([-1, 0])
    anion = atoms.get_potential_energy()
    assert atoms.calc.mean_field.mol.spin == 0 and anion != radical
    assert atoms.get_charges().sum() == pytest.approx(-1)
    atoms.calc = mx.Calculator(basis="6-31g", charge=1, spin=2)
    assert atoms.get_potential_energy() > radical + 5
    assert atoms.calc.mean_field.mol.charge == 1


def test_dipole_and_charges():
    atoms = molecule("H2O")
    atoms.calc = mx.Calculator(basis="6-31g")
    result = mx.solve(mx.molecule(atoms, basis="6-31g"))
    debye = np.linalg.norm(atoms.get_dipole_moment()) * 4.80320
    assert debye == pytest.approx(result.dipole, abs=1e-3)
    np.testing.assert_allclose(atoms.get_charges(), result.charges, atol=1e-4)


def test_nothing_is_computed_twice(monkeypatch):
    atoms = molecule("H2O")
    atoms.calc = mx.Calculator(basis="sto-3g")
    atoms.get_potential_energy()
    first = atoms.calc.mean_field
    atoms.get_forces()
    atoms.get_dipole_moment()
    assert atoms.calc.mean_field is first
    atoms.positions[0, 2] += 0.01
    atoms.get_potential_energy()
    second = atoms.calc.mean_field
    assert second is not first and second.cycles < first.cycles  # it knows the density before
    atoms.calc.set(method="HF")
    atoms.get_potential_energy()
    assert atoms.calc.mean_field.xc == "HF"


def test_optimiser_and_vibrations(tmp_path):
    atoms = molecule("H2")
    atoms.calc = mx.Calculator("PBE", basis="def2-svp")
    assert BFGS(atoms, logfile=None).run(fmax=0.01)
    assert atoms.get_distance(0, 1) == pytest.approx(0.76, abs=0.01)
    modes = Vibrations(atoms, name=tmp_path / "vib")
    modes.run()
    highest = modes.get_frequencies()[-1].real  # cm⁻¹
    assert 4200 < highest < 4500  # measured, harmonic: 4401, Huber and Herzberg


def test_what_does_not_converge_is_an_error(monkeypatch):
    atoms = molecule("H2O")
    atoms.calc = mx.Calculator(basis="sto-3g")
    monkeypatch.setattr("pyscf.dft.rks.RKS.max_cycle", 1)
    with pytest.raises(SCFError, match=r"PBE did not converge for H2O.*mlxc_edu\.solve"):
        atoms.get_potential_energy()


@pytest.mark.parametrize(
    ("settings", "says"),
    [(dict(method="PBEE"), "PBE"), (dict(spin=1), "impossible"), (dict(basis="def2"), "basis")],
)
def test_bad_settings_are_said_when_calculated(settings, says):
    atoms = molecule("H2O")
    atoms.calc = mx.Calculator(**settings)
    with pytest.raises(ValueError, match=says):
        atoms.get_potential_energy()


def test_crystals_are_refused():
    atoms = ase.Atoms("Ne", cell=[5, 5, 5], pbc=True)
    atoms.calc = mx.Calculator()
    with pytest.raises(ValueError, match="periodic"):
        atoms.get_potential_energy()


def test_without_ase_the_command_is_given():
    code = "import sys; sys.modules['ase'] = None\nimport mlxc_edu as mx\nmx.Calculator"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install ase" in out.stderr.splitlines()[-1]
