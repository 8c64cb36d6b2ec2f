"""Atoms or fragments side by side, their electrons made to fit, one of them handed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, permutations, product

import numpy as np

from ...molecules import fragments, real_atoms
from ._atoms import Part, atom_part, bond_frame, fragment_part, turn_about_bond

EQUALS = 1e-3  # Hartree
MOST_OPEN, MOST_SPINS, MOST_TRANSFERS = 8, 6, 3  # where there are more than two parts


@dataclass
class Layout:
    """For each spin the parts' orbitals as columns over the molecule's basis, with each column's
    energy, part, σ symmetry about a bond, and whether it is occupied."""

    label: str
    coeff: list[np.ndarray]
    energy: list[np.ndarray]
    owner: np.ndarray
    sigma: list[np.ndarray]
    occupied: list[np.ndarray]

    def ionise(self, mol) -> bool:
        """Take or add the electrons of the molecule's charge, the cheapest ones. False where the
        spins do not fit, and nothing is changed then."""
        surplus = [int(o.sum()) - n for o, n in zip(self.occupied, mol.nelec)]
        if any(n * mol.charge < 0 or (n and not mol.charge) for n in surplus):
            return False
        self.forced(mol)
        return True

    def forced(self, mol) -> Layout:
        """Make the electrons fit, whatever it takes: spins turn around, the highest leave, the
        lowest holes fill."""
        up, down = (int(o.sum()) - n for o, n in zip(self.occupied, mol.nelec))
        for _ in range(min(abs(up), abs(down)) if up * down < 0 else 0):
            self._flip(0 if up > 0 else 1)
        for energy, occupied, wanted in zip(self.energy, self.occupied, mol.nelec):
            while occupied.sum() > wanted:
                occupied[np.argmax(np.where(occupied, energy, -np.inf))] = False
            while occupied.sum() < wanted:
                occupied[np.argmin(np.where(occupied, np.inf, energy))] = True
        return self

    def _flip(self, spin) -> None:
        """Turn the electron of that spin around that is the cheapest to turn on its own part; of
        equals one of a π shell, for σ bonds are the stronger. Nothing where no part has a hole."""
        cost = (self.energy[1 - spin] + EQUALS * self.sigma[1 - spin])[None, :]
        cost = cost - (self.energy[spin] - EQUALS * self.sigma[spin])[:, None]
        ways = self.occupied[spin][:, None] & ~self.occupied[1 - spin][None, :]
        ways &= self.owner[:, None] == self.owner[None, :]
        if not ways.any():
            return
        electron, hole = divmod(int(np.argmin(np.where(ways, cost, np.inf))), len(self.owner))
        self.occupied[spin][electron], self.occupied[1 - spin][hole] = False, True

    def orientations(self, mol) -> list[Layout]:
        """Two atoms with their p shells along other axes, all ways that differ by more than a turn
        about the bond; as they are comes first. Which orbitals are σ is not told of the others."""
        frame = bond_frame(mol.atom_coords()[real_atoms(mol)])
        axes = [np.eye(3)[list(order)] for order in permutations(range(3))]
        turns = [mol.ao_rotation_matrix((frame @ (np.linalg.det(p) * p) @ frame.T).T) for p in axes]
        about = turn_about_bond(mol, 90)
        found: list[Layout] = []
        seen: list[np.ndarray] = []
        for one, other in product(turns, turns):
            turn = np.zeros_like(one)
            for i, r in enumerate((one, other)):
                own = np.ix_(self.owner == i, self.owner == i)
                turn[own] = r[own]
            way = replace(self, coeff=[turn @ c for c in self.coeff])
            if found:
                way.label += ", turned"
            held = np.array([c[:, o] @ c[:, o].T for c, o in zip(way.coeff, way.occupied)])
            if not any(np.allclose(held, known, atol=1e-6) for known in seen):
                seen += [held, about @ held @ about.T]
                found.append(way)
        return found

    def transfers(self, charged) -> list[tuple[int, int, int]]:
        """(spin, donor column, acceptor column) of the cheapest electron transfers between parts
        that a bond's symmetry allows, the cheapest first: one for each donor and acceptor where a
        charge has several places to be, else the one. None where there is no electron or hole."""
        best: dict = {}
        for spin in (0, 1):
            occupied, sigma, energy = self.occupied[spin], self.sigma[spin], self.energy[spin]
            holes = np.flatnonzero(~occupied & sigma)
            for donor in np.flatnonzero(occupied & sigma):
                for hole in holes[self.owner[holes] != self.owner[donor]]:
                    way = self.owner[donor], self.owner[hole]
                    found = energy[hole] - energy[donor], spin, int(donor), int(hole)
                    best[way] = min(best.get(way, found), found)
        most = 1 if self.owner.max() < 2 or not charged else MOST_TRANSFERS
        return [found[1:] for found in sorted(best.values())[:most]]


def parts_of(mol, split=False) -> list[Part]:
    """The atoms of an atom or a diatomic, the fragments of anything larger that falls apart; with
    ``split`` those of two atoms as atoms, too."""
    atoms = real_atoms(mol)
    if len(atoms) <= 2:
        return [atom_part(mol, i, atoms) for i in atoms]
    apart = fragments(mol)
    if len(apart) == 1:
        return []
    parts = []
    for f in apart:
        as_atoms = len(f) == 1 or (split and len(f) == 2)
        parts += [atom_part(mol, i, f) for i in f] if as_atoms else [fragment_part(mol, f)]
    return parts


def side_by_side(mol, parts: list[Part], signs) -> Layout:
    """The parts, each with its spin up (+1) or down (−1). A ghost's functions stay empty."""
    shape = (2, mol.nao)
    coeff, energy = np.zeros((2, mol.nao, mol.nao)), np.full(shape, np.finfo(float).max)
    sigma, occupied = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    owner, ghostly = np.zeros(mol.nao, dtype=int), np.ones(mol.nao, dtype=bool)
    for i, (part, sign) in enumerate(zip(parts, signs)):
        owner[part.functions], ghostly[part.functions] = i, False
        for spin in (0, 1):
            source = spin if sign > 0 else 1 - spin
            columns = part.functions[: part.coefficients[source].shape[1]]
            coeff[spin][np.ix_(part.functions, columns)] = part.coefficients[source]
            energy[spin][columns] = part.energies[source]
            occupied[spin][columns] = part.occupied[source]
            sigma[spin][columns] = part.sigma[source]
    coeff[:, ghostly, ghostly] = 1
    return Layout(
        _label(mol, parts, signs), list(coeff), list(energy), owner, list(sigma), list(occupied)
    )


