"""Functionals by the names that papers give them."""

from __future__ import annotations

import re
from difflib import get_close_matches

from pyscf.dft import libxc

from ... import weights
from ._dispersion import require_d3bj

# PySCF reads "LDA" as exchange alone; papers mean correlation, too (Vosko, Wilk, Nusair 1980).
_PAPER_NAMES = {"LDA": "LDA,VWN"}
# Functionals that D3(BJ) serves in place of VV10 (Najibi and Goerigk 2018); PySCF has these names.
_IN_PLACE_OF_VV10 = ("wB97X-D3BJ", "wB97M-D3BJ", "B97M-D3BJ")
_DISPERSION = re.compile(r"[-\s](D|D[0-9].*)$", re.IGNORECASE)
# libxc's numbers of B97-D, ωB97X-D, B97-3c and their like, in every spelling.
_FITTED_WITH_DISPERSION = {n for name, n in libxc.XC_CODES.items() if re.search("_(D3?|3C)$", name)}


def canonical_name(method: str) -> str:
    """The one spelling of a functional's name that tables and stores use; ω may be written w.

    Raises ValueError with near names when the functional is unknown, and where it has no D3(BJ)
    parameters of its own and is given "-D3BJ".
    """
    if not isinstance(method, str) or not method.strip():
        raise ValueError(f"a method is named by a string such as 'PBE' or 'HF', not {method!r}")
    plain, dispersion = split_dispersion(method.strip())
    if not weights.is_file(plain):
        plain = plain.strip().replace("ω", "w").upper()
        if not re.search("[A-Z]", plain):
            raise ValueError(f"a method is named by a string such as 'PBE' or 'HF', not {method!r}")
        learned = {model.upper(): model for model in weights.LEARNED}
        other = {"CAMB3LYP": "CAM-B3LYP"}.get(plain, plain.replace("WB97", "wB97"))
        plain = learned.get(plain, other)
    name = plain + dispersion
    code = "" if is_learned(name) else libxc_code(name)
    if dispersion and name not in _IN_PLACE_OF_VV10:
        if code and libxc.nlc_coeff(code):
            raise ValueError(f"{plain} has its own dispersion, VV10; use it without -D3BJ")
        # DM21's publication takes B3LYP's; nobody has fitted any for other networks.
        require_d3bj("B3LYP" if plain in weights.MODELS else plain)
    return name


def split_dispersion(name: str) -> tuple[str, str]:
    """('PBE', '-D3BJ') of 'PBE-D3BJ'; the second is empty where nothing is added."""
    found = None if weights.is_file(name) else _DISPERSION.search(name)
    if not found:
        return name, ""
    plain = name[: found.start()]
    known = re.sub(r"[-\s()\[\]]", "", found[1]).upper() == "D3BJ"
    if not known or (found := _DISPERSION.search(plain)):
        raise ValueError(
            f"{name!r}: the dispersion correction {found[1]} is not available; there is -D3BJ"
        )
    return plain, "-D3BJ"


def is_learned(name: str) -> bool:
    """Whether a canonical name is a learned functional's."""
    plain = split_dispersion(name)[0]
    return plain in weights.LEARNED or weights.is_file(plain)


def libxc_code(name: str) -> str:
    """What PySCF is given for a canonical name; dispersion is set apart from it, but where the
    functional is another one with it."""
    if name not in _IN_PLACE_OF_VV10:
        name = split_dispersion(name)[0]
    code = _PAPER_NAMES.get(name, name)
    try:
        _, parts = libxc.parse_xc(code)
        libxc.xc_type(code)
        libxc.rsh_coeff(code)
        libxc.nlc_coeff(code)
    except Exception as error:  # PySCF raises a different type for each way to fail
        known = [*weights.LEARNED, *libxc.XC_ALIAS, *libxc.XC_CODES, *_PAPER_NAMES, "HF"]
        near = get_close_matches(name.upper(), dict.fromkeys(known), n=5, cutoff=0.5)
        hint = f"near names: {', '.join(near)}" if near else "try LDA, PBE, B3LYP, wB97X or HF"
        raise ValueError(f"unknown method {name!r}; {hint}") from error
    if any(libxc.needs_laplacian(number) for number, _ in parts):
        raise ValueError(f"{name} needs the density's Laplacian, which PySCF does not compute")
    if _FITTED_WITH_DISPERSION & {number for number, _ in parts}:
        raise ValueError(f"{name} needs its own dispersion correction, which is not available")
    return code


def long_range_exchange(method: str) -> float:
    """The share of exact exchange between distant electrons; 1 for a learned functional, which has
    no such number and was taught what an electron's two halves should not do to each other."""
    name = canonical_name(method)
    if is_learned(name):
        return 1.0
    code = libxc_code(name)
    omega, alpha, _ = libxc.rsh_coeff(code)
    return float(alpha if omega else libxc.hybrid_coeff(code))
