"""The careful driver with fractional electrons."""

import pytest

import mlxc_edu as mx


def test_solve_with_occupations():
    mol = mx.molecule("F", basis="sto-3g")
    found = mx.solve(mol, "HF", occupations=(5, 3.5))
    assert found.converged and found.charges == pytest.approx([0.5])
    assert found.spin_populations == pytest.approx([1.5])
    assert any("0.500 electrons" in note for note in found.notes)
    whole = mx.solve(mol, "HF", occupations=mol.nelec)
    assert whole.energy == pytest.approx(mx.solve(mol, "HF").energy, abs=1e-7)
    assert not whole.notes
    with pytest.raises(ValueError, match="'half' or 'annealed'"):
        mx.solve(mol, "HF", occupations="some")


def test_solve_says_that_pairs_are_halved():
    found = mx.solve(mx.molecule("H2", basis="sto-3g"), "HF", occupations="half")
    assert any("orbitals that hold" in note for note in found.notes)


def test_solve_shares_a_spin():
    found = mx.solve(mx.molecule("H", basis="sto-3g"), "HF", occupations=(0.5, 0.5))
    assert found.spin_populations == pytest.approx([0], abs=1e-9)
