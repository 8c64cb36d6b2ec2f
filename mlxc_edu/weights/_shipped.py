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
    "EDU27": "8743646637aa125c13ffb297fb4726829176a8fa6f5904bec7fb548e5231cc13",
}
SHIPPED = {name: Path(__file__).with_name(f"{name.lower()}.npz") for name in _SHA256}
_OCCUPATION_SHA256 = "3272c92514d03a48884d11dea1c017fc51867499e0f52c04c39d8006702a2cf6"
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
    known = next((_SHA256[n] for n, file in SHIPPED.items() if file == path), None)
    return _arrays(path, known)


def load_occupation() -> dict[str, np.ndarray]:
    """Arrays of the network that reads local occupations, by name.

    Raises WrongWeights where it is not the shipped one.
    """
    return _arrays(OCCUPATION, _OCCUPATION_SHA256)


def _arrays(path: Path, sha256: str | None) -> dict[str, np.ndarray]:
    if sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise WrongWeights(f"{path} is not the shipped file: install mlxc-edu anew")
    try:
        with np.load(path) as kept:
            return {key: kept[key] for key in kept.files}
    except (OSError, ValueError, EOFError) as error:
        raise WrongWeights(f"{path} holds no parameters: {error}") from error


def fingerprint(name: str) -> str:
    """What tells one file of parameters from another; empty for a functional with a name."""
    path = Path(name).expanduser()
    if not is_file(name) or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