def spin_signs(parts: list[Part], spin) -> list[tuple[int, ...]]:
    """Which way the parts' spins may point: neighbours opposite before parallel, none that is the
    same for closed shells or, of a molecule without ``spin``, a mirror image."""
    ways: list[tuple[int, ...]] = [(1, -1), (-1, 1), (1, 1)] if len(parts) == 2 else []
    if len(parts) != 2:
        places = [i for i, part in enumerate(parts) if part.is_open]
        few = list(product((1, -1), repeat=min(len(places), MOST_OPEN)))
        if len(places) > MOST_OPEN:
            few = [tuple((-1) ** i for i in range(len(places))), (1,) * len(places)]
        for signs in few:
            if spin or not places or signs[0] == 1:
                of_open = dict(zip(places, signs))
                ways.append(tuple(of_open.get(i, 1) for i in range(len(parts))))
        ways.sort(key=lambda way: sum(way[a] == way[b] for a, b in pairwise(places)))
    by_open = {tuple(s for s, part in zip(way, parts) if part.is_open): way for way in ways[::-1]}
    return [way for way in ways if way in by_open.values()]


def _label(mol, parts, signs) -> str:
    atoms = len(real_atoms(mol))
    if atoms == 1:
        return "atom"
    noun = "atoms" if atoms == len(parts) else "fragments"
    if len(parts) == 2 and (atoms == 2 or all(part.is_open for part in parts)):
        return f"{noun}, spins {'parallel' if signs[0] == signs[1] else 'opposite'}"
    spins = "".join(
        "·" if not part.is_open else "↑" if sign > 0 else "↓" for part, sign in zip(parts, signs)
    )
    return f"{noun}, spins {spins}" if spins.strip("·") else noun
