"""What stands on a page in place of a figure that a kernel moves."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import plotly.graph_objects as go

STILLS = "application/vnd.mlxc-edu.stills+json"  # beside a widget's own in a notebook's output
_PARTS = ("shapes", "xaxis", "xaxis2", "yaxis", "yaxis2", "yaxis3")  # of a layout, that may move


def stills(pictures: Iterable[tuple[str, go.Figure]], begin: int, caption: str) -> dict[str, Any]:
    """JSON of one figure with a slider through ``pictures`` (what the slider says, and a figure;
    all of the same traces), which begins at number ``begin``. One alone has no slider."""
    said, drawn = zip(*((label, json.loads(figure.to_json())) for label, figure in pictures))
    first = drawn[begin]
    first["layout"].pop("width", None)  # as wide as the page
    first["layout"]["meta"] = {"caption": caption}
    if len(drawn) == 1:
        return first
    traces = enumerate(first["data"])
    moving = [i for i, trace in traces if any(d["data"][i] != trace for d in drawn)]
    parts = [k for k in _PARTS if any(d["layout"].get(k) != first["layout"].get(k) for d in drawn)]
    first["frames"] = [
        dict(
            name=label,
            data=[picture["data"][i] for i in moving],
            traces=moving,
            layout={k: picture["layout"].get(k) for k in parts},
        )
        for label, picture in zip(said, drawn)
    ]
    at_once = dict(mode="immediate", frame=dict(duration=0, redraw=True))
    steps = [dict(label=label, method="animate", args=[[label], at_once]) for label in said]
    first["layout"]["sliders"] = [dict(active=begin, steps=steps)]
    return first
