"""How many electrons each orbital holds, from what a user gives."""

from __future__ import annotations

import numpy as np

HALF, ANNEALED = "half", "annealed"


def occupation_numbers(mol, occupations) -> np.ndarray:
    """(2, nao): what the lowest orbitals of each spin hold, from what a user gives.

    Raises ValueError where the numbers are none, or the basis has no room for them.
    """
    if isinstance(occupations, str):
        return _half_and_half(mol, occupations)
    try:
        alpha, beta = occupations
    except (TypeError, ValueError) as error:
        raise ValueError(
            "occupations are a pair: electrons of spin α and of spin β, such as (9, 8.5), or lists "
            f"of the numbers that the lowest orbitals hold; or {HALF!r} or {ANNEALED!r}; "
            f"not {occupations!r}"
        ) from error
    numbers = np.array([_one_spin(mol, alpha, "α"), _one_spin(mol, beta, "β")])
    if not numbers.any():
        raise ValueError("these occupations leave no electrons")
    return numbers


def _one_spin(mol, given, spin) -> np.ndarray:
    try:
        numbers = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    if numbers.ndim > 1 or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"electrons of spin {spin} are numbers from 0 on, not {given!r}")
    total = float(numbers.sum())
    if numbers.ndim == 0:
        numbers = np.clip(total - np.arange(max(mol.nao, np.ceil(total))), 0, 1)
    elif (numbers > 1).any():
        raise ValueError(f"an orbital holds at most one electron of spin {spin}: {numbers}")
    if (numbers[mol.nao :] > 0).any():
        raise ValueError(
            f"{total:g} electrons of spin {spin} do not fit in the {mol.nao} orbitals of this "
            "basis; take a larger basis"
        )
    return np.pad(numbers[: mol.nao], (0, max(0, mol.nao - len(numbers))))


def _half_and_half(mol, word) -> np.ndarray:
    if word.strip().lower() != HALF:
        raise ValueError(f"occupations can be {HALF!r} or {ANNEALED!r}, not {word!r}")
    pairs = mol.nelec[0]
    if mol.spin or pairs == mol.nao:
        raise ValueError(
            f"occupations={HALF!r} share the highest pair of electrons between two orbitals; that "
            "needs paired electrons and an empty orbital"
        )
    return np.array([_one_spin(mol, [1] * (pairs - 1) + [0.5, 0.5], "α")] * 2)
