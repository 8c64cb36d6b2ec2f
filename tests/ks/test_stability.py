"""Is a stationary state a minimum? Curvatures, and what objects do and say where they end."""

import pickle
import warnings

import numpy as np
import pytest
from pyscf import scf
from pyscf.scf.stability import rhf_external, rhf_internal, uhf_internal

import mlxc_edu as mx
from mlxc_edu.ks.convergence import _stability, lowest_curvature, minimise, spin_channels


def diatomic(name, length, basis="6-31g", **options):
    return mx.molecule(name, bond_length=length, basis=basis, **options)


def stationary(mol, method, unrestricted):
    """A state without a gradient, in the symmetry of its start."""
    precision = {"precision": "float64"} if method == "EDU26" else {}
    mf = mx.KS(mol, method, unrestricted=unrestricted, **precision)
    mf.grids.level = 0
    start = scf.UHF(mol) if unrestricted or mol.spin else scf.RHF(mol)
    start.run(verbose=0)
    found = minimise(mf, start.mo_coeff, start.mo_occ, gradient_tol=1e-6)
    return mf, found.mo_coeff, found.mo_occ


@pytest.mark.parametrize("method", ["HF", "PBE", "EDU26"])
@pytest.mark.parametrize(("name", "unrestricted"), [("LiH", False), ("H2", True), ("OH", True)])
def test_curvature_is_the_second_derivative_of_the_energy(method, name, unrestricted):
    mf, *orbitals = stationary(diatomic(name, 2.0), method, unrestricted)
    lowest = lowest_curvature(mf, *orbitals)
    energies = [mf.energy_tot(mf.make_rdm1(*lowest.turned(angle))) for angle in (-0.02, 0, 0.02)]
    step = 0.02 / np.abs(lowest.direction).max()
    second = (energies[0] - 2 * energies[1] + energies[2]) / step**2
    assert lowest.value == pytest.approx(second, rel=2e-2, abs=1e-3)


@pytest.mark.parametrize("length", [0.8, 2.5])
@pytest.mark.parametrize("method", ["HF", "PBE"])
def test_sign_is_pyscfs(method, length):
    mol = diatomic("H2", length)
    mf, coeff, occ = stationary(mol, method, False)
    mf.mo_coeff, mf.mo_occ = coeff, occ
    assert lowest_curvature(mf, coeff, occ).is_down != rhf_internal(mf, return_status=True)[1]
    apart = mx.KS(mol, method, unrestricted=True)
    apart.grids = mf.grids
    apart.mo_coeff, apart.mo_occ = np.array([coeff] * 2), np.array([occ / 2] * 2)
    lowest = lowest_curvature(apart, apart.mo_coeff, apart.mo_occ)
    stable = rhf_external(mf, return_status=True)[1]
    assert lowest.is_down == (not stable) == (length > 1)


@pytest.mark.parametrize(("name", "spin"), [("F", 1), ("O", 2), ("N2", 0), ("LiH", 0), ("OH", 1)])
def test_softest_turn_is_found(name, spin):
    """Whichever pairs it is of: against all of H. An atom's open shell turns freely."""
    if spin and name != "OH":
        mol = mx.molecule(name, basis="6-31g", spin=spin)
    else:
        mol = diatomic(name, 1.3 if spin else 2.2, spin=spin)
    mf, *orbitals = stationary(mol, "HF", True)
    _, curve, diagonal = _stability._hessian(mf, spin_channels(*orbitals))
    h = np.array([curve(v) for v in np.eye(len(diagonal))])
    lowest = lowest_curvature(mf, *orbitals)
    found = lowest.direction @ h @ lowest.direction
    assert found == pytest.approx(lowest.value, abs=1e-3)
    exact = np.linalg.eigvalsh((h + h.T) / 2)[0]
    if exact < -0.1:
        assert lowest.is_surely_down  # and no more is asked
    else:
        assert exact - 1e-3 < lowest.value < 1.2 * exact + 1e-3
    if name in ("F", "O"):
        assert abs(lowest.value) < 1e-3


@pytest.mark.parametrize("spin", [0, 1])
def test_coarse_grids_curvature_is_where_the_search_begins(spin, monkeypatch):
    """It ends where it does from nothing, in no more products."""
    mf, *orbitals = stationary(diatomic("OH" if spin else "LiH", 2.0), "PBE", bool(spin))
    coarse = mx.KS(mf.mol, "PBE", unrestricted=bool(spin))
    coarse.grids.level, builds = 0, []
    seen = lowest_curvature(coarse, *orbitals)
    assert np.allclose(seen.seen_from(seen.channels, mf.get_ovlp())[0], seen.direction)
    potential = mf.get_veff
    monkeypatch.setattr(mf, "get_veff", lambda *a, **k: builds.append(1) or potential(*a, **k))
    alone = lowest_curvature(mf, *orbitals)
    needed = len(builds)
    led = lowest_curvature(mf, *orbitals, seen)
    assert led.value == pytest.approx(alone.value, abs=1e-3)
    assert len(builds) - needed <= needed


