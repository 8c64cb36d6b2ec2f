"""The learned functionals as functions of arrays: against the formulas in plain NumPy, and their
derivatives against finite differences."""

import os
import subprocess
import sys
from functools import cache

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from mlxc_edu import weights
from mlxc_edu.functionals import (
    FEATURES,
    Features,
    density_features,
    dm21,
    energy_and_potential,
    hessian_product,
)

pytestmark = pytest.mark.usefixtures("released")
SCOPE = "hub_wrapper/local_functional_v2"
few = settings(deadline=None, max_examples=30)


@cache
def network(name="DM21", dtype="float64"):
    return dm21.Parameters.from_variables(weights.load(name), dtype)


def by_the_formulas(name, f):
    """Enhancement factors and energy density, from the released graph's description."""
    variables = {
        k.removeprefix(SCOPE + "/"): v.astype(float) for k, v in weights.load(name).items()
    }
    layer = "SquashUnprocessedData/linear/"
    h = np.tanh(np.log(np.abs(f) + 1e-9 + 1e-4) @ variables[layer + "w"] + variables[layer + "b"])
    for block in ["", "_1", "_2", "_3", "_4", "_5"]:
        get = lambda x, block=block: variables[f"MLP/ResidualBlock{block}/{x}"]  # noqa: E731
        h = h @ get("linear/w") + get("linear/b") + h
        h = (h - h.mean(1)[:, None]) / np.sqrt(h.var(1)[:, None] + 1e-5)
        h = get("layer_norm/gamma") * h + get("layer_norm/beta")
        h = np.where(h > 0, h, np.expm1(np.minimum(h, 0)))
    o = h @ variables["OutputLayer/linear/w"] + variables["OutputLayer/linear/b"]
    s = 2 / (1 + np.exp(-o / 2))
    gas = -0.9305257363491 * (f[:, 0] ** (4 / 3) + f[:, 1] ** (4 / 3))
    return s, s[:, 0] * gas + s[:, 1] * (f[:, 7] + f[:, 9]) + s[:, 2] * (f[:, 8] + f[:, 10])


def with_signs(f):
    """Local exchange is negative, everything else positive."""
    return np.where(np.arange(11) < 7, f, -f)


sizes = st.one_of(st.just(0.0), st.floats(-30, 12).map(lambda x: 10.0**x))
anything = arrays_of.arrays(float, st.tuples(st.just(8), st.just(11)), elements=sizes)
any_features = anything.map(with_signs)


def ordinary_features(count=64, seed=0):
    sizes = 10 ** np.random.default_rng(seed).uniform(-4, 1, (count, 11))
    return with_signs(sizes)


@pytest.mark.parametrize("name", weights.MODELS)
@few
@given(any_features)
def test_energy_density_is_the_formulas(name, features):
    factors, energy = by_the_formulas(name, features)
    found = dm21.enhancement_factors(network(name), features)
    np.testing.assert_allclose(found, factors, rtol=1e-9, atol=1e-12)
    assert np.all((found >= 0) & (found <= 2))
    scale = np.abs(dm21.ingredients(features)).max(axis=1)
    found = dm21.energy_density(network(name), features)
    np.testing.assert_array_less(np.abs(found - energy), 1e-9 * scale + 1e-30)


@pytest.mark.parametrize("name", weights.MODELS)
def test_factors_lie_between_0_and_2_and_vary(name):
    s = np.asarray(dm21.enhancement_factors(network(name), ordinary_features(2000)))
    assert np.all((s > 0) & (s < 2))
    assert np.ptp(s, axis=0).min() > 0.1


def slope(function, point, direction, h=2e-5):
    """Derivative along a direction, its error of order h⁴. The network's second derivatives jump
    where a neuron passes zero, so the step is short."""
    ends = [function(point + k * h * direction) for k in (1, -1, 2, -2)]
    return (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * h)


@pytest.mark.parametrize("name", weights.MODELS)
def test_potential_is_the_energys_derivative(name):
    f = ordinary_features()
    e, v = map(np.asarray, energy_and_potential(dm21.energy_density, network(name), f))
    np.testing.assert_allclose(e, dm21.energy_density(network(name), f), rtol=1e-12)
    for i in range(11):
        along = f * (np.arange(11) == i)  # each feature by a fraction of itself
        numerical = slope(lambda x: np.asarray(dm21.energy_density(network(name), x)), f, along)
        assert np.abs((v * along).sum(1) - numerical).max() < 1e-6 * np.abs(numerical).max()


@pytest.mark.parametrize("name", weights.MODELS)
def test_hessian_product_is_the_potentials_derivative(name):
    f = ordinary_features()
    along = f * np.random.default_rng(1).normal(size=f.shape)
    found = np.asarray(hessian_product(dm21.energy_density, network(name), f, along))
    numerical = slope(
        lambda x: np.asarray(energy_and_potential(dm21.energy_density, network(name), x)[1]),
        f,
        along,
    )
    for i in range(11):
        assert (
            np.abs((found - numerical)[:, i] * f[:, i]).max()
            < 1e-6 * np.abs(numerical[:, i] * f[:, i]).max()
        )


@few
@given(any_features)
def test_derivatives_stay_finite(features):
    _, v = energy_and_potential(dm21.energy_density, network(), features)
    assert np.isfinite(v).all()
    product = hessian_product(dm21.energy_density, network(), features, features)
    assert np.isfinite(product).all()


