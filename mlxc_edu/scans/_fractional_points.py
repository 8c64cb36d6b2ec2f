"""Fractions of an electron: what may be asked for, each point computed, and its row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from pyscf import gto

from ..calculations import ensemble, exact, exact_level, frontier, paired, plane_occupations
from ..molecules import hund_spin, molecule
from ..units import EV_PER_HARTREE, KCAL_PER_HARTREE
from ._dissociation import EXACT, method_names
from ._jobs import Running, identity

STEPS = 10  # between two whole numbers
WHOLE = 1e-9  # electrons
LEAST_BOUND = 0.0  # Hartree; an orbital above it is held by the basis alone


def computed(points, mol, settings, run: Running) -> dict[tuple, dict[str, Any]]:
    """The value of every (method, electrons)."""
    for electrons in {electrons for wanted in points.values() for electrons in wanted}:
        _check_room(electrons, mol, settings)
    level, jobs = _affordable_level(points.get(EXACT, []), mol, settings), {}
    for name, wanted in points.items():
        for electrons in wanted:
            job = dict(settings, method=name, electrons=list(electrons))
            jobs[name, electrons] = dict(job, level=level if name == EXACT else None)
    done = run.values([*jobs.values()], _compute)
    return {key: done[identity(job)] for key, job in jobs.items()}


def _compute(job, memory) -> dict[str, Any]:
    mol = molecule(job["system"], bond_length=job["r"], basis=job["basis"])
    mol.max_memory = memory
    alpha, beta = electrons = job["electrons"]
    said = f"{alpha:g} α and {beta:g} β electrons"
    if not any(electrons):
        return dict(energy=mol.energy_nuc(), converged=True, homo=None, lumo=None, state="empty")
    if job["method"] == EXACT:
        best = exact(_ion(mol, job, alpha, beta), level=job["level"])
        state = "; ".join([said, best.method, *best.notes])
        return dict(energy=best.energy, converged=best.converged, homo=None, lumo=None, state=state)
    start, occupations = frontier(mol), None
    if job["path"] != "charge":
        start = paired(start, mol.intor_symmetric("int1e_ovlp"))
    if job["path"] == "plane":
        occupations = _on_the_plane(mol, start, electrons)
    found = ensemble(mol, job["method"], start, electrons, occupations=occupations)
    return dict(vars(found), state=f"{said}; {found.state}")


def plane_spins(mol) -> tuple[int, int, int]:
    """How many electrons are unpaired with one less, as it is, and with one more. Raises ValueError
    where there is no flat plane."""
    if not mol.spin or (mol.natm > 1 and mol.spin > 1):
        wanted = "unpaired electrons of an atom, or one of a molecule"
        raise ValueError(f"{_formula(mol)} has {mol.spin} unpaired; the flat plane needs {wanted}")
    if mol.natm > 1:
        return 0, 1, 0
    try:
        less, own, more = (hund_spin(mol.atom_pure_symbol(0), mol.charge + c) for c in (1, 0, -1))
    except ValueError:  # a transition metal's ion
        less = own = more = -1
    if own != mol.spin or abs(less - own) != 1 or abs(more - own) != 1:
        raise ValueError(f"the open shells of {_formula(mol)} are beyond Hund's rules for s and p")
    return less, own, more


def _formula(mol) -> str:
    return "".join(mol.atom_pure_symbol(i) for i in range(mol.natm))


def _on_the_plane(mol, shared, electrons) -> np.ndarray:
    unpaired, (alpha, beta) = plane_spins(mol), mol.nelec
    for change, spin in zip((-1, 0, 1), unpaired):
        pairs = (alpha + beta + change - spin) // 2
        if tuple(electrons) == (pairs + spin, pairs):  # a whole ion in its highest spin
            shell = replace(shared, electrons=(pairs + spin, pairs), unpaired=spin)
            return shell.occupations(electrons)
    place = electrons[0] - alpha + 1, electrons[1] - beta
    return plane_occupations(shared, unpaired, *place)


def _affordable_level(points, mol, settings) -> str | None:
    """Of the reference, one for all: the difference of two levels is no ionisation energy."""
    levels = {
        exact_level(_ion(mol, settings, *electrons)) for electrons in points if any(electrons)
    }
    return "CCSD(T)" if "CCSD(T)" in levels else "FCI" if levels else None


def _ion(mol, settings, alpha, beta) -> gto.Mole:
    return molecule(
        settings["system"],
        bond_length=settings["r"],
        basis=settings["basis"],
        charge=int(mol.atom_charges().sum() - alpha - beta),
        spin=int(alpha - beta),
    )


def on_the_line(low, high, energy) -> dict[str, Any]:
    """The exact energy between two whole numbers; its slope is the orbital energy."""
    slope = high["energy"] - low["energy"]
    state = "on the straight line, by theorem"
    edges = dict(homo=(slope, slope), lumo=None)
    return dict(edges, energy=energy, converged=True, seconds=0.0, state=state)


def edge(energies, spins, pick) -> float:
    """Of the spins given, or of both; nan where none has one."""
    energies = energies or (None, None)
    known = [energies[s] for s in spins or (0, 1) if energies[s] is not None]
    return pick(known, default=np.nan)


def row(method, place, value, converged, edges, **line) -> dict[str, Any]:
    (reference,) = line.values()
    homo, lumo = edges
    state = value["state"]
    if homo > LEAST_BOUND:
        state += f"; not bound: its highest orbital lies {homo * EV_PER_HARTREE:.2f} eV above zero"
    return {
        "method": method,
        **place,
        "energy": value["energy"],
        **line,
        "deviation_kcal": (value["energy"] - reference) * KCAL_PER_HARTREE,
        "converged": converged,
        "homo": homo,
        "lumo": lumo,
        "seconds": value["seconds"],
        "state": state,
    }


def electron_numbers(n, mol, system) -> list[float]:
    own, protons = mol.nelectron, int(mol.atom_charges().sum())
    least, most = own - 1, own + 1 if mol.natm > 1 else min(own, protons) + 1
    numbers = steps("n", n, np.linspace(least, most, (most - least) * STEPS + 1))
    for m in numbers:
        if m > most == own:
            raise ValueError(f"no atom binds {m:g} electrons: at most one more than its protons")
        if not least <= m <= most:
            raise ValueError(
                f"{system} has {own} electrons, and n goes from {least} to {most}: {m:g} is "
                "outside; to go further start from an ion, such as 'Na+'"
            )
    return numbers


def _check_room(electrons, mol, settings) -> None:
    if max(electrons) > mol.nao:
        raise ValueError(
            f"{max(electrons):g} electrons of one spin do not fit in the {mol.nao} orbitals of "
            f"{settings['basis']!r}; take a larger basis"
        )


def steps(name, given, default) -> list[float]:
    try:
        given = default if given is None else given
        if isinstance(given, str):
            raise ValueError
        given = list(given) if np.iterable(given) else [given]
        numbers = np.asarray(given, dtype=float)
        if numbers.ndim != 1 or not np.isfinite(numbers).all():
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, not {given!r}") from error
    if not numbers.size:
        raise ValueError(f"give at least one value of {name}")
    return sorted({round(float(m), 12) for m in numbers})


def approximate(methods) -> list[str]:
    names = method_names(methods)
    if EXACT in names:
        raise ValueError("exact needs no calculation here: it is the flat line or plane itself")
    return names


def floor(m) -> float:
    return float(np.floor(m + WHOLE))


def ceil(m) -> float:
    return float(np.ceil(m - WHOLE))
