"""Features of a density by PySCF alone."""

import numpy as np
from pyscf import dft

from mlxc_edu.units import ANGSTROM_PER_BOHR


def pyscf_features(mol, dm, points):
    """The seven semilocal features as PySCF's integrator makes them; points in Å."""
    ao = mol.eval_gto("GTOval_sph_deriv1", np.asarray(points) / ANGSTROM_PER_BOHR)
    up, down = (
        dft.numint.eval_rho(mol, ao, d, xctype="MGGA", hermi=1, with_lapl=False) for d in dm
    )
    square = {"": up + down, "_a": up, "_b": down}
    columns = {f"norm_grad{end}": (rho[1:4] ** 2).sum(axis=0) for end, rho in square.items()}
    return columns | {"rho_a": up[0], "rho_b": down[0], "tau_a": up[4], "tau_b": down[4]}
