"""Mirror planes of a molecule, its grid and its density: an eighth of the points is often enough.

Looked for are the reflections x → −x, y → −y, z → −z and their products about the centre of
nuclear charge: the quadrature's points around each atom have them, so a molecule laid along the
axes has them, too. Where they hold for the density, points that are mirror images of each other
are one point with their weights added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

SAME_PLACE = 1e-6  # Bohr
SAME_DENSITY = 1e-7


@dataclass(frozen=True, eq=False)
class Mirror:
    """A reflection, or a product of reflections: ``signs`` of x, y and z about a centre, the atom
    that each atom goes to, and what it does to the basis functions,
    χ_a(mirrored r) = sign_a χ_partner(a)(r)."""

    signs: tuple[int, int, int]
    atom_partner: np.ndarray  # (natm,)
    partner: np.ndarray  # (nao,)
    sign: np.ndarray  # (nao,)

    def of(self, matrix: np.ndarray) -> np.ndarray:
        """The mirror image of a (..., nao, nao) matrix over basis functions."""
        image = matrix[..., self.partner, :][..., self.partner]
        return image * self.sign[:, None] * self.sign

    def of_forces(self, vectors: np.ndarray) -> np.ndarray:
        """The mirror image of one vector an atom, (natm, 3)."""
        return vectors[self.atom_partner] * self.signs


def find_mirrors(mol, coords, weights) -> list[Mirror]:
    """All that map the molecule and the quadrature onto themselves, the identity first."""
    found = []
    places = _keys(coords - centre(mol))
    order = np.lexsort(places.T)
    for signs in product((1, -1), repeat=3):
        mirror = _basis_mirror(mol, signs)
        if mirror is None:
            continue
        image_order = np.lexsort((places * signs).T)
        if np.array_equal(places[order], (places * signs)[image_order]) and np.allclose(
            weights[order], weights[image_order], rtol=1e-6, atol=1e-12
        ):
            found.append(mirror)
    return found


def keeping(mirrors: list[Mirror], *matrices: np.ndarray) -> list[Mirror]:
    """The identity, and those under which every (..., nao, nao) matrix stays as it is."""

    def change(mirror, matrix):
        return np.abs(mirror.of(matrix) - matrix).max() / max(1.0, np.abs(matrix).max())

    return mirrors[:1] + [
        m for m in mirrors[1:] if all(change(m, x) <= SAME_DENSITY for x in matrices)
    ]


def symmetrised(mirrors: list[Mirror], matrix: np.ndarray) -> np.ndarray:
    """The average over the mirror images of a (..., nao, nao) matrix."""
    return np.mean([m.of(matrix) for m in mirrors], axis=0)


def distinct_points(mol, mirrors: list[Mirror], coords):
    """One point of each set of mirror images, (n,), and to which of them each point belongs,
    (len(coords),)."""
    places = _keys(coords - centre(mol))
    first = places.copy()
    for mirror in mirrors[1:]:
        image = places * mirror.signs
        differs = image != first
        column = differs.argmax(axis=1)  # the first coordinate in which they differ
        rows = np.arange(len(places))
        larger = differs.any(axis=1) & (image[rows, column] > first[rows, column])
        first[larger] = image[larger]
    _, one, members = np.unique(first, axis=0, return_index=True, return_inverse=True)
    return one, members.ravel()


def centre(mol) -> np.ndarray:
    """(3,) centre of nuclear charge, Bohr."""
    z = mol.atom_charges()
    return z @ mol.atom_coords() / z.sum()


def _keys(positions) -> np.ndarray:
    return np.rint(positions / SAME_PLACE).astype(np.int64)


def _basis_mirror(mol, signs) -> Mirror | None:
    origin, positions = centre(mol), mol.atom_coords()
    images = origin + (positions - origin) * signs
    distance = np.linalg.norm(images[:, None] - positions[None], axis=-1)
    atom_partner = distance.argmin(axis=1)
    if distance[np.arange(mol.natm), atom_partner].max() > SAME_PLACE:
        return None
    ranges = mol.aoslice_by_atom()[:, 2:]
    partner = np.zeros(mol.nao, dtype=int)
    for atom, other in enumerate(atom_partner):
        if mol.atom_symbol(atom) != mol.atom_symbol(other):
            return None
        partner[slice(*ranges[atom])] = np.arange(*ranges[other])
    # How each function changes sign is read off the functions themselves, at odd places around
    # each atom, some so near that the steepest function is not yet zero.
    direction = np.random.default_rng(1).normal(size=(4, 3))
    around = (np.geomspace(1e-3, 2.0, 8)[:, None, None] * direction).reshape(-1, 3)
    places = (positions[:, None] + around).reshape(-1, 3)
    here = mol.eval_gto("GTOval_sph", places)[:, partner]
    there = mol.eval_gto("GTOval_sph", origin + (places - origin) * signs)
    sign = np.where((here * there).sum(axis=0) < 0, -1.0, 1.0)
    if np.any(np.abs(there - sign * here).max(axis=0) > 1e-5 * np.abs(here).max(axis=0)):
        return None
    return Mirror(signs, atom_partner, partner, sign)
