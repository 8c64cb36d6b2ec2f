"""What explorers are made of, which may not be installed."""

from __future__ import annotations

from contextlib import contextmanager


@contextmanager
def needs_widgets():
    """Around an import: say which command installs what is missing."""
    try:
        yield
    except ImportError as error:
        needed = "ipywidgets, plotly and anywidget"
        raise ImportError(f'explorers need {needed}: pip install "mlxc-edu[notebooks]"') from error
