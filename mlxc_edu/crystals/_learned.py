"""A learned functional of a crystal, as PySCF's KRKS: closed shells, pseudopotentials, an FFT mesh.

Everything is looked at on the points of the mesh: density, gradient, kinetic energy density and
local exchange become the features, the functional's derivatives by them the potential. What comes
of local exchange is asked for on occupied orbitals only, W = F C, and left out among empty ones.
"""

from __future__ import annotations

import warnings
from typing import NoReturn

import jax.numpy as jnp
import numpy as np
import scipy.linalg
from pyscf import lib
from pyscf.pbc import tools
from pyscf.pbc.dft import krks, numint

from ..functionals import FEATURES, Features, density_features, energy_and_potential
from ..ks.methods import refuses_other_routes
from ._exchange import LocalExchange
from ._points import KeepsBasis

BATCH = 1024  # points; a processor's cache holds their hidden layers
EMPTY = 1e-8  # electrons
UNIFORM = 0.3 * (3 * np.pi**2) ** (2 / 3)  # τ/ρ^(5/3) of the uniform gas
# Of the uniform gas's kinetic energy density. At a nucleus without core and cusp both ∇ρ and τ
# vanish where ρ is large, as they do in no atom with all electrons; or, where only p orbitals are
# left, ρ and ∇ρ vanish and τ is large. Slopes by them are wild there (thousands, 10⁴) and move next
# to nothing, for such points are few.
ORDINARY = 1e-3, 1e5
_COLUMN = {name: i for i, name in enumerate(FEATURES)}


