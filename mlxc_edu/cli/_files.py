"""Where commands read from and write to."""

from __future__ import annotations

import os
from pathlib import Path


def path(text: str) -> Path:
    """``~`` is the home folder, also where the shell has left it to us."""
    return Path(os.path.expanduser(text))


def writable(folder: Path) -> None:
    """Make the folder if need be; ValueError where nothing can be written to it."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from error
