"""Nuclear gradients of learned functionals: the derivative of the energy that is computed."""

import numpy as np
import pytest
from pyscf import gto
from pyscf.geomopt import geometric_solver

import mlxc_edu as mx
from mlxc_edu.ks.learned import _gradients
from mlxc_edu.units import ANGSTROM_PER_BOHR

pytestmark = pytest.mark.usefixtures("released")
HF = [("H", (0.0, 0.0, 0.0)), ("F", (0.1, 0.3, 0.9))]
NH = [("N", (0.0, 0.0, 0.0)), ("H", (0.0, 0.0, 1.04))]
HELIUM = [("He", (0.0, 0.0, 0.0)), ("He", (0.0, 0.0, 2.5))]
OH_ASKEW = [("O", (0.0, 0.0, 0.0)), ("H", (0.3, 0.8, 0.5)), ("H", (0.1, -0.8, 0.6))]
STEP = 5e-5  # Å; DM21's second derivatives jump
WATER = [("O", (0.0, 0.0, 0.1)), ("H", (0.0, 0.76, -0.5)), ("H", (0.0, -0.76, -0.5))]


def learned(atoms, spin=0, xc="DM21", precision="float64", basis="sto-3g", **options):
    mol = gto.M(atom=atoms, spin=spin, basis=basis, verbose=0)
    mf = mx.KS(mol, xc, precision=precision, **options)
    mf.grids.level = 0
    mf.init_guess = "minao"
    if precision == "float64":
        mf.conv_tol, mf.conv_tol_grad = 1e-11, 1e-6
    return mf


def moved(atoms, atom, axis, by):
    """By so many Å."""
    atoms = [(symbol, list(place)) for symbol, place in atoms]
    atoms[atom][1][axis] += by
    return atoms


def numerical(atoms, atom, axis, step, start=None, grid=None, **options):
    """dE/dR from two displaced geometries, Hartree/Bohr."""
    energies = []
    for by in (step, -step):
        mf = learned(moved(atoms, atom, axis, by), **options)
        if grid is not None:
            mf.grids.coords, mf.grids.weights = grid
        energies.append(mf.kernel(dm0=start))
        assert mf.converged
    return (energies[0] - energies[1]) / (2 * step / ANGSTROM_PER_BOHR)


@pytest.mark.parametrize(
    ("atoms", "atom", "axis", "options"),
    [
        (HF, 1, 2, {}),
        (HF, 0, 0, {}),
        (WATER, 1, 1, {}),  # with mirrors
        (NH, 0, 2, dict(spin=2)),
        (NH, 0, 2, dict(spin=2, restricted=True)),
        (HELIUM, 1, 2, dict(xc="DM21m-D3BJ")),
    ],
)
def test_gradient_is_the_energys_derivative(atoms, atom, axis, options):
    mf = learned(atoms, **options).run()
    gradient = mf.nuc_grad_method().kernel()
    slope = numerical(atoms, atom, axis, STEP, mf.make_rdm1(), **options)
    assert abs(slope) > 1e-3
    assert gradient[atom, axis] == pytest.approx(slope, abs=1e-6)


def test_single_precision():
    """At the step that a user would take."""
    mf = learned(WATER, precision="float32").run()
    gradient = mf.nuc_grad_method().kernel()
    for atom, axis in [(0, 2), (1, 1)]:
        slope = numerical(WATER, atom, axis, 0.005, precision="float32")
        assert gradient[atom, axis] == pytest.approx(slope, abs=1e-4)
    double = learned(WATER).run().nuc_grad_method().kernel()
    np.testing.assert_allclose(gradient, double, atol=1e-4)


def test_forces_cancel():
    mf = learned(OH_ASKEW).run()
    gradient = mf.nuc_grad_method().kernel()
    assert np.abs(gradient).max() > 1e-2
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize(("atoms", "spin", "count"), [(WATER, 0, 4), (NH, 2, 8)])
def test_mirrors_change_nothing(atoms, spin, count, monkeypatch):
    mf = learned(atoms, spin).run()
    with_mirrors = mf.nuc_grad_method().kernel()
    find, found = _gradients.find_mirrors, []
    monkeypatch.setattr(
        _gradients, "find_mirrors", lambda *args: found.append(find(*args)) or found[0][:1]
    )
    np.testing.assert_allclose(mf.nuc_grad_method().kernel(), with_mirrors, atol=1e-8)
    assert len(found[0]) == count


def test_points_of_ones_own_stay_where_they_are():
    grids = learned(WATER).grids.build()
    options = dict(grid=(grids.coords + 0.01, grids.weights))
    mf = learned(HF)
    mf.grids.coords, mf.grids.weights = options["grid"]
    gradient = mf.run().nuc_grad_method().kernel()
    slope = numerical(HF, 1, 2, STEP, mf.make_rdm1(), **options)
    assert gradient[1, 2] == pytest.approx(slope, rel=1e-6)
    assert abs(gradient.sum(axis=0)).max() > 1e-4  # the points are held


def test_a_grid_of_another_kind_moves_along():
    settings = dict(atom_grid=(20, 50), prune=None)
    mf = learned(HF)
    mf.grids.set(**settings)
    gradient = mf.run().nuc_grad_method().kernel()
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-9)
    energies = []
    for by in (STEP, -STEP):
        there = learned(moved(HF, 1, 2, by))
        there.grids.set(**settings)
        energies.append(there.kernel(dm0=mf.make_rdm1()))
    slope = (energies[0] - energies[1]) / (2 * STEP / ANGSTROM_PER_BOHR)
    assert gradient[1, 2] == pytest.approx(slope, abs=1e-6)


def test_little_memory():
    """The density of fitted local exchange, then exact derivatives: the error is first order."""
    plenty, little = learned(HF, precision="float32"), learned(HF, precision="float32")
    little.max_memory = 1
    gradients = [mf.run().nuc_grad_method().kernel() for mf in (plenty, little)]
    assert 1e-9 < np.abs(gradients[0] - gradients[1]).max() < 5e-4


def test_scanner():
    """Energies and gradients of one geometry after the other, as an optimiser asks for them."""
    scanner = learned(HF, precision="float32").nuc_grad_method().as_scanner()
    for atoms in (HF, moved(HF, 1, 2, 0.1)):
        fresh = learned(atoms, precision="float32")
        energy, gradient = scanner(fresh.mol)
        assert energy == pytest.approx(fresh.kernel(), abs=5e-7)
        np.testing.assert_allclose(gradient, fresh.nuc_grad_method().kernel(), atol=1e-4)


def test_geometry_optimiser():
    def hydrogen(length):
        return learned(
            [("H", (0, 0, 0)), ("H", (0, 0, length))], xc="DM21-D3BJ", precision="float32"
        )

    mf = hydrogen(0.9)
    before = mf.kernel()
    found = geometric_solver.optimize(mf)
    length = np.linalg.norm(np.diff(found.atom_coords(), axis=0)) * ANGSTROM_PER_BOHR

    lowest = hydrogen(length).kernel()
    assert lowest < before - 1e-3
    assert hydrogen(length - 0.01).kernel() > lowest < hydrogen(length + 0.01).kernel()
