"""Orbitals to start from: parts of a molecule side by side, an electron handed over or not.

A stretched molecule has several self-consistent states (ionic, neutral, something between) and a
calculation finds the one it starts near. So we build the starts on purpose: the orbitals of free
atoms or fragments with opposite or equal spins, then the highest electron of one rotated by an
angle θ into the lowest hole of another. θ = 0° leaves neutral parts, 90° makes ions, 45° hands over
half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ...molecules import SINGLE, breaks_pairs, fragments, is_stretched, real_atoms
from ._atoms import bond_frame, functions_of, points
from ._layouts import MOST_SPINS, Layout, parts_of, side_by_side, spin_signs
from ._minimise import ROUGHLY, Minimum, minimise

TRANSFER_ANGLES = (0, 45, 90)  # degrees
DEPENDENT = 1e-6  # of the overlap's eigenvalues; PySCF leaves smaller ones out
WHOLE = 1e-3  # electrons; from what is called a whole one
ACROSS = "the lowest with its open shell across the bond"
EQUAL = 2e-6  # Hartree; what the rough minimisation leaves open


@dataclass(frozen=True)
class Start:
    """Orbitals to start from; ``atomic`` if they are those of separate atoms or ions."""

    label: str
    mo_coeff: np.ndarray
    mo_occ: np.ndarray
    atomic: bool = False


def default_start(mf) -> Start:
    """PySCF's own guess, one diagonalisation on."""
    dm = mf.get_init_guess(key="minao")
    fock = mf.get_fock(dm=dm)
    energy, coeff = mf.eig(fock, mf.get_ovlp())
    return Start("superposed atomic densities", coeff, mf.get_occ(energy, coeff))


def mixed_start(mo_coeff, pairs) -> Start:
    """The spin symmetry of a closed shell broken: HOMO and LUMO rotated by +45° for α, −45° for β.

    ``mo_coeff`` is (nao, nmo), by energy; ``pairs`` is the number of electron pairs.
    """
    coeff = np.array([_mixed(mo_coeff, pairs, sign) for sign in (1, -1)])
    occ = (np.arange(mo_coeff.shape[1]) < pairs).astype(float)
    return Start("HOMO and LUMO mixed", coeff, np.array([occ, occ]))


def paired_starts(mo_coeff, pairs) -> list[Start]:
    """Starts for ``pairs`` electron pairs, from orbitals (nao, nmo) by energy: as they are, one or
    two pairs moved across the gap, the highest pair half way, which puts it on one of two atoms."""
    moves = {
        "": [],
        "HOMO to LUMO": [(0, 0)],
        "HOMO−1 to LUMO": [(1, 0)],
        "HOMO to LUMO+1": [(0, 1)],
    }
    moves["two pairs up"] = [(0, 0), (1, 1)]
    starts = []
    for label, move in moves.items():
        order = np.arange(mo_coeff.shape[1])
        if any(low >= pairs or pairs + high >= len(order) for low, high in move):
            continue
        for low, high in move:
            order[[pairs - 1 - low, pairs + high]] = order[[pairs + high, pairs - 1 - low]]
        starts.append((label or "pairs as they are", mo_coeff[:, order]))
    if pairs < mo_coeff.shape[1]:
        for sign in (1, -1):
            starts.append(("HOMO and LUMO mixed", _mixed(mo_coeff, pairs, sign)))
    occ = 2.0 * (np.arange(mo_coeff.shape[1]) < pairs)
    return [Start(label, coeff, occ) for label, coeff in starts]


def _mixed(mo_coeff, pairs, sign) -> np.ndarray:
    """HOMO and LUMO rotated by 45° into each other, one way or the other; as they are where there
    is no LUMO."""
    turned = mo_coeff.copy()
    if pairs < mo_coeff.shape[1]:
        homo, lumo = mo_coeff[:, pairs - 1], mo_coeff[:, pairs]
        turned[:, pairs - 1] = (homo + sign * lumo) / np.sqrt(2)
        turned[:, pairs] = (lumo - sign * homo) / np.sqrt(2)
    return turned


def determinant(density, mol) -> tuple[np.ndarray, np.ndarray] | None:
    """Orbitals and occupations of a density matrix (nao, nao), or (2, nao, nao), if it is that of
    one determinant of the molecule's electrons; an empty orbital may lie below an occupied one, and
    none is exchanged."""
    overlap = mol.intor_symmetric("int1e_ovlp")
    if not np.isfinite(density).all() or np.linalg.eigvalsh(overlap)[0] < DEPENDENT:
        return None
    paired = np.ndim(density) == 2
    full, electrons = (2, [mol.nelectron]) if paired else (1, mol.nelec)
    coefficients, occupations = [], []
    for dm, count in zip([density] if paired else density, electrons):
        value, vector = scipy.linalg.eigh(overlap @ dm @ overlap, overlap)
        whole = full * np.round(value[::-1] / full)
        if np.abs(value[::-1] - whole).max() > WHOLE or whole.sum() != count:
            return None
        coefficients.append(vector[:, ::-1])
        occupations.append(whole)
    if paired:
        return coefficients[0], occupations[0]
    return np.array(coefficients), np.array(occupations)


def follow(mf, starts, leads=()) -> list[tuple[Start, Minimum]]:
    """Every start with the minimum it leads to, and those there are, the lowest first; of equals
    the first start wins, which breaks the least symmetry."""
    leads = list(leads)
    for start in starts:
        known = [minimum for _, minimum in leads if minimum.converged]
        found = minimise(mf, start.mo_coeff, start.mo_occ, gradient_tol=ROUGHLY, known=known)
        leads.append((start, found))
    lowest = min(minimum.energy for _, minimum in leads) + EQUAL
    return sorted(leads, key=lambda lead: max(lead[1].energy, lowest))


