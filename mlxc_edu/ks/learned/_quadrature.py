"""The points of the exchange-correlation integral, with all that does not depend on the density.

Points come in batches of one size, the last filled up with points of weight zero, so that JAX
compiles every step once. What fits in the memory budget is kept, the rest computed anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ._local_exchange import ExactExchange, FittedExchange, fitted
from ._memory import batch_size
from ._mirrors import Mirror, distinct_points


@dataclass(frozen=True, eq=False)
class Batch:
    """Some points: basis functions with their gradients ``chi`` (4, nao, N), ``weights`` (N,), and
    the local exchange's ``tables``."""

    chi: Any
    weights: Any
    tables: Any


class Quadrature:
    """Batches of points.

    Parameters
    ----------
    mol, coords (n, 3) in Bohr, weights (n,)
    mirrors : under which the densities to come are symmetric.
    memory : bytes that may be kept.
    dtype : of the local exchange tables.
    exact : whether local exchange is exact and not fitted; None: where its tables fit in the
        memory.
    """

    def __init__(self, mol, coords, weights, mirrors: list[Mirror], memory, dtype, exact=None):
        self.mol, self.mirrors = mol, mirrors
        used = weights != 0
        coords, weights = coords[used], weights[used]
        if len(mirrors) > 1:
            one, members = distinct_points(mol, mirrors, coords)
            coords, weights = coords[one], np.bincount(members, weights)
        count = len(weights)
        fits = count * ExactExchange.bytes_a_point(mol, dtype) <= memory  # exact tables do
        self.fitted = not fits if exact is None else not exact
        kind = FittedExchange if self.fitted else ExactExchange
        self.exchange = (fitted if self.fitted else ExactExchange)(mol, dtype)

        a_point = max(kind.bytes_a_point(mol, dtype), 4 * mol.nao * 8)
        size, most = batch_size()
        while size > 64 and size * a_point > most:
            size //= 2
        padding = -count % size
        self.coords = np.vstack([coords, np.repeat(coords[-1:], padding, axis=0)])
        self.weights = np.append(weights, np.zeros(padding))
        self.size = size
        self._keep_tables = count * kind.bytes_a_point(mol, dtype) <= memory
        left = memory - self._keep_tables * count * kind.bytes_a_point(mol, dtype)
        self._keep_chi = count * 4 * mol.nao * 8 <= max(left, memory / 4)
        self.bytes = count * (
            self._keep_tables * kind.bytes_a_point(mol, dtype) + self._keep_chi * 4 * mol.nao * 8
        )
        self._kept: dict[int, Batch] = {}
        self.keeps = True  # what there is room for

    def __len__(self) -> int:
        return len(self.weights) // self.size

    def __iter__(self) -> Iterator[Batch]:
        for i in range(len(self)):
            yield self._batch(i)

    def _batch(self, i) -> Batch:
        kept = self._kept.get(i)
        if kept and kept.chi is not None and kept.tables is not None:
            return kept
        points = self.points(i)
        coords = self.coords[points]
        chi = kept.chi if kept else None
        tables = kept.tables if kept else None
        if chi is None:
            chi = self.mol.eval_gto("GTOval_sph_deriv1", coords).transpose(0, 2, 1)
            chi = jax.device_put(chi)
        if tables is None:
            tables = jax.device_put(self.exchange.tables(coords))
        batch = Batch(chi, jax.device_put(self.weights[points]), tables)
        if self.keeps:
            self._kept[i] = Batch(
                chi if self._keep_chi else None,
                batch.weights,
                tables if self._keep_tables else None,
            )
        return batch

    def points(self, i) -> slice:
        """Which points the batch holds."""
        return slice(i * self.size, (i + 1) * self.size)
