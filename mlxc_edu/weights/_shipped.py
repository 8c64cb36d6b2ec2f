"""Parameters of our own functionals, which come with the package, and files of parameters like
them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ._released import WrongWeights

SUFFIX = ".npz"
_SHA256 = {
    "EDU26": "9af8bc5f978df79a0e636b83727178bd53ef3a8ce4183ed60b230489ecd72f48",
}
SHIPPED = {name: Path(__file__).with_name(f"{name.lower()}.npz") for name in _SHA256}
OCCUPATION = Path(__file__).with_name("occupation.npz")  # that reads local occupations, for EDU27


def is_file(name: str) -> bool:
    """Whether a functional is named by a file of parameters, as ``mlxc-edu train`` writes them."""
    return name.lower().endswith(SUFFIX)


def load_ours(name: str) -> dict[str, np.ndarray]:
    """Arrays by name, of a functional of ``SHIPPED`` or of a file.

    Raises
    ------
    FileNotFoundError : there is no such file.
    WrongWeights : it holds no parameters, or what was shipped was changed.
    """
    path = Path(name).expanduser() if is_file(name) else SHIPPED[name]
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: `mlxc-edu train --output {path.name}` makes one"
        )
    said = next((_SHA256[n] for n, file in SHIPPED.items() if file == path), None)
    if said and hashlib.sha256(path.read_bytes()).hexdigest() != said:
        raise WrongWeights(f"{path} is not the shipped file: install mlxc-edu anew")
    try:
        with np.load(path) as kept:
            return {key: kept[key] for key in kept.files}
    except (OSError, ValueError, EOFError) as error:
        raise WrongWeights(f"{path} holds no parameters: {error}") from error


def load_occupation() -> dict[str, np.ndarray]:
    """Arrays of the network that reads local occupations, by name."""
    with np.load(OCCUPATION) as kept:
        return {key: kept[key] for key in kept.files}


def fingerprint(name: str) -> str:
    """What tells one file of parameters from another; empty for a functional with a name."""
    path = Path(name).expanduser()
    if not is_file(name) or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
