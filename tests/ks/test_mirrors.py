"""Mirror planes: of molecules one knows, and of what breaks them."""

import numpy as np
import pytest
from pyscf import dft, gto

from mlxc_edu.ks.learned._mirrors import distinct_points, find_mirrors, keeping, symmetrised

ANGLES = np.arange(6) * np.pi / 3
RING = [
    (s, r * np.cos(a), r * np.sin(a), 0.0) for a in ANGLES for s, r in (("C", 1.39), ("H", 2.48))
]


def grid_of(mol, level=0):
    grids = dft.Grids(mol)
    grids.level = level
    grids.build()
    used = grids.weights != 0
    return grids.coords[used], grids.weights[used]


def mirrors_of(atom, basis="sto-3g"):
    mol = gto.M(atom=atom, basis=basis, spin=None, verbose=0)
    return mol, find_mirrors(mol, *grid_of(mol))


@pytest.mark.parametrize(
    ("atom", "count"),
    [
        ("Ne 1 2 3", 16),
        ("N 0 0 0; N 0 0 1.1", 16),
        ("Na 0 0 0; Cl 0 0 2.4", 8),
        ("Na 0 0 0; Cl 2.4 0 0", 4),
        ("O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587", 4),
        ("O 0 0 0; H 0 0.9 0.2; H 0 0.1 0.95", 2),  # only its own plane
        ("O 0 0 0; H 0.3 0.9 0.2; H 0.2 0.1 0.95", 1),
        ("N 0 0 0; N 0.6 0.7 0.5", 2),  # the inversion
        ("C 0 0 0; H 1 1 1; H -1 -1 1; H -1 1 -1; H 1 -1 -1", 8),  # three twofold axes, and x ↔ y
        (RING, 8),
    ],
    ids=lambda value: str(value)[:20],
)
def test_known_molecules(atom, count):
    _, mirrors = mirrors_of(atom)
    assert len(mirrors) == count
    assert mirrors[0].signs == (1, 1, 1)
    assert not mirrors[0].swapped
    turns = [m.image(np.eye(3, dtype=int)) for m in mirrors]
    keys = {turn.tobytes() for turn in turns}
    assert {(a @ b).tobytes() for a in turns for b in turns} == keys, "a group"


@pytest.mark.parametrize(
    ("atom", "basis"),
    [
        ("N 0 0 0; P 0 0 1.1", "sto-3g"),
        ("H1 0 0 0; H2 0 0 0.74", {"H1": "sto-3g", "H2": "6-31g"}),
        ("H 0 0 0; ghost-H 0 0 0.74", "sto-3g"),
        ("N 0 0 0; H 0 0 1; N 0 0 2.1", "sto-3g"),
    ],
)
def test_unlike_ends_are_no_images(atom, basis):
    found = {(m.swapped, m.signs) for m in mirrors_of(atom, basis)[1]}
    assert found == {(s, (x, y, 1)) for s in (False, True) for x in (1, -1) for y in (1, -1)}


def test_a_grid_without_symmetry_has_none():
    mol = gto.M(atom="Ne 0 0 0", basis="sto-3g", verbose=0)
    coords, weights = grid_of(mol)
    assert len(find_mirrors(mol, coords[:-1], weights[:-1])) < 16
    heavier = weights * np.where(np.arange(len(weights)) == 77, 1.001, 1)
    assert len(find_mirrors(mol, coords, heavier)) < 16
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert len(find_mirrors(mol, coords @ turned, weights)) in (1, 2)  # the inversion remains


@pytest.mark.parametrize("basis", ["def2-tzvpp", "cc-pcvqz"])
def test_basis_functions_change_sign_as_the_mirrors_say(basis):
    """Against overlaps, ∫ χ_a(mirrored r) χ_b(r) dr, of a molecule with functions up to g."""
    mol, mirrors = mirrors_of("N 0 0 0; N 0 0 1.1", basis)
    coords, _ = grid_of(mol, 3)
    centre = mol.atom_coords().mean(axis=0)
    chi = mol.eval_gto("GTOval_sph", coords)
    for mirror in mirrors:
        there = mol.eval_gto("GTOval_sph", centre + mirror.image(coords - centre))
        np.testing.assert_allclose(there, mirror.sign * chi[:, mirror.partner], atol=1e-9)
        overlap = mol.intor("int1e_ovlp")
        np.testing.assert_allclose(mirror.of(overlap), overlap, atol=1e-10)


