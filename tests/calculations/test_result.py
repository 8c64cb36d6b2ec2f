"""What a Result says of a density: charges, dipole."""

import numpy as np
import pytest
from pyscf import lo

import mlxc_edu as mx
from mlxc_edu.calculations._populations import atomic_populations


def test_charges_hardly_depend_on_the_basis():
    charges = [
        mx.solve(mx.molecule("NaCl", basis=b), "PBE").charges[0] for b in ("def2-svp", "def2-tzvpd")
    ]
    assert np.ptp(charges) < 0.03


def test_populations_match_pyscfs_iao_and_sum_up():
    calc = mx.solve(mx.molecule("H2O"), "PBE")
    mf, mol = calc.mean_field, calc.mol
    overlap = mf.get_ovlp()
    occupied = mf.mo_coeff[:, mf.mo_occ > 0]
    iaos = lo.vec_lowdin(lo.iao.iao(mol, occupied), overlap)
    per_iao = 2 * np.einsum("ij,jk->ik", iaos.T @ overlap, occupied) ** 2
    minimal = lo.iao.reference_mol(mol)
    expected = [per_iao[i:j].sum() for _, _, i, j in minimal.aoslice_by_atom()]
    np.testing.assert_allclose(mol.atom_charges() - calc.charges, expected, atol=1e-6)
    assert calc.charges.sum() == pytest.approx(0, abs=1e-9)


def test_populations_of_a_correlated_density_sum_up():
    calc = mx.exact(mx.molecule("HF"))
    assert calc.charges.sum() == pytest.approx(0, abs=1e-6)
    assert np.all(
        atomic_populations(calc.mol, 0 * calc.density_matrix[0], np.zeros((calc.mol.nao, 0))) == 0
    )


def test_dipole_against_pyscf_and_origin_of_ions():
    calc = mx.solve(mx.molecule("LiH"), "PBE")
    assert calc.dipole == pytest.approx(
        np.linalg.norm(calc.mean_field.dip_moment(verbose=0)), abs=1e-3
    )
    ion = mx.solve(mx.molecule("H2+"), "HF")
    assert ion.dipole == pytest.approx(0, abs=1e-6)


def test_charges_of_fractional_electrons_take_every_orbital_that_holds_one():
    stretched = mx.molecule("H2", bond_length=6.0, basis="def2-svp")
    calc = mx.solve(stretched, "PBE", occupations="half")
    np.testing.assert_allclose(calc.charges, 0, atol=1e-6)
    assert any("0.5" in note or "1.000" in note for note in calc.notes)
