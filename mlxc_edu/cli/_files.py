"""Where commands write to."""

from __future__ import annotations

from pathlib import Path


def writable(folder: Path) -> None:
    """Make the folder if need be; ValueError where nothing can be written to it."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(f"cannot write to {folder}: {error.strerror or error}") from error
