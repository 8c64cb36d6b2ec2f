"""Densities whose local occupations are known, for the network that reads them off exchange.

No energy is needed, so any orbitals will do: of atoms, their ions and what lies between, as they
are and turned at random, and of molecules, whose holes hold a whole electron. Where a molecule with
paired electrons is pulled apart, the hole that counts is the part of it on the atom nearby.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyscf import gto
from pyscf.data import elements

from .._threads import one_blas_thread
from ..calculations import paired, plane_occupations, solve
from ..functionals import Features
from ..ks.learned import features as features_of
from ..ks.learned import symmetrised
from ..molecules import hund_spin
from . import _cache
from ._build import BASIS, METHOD, Atom
from ._own import turned
from ._planes import ladder, places
from ._reactions import HELD_OUT, entries
from ._restricted import PAIRED, apart
from ._samples import GRID_LEVEL, Densities

ATOMS_FAR_APART = 6.5, 8.0  # Å
HYDROGENS_APART = 3.5, 4.0, 4.5, 5.0, 5.75, 6.5, 8.0, 10.0
APART_BY = METHOD, "PBE", "HF"  # whose orbitals; with one alone, others' bonds were read too full
BETWEEN = 0.25, 0.5, 0.75
TURNED = 16  # places of a plane drawn at random, their orbitals turned
OF_ONE = 40  # the same of H, Li, Na, whose plane is one orbital's
ANGLES = 0.1, 0.2, 0.4, 0.7  # how much they are turned, one after the other
POINTS = 40  # of a density
VALENCE = 0.3  # electrons/Bohr³, from where on more density does not make a point count more
FAINTEST = 1e-7  # electrons/Bohr³
ALONE = 0.9  # of the density at a point comes from atoms by themselves, or it says nothing
WEIGHTS = dict(whole=3.0, between=1.0, plane=1.0, turned=0.3, molecule=2.0, apart=4.0)
TIMES = {"H": 20.0, "HH": 2.0, "He": 3.0, "Li": 4.0, "Na": 4.0}  # one orbital: errors cost most


class Lesson(NamedTuple):
    """Some points of a density, likelier where more electrons or exchange energy are."""

    name: str
    kind: str  # of WEIGHTS
    side: str
    weight: float
    features: np.ndarray  # (N, 11)
    n: np.ndarray  # (N, 2)


@one_blas_thread
def of_atom(symbol) -> Iterator[Lesson]:
    """Whole ions, mixtures of two, flat planes, and the same with orbitals turned at random."""
    atom, generator = Atom(symbol, GRID_LEVEL), np.random.default_rng(elements.charge(symbol))
    side, times = HELD_OUT.get(symbol, "train"), TIMES.get(symbol, 1.0)
    overlap = atom.mol.intor_symmetric("int1e_ovlp")
    shared = replace(paired(atom.start, overlap), unpaired=0)
    known = {sum(n): n for n in atom.whole}

    def lesson(kind, name, dm, densities=atom.densities):
        weight = times * WEIGHTS[kind]
        return _lesson(f"{symbol} {name}", kind, side, weight, densities, dm)

    states = [(atom.start, atom.start.occupations(n)) for n in atom.whole if any(n)]
    for n, dm in atom.whole.items():
        if any(n):
            yield lesson("whole", f"{n}", dm)
    for low, high in pairwise(ladder(symbol)):
        for x in BETWEEN:
            mixed = (1 - x) * atom.whole[low] + x * atom.whole[high]
            yield lesson("between", f"{low} {high} {x}", mixed)
        for x in generator.random(len(ANGLES)):
            a, b = ((1 - x) * n + x * m for n, m in zip(low, high))
            states.append((atom.start, atom.start.occupations((a, b))))
    for charge in (0, 1):
        electrons = elements.charge(symbol) - charge
        for i, place in enumerate(places(symbol, charge, shared, list(atom.whole))):
            yield lesson("plane", f"{place.label} mixed", atom.mixture(place))
            if i % 3 == 0:
                try:
                    yield lesson("plane", place.label, atom.lowest(shared, place.occupations)[1])
                except ArithmeticError:
                    continue
        if not {electrons, electrons - 1} <= known.keys():
            continue
        spins = [hund_spin(symbol, charge + c) for c in (1, 0, -1)]
        if spins[1]:
            here = replace(shared, electrons=known[electrons])
            drawn = generator.random((OF_ONE if spins == [0, 1, 0] else TURNED, 2))
            states += [(shared, plane_occupations(here, spins, *xy)) for xy in drawn]
    for i, (start, held) in enumerate(states):
        orbitals = turned(start.coefficients, held, i + 1, ANGLES[i % len(ANGLES)])
        dm = np.einsum("smi,si,sni->smn", orbitals, held, orbitals)
        yield lesson("turned", f"turned {i}", dm, Densities(atom.mol, dm, level=0))


@one_blas_thread
def of_pair(pair) -> Iterator[Lesson]:
    """Two atoms far apart, their electrons paired."""
    for r in HYDROGENS_APART if pair == "HH" else ATOMS_FAR_APART:
        job = apart(pair, r)
        mol = gto.M(atom=job["geometry"], basis=BASIS, verbose=0)
        for method in APART_BY:
            found = solve(mol, method, unrestricted=False)
            if found.converged:
                dm = np.asarray(found.density_matrix)
                weight = WEIGHTS["apart"] * TIMES.get(pair, 1.0)
                name = f"{job['name']}{PAIRED} by {method}"
                yield _lesson(name, "apart", "train", weight, Densities(mol, dm), dm)


def of_molecules(where: Path) -> Iterator[Lesson]:
    """Of the table, near equilibrium and a pair of molecules, from densities that were built."""
    for e in entries().values():
        if e.kind in ("atom", "wide") or e.side == "test" or not _cache.has(e.name, where):
            continue
        density, _ = _cache.read(e.name, where)
        f, w = density.features, density.weights
        chosen = _drawn(e.name, f, w)
        whole = np.ones((len(chosen), 2))
        yield Lesson(e.name, "molecule", e.side, WEIGHTS["molecule"], f[chosen], whole)


def _lesson(name, kind, side, weight, densities: Densities, dm) -> Lesson:
    """What every atom's part of the density matrix holds by itself, Σ (D S D) φφ / Σ D φφ."""
    dm = symmetrised(densities.mirrors, np.asarray(dm))
    overlap = densities.mol.intor_symmetric("int1e_ovlp")
    by_itself, squared = np.zeros_like(dm), np.zeros_like(dm)
    for *_, i, j in densities.mol.aoslice_by_atom():
        own = dm[:, i:j, i:j]
        by_itself[:, i:j, i:j] = own
        squared[:, i:j, i:j] = own @ overlap[i:j, i:j] @ own
    exchange, rows = densities.points.exchange, []
    for batch in densities.points:
        x = exchange.apply(batch.tables, exchange.prepare(dm), batch.chi)
        f, phi = np.asarray(features_of(dm, x, batch.chi)), np.asarray(batch.chi)[0]
        rho, held = (np.einsum("ig,sig->gs", phi, d @ phi) for d in (by_itself, squared))
        rows.append((f, np.asarray(batch.weights), rho, held))
    f, w, rho, held = map(np.concatenate, zip(*rows))
    alone = (np.abs(rho - f[:, Features.RHO]) < (1 - ALONE) * f[:, Features.RHO] + FAINTEST).all(1)
    f, w, n = f[alone], w[alone], (held / np.maximum(rho, FAINTEST**2))[alone]
    chosen = _drawn(name, f, w)
    return Lesson(name, kind, side, weight, f[chosen], n[chosen])


def _drawn(name, features, weights) -> np.ndarray:
    rho, e = (np.abs(features[:, c]).sum(axis=1) for c in (Features.RHO, Features.HFX))
    electrons, energy = np.abs(weights) * rho / (1 + rho / VALENCE), np.abs(weights) * e
    likely = electrons / electrons.sum() + energy / energy.sum()
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    count = min(POINTS, int((likely > 0).sum()))
    return generator.choice(len(likely), count, replace=False, p=likely / likely.sum())
