"""Local Hartree–Fock exchange of a crystal: pairs of orbitals, each pair's potential by FFT.

With orbitals φ_ik of one spin, one electron each, and N_k points k,

    e^ω(r) = −½ N_k⁻² Σ_ik Σ_jk' ρ*(r) ∫ v_ω(r − r') ρ(r') dr',   ρ = φ*_ik φ_jk',

in Hartree/Bohr³; ρ has the momentum k' − k, and v_ω(q + G) is PySCF's kernel, with its correction
for a finite number of k-points at q + G = 0 (``exxdiv``). A functional of e^ω with the derivative
c_ω by it adds to the Fock operator of this spin

    F φ_i = −½ N_k⁻¹ Σ_ω Σ_j [c_ω φ_j ∫ v_ω φ*_j φ_i + φ_j ∫ v_ω c_ω φ*_j φ_i].
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from pyscf.pbc import tools
from scipy.special import erf, wofz

from ..functionals import OMEGAS

SPHERE = "vcut_sph"


class LocalExchange:
    """Local exchange on a cell's FFT mesh of N points.

    Parameters
    ----------
    cell, kpts : PySCF's; kpts (N_k, 3) in 1/Bohr.
    exxdiv : ``"ewald"`` (a probe charge), ``"vcut_sph"`` (the interaction ends at the radius of the
        sphere as large as all cells), or None (v(0) = 0).
    dtype : of the transforms. ``"float32"`` is enough for sums over space, not for a functional:
        its noise is the same everywhere, and where few electrons are it hides the energies.
    """

    def __init__(self, cell, kpts, exxdiv="ewald", dtype="float64"):
        self.cell, self.kpts, self.exxdiv = cell, np.reshape(kpts, (-1, 3)), exxdiv
        self.mesh = tuple(int(n) for n in cell.mesh)
        self.real, self.complex = np.dtype(dtype), np.result_type(dtype, np.complex64)
        self._points = cell.gen_uniform_grids(cell.mesh)
        self._kernels: dict[tuple, jax.Array] = {}

    def kernels(self, q) -> jax.Array:
        """v_ω(q + G) for ω of ``OMEGAS``, (2, mesh), Hartree Bohr³."""
        key = tuple(np.round(q, 8) + 0.0)
        if key not in self._kernels:
            found = [self._kernel(q, omega) for omega in OMEGAS]
            self._kernels[key] = jnp.asarray(found, self.real).reshape(len(OMEGAS), *self.mesh)
        return self._kernels[key]

    def _kernel(self, q, omega) -> np.ndarray:
        if self.exxdiv == SPHERE:
            return self._in_sphere(q, omega)
        with self.cell.with_range_coulomb(omega):
            return tools.get_coulG(self.cell, q, self.exxdiv, self, self.mesh)

    def _in_sphere(self, q, omega) -> np.ndarray:
        """4π/g ∫₀^R erf(ωr) sin(gr) dr, and R the radius of the sphere as large as all cells. PySCF
        has it for ω = 0 only (Spencer, Alavi, Phys. Rev. B 77, 193110 (2008))."""
        whole = (self.cell.get_Gv(self.mesh) + q) @ self.cell.lattice_vectors().T / (2 * np.pi)
        whole -= np.multiply(self.mesh, np.round(whole / self.mesh))  # the shortest of equal waves
        g = np.linalg.norm(whole @ self.cell.reciprocal_vectors(), axis=1)
        radius = (3 * len(self.kpts) * self.cell.vol / (4 * np.pi)) ** (1 / 3)
        zero, g = g < 1e-8, np.where(g < 1e-8, 1.0, g)
        if not omega:
            found = 4 * np.pi / g**2 * (1 - np.cos(g * radius))
            return np.where(zero, 2 * np.pi * radius**2, found)
        a, x, tail = omega * radius, g / (2 * omega), np.exp(-((omega * radius) ** 2))
        found = np.exp(-(x**2)) - tail * (np.exp(-2j * a * x) * wofz(1j * a - x)).real
        found = 4 * np.pi / g**2 * (found - erf(a) * np.cos(g * radius))
        at_zero = (radius**2 / 2 - 1 / (4 * omega**2)) * erf(a)
        at_zero += radius * tail / (2 * omega * np.sqrt(np.pi))
        return np.where(zero, 4 * np.pi * at_zero, found)

    def _phases(self, k) -> np.ndarray:
        return np.exp(-1j * self._points @ k)

    def _periodic(self, orbitals) -> list[jax.Array]:
        return [self._of(k, found) for k, found in zip(self.kpts, orbitals)]

    def _of(self, k, orbitals) -> jax.Array:
        """exp(−ikr) φ, of orbitals (n, N)."""
        return jnp.asarray(orbitals * self._phases(k), self.complex)

    def energies(self, orbitals) -> np.ndarray:
        """e^ω, (2, N), of the occupied ``orbitals`` of one spin: for every k-point (n, N), each
        times the root of its occupation."""
        u = self._periodic(orbitals)
        total = np.zeros((len(OMEGAS), len(self._points)))
        for i, j, kernels in self._pairs():
            part = _energies(u[i], u[j], kernels, self.mesh)
            total += np.asarray(part, float) * (1 if i == j else 2)
        return -0.5 / len(u) ** 2 * total

    def actions(self, orbitals, slopes) -> list[np.ndarray]:
        """F φ for every k-point and occupied orbital, (n, N), with slopes c_ω, (2, N). As the
        orbitals, F φ is times the root of the occupation."""
        u, c = self._periodic(orbitals), jnp.asarray(slopes, self.real)
        found = [jnp.zeros_like(a) for a in u]
        for i, j, kernels in self._pairs():
            of_i, of_j = _actions(u[i], u[j], kernels, c, self.mesh)
            found[i] = found[i] + of_i
            found[j] = found[j] if i == j else found[j] + of_j
        return [self._back(k, a) for k, a in zip(self.kpts, found)]

    def actions_on(self, k, others, orbitals, slopes) -> np.ndarray:
        """The same on ``others``, (m, N), at any k."""
        c, w = jnp.asarray(slopes, self.real), self._of(k, others)
        found = jnp.zeros_like(w)
        for at, u in zip(self.kpts, self._periodic(orbitals)):
            found = found + _actions(w, u, self.kernels(at - k), c, self.mesh)[0]
        return self._back(k, found)

    def _pairs(self):
        """Two k-points by number, the second not before the first, with their kernels."""
        for i, k in enumerate(self.kpts):
            for j in range(i, len(self.kpts)):
                yield i, j, self.kernels(self.kpts[j] - k)

    def _back(self, k, found) -> np.ndarray:
        return -0.5 / len(self.kpts) * np.asarray(found, complex) / self._phases(k)


def _transform(f, mesh, inverse=False):
    """FFT of (..., N) to (..., mesh), or back."""
    axes = (-3, -2, -1)
    if inverse:
        return jnp.fft.ifftn(f, axes=axes).reshape(*f.shape[:-3], -1)
    return jnp.fft.fftn(f.reshape(*f.shape[:-1], *mesh), axes=axes)


@partial(jax.jit, static_argnames="mesh")
def _energies(u, w, kernels, mesh):
    """Re Σ_ij ρ* V_ω for ρ = u_i* w_j, (2, N)."""

    def add(total, u_i):
        pairs = u_i.conj() * w
        v = _transform(kernels[:, None] * _transform(pairs, mesh), mesh, inverse=True)
        return total + (pairs.conj() * v).real.sum(axis=1), None

    return jax.lax.scan(add, jnp.zeros((len(kernels), u.shape[1]), u.real.dtype), u)[0]


@partial(jax.jit, static_argnames="mesh")
def _actions(u, w, kernels, c, mesh):
    """Σ_ωj [c w_j ∫v w_j* u_i + w_j ∫v c w_j* u_i] for every u_i, and the same for every w_j."""

    def add(of_w, u_i):
        pairs = u_i.conj() * w
        v = _transform(kernels[:, None] * _transform(pairs, mesh), mesh, inverse=True)
        weighted = _transform(c[:, None] * pairs, mesh)
        x = _transform((kernels[:, None] * weighted).sum(axis=0), mesh, inverse=True)
        x = x + (c[:, None] * v).sum(axis=0)
        return of_w + u_i * x, (w * x.conj()).sum(axis=0)

    of_w, of_u = jax.lax.scan(add, jnp.zeros_like(w), u)
    return of_u, of_w
