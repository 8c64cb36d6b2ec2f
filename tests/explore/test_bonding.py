"""The explorer of what a bond moves."""

import numpy as np
import pytest

import mlxc_edu as mx


def test_explorer_of_bonding(monkeypatch):
    explorer = mx.explore.bonding("H2", basis="6-31g")
    assert "H2 with PBE" in explorer.status.value
    mol, matrix = explorer.calc.mol, explorer.calc.density_matrix.sum(axis=0)
    overlap = mol.intor("int1e_ovlp")
    from mlxc_edu.explore._bonding import atoms_density

    moved = matrix - atoms_density(mol, "PBE")
    assert np.vdot(moved, overlap) == pytest.approx(0, abs=1e-6), "moved, not made"
    middle = mol.atom_coords().mean(axis=0)[None]
    ao = mol.eval_gto("GTOval", middle)
    assert np.einsum("gi,ij,gj->g", ao, moved, ao)[0] > 0.01, "more in the bond"
    explorer.molecule.value = "LiF"
    assert "Li +0." in explorer.status.value and explorer.figure.data[0].type == "isosurface"
    explorer.shown.value = "spin density"
    with pytest.raises(ValueError, match="unknown molecule"):
        mx.explore.bonding("Unobtainium")
    with pytest.raises(ValueError, match="near names"):
        mx.explore.bonding("H2", method="PBEE")


@pytest.mark.parametrize("method", ["HF", "PBE", "B3LYP", "EDU26"])
def test_free_atoms_are_the_methods_own(method):
    """A molecule of one round atom is its free atom: nothing has moved."""
    from mlxc_edu.explore._bonding import atoms_density

    mol = mx.molecule("Ne", basis="6-31g")
    moved = mx.solve(mol, method).density_matrix.sum(axis=0) - atoms_density(mol, method)
    size = np.abs(np.linalg.eigvals(moved @ mol.intor("int1e_ovlp"))).max()
    assert size < (0.02 if method == "EDU26" else 1e-3), "EDU26 is compared with PBE's atom"
