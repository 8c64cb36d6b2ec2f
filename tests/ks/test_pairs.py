"""The fast way to E_xc, by pairs of occupied orbitals: against integrals and derivatives."""

import jax.numpy as jnp
import numpy as np
import pytest
from pyscf import df, dft, gto
from pyscf.df.addons import make_auxmol
from scipy.special import hyp1f1

import mlxc_edu as mx
from mlxc_edu.functionals import OMEGAS
from mlxc_edu.ks.learned._coulomb import NearCoulomb
from mlxc_edu.ks.learned._local_exchange import fitted
from mlxc_edu.ks.learned._pairs import pairs, rebuilt
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
    for omega, one in zip(OMEGAS, found):
        with aux.with_range_coulomb(omega), charges.with_range_coulomb(omega):
            exact = gto.intor_cross("int2c2e", aux, charges)[potentials.order]
        np.testing.assert_allclose(one, exact, atol=1e-10)


def lying_askew(unrestricted, **options):
    """Few atoms, no mirror; local exchange fitted."""
    atoms = "O 0 0 0; H 0.3 0.2 0.9" if unrestricted else "O 0 0 0; H 0.1 0.7 0.6; H 0.2 -0.7 0.6"
    mf = mx.KS(mx.molecule(atoms, basis="6-31g", spin=int(unrestricted)), "EDU26", **options)
    mf.grids.level = 0
    mf.grids.build()
    return mf


@pytest.mark.parametrize("unrestricted", [False, True])
def test_fock_matrix_is_the_energys_derivative(unrestricted):
    """Of the fitted energy, in rotations of the orbitals, at a density that is no solution."""
    mf = lying_askew(unrestricted, precision="float64")
    mol, functional = mf.mol, mf.functional
    plain = dft.UKS(mol, xc="PBE").run(grids=mf.grids)
    occupied = [np.arange(mol.nao) < n for n in mol.nelec]
    rng = np.random.default_rng(1)
    turns = [rng.normal(size=(mol.nao, mol.nao)) * 0.1 for _ in range(2)]

    def density(step):
        c = [c @ (np.eye(mol.nao) + step * (t - t.T)) for c, t in zip(plain.mo_coeff, turns)]
        overlap = mol.intor_symmetric("int1e_ovlp")
        c = [x @ np.linalg.inv(np.linalg.cholesky(x.T @ overlap @ x)).T for x in c]
        return np.array([x[:, o] @ x[:, o].T for x, o in zip(c, occupied)])

    def energy(dm):
        return functional.energy_and_fock(mol, mf.grids, dm, 0)

    h = 1e-3
    fock = energy(density(0.0))[1]
    change = (density(h) - density(-h)) / (2 * h)
    slope = (energy(density(h))[0] - energy(density(-h))[0]) / (2 * h)
    assert np.vdot(fock, change) == pytest.approx(slope, rel=1e-5)
