"""One colour for each method, in every figure."""

from __future__ import annotations

# Okabe and Ito's palette, which colour-blind readers can tell apart; the reference is black.
_COLOURS = {
    "exact": "#000000",
    "LDA": "#56B4E9",
    "PBE": "#0072B2",
    "B3LYP": "#D55E00",
    "CAM-B3LYP": "#CC79A7",
    "wB97X": "#882255",
    "HF": "#009E73",
    "EDU26": "#AA3377",
    "DM21": "#E69F00",
    "DM21m": "#999999",
    "DM21mc": "#8B6914",
    "DM21mu": "#44AA99",
}
_SPARE = ["#332288", "#117733", "#661100", "#888888"]


def colour(method: str, methods: list[str]) -> str:
    """Of a method among those that a figure shows."""
    if method in _COLOURS:
        return _COLOURS[method]
    others = [m for m in methods if m not in _COLOURS]
    return _SPARE[others.index(method) % len(_SPARE)]