@refuses_other_routes(
    **dict.fromkeys(("Gradients", "nuc_grad_method"), "forces"),
    **dict.fromkeys(
        ("density_fit", "rs_density_fit", "mix_density_fit"), "a fitted Coulomb energy"
    ),
    newton="second-order convergence",
    gen_response="the answer to a change",
    get_bands="PySCF's own bands; levels(kpts) has the orbital energies",
)
class LearnedKRKS(krks.KRKS):
    """KRKS with a learned functional.

    Attributes
    ----------
    xc : the functional's name; it cannot be changed.
    local_exchange : see :class:`LocalExchange`.
    start : the functional whose orbitals are the first ones; ``kernel(dm0)`` takes others.
    """

    _keys = frozenset({"functional", "local_exchange", "start"})

    def __init__(self, cell, kpts, name, functional, exxdiv="ewald"):
        self._name = name
        super().__init__(cell, kpts, xc=name, exxdiv=exxdiv)
        self.functional, self.start = functional, "PBE"
        self._numint = self.with_df._numint = KeepsBasis(self.kpts)
        self.local_exchange = LocalExchange(cell, self.kpts, exxdiv)
        self.conv_tol = 1e-7 if functional.dtype == np.float32 else 1e-9

    @property
    def xc(self) -> str:
        return self._name

    @xc.setter
    def xc(self, name):
        if name != self._name:
            raise ValueError(f"this object is made for {self._name}; make a new one for {name!r}")

    def do_nlc(self) -> bool:
        return False

    def get_init_guess(self, cell=None, key="minao", s1e=None):
        """The density matrices of another functional's converged orbitals on the same mesh."""
        first = krks.KRKS(self.cell, self.kpts, xc=self.start, exxdiv=self.exxdiv)
        first._numint = first.with_df._numint = self._numint
        first.verbose = self.verbose
        first.kernel()
        if not first.converged:
            raise ArithmeticError(f"{self.start}, from which {self.xc} starts, does not converge")
        filled = self.cell.nelectron // 2
        gap = min(e[filled] for e in first.mo_energy) - max(e[filled - 1] for e in first.mo_energy)
        if gap < 0:
            warnings.warn(
                f"{self.start}'s bands overlap at these {len(self.kpts)} k-points: a metal, or "
                f"nearly, for which {self.xc}'s exchange converges slowly with k-points and its "
                "closed shells are a guess",
                stacklevel=2,
            )
        return first.make_rdm1()

    def get_veff(self, cell=None, dm=None, dm_last=None, vhf_last=None, hermi=1, kpts=None,
                 kpts_band=None):  # fmt: skip
        """Coulomb and exchange-correlation potential, tagged with ``ecoul`` and ``exc``."""
        if kpts_band is not None:
            raise NotImplementedError(f"orbital energies of {self.xc} elsewhere: levels(kpts)")
        dm = self.make_rdm1() if dm is None else dm
        self.initialize_grids(self.cell, dm, self.kpts)
        orbitals = self._occupied(dm)
        at = self._at_points(orbitals)
        e, v = self._evaluate(at)
        weight = self.cell.vol / len(e)
        if not np.isfinite(exc := float(weight * e.sum())):
            self._complain(at)
        ecoul = 0.5 * weight * float(at["rho"] @ at["coulomb"])
        fock = np.array([self._semilocal(at, v, chi) for chi in self._basis()])
        nonlocal_part = self._nonlocal(orbitals, v)
        fock = fock + (nonlocal_part if np.iscomplexobj(fock) else nonlocal_part.real)
        return lib.tag_array(fock, ecoul=ecoul, exc=exc, vj=None, vk=None)

    def _occupied(self, dm) -> list[np.ndarray]:
        """For every k-point orbitals (nao, n), each times the root of its occupation by a spin."""
        found = []
        for matrix, overlap in zip(np.asarray(dm), self.get_ovlp()):
            held, vectors = scipy.linalg.eigh(overlap @ matrix @ overlap / 2, overlap)
            kept = held > EMPTY
            found.append(vectors[:, kept] * np.sqrt(held[kept]))
        return found

    def _basis(self) -> list[np.ndarray]:
        """Basis functions with their gradients, (4, N, nao) for every k-point."""
        return self._numint.eval_ao(self.cell, self.grids.coords, self.kpts, deriv=1)

    def _basis_at(self, k) -> np.ndarray:
        for known, chi in zip(self.kpts, self._basis()):
            if np.allclose(k, known, atol=1e-9):
                return chi
        return numint.KNumInt().eval_ao(self.cell, self.grids.coords, k[None], deriv=1)[0]

    def _at_points(self, orbitals) -> dict[str, np.ndarray]:
        """Of both spins density (N,), their Coulomb potential, gradient (3, N), kinetic energy
        density; of one spin local exchange, (2, N)."""
        phi = [(chi @ c).swapaxes(1, 2) for chi, c in zip(self._basis(), orbitals)]
        two = 2 / len(phi)
        rho = two * sum((abs(p[0]) ** 2).sum(axis=0) for p in phi)
        return dict(
            rho=rho,
            coulomb=self._coulomb(rho),
            gradient=2 * two * sum((p[0].conj() * p[1:]).real.sum(axis=1) for p in phi),
            tau=two / 2 * sum((abs(p[1:]) ** 2).sum(axis=(0, 1)) for p in phi),
            exchange=self.local_exchange.energies([p[0] for p in phi]),
        )

    def features(self, at) -> np.ndarray:
        """(N, 11), columns as in ``functionals.FEATURES``."""
        both = {name: np.array([at[name] / 2] * 2) for name in ("rho", "gradient", "tau")}
        return np.asarray(density_features(**both, hfx=np.array([at["exchange"]] * 2)))

    def _evaluate(self, at) -> tuple[np.ndarray, np.ndarray]:
        """e_xc, (N,), and its derivatives by the features, (N, 11)."""
        f = self.features(at)
        padded = np.concatenate([f, np.repeat(f[-1:], -len(f) % BATCH, axis=0)])
        density, parameters = self.functional.energy_density, self.functional.parameters
        found = [
            energy_and_potential(density, parameters, jnp.asarray(part))
            for part in padded.reshape(-1, BATCH, f.shape[1])
        ]
        e, v = (np.concatenate([np.asarray(p[i]) for p in found])[: len(f)] for i in (0, 1))
        uniform = UNIFORM * at["rho"] ** (5 / 3)
        odd = (at["tau"] < ORDINARY[0] * uniform) | (at["tau"] > ORDINARY[1] * uniform)
        wild = [i for name, i in _COLUMN.items() if name.startswith(("norm_grad", "tau"))]
        v[np.ix_(odd, wild)] = 0
        return e, v

    def _coulomb(self, rho) -> np.ndarray:
        """The electrons' potential at the points, (N,)."""
        mesh = self.cell.mesh
        kernel = tools.get_coulG(self.cell, mesh=mesh)
        return tools.ifft(kernel * tools.fft(rho, mesh), mesh).real

    def _semilocal(self, at, v, chi) -> np.ndarray:
        """∂E/∂γ of one spin of all but local exchange, with the Coulomb potential, (nao, nao), in
        basis functions ``chi`` (4, N, nao) of one k-point."""
        mean = {n: (v[:, _COLUMN[f"{n}_a"]] + v[:, _COLUMN[f"{n}_b"]]) / 2 for n in ("rho", "tau")}
        gradients = (v[:, _COLUMN["norm_grad_a"]] + v[:, _COLUMN["norm_grad_b"]]) / 2
        # |∇ρ|² counts both spins' gradient, |∇ρα|² half of it
        slope = 2 * (v[:, _COLUMN["norm_grad"]] + gradients / 2) * at["gradient"]
        first = 0.5 * (mean["rho"] + at["coulomb"])[:, None] * chi[0]
        first += np.einsum("xg,xga->ga", slope, chi[1:])
        matrix = chi[0].conj().T @ first
        matrix = matrix + matrix.conj().T
        for d in chi[1:]:
            matrix += 0.5 * d.conj().T @ (mean["tau"][:, None] * d)
        return self.cell.vol / len(v) * matrix

    def _slopes(self, v) -> np.ndarray:
        """∂e/∂e^ω of one spin, (2, N)."""
        return v[:, [Features.HFX, Features.HFX_LR]].mean(axis=2).T

    def _nonlocal(self, orbitals, v) -> np.ndarray:
        """∂E/∂γ of one spin of local exchange: right for occupied orbitals."""
        basis = [chi[0] for chi in self._basis()]
        phi = [(chi @ c).T for chi, c in zip(basis, orbitals)]
        actions = self.local_exchange.actions(phi, self._slopes(v))
        found = []
        for chi, c, action, overlap in zip(basis, orbitals, actions, self.get_ovlp()):
            w = self.cell.vol / len(v) * chi.conj().T @ action.T
            sc = overlap @ c
            sc /= (c.conj() * sc).sum(axis=0).real  # c and w are times the root of this
            rows = w @ sc.conj().T
            twice = sc @ (c.conj().T @ w) @ sc.conj().T
            found.append(rows + rows.conj().T - (twice + twice.conj().T) / 2)
        return np.array(found)

    def levels(self, kpts) -> list[np.ndarray]:
        """Energies of the orbitals, Hartree, at ``kpts`` (n, 3) in 1/Bohr, empty ones included: the
        whole potential in all basis functions. Where ``exxdiv`` is ``"ewald"``, at the object's own
        k-points; between them a probe charge corrects nothing, ``"vcut_sph"`` does.

        Raises ValueError for others.
        """
        for k in kpts if self.exxdiv == "ewald" else ():
            if abs(self.kpts - k).max(axis=1).min() > 1e-6:
                raise ValueError(
                    'between k-points of the mesh local exchange needs exxdiv="vcut_sph": make the '
                    "object with it"
                )
        orbitals = self._occupied(self.make_rdm1())
        at = self._at_points(orbitals)
        _, v = self._evaluate(at)
        phi = [(chi[0] @ c).T for chi, c in zip(self._basis(), orbitals)]
        found, weight = [], self.cell.vol / len(v)
        for k in kpts:
            chi = self._basis_at(k)
            action = self.local_exchange.actions_on(k, chi[0].T, phi, self._slopes(v))
            fock = weight * chi[0].conj().T @ action.T
            fock += self._semilocal(at, v, chi) + self.get_hcore(kpts=k[None])[0]
            fock = (fock + fock.conj().T) / 2
            found.append(scipy.linalg.eigh(fock, self.get_ovlp(kpts=k[None])[0], eigvals_only=True))
        return found

    def _complain(self, at) -> NoReturn:
        bad = np.argwhere(~np.isfinite(self.features(at)))
        if not len(bad):
            raise FloatingPointError("the network's energy is not finite though its features are")
        place, name = self.grids.coords[bad[0, 0]], list(FEATURES)[bad[0, 1]]
        raise FloatingPointError(
            f"feature {name} is not finite at ({', '.join(f'{x:.4g}' for x in place)}) Bohr"
        )
