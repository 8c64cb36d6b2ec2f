"""Names, XYZ and ASE become molecules; anything else becomes a message that helps."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyscf import gto

import mlxc_edu as mx
from mlxc_edu.molecules import MOLECULES
from mlxc_edu.molecules._molecule import SHORTEST_DISTANCE, hund_spin


@pytest.mark.parametrize("name", MOLECULES)
def test_catalogue_builds(name):
    mol = mx.molecule(name)
    entry = MOLECULES[name]
    assert isinstance(mol, gto.Mole)
    assert (mol.charge, mol.spin) == (entry.charge, entry.spin)
    assert mol.natm == len(entry.atoms)
    if entry.bond_length:
        r = np.linalg.norm(np.subtract(*mol.atom_coords())) * mx.units.ANGSTROM_PER_BOHR
        assert r == pytest.approx(entry.bond_length, abs=1e-9)


def test_catalogue_table():
    table = mx.catalogue()
    assert table.loc["NaCl", "bond_length"] == pytest.approx(2.3608)
    assert table["geometry_source"].notna().all()


def test_names_ignore_case_and_bond_length_stretches():
    mol = mx.molecule("nacl", bond_length=5.0)
    assert mol.atom_coord(1)[2] * mx.units.ANGSTROM_PER_BOHR == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("symbol", "charge", "unpaired"),
    [("H", 0, 1), ("C", 0, 2), ("N", 0, 3), ("Na", 0, 1), ("Na", 1, 0), ("Cl", -1, 0), ("Cr", 0, 6)]
    + [("Fe", 0, 4), ("O", 1, 3), ("H", 1, 0)],
)
def test_hund(symbol, charge, unpaired):
    assert hund_spin(symbol, charge) == unpaired


def test_ions_by_name():
    assert mx.molecule("Cl-").nelectron == 18
    assert mx.molecule("Mg2+").nelectron == 10
    assert mx.molecule("Fe2+", spin=4).spin == 4
    with pytest.raises(ValueError, match="give spin="):
        mx.molecule("Fe2+")


def test_an_element_is_not_a_molecule_of_the_same_letters():
    assert mx.molecule("Co").elements == ["Co"] and mx.molecule("Hf").elements == ["Hf"]
    assert mx.molecule("co").elements == ["C", "O"]
    assert mx.molecule("O2+").natm == 2 and mx.molecule("O2+").charge == 1
    assert mx.molecule("NaCl-").charge == -1 and mx.molecule("NaCl-").spin == 1


@pytest.mark.parametrize(("basis", "valence"), [("def2-svp", 25), ("lanl2dz", 7)])
def test_bases_made_for_a_core_potential_get_it(basis, valence):
    assert mx.molecule("I", basis=basis).nelectron == valence
    assert mx.molecule("NaCl", basis="def2-svp").nelectron == 28


WATER = "3\nwater\nO 0 0 0\nH 0 0.757 0.587\nH 0 -0.757 0.587\n"


def test_xyz_text_file_and_ase(tmp_path):
    import ase

    path = tmp_path / "water.xyz"
    path.write_text(WATER)
    atoms = ase.Atoms("OH2", [(0, 0, 0), (0, 0.757, 0.587), (0, -0.757, 0.587)])
    headless = WATER.split("\n", 2)[2]
    reference = mx.molecule(WATER).atom_coords()
    for system in (path, str(path), atoms, headless, headless.replace("\n", "; ")):
        np.testing.assert_allclose(mx.molecule(system).atom_coords(), reference, atol=1e-12)


def test_ase_charge_and_spin():
    import ase

    atoms = ase.Atoms("OH", [(0, 0, 0), (0, 0, 0.97)], charges=[-1, 0])
    assert (mx.molecule(atoms).charge, mx.molecule(atoms).spin) == (-1, 0)
    triplet = ase.Atoms("O2", [(0, 0, 0), (0, 0, 1.2)], magmoms=[1, 1])
    assert mx.molecule(triplet).spin == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(system="NaCL2"), "did you mean .*NaCl"),
        (dict(system="Xyzzy"), "unknown molecule"),
        (dict(system=""), "cannot read a molecule"),
        (dict(system=None), "cannot read a molecule"),
        (dict(system="NaCl", bond_length=0), "positive"),
        (dict(system="NaCl", bond_length=-1), "positive"),
        (dict(system="NaCl", bond_length=float("nan")), "positive"),
        (dict(system="NaCl", bond_length=0.05), "at least"),
        (dict(system="H2O", bond_length=1), "applies to diatomics"),
        (dict(system="NaCl", charge=1, spin=0), "27 electrons can have 1, 3, 5, 7"),
        (dict(system="NaCl", spin=1), "28 electrons can have 0, 2, 4, 6"),
        (dict(system="NaCl", spin=-2), "impossible"),
        (dict(system="H", charge=1), "leaves 0 electrons"),
        (dict(system="H2", charge=0.5), "whole number"),
        (dict(system="H2", charge=float("inf")), "whole number"),
        (dict(system="H2", bond_length="far"), "positive"),
        (dict(system="He", spin=2, basis="sto-3g"), "do not fit in the 1 functions"),
        (dict(system="H2", basis=3), "no functions for H"),
        (dict(system="HF", basis={"H": "sto-3g"}), "no functions for F"),
        (dict(system="NaCl", basis="def2-svpx"), "def2-?svp"),
        (dict(system="Xe", basis="6-31g**"), "no functions for Xe"),
        (dict(system="no/such/file.xyz"), "cannot read the XYZ file"),
        (dict(system="3\nwater\nO 0 0 0\n"), "promises 3 atoms, 1"),
        (dict(system="H 0 0 zero"), "symbol x y z"),
        (dict(system="H 0 0 0; H 0 0 nan"), "finite"),
        (dict(system="H 0 0 0; H 0 0 0"), "apart"),
        (dict(system="Qq 0 0 0"), "symbol x y z"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        mx.molecule(**arguments)
    assert "\n" not in str(error.value)


coordinate = st.floats(allow_nan=True, allow_infinity=True, width=32)
geometry = st.lists(
    st.tuples(st.sampled_from(["H", "He", "O", "Na", "Cl"]), coordinate, coordinate, coordinate),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=150)
@given(geometry, st.integers(-3, 3), st.integers(-2, 5))
def test_any_geometry_builds_or_explains(atoms, charge, spin):
    text = "\n".join(f"{s} {x!r} {y!r} {z!r}" for s, x, y, z in atoms)
    try:
        mol = mx.molecule(text, charge=charge, spin=spin)
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
        return
    assert mol.spin == spin and mol.charge == charge
    r = mol.atom_coords() * mx.units.ANGSTROM_PER_BOHR
    distances = np.linalg.norm(r[:, None] - r[None], axis=-1) + 1e9 * np.eye(len(r))
    assert distances.min() >= SHORTEST_DISTANCE * (1 - 1e-6)


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=12))
def test_any_name_builds_or_explains(name):
    try:
        mx.molecule(name)
    except ValueError as error:
        assert str(error)


pieces = st.sampled_from(
    ["PBE", "B88", "LYP", "HF", "B3LYP", "VV10", "wB97X", "D3", "BJ", "XC", "LDA"]
)
glue = st.sampled_from([",", "+", "-", "*", "0.5*", "_", "(", ")", " ", "1", ""])


@settings(deadline=None, max_examples=300)
@example(".NPZ")
@given(st.lists(st.one_of(pieces, glue), max_size=6).map("".join) | st.text(max_size=8))
def test_any_method_is_known_or_explained(method):
    try:
        mf = mx.KS(HYDROGEN, method)
    except (ValueError, FileNotFoundError) as error:  # ".npz" names a file
        assert str(error) and (isinstance(error, ValueError) or method.lower().endswith(".npz"))
    else:
        # What validation lets through, PySCF computes, or it is learned.
        assert (
            hasattr(mf, "functional") or np.isfinite(mf._numint.rsh_and_hybrid_coeff(mf.xc)).all()
        )


HYDROGEN = mx.molecule("H2", basis="sto-3g")
