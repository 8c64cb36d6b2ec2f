"""The fast way to E_xc, by pairs of occupied orbitals: against integrals and derivatives."""

import ase.build
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from pyscf import df, dft, gto
from pyscf.df.addons import make_auxmol
from scipy.spatial.transform import Rotation
from scipy.special import hyp1f1

import mlxc_edu as mx
from mlxc_edu.functionals import OMEGAS
from mlxc_edu.ks.learned import LearnedXC, learned
from mlxc_edu.ks.learned._potentials import Potentials, boys


@pytest.mark.parametrize("l", range(7))
def test_boys_function(l):
    x = np.concatenate([[0.0], np.geomspace(1e-6, 200, 60), l + 4 + np.array([-1e-6, 1e-6])])
    exact = hyp1f1(l + 0.5, l + 1.5, -x) / (2 * l + 1)
    np.testing.assert_allclose(boys(l, jnp.asarray(x)), exact, rtol=1e-11)
    single = boys(l, jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(single, exact, rtol=5e-6)


@pytest.mark.parametrize("basis", ["def2-svp", "6-31g*"])  # the one's fit has contracted functions
def test_potentials_of_an_auxiliary_basis(basis):
    mol = gto.M(atom="O 0 0 0; H 0 0.7 0.6; S 1 2 3", basis=basis, spin=1, verbose=0)
    aux = make_auxmol(mol, df.make_auxbasis(mol))
    rng = np.random.default_rng(0)
    near = mol.atom_coords() + rng.normal(size=(3, 3)) * 0.05
    coords = np.vstack([rng.normal(size=(200, 3)) * 4, mol.atom_coords(), near])
    potentials = Potentials(aux, "float64")
    found, charges = potentials(coords), gto.fakemol_for_charges(coords)
    for omega, one in zip(OMEGAS, found.swapaxes(0, 1)):
        with aux.with_range_coulomb(omega), charges.with_range_coulomb(omega):
            exact = gto.intor_cross("int2c2e", aux, charges)[potentials.order]
        np.testing.assert_allclose(one, exact, atol=1e-10)


ATOMS = {1: "O 0 0 0; H 0.1 0.7 0.6; H 0.2 -0.7 0.6", 2: "O 0 0 0; H 0.3 0.2 0.9"}  # by spins


def rough_solution(spins):
    """PBE's orbitals of few atoms without a mirror, what they hold, and a coarse grid."""
    mol = mx.molecule(ATOMS[spins], basis="6-31g", spin=spins - 1)
    mf = (dft.RKS if spins == 1 else dft.UKS)(mol, xc="PBE")
    mf.grids.level = 0
    mf.kernel()
    coeff, occ = (
        np.reshape(a, (spins, *np.shape(a)[spins - 1 :])) for a in (mf.mo_coeff, mf.mo_occ)
    )
    return mol, mf.grids, coeff, occ / (3 - spins)


def density(coeff, occ):
    return np.array([c * o @ c.T for c, o in zip(coeff, occ)])


def turned(mol, coeff, angle, seed=1):
    """Orbitals turned among each other, still orthonormal."""
    out = []
    for k, c in enumerate(coeff):
        turn = np.random.default_rng(seed + k).normal(size=(mol.nao, mol.nao))
        out.append(c @ scipy.linalg.expm(angle * (turn - turn.T)))
    return np.array(out)


@pytest.mark.parametrize("spins", [1, 2])
def test_pairs_are_a_fast_way_to_the_plain_result(spins):
    mol, grids, coeff, occ = rough_solution(spins)
    xc = learned("EDU26", "float64")
    for angle in (0.0, 0.1):
        dm = density(turned(mol, coeff, angle), occ)
        plain, plain_fock = xc.energy_and_fock(mol, grids, dm, 0.0, exact=False)
        energy, fock = xc.by_pairs(mol, grids, dm, 0.0)
        assert energy == pytest.approx(plain, abs=1e-9)
        np.testing.assert_allclose(fock @ dm, plain_fock @ dm, atol=1e-8)
        known = xc.by_pairs(mol, grids, dm, 0.0, plain_fock)[1]
        np.testing.assert_allclose(known, plain_fock, atol=1e-8)


@pytest.mark.parametrize("spins", [1, 2])
def test_followed_energy_has_its_own_derivative(spins):
    """Away from the density at which it is exact."""
    mol, grids, coeff, occ = rough_solution(spins)
    xc = learned("EDU26", "float64")
    exact = xc.energy_and_fock(mol, grids, density(coeff, occ), 0.0, exact=True)
    xc.reset()
    near = xc.nearly(mol, grids, density(coeff, occ), 0.0)
    assert near[0] == pytest.approx(exact[0], abs=5e-6)
    np.testing.assert_allclose(near[1], exact[1], atol=1e-3)

    def at(angle):
        return density(turned(mol, coeff, angle), occ)

    h = 1e-4
    place = 0.0005
    fock = xc.nearly(mol, grids, at(place), 0.0)[1]
    ends = [xc.nearly(mol, grids, at(place + step), 0.0)[0] for step in (h, -h)]
    change = at(place + h) - at(place - h)
    assert np.vdot(fock, change) == pytest.approx(ends[0] - ends[1], rel=1e-4)


def test_what_is_followed_belongs_to_its_spins_and_memory():
    """As stability asks for both; and as somebody gives more memory and asks again."""
    mol, grids, coeff, occ = rough_solution(1)
    xc, plain = learned("EDU26", "float64"), learned("EDU26", "float64")
    one = density(coeff, occ)
    both, much = np.repeat(one, 2, axis=0), 1e9
    exact, exact_fock = plain.energy_and_fock(mol, grids, one, much)
    for dm, share in [(one, 1), (both, 2), (one, 1)]:
        energy, fock = xc.nearly(mol, grids, dm, 0.0)
        assert xc._near is not None and fock.shape == dm.shape
        assert energy == pytest.approx(exact, abs=5e-6)
        np.testing.assert_allclose(share * fock[0], exact_fock[0], atol=2e-3)
    assert xc.nearly(mol, grids, one, much)[0] == pytest.approx(exact, abs=1e-10)
    assert xc._near is None
    xc.by_pairs(mol, grids, one, much)  # as an object that is rough
    assert xc.nearly(mol, grids, one, much)[0] == pytest.approx(exact, abs=1e-10)


def test_no_electrons_have_no_energy():
    mol, grids, _, _ = rough_solution(1)
    energy, fock = learned("EDU26").nearly(mol, grids, np.zeros((1, mol.nao, mol.nao)), 0.0)
    assert abs(energy) < 1e-9 and np.isfinite(fock).all()


def test_all_points_are_looked_at_once(monkeypatch):
    mol, grids, coeff, occ = rough_solution(2)
    grids.level = 3
    grids.build()
    xc, plain, evaluated = learned("DM21"), learned("DM21"), []
    dearly = LearnedXC._dearly
    monkeypatch.setattr(
        LearnedXC, "_dearly", lambda *args: evaluated.append(angle) or dearly(*args)
    )
    for angle in (0.0, 0.0003, 0.0002, 0.01):
        dm = density(turned(mol, coeff, angle), occ)
        exact = plain.energy_and_fock(mol, grids, dm, 1e9)[0]
        near = xc.nearly(mol, grids, dm, 0.0)[0]
        assert near == pytest.approx(exact, abs=2e-6)
    assert evaluated == [0.0, 0.01]
    few, many = (np.count_nonzero(g.weights) for g in (xc._swift[1], grids))
    assert many / 14 < few < many / 7


def test_many_points_are_followed_and_the_answer_to_a_change_is_exact():
    """Water askew has no mirror, and its exact tables fit."""
    mol, grids, coeff, occ = rough_solution(1)
    grids.level = 3
    grids.build()
    xc, plain = learned("DM21"), learned("DM21")
    much = 1e9
    assert xc.fits(mol, grids, much) and xc.is_dear(mol, grids, much)
    dm = density(coeff, occ)
    exact = plain.energy_and_fock(mol, grids, dm, much)[0]
    assert xc.nearly(mol, grids, dm, much)[0] == pytest.approx(exact, abs=2e-6)
    assert xc._near is not None
    change = density(turned(mol, coeff, 0.01), occ) - dm
    np.testing.assert_array_equal(
        xc.response(mol, grids, dm, change, much), plain.response(mol, grids, dm, change, much)
    )


@pytest.mark.full
@pytest.mark.parametrize("name", ["C2H4", "CH3Cl", "H2CO", "SO2"])
@pytest.mark.parametrize("functional", ["DM21", "EDU26"])
def test_molecules_askew_lose_nothing(functional, name, request):
    """Few points that follow, corrected at more of them: at the density they end at, the energy is
    that of exact local exchange at all points."""
    if functional == "DM21":
        request.getfixturevalue("released")
    atoms = ase.build.molecule(name)
    places = Rotation.from_euler("xyz", [0.3, 1.1, 0.7]).apply(atoms.positions)
    mol = gto.M(atom=list(zip(atoms.symbols, places)), basis="def2-svp", verbose=0)
    mf = mx.KS(mol, functional).run()
    assert mf.converged
    dm, memory = mf.make_rdm1()[None] / 2, mf._table_memory()
    found = mf.functional.nearly(mol, mf.grids, dm, memory)[0]
    plain = mf.functional._another()
    exact = plain.energy_and_fock(mol, mf.grids, dm, 5e8, exact=True)[0]
    assert mf.functional._near is not None, "few points were followed"
    assert found == pytest.approx(exact, abs=5e-6)