@pytest.mark.parametrize("softest", [-0.02, 0.015])
@pytest.mark.parametrize("place", [2, 7, 40])
def test_softest_turn_need_not_be_of_the_cheapest_pairs(softest, place, monkeypatch):
    """As in F2 with DM21, where the hole of one atom turns freely: what the orbitals' energies say,
    and what the potential answers to that one turn."""
    rng = np.random.default_rng(place)
    diagonal = np.sort(np.concatenate([rng.uniform(0.47, 4, 60), rng.uniform(4, 80, 60)]))
    noise = rng.normal(size=(120, 120)) * 0.015 * np.sqrt(np.outer(diagonal, diagonal))
    h = np.diag(0.9 * diagonal) + (noise + noise.T) / 2
    turn = np.eye(120)[place] + 0.05 * rng.normal(size=120) / np.sqrt(diagonal)
    turn /= np.linalg.norm(turn)
    h += np.outer(turn, turn) * (softest - turn @ h @ turn)
    monkeypatch.setattr(_stability, "_hessian", lambda *_: ([], lambda v: h @ v, diagonal))
    monkeypatch.setattr(_stability, "spin_channels", lambda *_: [])
    lowest = lowest_curvature(None, None, None)
    exact = np.linalg.eigvalsh(h)[0]
    assert lowest.value == pytest.approx(exact, abs=0.02)
    assert lowest.is_down == (exact < _stability.DOWN)
    monkeypatch.setattr(_stability, "ROUNDS", 2)  # and where they do not suffice
    short = lowest_curvature(None, None, None)
    assert short.value == pytest.approx(short.direction @ h @ short.direction)
    assert short.value > exact - 1e-9


def test_a_coarse_grid_that_leads_nowhere_is_left(monkeypatch):
    """What the fine one alone sees is followed there."""
    mf, *orbitals = stationary(diatomic("H2", 2.5), "HF", True)
    saddle = minimise(mf, *orbitals)
    lead, calls = _stability.downhill, []

    def nowhere(grid, *args, **how):
        calls.append(grid)
        return saddle if grid is scout else lead(grid, *args, **how)

    scout = mx.KS(mf.mol, "HF", unrestricted=True)
    monkeypatch.setattr(_stability, "downhill", nowhere)
    found, lowest = _stability.settle(mf, saddle, scout=scout)
    assert calls[0] is scout and found.energy < saddle.energy - 0.01 and not lowest.is_down


def test_solved_states_are_stable():
    """Where the spins have parted nothing curves down any more."""
    mol = diatomic("H2", 2.5)
    for method in ("PBE", "EDU26"):
        mf = mx.solve(mol, method).mean_field
        assert not lowest_curvature(mf, mf.mo_coeff, mf.mo_occ).is_down


def test_spins_part_where_they_gain():
    """From a density with paired spins: PySCF's iteration alone would stay there."""
    mol = diatomic("H2", 2.5)
    for method in ("PBE", "EDU26"):
        mf = mx.KS(mol, method, unrestricted=True).run()
        assert mf.converged and mf.curvature > -1e-3
        assert mf.e_tot == pytest.approx(mx.solve(mol, method).energy, abs=5e-6)
        assert mf.spin_square()[0] > 0.5


@pytest.fixture(scope="module")
def stretched():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that EDU26 was not taught this
        return mx.KS(diatomic("H2", 2.5), "EDU26").run()


def test_stability_of_a_learned_object(stretched):
    """As PySCF's: orbitals to start from where the spins part."""
    inside, apart, stable, apart_stable = stretched.stability(external=True, return_status=True)
    assert stable and not apart_stable and stretched.curvature < -0.05
    np.testing.assert_array_equal(inside, stretched.mo_coeff)
    better = mx.KS(stretched.mol, "EDU26", unrestricted=True)
    better.kernel(better.make_rdm1(apart, np.array([stretched.mo_occ / 2] * 2)))
    assert better.e_tot < stretched.e_tot - 0.01
    assert better.stability(return_status=True)[2]
    assert stretched.stability()[1] is None
    with pytest.raises(NotImplementedError, match="external stability"):
        better.stability(external=True)


def test_stability_of_a_shared_open_shell():
    mol = mx.molecule("N 0 0 0; H 0 0 1.04", basis="6-31g", spin=2)
    mf = mx.KS(mol, "EDU26", restricted=True)
    mf.grids.level = 0
    assert mf.run().stability(return_status=True)[2]
    with pytest.raises(NotImplementedError, match="external stability"):
        mf.stability(external=True)


@pytest.mark.parametrize("method", ["LDA", "EDU26"])
def test_failure_is_said(method):
    """Whatever PySCF's verbosity is, and not where one cycle was asked for."""
    mol = mx.molecule("H2O", basis="6-31g")
    mf = mx.KS(mol, method).set(max_cycle=2, conv_tol=1e-13, init_guess="minao")
    mf._can_minimise = lambda orbitals: False
    with pytest.warns(UserWarning, match=f"{mf.xc} did not converge in 2 cycles.*mlxc_edu.solve"):
        mf.run()
    assert not mf.converged
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mx.KS(mol, method).set(max_cycle=1, init_guess="minao").run()


