"""The D3 dispersion correction with Becke–Johnson damping, by simple-dftd3 as PySCF packages it."""

from __future__ import annotations

import numpy as np


def d3bj(mol, xc: str = "B3LYP") -> tuple[float, np.ndarray]:
    """Energy in Hartree and its nuclear gradient (natm, 3) in Hartree/Bohr, two-body terms, with
    the parameters fitted for ``xc`` (B3LYP: s8 = 1.9889, a1 = 0.3981, a2 = 4.4211 Bohr).

    Raises ValueError where there are none for this functional.
    """
    from pyscf.dispersion import dftd3

    try:
        model = dftd3.DFTD3Dispersion(mol, xc=xc, version="d3bj")
    except RuntimeError as error:
        raise ValueError(
            f"there are no D3(BJ) parameters for {xc}; use it without -D3BJ"
        ) from error
    found = model.get_dispersion(grad=True)
    return float(found["energy"]), np.asarray(found["gradient"])
