"""DeepMind's released checkpoints: where they are, whether they are whole, what they hold."""

from __future__ import annotations

import hashlib
import os
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs
import pooch

from ._bundle import read_bundle

ATTRIBUTION = (
    "DM21 model parameters © DeepMind (Kirkpatrick et al., Science 374, 1385 (2021)), CC BY 4.0, "
    "https://creativecommons.org/licenses/by/4.0/"
)

MODELS = {  # what each was trained on, data and exact constraints
    "DM21": "molecules + fractional charge + fractional spin",
    "DM21m": "molecules only",
    "DM21mc": "molecules + fractional charge",
    "DM21mu": "molecules + uniform electron gas",
}

_URL = (
    "https://raw.githubusercontent.com/google-deepmind/deepmind-research/"
    "f5de0ede8430809180254ee957abf36ed62579ef/density_functional_approximation_dm21/"
    "density_functional_approximation_dm21/checkpoints"
)
FILES = _INDEX, _DATA = "variables.index", "variables.data-00000-of-00001"
_SHA256 = {
    "DM21": {
        _INDEX: "5918c6ce71365eed6fe4e9e7dc9a996e598fb061cb6d7eae14b12f27a69d63df",
        _DATA: "b4cb392a9b6de8385f98347dc2e134d492060a7835ec4dc0fc7ff11d72fdb2b9",
    },
    "DM21m": {
        _INDEX: "384a0651340ff6b9fe9e93dfbaf0478ceb1e39c5ab4c58dd617d67ff27833feb",
        _DATA: "61e5814cab7e953a9b732f291494670b70cf96d4681f59ae8f4403526a20cfdb",
    },
    "DM21mc": {
        _INDEX: "7dac9b16a5ca2ce82795f3b13dfd9eb0a44356bac488cc96286bc87f68362bba",
        _DATA: "ade31ae97b5b19c3706daf925d734338339b0e1979a7f51dce6d613acddd30e5",
    },
    "DM21mu": {
        _INDEX: "cd408fd152d42cf68df605ff186b5b981d5c7189b4a0026f2caec6e5d81834e1",
        _DATA: "f8f8677e00c1a32383064b86f77c107545f761cd23628e32ff88d9856160f735",
    },
}


class MissingWeights(FileNotFoundError):
    """The files of a model are not there; the message says how to get them."""


class WrongWeights(ValueError):
    """A file is not the released one; the message names it and says how to get the right one."""


def canonical(name: str) -> str:
    """A model's name as DeepMind writes it; raises ValueError with near names."""
    known = {model.lower(): model for model in MODELS}
    if name.lower() in known:
        return known[name.lower()]
    near = [known[n] for n in get_close_matches(name.lower(), known)] or list(MODELS)
    raise ValueError(f"no model {name!r}; near names: {', '.join(near)}")


def folder(name: str) -> Path:
    """Where a model's two files are, or would be.

    That is ``<NAME>/variables`` in ``$MLXC_EDU_DM21_DIR`` if that is set, else in ``weights`` in
    ``$MLXC_EDU_CACHE`` or the user's cache folder.
    """
    own = os.environ.get("MLXC_EDU_DM21_DIR")
    cached = os.environ.get("MLXC_EDU_CACHE") or platformdirs.user_cache_dir("mlxc-edu")
    root = Path(own) if own else Path(cached) / "weights"
    return root.expanduser() / canonical(name) / "variables"


def load(name: str) -> dict[str, np.ndarray]:
    """The parameters of a model: read-only arrays by their names in TensorFlow.

    Parameters
    ----------
    name : one of ``MODELS``; upper and lower case do not matter.

    Raises
    ------
    MissingWeights, WrongWeights : there are no files, or they are not the released ones.
    """
    return dict(_load(canonical(name), folder(name)))


@cache
def _load(name: str, _: Path) -> dict[str, np.ndarray]:
    return verify(name)


def verify(name: str) -> dict[str, np.ndarray]:
    """Check a model's files against the released ones' SHA-256 and read them anew; as `load`."""
    name, where = canonical(name), folder(name)
    for file, expected in _SHA256[name].items():
        try:
            found = hashlib.sha256((where / file).read_bytes()).hexdigest()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingWeights(f"{where / file} is missing: {_remedy(name)}") from error
        if found != expected:
            raise WrongWeights(
                f"{where / file} is not the released file (SHA-256 {found[:12]}…, expected "
                f"{expected[:12]}…): delete it, then {_remedy(name)}"
            )
    return read_bundle(where / "variables")


def _remedy(name: str) -> str:
    fetch = f"`mlxc-edu weights fetch {name}`"
    if os.environ.get("MLXC_EDU_DM21_DIR"):
        return f"put the released file there, or unset MLXC_EDU_DM21_DIR and run {fetch}"
    return f"run {fetch}, or set MLXC_EDU_DM21_DIR to a folder with {name}/variables/{_INDEX}, …"


def fetch(name: str, *, progress: bool = False) -> Path:
    """Download a model's files unless they are there already; returns their folder.

    A folder of your own, ``$MLXC_EDU_DM21_DIR``, is verified and never written to.

    Raises
    ------
    ConnectionError : no network, or the server does not have the file.
    WrongWeights : what came is not the released file; nothing of it is kept.
    """
    from requests.exceptions import RequestException

    name, where = canonical(name), folder(name)
    if os.environ.get("MLXC_EDU_DM21_DIR"):
        verify(name)
        return where
    for file, expected in _SHA256[name].items():
        url = f"{_URL}/{name}/variables/{file}"
        try:
            pooch.retrieve(
                url, f"sha256:{expected}", file, where, progressbar=progress and file == _DATA
            )
        except RequestException as error:
            answer = getattr(error, "response", None)
            reason = (
                type(error).__name__
                if answer is None
                else f"the server answers {answer.status_code} {answer.reason}"
            )
            raise ConnectionError(
                f"cannot download {url} ({reason}); where there is no network, set "
                f"MLXC_EDU_DM21_DIR to a folder with {name}/variables/{file}"
            ) from error
        except OSError as error:
            raise OSError(
                f"cannot keep {file} in {where}: {error.strerror or error}; set MLXC_EDU_CACHE "
                "to a folder that can be written to"
            ) from error
        except ValueError as error:  # so pooch says that the hash is wrong
            raise WrongWeights(
                f"{url} is not the released file (SHA-256 differs from {expected[:12]}…); nothing "
                "was kept; try again, and if it stays so, something alters your downloads"
            ) from error
    return where
