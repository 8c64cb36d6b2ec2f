"""A method's name and a molecule become a PySCF mean-field object."""

from __future__ import annotations

import re
from difflib import get_close_matches

from pyscf import dft, gto
from pyscf.dft import libxc

from .._molecule import require_molecule

# PySCF reads "LDA" as exchange alone; papers mean correlation, too (Vosko, Wilk, Nusair 1980).
_PAPER_NAMES = {"LDA": "LDA,VWN"}
_DISPERSION = re.compile(r"-(D\d?(\w*|\(\w+\)))$", re.IGNORECASE)


def canonical_name(method: str) -> str:
    """The one spelling of a functional's name that tables and stores use; ω may be written w.

    Raises ValueError with near names when libxc does not know the functional.
    """
    if not isinstance(method, str) or not method.strip():
        raise ValueError(f"a method is named by a string such as 'PBE' or 'HF', not {method!r}")
    name = method.strip().replace("ω", "w").upper()
    if not re.search("[A-Z]", name):
        raise ValueError(f"a method is named by a string such as 'PBE' or 'HF', not {method!r}")
    name = {"CAMB3LYP": "CAM-B3LYP"}.get(name, name.replace("WB97", "wB97"))
    libxc_code(name)
    return name


def libxc_code(name: str) -> str:
    """What PySCF is given for a canonical name."""
    if dispersion := _DISPERSION.search(name):
        raise ValueError(
            f"{name!r}: dispersion corrections ({dispersion[1]}) are not available; "
            f"use {name[: dispersion.start()]!r}"
        )
    code = _PAPER_NAMES.get(name, name)
    try:
        libxc.parse_xc(code)
        libxc.xc_type(code)
        libxc.rsh_coeff(code)
        libxc.nlc_coeff(code)
    except Exception as error:  # PySCF raises a different type for each way to fail
        known = [*libxc.XC_ALIAS, *libxc.XC_CODES, *_PAPER_NAMES, "HF"]
        near = get_close_matches(name.upper(), known, n=5, cutoff=0.5)
        hint = f"near names: {', '.join(near)}" if near else "try LDA, PBE, B3LYP, wB97X or HF"
        raise ValueError(f"unknown method {name!r}; {hint}") from error
    return code


def KS(mol: gto.Mole, xc: str = "PBE", *, unrestricted: bool = False):
    """A PySCF Kohn–Sham object for a functional named as papers name it.

    Parameters
    ----------
    mol : the molecule.
    xc : any libxc name (``"PBE"``, ``"B3LYP"``, ``"ωB97X"``, ``"TPSS"``, ``"0.5*HF+0.5*B88,LYP"``),
        ``"LDA"`` (Slater exchange with VWN5 correlation) or ``"HF"``. Case does not matter.
    unrestricted : use UKS even when no electron is unpaired.

    Returns
    -------
    ``pyscf.dft.rks.RKS`` for a closed shell, else ``pyscf.dft.uks.UKS``; not yet run.

    Raises
    ------
    ValueError : the functional is unknown (the message lists near names).
    """
    require_molecule(mol)
    code = libxc_code(canonical_name(xc))
    # UKS even for one electron and for HF: PySCF's own one-electron shortcut ignores occupations.
    return dft.UKS(mol, xc=code) if mol.spin or unrestricted else dft.RKS(mol, xc=code)