def test_single_precision_is_close():
    f = ordinary_features(2000)
    both = [energy_and_potential(dm21.energy_density, network(dtype=d), f) for d in ("<f4", "<f8")]
    (e4, v4), (e8, v8) = both
    assert e4.dtype == v4.dtype == np.float64
    assert 1e-9 < np.abs(e4 - e8).max() / np.abs(e8).max() < 1e-5
    assert np.abs((v4 - v8) * f).max() < 1e-4 * np.abs(v8 * f).max()


def test_a_point_does_not_know_of_the_others():
    f = ordinary_features()
    others = f.copy()
    others[5:] = np.nan
    for dtype in ("<f4", "<f8"):
        args = dm21.energy_density, network(dtype=dtype)
        for alone, together in [
            (energy_and_potential(*args, others), energy_and_potential(*args, f)),
            (energy_and_potential(*args, f[:5]), energy_and_potential(*args, f)),
        ]:
            rtol = 1e-11 if dtype == "<f8" else 1e-4
            for a, b in zip(alone, together):
                a, b = np.asarray(a)[:5], np.asarray(b)[:5]
                np.testing.assert_allclose(a, b, rtol=10 * rtol, atol=rtol * np.abs(b).max())
    one = float(dm21.energy_density(network(), f[3]))
    assert one == pytest.approx(float(dm21.energy_density(network(), f)[3]), rel=1e-11)


def test_features_are_what_their_names_say():
    """Exponentials along x, whose every property is known; α and β all different."""
    x = np.linspace(0.1, 2, 7)
    rho = np.exp([-x, -2 * x])
    gradient = np.zeros((2, 3, 7))
    gradient[:, 0] = -rho[0], -2 * rho[1]
    gradient[1, 1] = 0.3
    tau = (gradient**2).sum(axis=1) / (8 * rho)
    hfx = -np.arange(1.0, 29).reshape(2, 2, 7)
    f = density_features(rho, gradient, tau, hfx)
    expected = {
        "rho_a": rho[0],
        "rho_b": rho[1],
        "norm_grad": (rho[0] + 2 * rho[1]) ** 2 + 0.09,
        "norm_grad_a": rho[0] ** 2,
        "norm_grad_b": 4 * rho[1] ** 2 + 0.09,
        "tau_a": tau[0],
        "tau_b": tau[1],
        "hfx_a": hfx[0, 0],
        "hfx_lr_a": hfx[0, 1],
        "hfx_b": hfx[1, 0],
        "hfx_lr_b": hfx[1, 1],
    }
    assert list(FEATURES) == list(expected)
    np.testing.assert_allclose(f, np.transpose(list(expected.values())), rtol=1e-12)
    np.testing.assert_array_equal(f[:, Features.HFX_LR], hfx[:, 1].T)


@pytest.mark.parametrize("damage", ["missing", "shape"])
def test_wrong_variables_are_refused(damage):
    variables = weights.load("DM21")
    name = f"{SCOPE}/MLP/ResidualBlock_3/linear/w"
    wrong = variables.pop(name)[:, :-1]
    if damage == "shape":
        variables[name] = wrong
    message = "missing" if damage == "missing" else r"\(256, 255\)"
    with pytest.raises(ValueError, match=rf"ResidualBlock_3/linear/w .*\(256, 256\).*{message}"):
        dm21.Parameters.from_variables(variables)


def test_uniform_gas_at_unit_factors():
    """s = (1, 0, 0) would be Slater's exchange of each spin: E_x = −¾ (6/π)^⅓ ρσ^{4/3} for one
    spin alone."""
    rho = np.array([0.3, 2.0])
    f = np.zeros((2, 11))
    f[:, 0] = rho
    slater = -0.75 * (6 / np.pi) ** (1 / 3) * rho ** (4 / 3)
    np.testing.assert_allclose(dm21.ingredients(f)[:, 0], slater, rtol=1e-12)


def test_nothing_knows_of_pyscf():
    code = "import mlxc_edu.functionals, sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(out.stdout.split())
    assert "jax" in loaded and "pyscf" not in loaded


SWITCH = """
import jax, jax.numpy as jnp
old, mol = jnp.ones(3), __import__("pyscf").gto.M(atom="H", spin=1, verbose=0)
import mlxc_edu as mx
mx.KS(mol, "PBE").kernel(), mx.dissociation, mx.plot
assert old.dtype == jnp.zeros(1).dtype == "float32"
{use}
assert (2.0 * old).dtype == "float32"
assert jnp.zeros(1).dtype == (old + jnp.zeros(3)).dtype == "float64"
"""


@pytest.mark.parametrize("use", ['mx.KS(mol, "EDU26")', "mx.one_d.Grid"])
def test_first_use_switches_jax_to_double_precision(use):
    """As docs/conventions.md says: not before, and arrays that are there stay what they are."""
    environment = {k: v for k, v in os.environ.items() if k != "JAX_ENABLE_X64"}
    script = SWITCH.format(use=use)
    run = subprocess.run([sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()


def test_parameters_pass_through_jax():
    """A trainer wants gradients by the parameters, too."""
    f = ordinary_features(4)
    slopes = jax.grad(lambda p: dm21.energy_density(p, f).sum())(network())
    assert all(np.isfinite(x).all() and np.abs(x).max() > 0 for x in slopes)
