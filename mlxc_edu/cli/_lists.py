"""Lists on the command line."""

from __future__ import annotations

import re

COMMA = re.compile(r",(?![^(]*\))")  # not those of 6-311+g(2d,p)
RULE = "separated by commas, or by semicolons where a name has a comma in it: 'B88,LYP;PBE'"


def split(text: str) -> list[str]:
    """``PBE,HF``, or ``B88,LYP;PBE``: where there is a semicolon, commas belong to names. One name
    with a comma ends in a semicolon, ``B88,LYP;``."""
    if ";" not in text:
        return [piece.strip() for piece in COMMA.split(text)]
    return [piece.strip() for piece in text.removesuffix(";").split(";")]


def mended(pieces: list[str], known) -> str | None:
    """How a list should have been written of which commas have cut names apart; None if that is not
    what is wrong with it. ``known`` says whether there is such a name."""
    if not all(pieces):  # a comma too many
        return None
    whole = pieces[:1]
    for piece in pieces[1:]:
        if not known(piece) and known(f"{whole[-1]},{piece}"):
            whole[-1] += f",{piece}"
        else:
            whole.append(piece)
    if len(whole) == len(pieces) or not all(map(known, whole)):
        return None
    return ";".join(whole) if len(whole) > 1 else f"{whole[0]};"