def atomic_starts(mol) -> list[Start]:
    """Unrestricted starts for an atom, a diatomic, or a molecule that falls into parts.

    Where no orientation of the parts' spins gives the molecule's (two triplet oxygen atoms make a
    singlet or a quintet), electrons are flipped until it does; such a state lies above free atoms.
    The open p shells of two atoms with no π bond point along all axes that differ. Where there is a
    charge, fragments of two atoms are put together from these, too.
    """
    parts, atoms = parts_of(mol), real_atoms(mol)
    if not parts:
        return []
    # Closed shells side by side have nothing to hand over.
    hand_over = len(atoms) == 2 or mol.charge or breaks_pairs(mol)
    layouts = _layouts(mol, parts)[:MOST_SPINS]
    starts = [start for layout in layouts for start in _transfers(mol, layout, hand_over)]
    if mol.charge and len(split := parts_of(mol, split=True)) > len(parts):
        # The ion of a fragment may hold its spins apart where the neutral one has pairs.
        starts += _transfers(mol, _layouts(mol, split)[0], hand_over=False)
    if _shells_turn(mol):
        # Where two open shells no longer bond, which way they point is less than a kcal/mol.
        ways = layouts[0].orientations(mol)[1:]
        starts += [start for way in ways for start in _transfers(mol, way, hand_over=False)]
    return starts


def _layouts(mol, parts) -> list[Layout]:
    """The parts side by side in all ways that their spins may point, with the molecule's
    electrons."""
    layouts = [side_by_side(mol, parts, signs) for signs in spin_signs(parts, mol.spin)]
    fitting = [layout for layout in layouts if layout.ionise(mol)]
    if mol.spin == 0 and len(parts) <= 2:
        fitting = fitting[:1]  # the others are its mirror images
    return fitting or [layout.forced(mol) for layout in layouts]


def atomic_spins_fit(mol) -> bool:
    """Whether ground-state atoms, their spins up or down, can make up the molecule's spin."""
    parts = parts_of(mol)
    return any(side_by_side(mol, parts, signs).ionise(mol) for signs in spin_signs(parts, mol.spin))


def atoms_leave_open(mol) -> bool:
    """Whether the free atoms of a stretched diatomic do not tell its lowest state: their spins do
    not make up its own, or their shells may turn."""
    pulled_apart = len(real_atoms(mol)) == 2 and is_stretched(mol)
    return pulled_apart and (not atomic_spins_fit(mol) or _shells_turn(mol))


def _shells_turn(mol) -> bool:
    """Whether two atoms are so far apart that no π bond holds their open p shells in place."""
    atoms = real_atoms(mol)
    apart = len(atoms) == 2 and len(fragments(mol, SINGLE)) == 2
    return apart and all(points(mol, i) for i in atoms)


def across_bond(mol, state: Minimum) -> list[Start]:
    """A state of a stretched diatomic of which one atom's open p shell points, as the free atoms
    are put along the bond: the same with the shell across it. Empty for other molecules."""
    atoms = real_atoms(mol)
    pointing = [i for i in atoms if points(mol, i)]
    if len(atoms) != 2 or len(pointing) != 1 or not is_stretched(mol):
        return []
    frame = bond_frame(mol.atom_coords()[atoms])
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    turn = np.eye(mol.nao)
    own = np.ix_(*2 * [functions_of(mol, pointing)])
    turn[own] = mol.ao_rotation_matrix(frame @ quarter @ frame.T)[own]
    overlap = mol.intor_symmetric("int1e_ovlp")
    turned = [turn @ c for c in state.mo_coeff]
    return [_orthonormal(ACROSS, turned, state.mo_occ > 0, overlap)]


def _transfers(mol, layout: Layout, hand_over) -> list[Start]:
    """A layout as it is, and with an electron handed over in steps."""
    overlap = mol.intor_symmetric("int1e_ovlp")
    starts = [_orthonormal(layout.label, layout.coeff, layout.occupied, overlap)]
    for spin, donor, acceptor in layout.transfers(bool(mol.charge)) if hand_over else ():
        for angle in TRANSFER_ANGLES[1:]:
            turned = [c.copy() for c in layout.coeff]
            c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
            d, a = layout.coeff[spin][:, donor], layout.coeff[spin][:, acceptor]
            turned[spin][:, donor], turned[spin][:, acceptor] = c * d + s * a, c * a - s * d
            label = f"{layout.label}, an electron handed over by {angle}°"
            starts.append(_orthonormal(label, turned, layout.occupied, overlap))
    return starts


def _orthonormal(label, coeff, occupied, overlap) -> Start:
    """Occupied orbitals orthonormalised among themselves (Löwdin, which moves them least), the
    virtual ones then made orthogonal to them."""
    coeffs, occs = [], []
    for c, occ in zip(coeff, occupied):
        o = c[:, occ]
        if o.shape[1]:
            o = o @ np.linalg.inv(scipy.linalg.sqrtm(o.T @ overlap @ o).real)
        v = c[:, ~occ] - o @ (o.T @ overlap @ c[:, ~occ])
        weight, turn = np.linalg.eigh(v.T @ overlap @ v)
        keep = weight > 1e-8
        v = v @ turn[:, keep] / np.sqrt(weight[keep])
        coeffs.append(np.hstack([o, v]))
        occs.append((np.arange(o.shape[1] + v.shape[1]) < o.shape[1]).astype(float))
    width = min(c.shape[1] for c in coeffs)
    return Start(
        label,
        np.array([c[:, :width] for c in coeffs]),
        np.array([o[:width] for o in occs]),
        atomic=True,
    )
