"""What a Result says of a density: charges, dipole."""

import numpy as np
import pytest
from pyscf import lo
from pyscf.lib.exceptions import BasisNotFoundError

import mlxc_edu as mx
from mlxc_edu.calculations import _populations
from mlxc_edu.calculations._populations import atomic_populations


def test_charges_hardly_depend_on_the_basis():
    charges = [
        mx.solve(mx.molecule("NaCl", basis=b), "PBE").charges[0] for b in ("def2-svp", "def2-tzvpd")
    ]
    assert np.ptp(charges) < 0.03


@pytest.mark.parametrize("system", ["KCl", "Rb 0 0 0; Cl 0 0 2.79", "Cs 0 0 0; F 0 0 2.345"])
def test_charges_of_elements_that_pyscfs_minimal_basis_lacks(system):
    """With an inner shell in functions and in a core potential; sodium's neighbours are as ionic
    as sodium."""
    calc = mx.solve(mx.molecule(system, basis="def2-svp"), "PBE")
    assert 0.8 < calc.charges[0] < 1 and calc.charges.sum() == pytest.approx(0, abs=1e-8)


def test_minimal_basis_that_takes_its_place_is_as_good(monkeypatch):
    """Magnesium's from the ANO basis, which PySCF's minimal one has, too."""
    calc = mx.solve(
        mx.molecule("Mg 0 0 0; O 0 0 1.75", basis="def2-svp"), "PBE", unrestricted=False
    )
    load, asked = _populations.gto.basis.load, []

    def without_magnesium(name, symbol, **how):
        if (name, symbol) == ("minao", "Mg"):
            asked.append(symbol)
            raise BasisNotFoundError
        return load(name, symbol, **how)

    monkeypatch.setattr(_populations.gto.basis, "load", without_magnesium)
    up = calc.density_matrix[0]
    orbitals = _populations.natural_orbitals(calc.mol, up, calc.mol.nelec[0])
    charges = calc.mol.atom_charges() - 2 * atomic_populations(calc.mol, up, orbitals)
    assert asked and charges == pytest.approx(calc.charges, abs=0.02)


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
