"""Numbers beside a figure, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ._look import colour, label

RED, GREY = "#b00020", "#333333"
_CELL = "padding:1px 8px;text-align:right"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """HTML; cells are HTML, too."""
    head = "".join(f'<th style="{_CELL}">{cell}</th>' for cell in header)
    body = ["".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) for row in rows]
    lines = "".join(f"<tr>{line}</tr>" for line in (head, *body))
    return f'<table style="font-size:12px;line-height:1.5">{lines}</table>'


def method_cell(method: str, methods: list[str]) -> str:
    mark = f"border-left:6px solid {colour(method, methods)};padding-left:5px"
    return f'<b style="{mark}">{escape(label(method))}</b>'


def convergence_cell(converged: bool) -> str:
    return "yes" if converged else f'<b style="color:{RED}">NO</b>'


def signed(number: float, digits: int) -> str:
    return f"{round(number, digits) + 0.0:+.{digits}f}"  # + 0.0: no minus before a zero
