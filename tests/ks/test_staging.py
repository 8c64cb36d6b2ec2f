"""How a learned functional converges, and what it does where PySCF's iteration fails."""

import numpy as np
import pytest
from pyscf import scf
from test_learned import imidogen, learned

from mlxc_edu.ks.convergence import _staging, minimise

pytestmark = pytest.mark.usefixtures("released")


def unsettled(name=None, length=None):
    """So few cycles that PySCF's iteration fails."""
    mf = learned(name, basis="6-31g", length=length) if name else learned()
    return mf.set(init_guess="minao", max_cycle=3, conv_tol=1e-9)


@pytest.mark.parametrize(
    ("name", "length", "options"),
    [("N2", 2.2, {}), ("H2", 4.0, dict(unrestricted=True))],
)
def test_what_diis_does_not_settle_is_minimised(name, length, options):
    mf = learned(name, basis="6-31g", length=length, **options).run()
    assert mf.converged and mf.minimised
    # Nothing mixes occupied and virtual orbitals, and the energy is that of these orbitals.
    assert np.linalg.norm(mf.get_grad(mf.mo_coeff, mf.mo_occ)) < 5e-4
    assert mf.energy_tot(mf.make_rdm1()) == pytest.approx(mf.e_tot, abs=1e-7)
    overlap = mf.mo_coeff.swapaxes(-1, -2) @ mf.get_ovlp() @ mf.mo_coeff
    identity = np.broadcast_to(np.eye(mf.mol.nao), overlap.shape)
    np.testing.assert_allclose(overlap, identity, atol=1e-8)
    assert mf.mo_occ.sum() == mf.mol.nelectron


def test_iteration_that_fails_is_taken_up(monkeypatch):
    """Three cycles are too few for PySCF; the minimisation goes on from where they led."""
    mf, converged = unsettled(), learned().run()
    assert mf.run().converged and mf.minimised
    assert mf.e_tot == pytest.approx(converged.e_tot, abs=5e-7)
    monkeypatch.setattr(_staging, "minimise", None)  # and without it they are too few
    with pytest.raises(TypeError):
        unsettled().run()


def test_one_cycle_is_not_called_converged():
    for guess in ("staged", "minao"):
        mf = learned().set(init_guess=guess, max_cycle=1, conv_tol=1e-12).run()
        assert not mf.converged and np.isfinite(mf.e_tot)


def test_restricted_open_shell_that_fails_says_so():
    mf = imidogen(restricted=True).set(init_guess="minao", max_cycle=2).run()
    assert not mf.converged and not mf.minimised


def test_staged_start_is_close():
    """It comes from the same functional on a coarser grid."""
    staged, plain = learned(), learned().set(init_guess="minao")
    staged.grids.level = plain.grids.level = 2
    staged.run(), plain.run()
    assert staged.e_tot == pytest.approx(plain.e_tot, abs=5e-7)
    assert staged.cycles < plain.cycles
    guess = learned().get_init_guess(key="staged")
    assert guess.shape == (7, 7)
    assert np.vdot(guess, staged.get_ovlp()) == pytest.approx(10, abs=1e-8)


def test_callback_is_called_each_cycle():
    seen = []
    mf = learned().set(init_guess="minao", callback=lambda state: seen.append(state["e_tot"]))
    mf.kernel()
    assert len(seen) == mf.cycles > 3
    assert seen[-1] == pytest.approx(mf.e_tot, abs=1e-6)
    once = len(seen)
    mf.kernel()
    assert len(seen) > once  # it is still there


def test_callback_is_called_where_the_energy_is_minimised():
    seen = []
    mf = unsettled().set(callback=lambda state: seen.append(state["cycle"]))
    mf.kernel()
    assert mf.minimised and mf.converged is True
    assert len(seen) > mf.max_cycle


@pytest.mark.parametrize("guess", ["staged", "minao"])
def test_smeared_occupations_stay(guess):
    mf = unsettled("H2", 4.0).set(init_guess=guess)
    mf = scf.addons.smearing(mf, sigma=0.05, method="fermi").run()
    assert not mf.minimised
    assert np.any((mf.mo_occ > 0.05) & (mf.mo_occ < 1.95))


def half_filled(mf):
    def occupations(energies=None, coefficients=None):
        levels = np.argsort(np.argsort(energies))
        pairs = mf.mol.nelectron // 2 - 1
        return np.select([levels < pairs, levels < pairs + 2], [2.0, 1.0], 0.0)

    return mf.set(get_occ=occupations)


@pytest.mark.parametrize("guess", ["staged", "minao"])
def test_half_filled_orbitals_stay(guess):
    """One electron in each of two restricted orbitals; the energy is this density's, converged
    or not."""
    mf = half_filled(unsettled("N2", 2.2).set(init_guess=guess)).run()
    assert not mf.minimised and mf.mo_occ.sum() == mf.mol.nelectron
    assert sorted(mf.mo_occ)[-8:] == [1, 1] + 6 * [2]


@pytest.mark.parametrize("unrestricted", [False, True])
def test_minimum_of_a_learned_functional(unrestricted):
    """Direct minimisation and PySCF's iteration end at the same energy; the jitter of single
    precision does not keep it from ending."""
    mf = learned(unrestricted=unrestricted).set(init_guess="minao").run()
    start = learned(unrestricted=unrestricted)
    guess = start.get_init_guess(key="1e")
    energies, coefficients = start.eig(start.get_fock(dm=guess), start.get_ovlp())
    builds = []
    counted = start.get_veff
    start.get_veff = lambda *args: builds.append(1) or counted(*args)
    found = minimise(start, coefficients, start.get_occ(energies, coefficients), gradient_tol=1e-4)
    assert found.converged and found.builds == len(builds)
    assert found.energy == pytest.approx(mf.e_tot, abs=5e-7)
