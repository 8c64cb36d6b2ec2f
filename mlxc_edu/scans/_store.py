"""Finished points on disk: one small file each, so a killed scan loses at most the point in hand.

A point's file is named by a hash of everything its numbers depend on, and appears by an atomic
rename, so any number of processes may write at a time. A file that does not hold what its checksum
says is set aside and computed anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import warnings
from pathlib import Path
from secrets import token_hex
from typing import Any

import platformdirs


class Store:
    """A folder of finished points.

    Parameters
    ----------
    folder : where; default ``$MLXC_EDU_CACHE`` or the user's cache folder.

    Raises
    ------
    ValueError : the folder cannot be written to.
    """

    def __init__(self, folder: str | os.PathLike | None = None):
        default = os.environ.get("MLXC_EDU_CACHE") or platformdirs.user_cache_dir("mlxc-edu")
        self.folder = Path(folder or Path(default) / "points").expanduser()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise ValueError(
                f"cannot write finished points to {self.folder}: {error.strerror or error}; "
                "give another folder as store=, or set MLXC_EDU_CACHE"
            ) from error

    def path(self, key: dict[str, Any]) -> Path:
        digest = hashlib.sha256(_canonical(key).encode()).hexdigest()[:24]
        return self.folder / digest[:2] / f"{digest}.json"

    def get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        """The point stored for a key, or None. A damaged file is renamed to ``*.damaged``."""
        path = self.path(key)
        try:
            text = path.read_text()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            text = ""
        try:
            entry = json.loads(text)
            sound = entry["key"] == json.loads(_canonical(key)) and entry["checksum"] == _checksum(
                entry["value"]
            )
        except (ValueError, KeyError, TypeError):
            sound = False
        if sound:
            return entry["value"]
        aside = path.with_suffix(".damaged")
        warnings.warn(
            f"{path} is damaged: set aside as {aside.name}, computing again", stacklevel=2
        )
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            path.replace(aside)
        return None

    def put(self, key: dict[str, Any], value: dict[str, Any]) -> None:
        path = self.path(key)
        path.parent.mkdir(exist_ok=True)
        entry = {"key": key, "value": value, "checksum": _checksum(value)}
        # Not mkstemp's: a store may be shared, and its files are for nobody else to read.
        temporary = path.with_suffix(f".{token_hex(4)}.part")
        try:
            with temporary.open("x") as file:
                file.write(json.dumps(entry, indent=1))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _canonical(value) -> str:
    return json.dumps(value, sort_keys=True)


def _checksum(value) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()
