"""What a functional is told along a bond, and what it answers."""

import numpy as np
import pytest
from features import pyscf_features
from pyscf import dft, gto

import mlxc_edu as mx
from mlxc_edu.functionals import FEATURES
from mlxc_edu.units import ANGSTROM_PER_BOHR

FACTORS = ["s_lda", "s_hf", "s_hf_lr"]


@pytest.fixture(scope="module")
def hydroxyl(released):
    mf = mx.KS(mx.molecule("OH", basis="6-31g"), "PBE")
    mf.kernel()
    assert mf.converged
    return mf


def test_columns_and_line(hydroxyl):
    table = mx.profile(hydroxyl, functional="DM21")
    assert list(table.columns) == ["position", *FEATURES, *FACTORS, "e_xc"]
    assert table["position"].is_monotonic_increasing
    assert table["position"].iloc[0] == -2 and abs(table["position"].iloc[-1] - 2.96966) < 1e-6
    assert table.attrs["functional"] == "DM21"
    assert [a for a, _ in table.attrs["atoms"]] == ["O", "H"]
    assert table["rho_a"].idxmax() == table["position"].abs().idxmin(), "oxygen is at 0"


def test_semilocal_features_are_pyscfs(hydroxyl):
    z = np.array([-1.1, 0.0, 0.4, 2.0])
    table = mx.profile(hydroxyl, z)
    points = np.column_stack([0 * z, 0 * z, z])
    for name, expected in pyscf_features(hydroxyl.mol, hydroxyl.make_rdm1(), points).items():
        assert np.allclose(table[name], expected, rtol=1e-9, atol=1e-14), name
    scattered = points + np.random.default_rng(7).normal(size=points.shape)
    table = mx.profile(hydroxyl, scattered)
    for name, expected in pyscf_features(hydroxyl.mol, hydroxyl.make_rdm1(), scattered).items():
        assert np.allclose(table[name], expected, rtol=1e-9, atol=1e-14), name
    assert np.allclose(table["position"], scattered[:, 2])


def test_local_exchange_adds_up_to_exchange(hydroxyl):
    """∫ hfx = −½ Tr γKγ, bare and at long range, and ∫ e_xc = E_xc."""
    mol, dm, grids = hydroxyl.mol, hydroxyl.make_rdm1(), hydroxyl.grids
    table = mx.profile(hydroxyl, grids.coords * ANGSTROM_PER_BOHR, functional="DM21m")
    for column, omega in (("hfx", 0.0), ("hfx_lr", 0.4)):
        k = hydroxyl.get_k(mol, dm, omega=omega or None)
        for spin, end in enumerate("ab"):
            expected = -0.5 * np.einsum("ij,ji", k[spin], dm[spin])
            assert grids.weights @ table[f"{column}_{end}"] == pytest.approx(expected, abs=5e-6)
    learned = mx.KS(mol, "DM21m", precision="float64")
    learned.grids = grids
    energy = learned.get_veff(dm=dm).exc
    assert grids.weights @ table["e_xc"] == pytest.approx(energy, abs=1e-6)
    assert (table[FACTORS] > 0).all(axis=None) and (table[FACTORS] < 2).all(axis=None)


def test_whose_functional(hydroxyl):
    own = mx.KS(mx.molecule("H"), "DM21mu-D3BJ")
    own.mo_coeff, own.mo_occ = np.array([np.eye(own.mol.nao)] * 2), np.zeros((2, own.mol.nao))
    own.mo_occ[0, 0] = 1
    assert mx.profile(own, [0.5]).attrs["functional"] == "DM21mu"
    assert mx.profile(own, [0.5], "dm21M").attrs["functional"] == "DM21m"
    assert mx.profile(hydroxyl, [0.5]).attrs["functional"] == "EDU26"


