"""Local occupations: what orbitals say of them, the fit of the network that reads them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyscf import dft, gto

from mlxc_edu.functionals import Features, edu26, edu27, occupation
from mlxc_edu.ks.learned import features as features_of
from mlxc_edu.training import _reading as reading
from mlxc_edu.training._occupation import WEIGHTS, of_atom, of_pair
from mlxc_edu.training._samples import Densities
from mlxc_edu.units import ANGSTROM_PER_BOHR


@pytest.fixture(scope="module")
def boron():
    return list(of_atom("B"))


def test_whole_ions_hold_whole_electrons_and_mixtures_what_their_orbitals_hold(boron):
    assert {lesson.kind for lesson in boron} == {"whole", "between", "plane", "turned"}
    for lesson in boron:
        rho = lesson.features[:, Features.RHO]
        there = rho > 1e-6
        assert ((lesson.n > -1e-9) & (lesson.n < 1 + 1e-6))[there].all()
        if lesson.kind == "whole":
            np.testing.assert_allclose(lesson.n[there], 1, atol=1e-6)
    half = next(m for m in boron if m.name == "B (2, 2) (3, 2) 0.5")
    far = half.features[:, 0] < 0.02  # where half a 2p electron is alone with a whole 2s
    assert 0.5 < half.n[far, 0].min() < 0.9
    np.testing.assert_allclose(half.n[half.features[:, 1] > 1e-6, 1], 1, atol=0.03)


def test_a_hydrogen_molecule_pulled_apart_holds_half_an_electron_of_each_spin_at_either_atom():
    far = [lesson for lesson in of_pair("HH") if lesson.name.startswith("HH 8")]
    assert [lesson.name.split()[-1] for lesson in far] == ["BHandHLYP", "PBE", "HF"]
    for lesson in far:
        np.testing.assert_allclose(lesson.n, 0.5, atol=0.002)
    # the other half of the hole, R away, is worth 1/2R of the potential 2|e|/ρ
    f = far[0].features.astype(float)
    near_nucleus = f[:, 0] > 0.003
    share = occupation.far(occupation.fitted(), occupation.seen(edu26.point(f), f))
    potential = 2 * np.abs(f[:, Features.HFX]) / f[:, Features.RHO]
    distance = 8.0 / ANGSTROM_PER_BOHR
    worth = np.mean((np.asarray(share) * potential)[near_nucleus]) * 2 * distance
    assert 0.6 < worth < 1.2


def test_the_fit_learns_and_repeats(boron):
    few = [lesson for lesson in boron if lesson.kind != "turned"]
    losses = []
    made = [
        reading.fit(few, width=6, steps=8, report=lambda _, loss: losses.append(loss))
        for _ in range(2)
    ]
    assert losses[7] < losses[0] < 100
    assert losses[:8] == losses[8:]
    for a, b in zip(*made):
        np.testing.assert_array_equal(a, b)
    table = reading.table(made[0], few)
    assert set(table.index.get_level_values("kind")) <= set(WEIGHTS)
    assert (table.after_rms < table.before_rms).all()


@settings(max_examples=25, deadline=None)
@given(st.floats(-9, 2), st.floats(0.0, 30.0), st.floats(0, 1), st.floats(0.02, 1), st.floats(0, 1))
def test_occupations_are_positive_and_finite_whatever_is_seen(log_rho, s, single, f, long):
    rho = 10.0**log_rho
    gradient = (2 * edu26.FERMI * rho ** (4 / 3) * s) ** 2
    e_hf = f * -0.9305 * rho ** (4 / 3)
    tau = gradient / (8 * rho) / max(single, 1e-3) + 1e-12
    one = np.array([rho, rho, 4 * gradient, gradient, gradient, tau, tau,
                    e_hf, long * e_hf, e_hf, long * e_hf])  # fmt: skip
    n = np.asarray(edu27.occupations(one))
    assert np.isfinite(n).all() and (n >= 0).all() and n[0] == n[1]
    at = occupation.seen(edu26.point(one), one)
    share = np.asarray(occupation.far(occupation.fitted(), at))
    assert (share >= 0).all() and (share < 1).all()
    compact = np.asarray(at.compact)
    assert (np.abs(np.log((n + 1e-30) / (compact + 1e-30))) <= 0.4 + 1e-9).all()


@pytest.mark.parametrize("symbol", ["F", "P"])
def test_occupations_of_atoms_that_were_not_shown(symbol):
    """Root mean square of what is read less what orbitals say."""
    shown = [lesson for lesson in of_atom(symbol) if lesson.kind in ("whole", "plane")]
    errors = reading.table(occupation.fitted(), shown).droplevel("side")
    assert errors.after_rms["whole"] < 0.01 < errors.before_rms["whole"]
    assert errors.after_rms["plane"] < 0.02


def test_what_is_read_of_a_diffuse_pair():
    """Sodium's anion, whose two outer electrons lose a sixth of one in the closed form."""
    mol = gto.M(atom="Na 0 0 0", charge=-1, basis="def2-tzvpd", verbose=0)
    dm = np.array([dft.RKS(mol, xc="HF").run().make_rdm1() / 2] * 2)
    densities = Densities(mol, dm)
    exchange = densities.points.exchange
    weights, errors, closed = [], [], []
    for batch in densities.points:
        x = exchange.apply(batch.tables, exchange.prepare(dm), batch.chi)
        f = np.asarray(features_of(dm, x, batch.chi))
        at = occupation.seen(edu26.point(f), f)
        outside = f[:, 0] < 0.02
        weights.append((np.asarray(batch.weights) * f[:, 0])[outside])
        errors.append(np.asarray(occupation.read(occupation.fitted(), at) - 1)[outside, 0])
        closed.append(np.asarray(at.compact - 1)[outside, 0])
    w, errors, closed = map(np.concatenate, (weights, errors, closed))
    assert w @ closed / w.sum() < -0.1
    assert np.sqrt(w @ errors**2 / w.sum()) < 0.06
