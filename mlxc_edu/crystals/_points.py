"""A cell's basis functions at the points of its FFT mesh, made once."""

from __future__ import annotations

import numpy as np
from pyscf.pbc.dft import numint
from pyscf.pbc.dft.gen_grid import BLKSIZE


class KeepsBasis(numint.KNumInt):
    """PySCF's integrator, which makes the basis functions anew whenever it is asked, and of a cell
    this takes longer than all the rest; here they are kept with their gradients, for one mesh and
    set of k-points. So all points are one block, whatever ``blksize`` and ``max_memory`` say
    (PySCF's hold 134,400 at most); :func:`KS` looks whether they fit."""

    def block_loop(self, cell, grids, nao=None, deriv=0, *args, blksize=None, **kwargs):
        if grids.coords is None:
            grids.build(with_non0tab=True)
        if deriv <= 1 and len(grids.coords) == np.prod(cell.mesh):
            blksize = -(-len(grids.coords) // BLKSIZE) * BLKSIZE
        return super().block_loop(cell, grids, nao, deriv, *args, blksize=blksize, **kwargs)

    def eval_ao(self, cell, coords, kpts=None, deriv=0, **kwargs):
        if deriv > 1 or len(coords) != np.prod(cell.mesh):
            return super().eval_ao(cell, coords, kpts, deriv, **kwargs)
        kpts = np.zeros((1, 3)) if kpts is None else np.reshape(kpts, (-1, 3))
        key = cell._env.tobytes(), cell._bas.tobytes(), coords.tobytes(), kpts.tobytes()
        if getattr(self, "_key", None) != key:
            self._key, self._kept = key, super().eval_ao(cell, coords, kpts, 1)
        return self._kept if deriv else [chi[0] for chi in self._kept]