def test_saddle_is_said(monkeypatch):
    """Where nothing is found below it."""
    nowhere = lambda mf, saddle, **how: minimise(mf, *saddle.turned(0.0), **how)  # noqa: E731
    monkeypatch.setattr(_stability, "downhill", nowhere)
    mf = mx.KS(diatomic("H2", 2.5), "PBE", unrestricted=True)
    with pytest.warns(UserWarning, match="PBE ends on a saddle.*mlxc_edu.solve"):
        mf.run()
    assert mf.saddle and not mf.converged and mf.curvature < -0.1


def test_last_descent_may_reach_the_minimum(monkeypatch):
    monkeypatch.setattr(_stability, "DESCENTS", 1)
    mf = mx.KS(diatomic("H2", 2.5), "PBE", unrestricted=True).run()
    assert mf.converged and not mf.saddle and mf.curvature > 0


def test_spins_that_may_part_are_looked_at():
    """Half as long again, N2 is no stretched molecule yet, and its pairs stay where they start."""
    mol = diatomic("N2", 1.65)
    mf = mx.KS(mol, "PBE", unrestricted=True).run()
    assert mf.converged and mf.curvature > 0 and mf.spin_square()[0] > 0.5
    assert mf.e_tot < mx.KS(mol, "PBE").run().e_tot - 5e-3


def test_density_of_other_electrons_is_only_a_start():
    """The neutral molecule's density is stationary for the cation's object, too."""
    neutral = mx.KS(mx.molecule("OH", basis="6-31g"), "EDU26").run()
    ion = mx.KS(mx.molecule("OH", basis="6-31g", charge=1), "EDU26", unrestricted=True)
    ion.kernel(neutral.make_rdm1())
    assert ion.mo_occ.sum() == 8 and ion.e_tot > neutral.e_tot + 0.3


def test_one_evaluation_from_a_converged_density():
    mf = mx.KS(mx.molecule("OH", basis="6-31g"), "EDU26").run()
    again = mx.KS(mf.mol, "EDU26").set(max_cycle=0)
    assert again.kernel(mf.make_rdm1()) == pytest.approx(mf.e_tot, abs=1e-6)
    assert mf.kernel(mf.make_rdm1()) == pytest.approx(again.e_tot, abs=1e-6)
    assert not mf.minimised and mf.curvature is None


def test_chosen_occupations_stay():
    """PySCF's maximum overlap holds an excited state, occupations= a whole one."""
    mol = mx.molecule("H2O", basis="6-31g")
    ground = mx.KS(mol, "PBE", unrestricted=True).run()
    occ = ground.mo_occ.copy()
    occ[1, [4, 5]] = occ[1, [5, 4]]
    mf = scf.addons.mom_occ(mx.KS(mol, "PBE", unrestricted=True), ground.mo_coeff, occ)
    mf.kernel(mf.make_rdm1(ground.mo_coeff, occ))
    assert mf.converged and mf.e_tot > ground.e_tot + 0.1
    ion = mx.molecule("H2+", basis="6-31g")
    excited = mx.KS(ion, "PBE", occupations=([0, 1], [0])).run()  # σ_u, which only symmetry holds
    assert excited.converged and excited.e_tot > mx.KS(ion, "PBE").run().e_tot + 0.2


@pytest.mark.parametrize("name", ["N2", "C2", "CO2"])
def test_curvature_of_more_symmetries_is_pyscfs(name):
    mol = mx.molecule(name, basis="6-31g")
    mf, coeff, occ = stationary(mol, "PBE", True)
    mf.mo_coeff, mf.mo_occ = coeff, occ
    stable = uhf_internal(mf, return_status=True)[1]
    assert lowest_curvature(mf, coeff, occ).is_down != stable


def test_settings_that_would_be_ignored():
    mf = mx.KS(mx.molecule("C2", basis="6-31g"), "EDU26")
    with pytest.raises(NotImplementedError, match="irrep_nelec has no effect on EDU26"):
        mf.irrep_nelec = {"A1g": 6}
    with pytest.raises(NotImplementedError, match="omega has no effect on EDU26"):
        mf.omega = 0.3


def test_objects_are_pyscfs():
    mol = mx.molecule("H2O", basis="sto-3g")
    mf = mx.KS(mol, "PBE").run()
    assert isinstance(mf, scf.hf.RHF)
    again = pickle.loads(pickle.dumps(mf))
    assert again.e_tot == mf.e_tot
    assert mf.to_uks().run().e_tot == pytest.approx(mf.e_tot, abs=1e-8)
    assert mf.density_fit().newton().run().e_tot == pytest.approx(mf.e_tot, abs=1e-3)
