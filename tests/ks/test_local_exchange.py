"""Local exchange: of a Gaussian in closed form, and its integral against PySCF's exact exchange."""

import sys
from functools import cache
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from pyscf import dft, gto, scf
from scipy.special import erf

from mlxc_edu.functionals import OMEGAS
from mlxc_edu.ks.learned import _integrals, _memory
from mlxc_edu.ks.learned._local_exchange import ExactExchange, FittedExchange
from mlxc_edu.ks.learned._plain import _local_exchange

KINDS = [ExactExchange, FittedExchange]


def local_exchange(kind, mol, dm, coords, dtype="float64"):
    """(spins, 2, N), both range separations, from spin density matrices."""
    exchange = kind(mol, dtype)
    chi = mol.eval_gto("GTOval_sph_deriv1", coords).transpose(0, 2, 1)
    x = exchange.apply(exchange.tables(coords), exchange.prepare(dm), chi)
    return np.asarray(_local_exchange(np.einsum("sab,bg->sag", dm, chi[0]), x))


@pytest.mark.parametrize(("kind", "tolerance"), list(zip(KINDS, [1e-10, 2e-3])))
def test_one_gaussian_in_closed_form(kind, tolerance):
    """An electron in φ ∝ exp(−a r²): −½ φ² times the potential of φ², (erf(k r)/r) with
    k = √(2a), and 1/k² longer by 1/ω² where the interaction is erf(ω r)/r."""
    a = 0.8
    mol = gto.M(atom="H 0 0 0", basis={"H": [[0, [a, 1.0]]]}, spin=1, verbose=0)
    r = np.array([1e-6, 0.1, 0.5, 1.0, 2.0, 4.0])
    coords = r[:, None] * np.array([2.0, 1.0, 2.0]) / 3
    found = local_exchange(kind, mol, np.array([[[1.0]], [[0.0]]]), coords)
    density = (2 * a / np.pi) ** 1.5 * np.exp(-2 * a * r**2)
    for i, omega in enumerate(OMEGAS):
        k = (1 / (2 * a) + (1 / omega**2 if omega else 0.0)) ** -0.5
        expected = -0.5 * density * erf(k * r) / r
        np.testing.assert_allclose(found[0, i], expected, atol=tolerance * np.abs(expected).max())
    assert np.all(found[1] == 0)


@cache
def hydroxyl():
    """Hartree–Fock spin densities, a fine grid, and the exchange energies that PySCF finds."""
    mol = gto.M(atom="O 0 0 0; H 0.3 0.2 0.9", basis="6-31g*", spin=1, verbose=0)
    dm = np.asarray(scf.UHF(mol).run().make_rdm1())
    grids = dft.Grids(mol)
    grids.level = 5
    grids.build()
    energies = [
        [-0.5 * np.vdot(d, scf.hf.get_jk(mol, d, with_j=False, omega=omega)[1]) for d in dm]
        for omega in OMEGAS
    ]
    return mol, dm, grids, np.transpose(energies)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "tolerance"), list(zip(KINDS, [1e-5, 1e-3])))
def test_integral_is_the_exact_exchange_energy(kind, tolerance, dtype):
    mol, dm, grids, energies = hydroxyl()
    parts = [
        local_exchange(kind, mol, dm, grids.coords[i : i + 4096], dtype)
        @ grids.weights[i : i + 4096]
        for i in range(0, len(grids.weights), 4096)
    ]
    np.testing.assert_allclose(sum(parts), energies, atol=tolerance)
    assert np.abs(energies[0] - energies[1]).min() > 0.05


def test_range_separation_is_left_as_it_was():
    """The molecule's own integrals are full-range after the long-range ones were taken."""
    mol, dm, grids, _ = hydroxyl()
    before = mol.intor("int2c2e")
    for kind in KINDS:
        local_exchange(kind, mol, dm, grids.coords[:8])
    np.testing.assert_array_equal(mol.intor("int2c2e"), before)


