"""The Coulomb potential where its integrals do not fit in memory."""

from __future__ import annotations

import numpy as np

NEAR = 0.02  # the largest change of an element of the density matrix


class NearCoulomb:
    """Exact for one density, and for those near it with what they differ by fitted: the error of
    the energy is of second order in what the fit leaves of a small difference."""

    def __init__(self, fit):
        self.fit = fit
        self._density = self._potential = None

    def __call__(self, dm, exact) -> np.ndarray:
        """Of a density matrix (nao, nao); ``exact`` is the function for which this stands in."""
        if self._density is None or np.abs(dm - self._density).max() > NEAR:
            self._density, self._potential = np.array(dm), exact(dm)
            return self._potential
        return self._potential + self.fit.coulomb(dm - self._density)
