"""Mirror planes of a molecule, its grid and its density: an eighth of the points is often enough.

Looked for are the reflections x → −x, y → −y, z → −z, x ↔ y and their products about the centre of
nuclear charge: the quadrature's points around each atom have them, so a molecule laid along the
axes has some, too; a linear one along z has all but z → −z. (x ↔ z is not among them: it mixes d
functions.) Where they hold for the density, points that are mirror images of each other are one
point with their weights added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

SAME_PLACE = 1e-6  # Bohr
SAME_DENSITY = 1e-7


@dataclass(frozen=True, eq=False)
class Mirror:
    """A reflection, or a product of reflections: x and y are ``swapped`` or not, then ``signs`` of
    x, y and z about a centre; the atom that each atom goes to, and what it does to the basis
    functions, χ_a(mirrored r) = sign_a χ_partner(a)(r)."""

    swapped: bool
    signs: tuple[int, int, int]
    atom_partner: np.ndarray  # (natm,)
    partner: np.ndarray  # (nao,)
    sign: np.ndarray  # (nao,)

    def image(self, places: np.ndarray) -> np.ndarray:
        """Where (..., 3) places about the centre go."""
        return (places[..., [1, 0, 2]] if self.swapped else places) * self.signs

    def of(self, matrix: np.ndarray) -> np.ndarray:
        """The mirror image of a (..., nao, nao) matrix over basis functions."""
        image = matrix[..., self.partner, :][..., self.partner]
        return image * self.sign[:, None] * self.sign

    def of_forces(self, vectors: np.ndarray) -> np.ndarray:
        """The mirror image of one vector an atom, (natm, 3)."""
        back = vectors[self.atom_partner] * self.signs
        return back[..., [1, 0, 2]] if self.swapped else back


def find_mirrors(mol, coords, weights) -> list[Mirror]:
    """All that map the molecule and the quadrature onto themselves, the identity first."""
    found = []
    places = _keys(coords - centre(mol))
    order = np.lexsort(places.T)
    for swapped, *signs in product((False, True), *3 * [(1, -1)]):
        mirror = _basis_mirror(mol, swapped, tuple(signs))
        if mirror is None:
            continue
        images = mirror.image(places)
        image_order = np.lexsort(images.T)
        if np.array_equal(places[order], images[image_order]) and np.allclose(
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
        image = mirror.image(places)
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


def _basis_mirror(mol, swapped, signs) -> Mirror | None:
    nobody = np.empty(0, dtype=int)
    image = Mirror(swapped, signs, nobody, nobody, nobody).image
    origin, positions = centre(mol), mol.atom_coords()
    images = origin + image(positions - origin)
    distance = np.linalg.norm(images[:, None] - positions[None], axis=-1)
    atom_partner = distance.argmin(axis=1)
    if distance[np.arange(mol.natm), atom_partner].max() > SAME_PLACE:
        return None
    starts = mol.aoslice_by_atom()[:, 2]
    partner = _swapped(mol) if swapped else np.arange(mol.nao)
    for atom, other in enumerate(atom_partner):
        if mol.atom_symbol(atom) != mol.atom_symbol(other):
            return None
    comes_from = np.argsort(atom_partner)  # the atom that goes there
    partner = partner + np.repeat(starts[comes_from] - starts, np.diff([*starts, mol.nao]))
    # How each function changes sign is read off the functions themselves, at odd places around
    # each atom, some so near that the steepest function is not yet zero.
    direction = np.random.default_rng(1).normal(size=(4, 3))
    around = (np.geomspace(1e-3, 2.0, 8)[:, None, None] * direction).reshape(-1, 3)
    places = (positions[:, None] + around).reshape(-1, 3)
    here = mol.eval_gto("GTOval_sph", places)[:, partner]
    there = mol.eval_gto("GTOval_sph", origin + image(places - origin))
    sign = np.where((here * there).sum(axis=0) < 0, -1.0, 1.0)
    if np.any(np.abs(there - sign * here).max(axis=0) > 1e-5 * np.abs(here).max(axis=0)):
        return None
    return Mirror(swapped, signs, atom_partner, partner, sign)


def _swapped(mol) -> np.ndarray:
    """(nao,) which function of the same shell x ↔ y makes of each, but for its sign: cos mφ and
    sin mφ change places for odd m."""
    partners: list[int] = []
    for shell in range(mol.nbas):
        degree = mol.bas_angular(shell)
        m = [1, -1, 0] if degree == 1 else [*range(-degree, degree + 1)]  # PySCF's order
        places = [m.index(-k if k % 2 else k) for k in m]
        for _ in range(mol.bas_nctr(shell)):
            partners += [len(partners) + place for place in places]
    return np.array(partners)
