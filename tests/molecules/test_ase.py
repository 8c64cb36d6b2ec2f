"""ASE Atoms, and what they say of charge and spin; a file that ASE writes says the same."""

import io

import ase
import ase.build
import ase.io
import numpy as np
import pytest
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator

import mlxc_edu as mx


def atoms(formula="OH", charges=None, magmoms=None, results=(), **info):
    made = ase.Atoms(formula, [(0, 0, 0), (0, 0, 1.2)], charges=charges, magmoms=magmoms, info=info)
    if results:
        made.calc = SinglePointCalculator(made, **dict(results))
    return made


def written(system):
    file = io.StringIO()
    ase.io.write(file, system, format="extxyz")
    return file.getvalue()


def with_array(made, name, values):
    made.set_array(name, np.array(values))
    return made


@pytest.mark.parametrize(
    "system,charge,spin",
    [
        (atoms(), 0, 1),
        (atoms(charges=[-1, 0]), -1, 0),
        (atoms(charges=[-1.2, 0.21]), -1, 0),
        (with_array(atoms(), "charges", [-1.0, 0.0]), -1, 0),
        (atoms(charges=[0, 0], charge=-1), -1, 0),
        (atoms(charge=-1), -1, 0),
        (atoms(charge=-1, spin=1), -1, 0),
        (atoms(charge=-1, spin=0), -1, 0),
        (atoms(charge=-1, spin=3), -1, 2),
        (atoms(charge=-1, spin=2), -1, 2),
        (atoms(charge=np.int64(-1), multiplicity=np.array([3])), -1, 2),
        (atoms(charge=-1, total_charge="-1"), -1, 0),
        (atoms(spin=2), 0, 1),
        (atoms("O2"), 0, 0),
        (atoms("O2", multiplicity=3), 0, 2),
        (atoms("O2", spin=3), 0, 2),
        (atoms("O2", spin=2), 0, 2),
        (atoms("O2", spin=1), 0, 0),
        (atoms("O2", magmoms=[1, 1]), 0, 2),
        (atoms("O2", magmoms=[-1, -1]), 0, 2),
        (atoms("O2", magmoms=[1, -1]), 0, 0),
        (atoms("O2", magmoms=[0, 0], spin=3), 0, 2),
        (atoms("O2", magmoms=[1, 1], multiplicity=3), 0, 2),
        (atoms(results=dict(charges=[-1, 0])), -1, 0),
        (atoms(results=dict(charges=[-0.6, -0.42])), -1, 0),
        (atoms(charges=[-1, 0], results=dict(charges=[-0.6, -0.4])), -1, 0),
        (atoms("O2", results=dict(magmoms=[1, 1])), 0, 2),
        (atoms("O2", results=dict(magmom=2.0, magmoms=[0.8, 0.8])), 0, 2),
        (atoms("NO", results=dict(magmom=0.0, energy=-1.0)), 0, 1),
    ],
)
def test_charge_and_spin(system, charge, spin):
    for given in (system, written(system)):
        mol = mx.molecule(given, basis="sto-3g")
        assert (mol.charge, mol.spin) == (charge, spin)


@pytest.mark.parametrize(
    "system,given,charge,spin",
    [
        (atoms("O2", magmoms=[1, 1]), dict(charge=1), 1, 1),  # the moments are the neutral one's
        (atoms("O2", magmoms=[1, 1]), dict(spin=0), 0, 0),
        (atoms(charge=-1, multiplicity=3), dict(charge=0), 0, 1),
        (atoms(spin=3), dict(charge=-1), -1, 2),
        (atoms(charges=[np.nan, 0]), dict(charge=-1), -1, 0),
        (atoms(charges=[0.4, 0]), dict(charge=0), 0, 1),
        (atoms(charge=1, total_charge=-1), dict(charge=-1), -1, 0),
        (atoms("O2", magmoms=[1, 0.5]), dict(spin=2), 0, 2),
        (atoms("O2", magmoms=np.ones((2, 3))), dict(spin=2), 0, 2),
    ],
)
def test_what_the_caller_says_goes_first(system, given, charge, spin):
    mol = mx.molecule(system, basis="sto-3g", **given)
    assert (mol.charge, mol.spin) == (charge, spin)


@pytest.mark.parametrize(
    "system,message",
    [
        (ase.Atoms(), "hold no atoms"),
        (atoms("XH"), r"atom 0 of the ASE Atoms is a dummy \(X\)"),
        (atoms(charges=[np.nan, 0]), r"initial_charges \(sum nan\) of the Atoms is not a whole"),
        (atoms(charges=[0.4, 0]), "initial_charges .*is not a whole number; give charge="),
        (atoms(charge=0.5), "charge=0.5 in info is not a whole number"),
        (atoms(charge=True), "charge=True in info is not a whole number"),
        (atoms(spin="singlet"), "spin=singlet in info is not a whole number; give spin="),
        (atoms("O2", magmoms=np.ones((2, 3))), "initial_magmoms .not collinear"),
        (atoms("O2", magmoms=[1, 0.5]), "initial_magmoms .sum 1.5. .*give spin="),
        (atoms(charge=1, charges=[-1, 0]), "charge=1 in info and initial_charges .* disagree"),
        (atoms(charge=1, total_charge=-1), "charge=1 in info and total_charge=-1 in info disagree"),
        (atoms("O2", magmoms=[1, 1], multiplicity=1), "multiplicity=1 in info and initial_magmoms"),
        (
            atoms(charges=[-1, 0], results=dict(charges=[0.1, -0.1])),
            "initial_charges .* of the Atoms and charges .* of the calculator disagree",
        ),
        (atoms("O2", multiplicity=2), "multiplicity=2 in info does not go with 16 electrons"),
        (atoms(spin=0), "spin=0 in info does not go with 9 electrons; give spin="),
        (ase.build.bulk("NaCl", "rocksalt", 5.64), "periodic cells are not available.*pbc = False"),
        (ase.build.bulk("Si"), "periodic cells are not available"),
        (ase.build.graphene(vacuum=5), "periodic cells are not available"),
        (ase.Atoms("H", pbc=True, cell=[9, 9, 9]), "periodic cells are not available"),
        (ase.Atoms("H", pbc=[True, False, False]), "periodic cells are not available"),
        (ase.Atoms("H", [(0, 0, np.nan)]), "finite"),
    ],
)
def test_refused_in_a_line(system, message):
    with pytest.raises(ValueError, match=message) as error:
        mx.molecule(system, basis="sto-3g")
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_cell_that_does_not_repeat():
    assert mx.molecule(ase.Atoms("H", cell=[9, 9, 9])).natm == 1


@pytest.mark.parametrize("name", ["CH3", "O2", "NO", "OH", "CN", "CH2_s3B1d", "CH2_s1A1d", "SO"])
def test_the_molecules_that_ase_knows(name):
    system = ase.build.molecule(name)
    expected = abs(round(system.get_initial_magnetic_moments().sum()))
    for given in (system, written(system)):
        assert mx.molecule(given).spin == expected


def test_what_a_calculator_was_asked_for():
    made = atoms()
    made.calc = Calculator(charge=-1, mult=3)
    assert (mx.molecule(made).charge, mx.molecule(made).spin) == (-1, 2)


def test_no_atomic_number():
    with pytest.raises(ValueError, match="an atomic number that is none"):
        mx.molecule(ase.Atoms([119], [(0, 0, 0)]))