def test_fitting_takes_any_symmetric_matrix():
    """The response asks for matrices with eigenvalues of both signs, and of low rank."""
    mol, dm, grids, _ = hydroxyl()
    coords = grids.coords[:: len(grids.coords) // 50]
    chi = mol.eval_gto("GTOval_sph_deriv1", coords).transpose(0, 2, 1)
    x = {}
    for kind in KINDS:
        exchange = kind(mol, "float64")
        tables = exchange.tables(coords)
        change = np.array([dm[0] - dm[1], np.zeros_like(dm[0])])
        x[kind] = np.asarray(exchange.apply(tables, exchange.prepare(change), chi))
        both = [exchange.apply(tables, exchange.prepare(d), chi) for d in (dm, dm[::-1])]
        np.testing.assert_allclose(x[kind][0], (both[0] - both[1])[0], atol=1e-6)
        assert np.all(x[kind][1] == 0)
    np.testing.assert_allclose(*x.values(), atol=0.02 * np.abs(x[ExactExchange]).max())


def test_derivative_takes_nu_as_symmetric():
    """∂(−½ e·νe) = −ė·νe, where JAX is not told how νe depends on e."""
    rng = np.random.default_rng(0)
    nu = rng.normal(size=(2, 4, 4, 5))
    nu = nu + nu.swapaxes(1, 2)
    e, change = rng.normal(size=(2, 1, 4, 5))
    e0 = e

    def apply(e):
        return np.einsum("wabg,sbg->swag", nu, e)

    found = jax.jvp(lambda e: _local_exchange(e, apply(e0)), (e,), (change,))[1]
    h = 1e-4
    ends = [_local_exchange(e + x, apply(e + x)) for x in (h * change, -h * change)]
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / (2 * h), rtol=1e-6)


def gpu4pyscf(mol, coords, intopt):
    """As its ``int1e_grids`` returns them: (N, nao, nao) for the molecule's present ω."""
    assert intopt.built
    return mol.intor("int1e_grids", hermi=1, grids=coords)


def test_integrals_of_a_gpu(monkeypatch):
    """Put in the order that is wanted here. (That gpu4pyscf's own agree with PySCF's to 10⁻¹² was
    seen on an NVIDIA H200.)"""

    class Screened:
        built = False

        def __init__(self, mol):
            pass

        def build(self):
            self.built = True

    module = SimpleNamespace(VHFOpt=Screened, int1e_grids=gpu4pyscf)
    mol, _, grids, _ = hydroxyl()
    wanted = _integrals.integrals_at_points(mol, np.float64)(grids.coords[::500])
    monkeypatch.setattr(_integrals, "device", lambda: SimpleNamespace(platform="gpu"))
    monkeypatch.setattr(_integrals, "_gpu4pyscf", lambda: module)
    found = _integrals.integrals_at_points(mol, np.dtype("float64"))(grids.coords[::500])
    assert isinstance(found, jax.Array)
    np.testing.assert_array_equal(found, wanted)
    high = gto.M(atom="H 0 0 0", basis={"H": [[0, [1, 1]], [5, [1, 1]]]}, spin=1, verbose=0)
    assert _integrals.integrals_at_points(high, np.float64).func is _integrals._by_pyscf


def test_tables_go_where_jax_computes(monkeypatch):
    for stats, bytes_of_tables in [(None, 5e8), ({}, 5e8), ({"bytes_limit": 4e10}, 1e10)]:
        device = SimpleNamespace(memory_stats=lambda stats=stats: stats)
        monkeypatch.setattr(_memory, "device", lambda device=device: device)
        assert _memory.for_tables(4000) == bytes_of_tables
        assert _memory.for_integrals(4000) == 5e8


def test_an_installation_that_does_not_fit_is_said(monkeypatch):
    """And PySCF's integrals are used."""

    class Broken:
        def __getattr__(self, name):
            raise OSError("libcudart.so is missing")

    monkeypatch.setitem(sys.modules, "gpu4pyscf", Broken())
    monkeypatch.setitem(sys.modules, "gpu4pyscf.gto", Broken())
    _integrals._gpu4pyscf.cache_clear()
    with pytest.warns(UserWarning, match=r"libcudart.so is missing.*PySCF's integrals do"):
        assert _integrals._gpu4pyscf() is None
    _integrals._gpu4pyscf.cache_clear()