def test_density_decides():
    """Neon with one p orbital of its own direction keeps the mirrors of that direction."""
    _, mirrors = mirrors_of("Ne 0 0 0")
    p = slice(2, 5)
    for direction, count in [((1, 0, 0), 8), ((1, 1, 0), 8), ((1, 2, 3), 2)]:
        dm = np.zeros((1, 5, 5))
        dm[0, p, p] = np.outer(direction, direction)
        kept = keeping(mirrors, dm)
        assert len(kept) == count
        np.testing.assert_allclose(symmetrised(kept, dm), dm, atol=1e-12)
        assert len(keeping(mirrors, np.eye(5), dm)) == count
    np.testing.assert_allclose(symmetrised(mirrors, dm)[0, p, p], np.diag([2.5, 2.5, 9]))


def test_distinct_points_carry_all_the_weight():
    mol, mirrors = mirrors_of("N 0 0 0; N 0 0 1.1", "6-31g")
    coords, weights = grid_of(mol)
    one, members = distinct_points(mol, mirrors, coords)
    assert len(one) < 0.12 * len(coords)
    assert np.array_equal(np.unique(members), np.arange(len(one)))
    together = np.bincount(members, weights)
    centre = mol.atom_coords().mean(axis=0)

    def same_for_images(places):
        x, y, z = np.abs(places - centre).T
        return np.sort([x, y], axis=0), z

    for own, others in zip(same_for_images(coords), same_for_images(coords[one][members])):
        np.testing.assert_allclose(own, others, atol=1e-5)

    def integral(coords, weights):  # of something even in every direction, alike in x and y
        return weights @ np.exp(-((coords - centre) ** 2) @ np.array([0.3, 0.3, 0.7]))

    expected = integral(coords, weights)
    assert integral(coords[one], together) == pytest.approx(expected, rel=1e-9)


def test_steep_functions_change_sign_too():
    """A p function so narrow that it vanishes at the distances where one would look."""
    mol, mirrors = mirrors_of("Cl 0 0 0", "unc-cc-pvqz")
    for mirror in mirrors:
        for (_, _, shell, axis), sign in zip(mol.ao_labels(fmt=False), mirror.sign):
            if shell.endswith("p"):
                assert sign == mirror.signs["xyz".index(axis)]


def test_forces_have_the_molecules_mirrors():
    """Of methane turned by a quarter about z, whose images are other atoms: a made force on one
    hydrogen goes to all four, along the bonds."""
    _, mirrors = mirrors_of("C 0 0 0; H 1 1 1; H -1 -1 1; H -1 1 -1; H 1 -1 -1")
    forces = np.zeros((5, 3))
    forces[1] = [1.0, 2.0, 4.0]
    mean = np.mean([m.of_forces(forces) for m in mirrors], axis=0)
    bonds = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    np.testing.assert_allclose(mean[1:], bonds * [1.5, 1.5, 4.0] / 4, atol=1e-12)
    for mirror in mirrors:
        np.testing.assert_allclose(mirror.of_forces(mean), mean)


def test_images_of_matrices_are_of_the_same_molecule():
    """Overlap and kinetic energy know nothing of a frame; methane's quarter turns are no mirrors
    of their own, so the way there and the way back differ."""
    mol, mirrors = mirrors_of("C 0 0 0; H 1 1 1; H -1 -1 1; H -1 1 -1; H 1 -1 -1", "def2-tzvp")
    matrix = mol.intor("int1e_kin")
    for mirror in mirrors:
        np.testing.assert_allclose(mirror.of(matrix), matrix, atol=1e-9)