def test_edu26_answers_with_its_own_three(hydroxyl):
    """e_xc from the formula in its docstring, by hand, up to the factor G between 0 and 1."""
    table = mx.profile(hydroxyl)
    assert list(table.columns) == ["position", *FEATURES, "a", "b", "c", "e_xc"]
    rho = table[["rho_a", "rho_b"]].to_numpy()
    both, spin = rho.sum(axis=1), rho[:, 0] - rho[:, 1]
    e_lda = -1.5 * (3 / (4 * np.pi)) ** (1 / 3) * (rho ** (4 / 3)).sum(axis=1)
    e_hf, e_far = (table[f"{c}_a"] + table[f"{c}_b"] for c in ("hfx", "hfx_lr"))
    e_c = dft.libxc.eval_xc(",pw", (rho[:, 0], rho[:, 1]), spin=1)[0] * both
    tau = table["tau_a"] + table["tau_b"]
    g = 1 - (spin / both) ** 2 * table["norm_grad"] / (8 * both * tau)
    e_near = sum(
        n * dft.libxc.eval_xc("LDA_X_ERF", (n, 0 * n), spin=1, omega=0.4)[0] for n in rho.T
    )
    rest = g * (table["b"] * e_lda + table["c"] * e_c)
    uneven = (table["e_xc"] - e_hf - g * (e_c + table["a"] * (e_near - e_hf + e_far))) / rest
    told = (both > 1e-3) & (abs(rest) > 1e-3)
    assert told.sum() > 50 and uneven[told].between(0, 1.001).all()
    assert "a, uniform for local exchange" in {t.name for t in mx.plot(table).data}


def test_atoms_and_bonds_of_a_larger_molecule(released):
    mf = mx.KS(mx.molecule("H2O", basis="6-31g"), "HF")
    mf.kernel()
    table = mx.profile(mf, [0.0], atoms=(1, 2))
    hydrogen = mf.mol.atom_coords()[1:2] * ANGSTROM_PER_BOHR
    expected = pyscf_features(mf.mol, np.array([mf.make_rdm1() / 2] * 2), hydrogen)
    assert table["rho_a"][0] == pytest.approx(expected["rho_a"][0], rel=1e-9)
    assert table.attrs["atoms"][1] == ("H", pytest.approx(2 * 0.7572))
    with pytest.raises(ValueError, match="from 0 to 2"):
        mx.profile(mf, atoms=(0, 3))
    with pytest.raises(ValueError, match="two different atoms"):
        mx.profile(mf, atoms=(1, 1))


def test_what_profile_refuses(hydroxyl):
    with pytest.raises(ValueError, match=r"after kernel\(\)"):
        mx.profile(mx.KS(hydroxyl.mol, "PBE"))
    with pytest.raises(ValueError, match=r"near names: DM21"):
        mx.profile(hydroxyl, functional="DM20")
    with pytest.raises(ValueError, match="named by a string"):
        mx.profile(hydroxyl, functional=21)
    for points in (["a"], [], [[1.0, 2.0]], [np.nan], 3.0):
        with pytest.raises(ValueError, match="points are"):
            mx.profile(hydroxyl, points)
    cartesian = gto.M(atom="O; H 1 0.97", basis="6-31g*", spin=1, cart=True, verbose=0)
    mf = mx.KS(cartesian, "PBE")
    mf.kernel()
    with pytest.raises(ValueError, match="spherical"):
        mx.profile(mf)


def test_plot_of_a_profile(hydroxyl):
    table = mx.profile(hydroxyl, functional="DM21")
    fig = mx.plot(table)
    drawn = {t.name: np.asarray(t.y, dtype=float) for t in fig.data}
    assert np.allclose(drawn["s₁, local exchange"], table["s_hf"])
    assert np.allclose(drawn["−e_xc"], -table["e_xc"])
    assert {"O", "H"} == {a.text for a in fig.layout.annotations}
    empty = mx.plot(table.assign(rho_b=0.0)).data[1].y
    assert np.isnan(np.asarray(empty, dtype=float)).all(), "zero has no place on a logarithmic axis"
