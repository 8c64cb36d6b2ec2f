"""LaTeX in Markdown becomes MathML as browsers show it, MathML Core: it has no fonts by attribute,
and whether a bracket grows, or a minus is a sign, it does not always see."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from unicodedata import lookup, name
from xml.etree.ElementTree import Element, tostring

MATH = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])", re.DOTALL)
# Brackets grow, displayed integrals are large where the font knows how; each system has another.
STYLE = """math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math",
"DejaVu Math TeX Gyre", math; }"""

# A browser ends lines beside a formula, be it before a comma or after a bracket.
_WITH_PUNCTUATION = re.compile(rf"([(“]*)(?:{MATH.pattern})([-,.;:?!)”'’]*)", re.DOTALL)
_LATEX = [
    (re.compile(r"\\mathrm\s*\{"), r"{\\rm "),  # else \mathrm{d} is italic
    (re.compile(r"\\[lr]vert(?![a-zA-Z])"), "|"),  # else ∇|x| has the bars of \left and \right
    # A script belongs to all of a large bar; alone the bar would stay small.
    (re.compile(r"(\\[bB]igg?[lrm]?\s*(?:\\[a-zA-Z]+|\\?.))(?=\s*[_^])"), r"{\1}"),
    # cos θ, but cos(θ)
    (
        re.compile(
            r"(\\(?:cos|sin|tan|exp|ln|log)h?(?![a-zA-Z]))(?=\s*(?:\w|\\(?!left|[bB]ig)[a-zA-Z]))"
        ),
        r"\1\\,",
    ),
]
_FENCES = set("()[]{}⟨⟩|‖")
_CLOSE = set("|‖/")  # to what stands beside them, as they are in TeX
_SIGNS = set("+−±∓")
_AFTER_A_VALUE = set(")]}⟩|‖!′")
_READ_BY_MARKDOWN = re.compile(r"[*_|\[\]\\`~]")


def with_formulas(markdown: str) -> str:
    """Markdown with each formula, between $ or $$, as MathML on one line with the punctuation that
    touches it. Raises what latex2mathml does where a formula is not LaTeX."""
    return _WITH_PUNCTUATION.sub(_formula, markdown)


def _formula(match: re.Match) -> str:
    before, block, inline, after = match.groups()
    formula = _mathml(block, "block") if block else _mathml(inline, "inline")
    if block or not before + after:
        return before + formula + after
    return f'<span style="white-space:nowrap">{before}{formula}{after}</span>'


def _mathml(latex: str, display: str) -> str:
    text = formula(latex, display)
    return _READ_BY_MARKDOWN.sub(lambda c: f"&#{ord(c[0])};", text)


def formula(latex: str, display: str) -> str:
    """One formula as MathML, ``display`` ``"inline"`` or ``"block"``. Raises what latex2mathml does
    where it is not LaTeX."""
    from latex2mathml.converter import convert_to_element

    for pattern, ours in _LATEX:
        latex = pattern.sub(ours, latex)
    math = convert_to_element(latex, xmlns="", display=display)
    del math.attrib["xmlns"]
    for part in math.iter():
        part.text = unescape(part.text or "")
    for part in math.iter():
        _mend(part)
        for before, after in pairwise(part):
            is_sign = before.tag == "mo" and before.text not in _AFTER_A_VALUE
            if after.text in _SIGNS and is_sign:
                after.set("form", "prefix")
    return tostring(math, encoding="unicode")


def _mend(part: Element) -> None:
    """Say of a part of a formula what MathML Core does not conclude by itself."""
    if (font := part.get("mathvariant", "normal")) != "normal":
        del part.attrib["mathvariant"]
        part.text = "".join(_letter(c, font) for c in part.text or "")
    if part.tag == "mo" and part.text in _FENCES:
        # latex2mathml marks those that do not grow; the others are of \left, \big and matrices.
        part.attrib.setdefault("stretchy", "true")
    if part.text in _CLOSE:
        part.attrib |= {"lspace": "0em", "rspace": "0em"}
    if side := part.attrib.pop("columnalign", ""):
        part.set("style", f"text-align:{side}")


def _letter(character: str, font: str) -> str:
    """Unicode's own letter for one in a font, such as 𝐫 for a bold r; itself where it has none."""
    plain = name(character, "").replace("LATIN ", "").replace("GREEK ", "").replace("LETTER ", "")
    styled = f"{font.upper().replace('BOLD-', 'BOLD ')} {plain}"
    for known in (f"MATHEMATICAL {styled}", styled):
        try:
            return lookup(known)
        except KeyError:
            continue
    return character
