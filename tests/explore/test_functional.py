"""A functional along a bond, and the controls over it, against PySCF's own numbers."""

import html
import re

import numpy as np
import pytest
from browsing import browser, new_page, run_first_cell, served
from pyscf import dft, gto

import mlxc_edu as mx
from mlxc_edu.functionals import FEATURES
from mlxc_edu.units import ANGSTROM_PER_BOHR
from mlxc_edu.weights import MissingWeights

FACTORS = ["s_lda", "s_hf", "s_hf_lr"]


@pytest.fixture(scope="module")
def hydroxyl(released):
    mf = mx.KS(mx.molecule("OH", basis="6-31g"), "PBE")
    mf.kernel()
    assert mf.converged
    return mf


def pyscf_features(mol, dm, points):
    """The seven semilocal features as PySCF's integrator makes them; points in Å."""
    ao = mol.eval_gto("GTOval_sph_deriv1", np.asarray(points) / ANGSTROM_PER_BOHR)
    up, down = (
        dft.numint.eval_rho(mol, ao, d, xctype="MGGA", hermi=1, with_lapl=False) for d in dm
    )
    square = {"": up + down, "_a": up, "_b": down}
    columns = {f"norm_grad{end}": (rho[1:4] ** 2).sum(axis=0) for end, rho in square.items()}
    return columns | {"rho_a": up[0], "rho_b": down[0], "tau_a": up[4], "tau_b": down[4]}


def numbers(table_html):
    """Position and values by name, from the explorer's table."""
    rows = re.findall(r"<tr>(.*?)</tr>", table_html)
    cells = [[html.unescape(re.sub("<.*?>", "", c)) for c in row.split("</td>")] for row in rows]
    place = float(re.search(r"at ([-\d.]+) Å", table_html)[1])
    return place, {c[0]: float(c[2]) for c in cells if len(c) > 3}


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


def test_slider_changes_the_table(released, monkeypatch):
    from mlxc_edu.explore import _functional

    explorer = mx.explore.functional("dm21", molecule="OH", basis="6-31g")
    for slow in ("KS", "solve", "profile"):
        monkeypatch.setattr(_functional, slow, lambda *_, **__: pytest.fail("it only looks it up"))
    seen = set()
    for place in (-1.0, 0.31, 1.9):
        explorer.point.value = place
        x, shown = numbers(explorer.table.value)
        assert abs(x - place) < 0.011 and set(shown) == {*FEATURES, *FACTORS, "e_xc"}
        i = (explorer.profile["position"] - place).abs().idxmin()
        exactly = explorer.profile["position"][i]
        dm = explorer.calc.make_rdm1()
        point = [[0.0, 0.0, exactly]]
        for name, expected in pyscf_features(explorer.calc.mol, dm, point).items():
            assert shown[name] == pytest.approx(expected[0], rel=1e-5), name
        density = [shown["rho_a"], shown["rho_b"]]
        uniform_gas = -1.5 * (3 / (4 * np.pi)) ** (1 / 3) * sum(d ** (4 / 3) for d in density)
        bare, far = (shown[f"{c}_a"] + shown[f"{c}_b"] for c in ("hfx", "hfx_lr"))
        together = np.dot([shown[s] for s in FACTORS], [uniform_gas, bare, far])
        assert shown["e_xc"] == pytest.approx(together, rel=1e-4)
        markers = explorer.figure.data[-3:]
        assert all(m.x[0] == exactly for m in markers)
        assert markers[0].y[0] == pytest.approx(shown["rho_a"], rel=1e-5)
        assert explorer.figure.layout.shapes[0].x0 == exactly
        seen.add(explorer.table.value)
    assert len(seen) == 3


def test_the_explorer_of_what_comes_with_the_package():
    explorer = mx.explore.functional(basis="6-31g")
    assert "EDU26 asked about the density of PBE" in explorer.status.value
    _, shown = numbers(explorer.table.value)
    assert set(shown) == {*FEATURES, "a", "b", "c", "e_xc"}


def test_controls_make_new_bonds(released, monkeypatch):
    explorer = mx.explore.functional("DM21", basis="6-31g")
    assert "H2 at 0.74 Å" in explorer.status.value and "converged" in explorer.status.value
    factors = explorer.profile["s_hf"].to_numpy()
    explorer.density.value = "HF"
    assert "density of HF" in explorer.status.value
    assert not np.allclose(explorer.profile["s_hf"], factors)
    explorer.distance.value = 1.2
    assert explorer.profile.attrs["atoms"][1] == ("H", pytest.approx(1.2))
    assert explorer.point.max == pytest.approx(3.2)
    explorer.molecule.value = "H2+"
    assert "H2+ at 1.05 Å" in explorer.status.value and (explorer.profile["rho_b"] == 0).all()
    assert not explorer.point.disabled

    from mlxc_edu.explore import _functional

    monkeypatch.setattr(_functional, "_calculate", lambda *_: pytest.fail("it is known already"))
    explorer.molecule.value = "H2"
    assert "H2 at 0.74 Å" in explorer.status.value


def test_trouble_is_told_and_nothing_breaks(released, monkeypatch):
    from mlxc_edu.explore import _functional

    explorer = mx.explore.functional("DM21", basis="6-31g")
    shown = explorer.table.value

    def fails(*_):
        raise FloatingPointError("feature rho_a is nan at the grid point <0>")

    with monkeypatch.context() as patch:
        patch.setattr(_functional, "_calculate", fails)
        explorer.molecule.value = "LiH"
    assert "rho_a is nan" in explorer.status.value and "&lt;0&gt;" in explorer.status.value
    assert explorer.table.value == shown and not explorer.molecule.disabled

    mf = mx.KS(mx.molecule("LiH", basis="6-31g"), "HF")
    mf.max_cycle = 1
    mf.kernel()
    monkeypatch.setattr(_functional, "_calculate", lambda *_: mf)
    explorer.density.value = "HF"
    assert "NOT CONVERGED" in explorer.status.value


def test_what_the_explorer_refuses(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="near names: DM21"):
        mx.explore.functional("DM20")
    with pytest.raises(ValueError, match="EDU26, DM21, DM21m, DM21mc, DM21mu"):
        mx.explore.functional("PBE")
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(ValueError, match="unknown molecule"):
        mx.explore.functional("DM21", molecule="Unobtainium2")
    with pytest.raises(MissingWeights, match="mlxc-edu weights fetch DM21"):
        mx.explore.functional("DM21")


@pytest.fixture
def lab(released, tmp_path):
    code = 'import mlxc_edu as mx\nmx.explore.functional("DM21", molecule="LiH", basis="6-31g")'
    with served(code, tmp_path) as address:
        yield address


@pytest.mark.browser
def test_explorer_in_jupyterlab(lab):
    with browser() as chromium:
        page = new_page(chromium, viewport={"width": 1500, "height": 1100})
        run_first_cell(page, lab)
        table = page.locator(".widget-html-content", has_text="hfx_lr_b")
        before = table.inner_text()
        assert before.startswith("at 0.800 Å")  # the middle of the bond
        page.locator(".noUi-handle").nth(1).focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.body.innerText.includes('at 0.823 Å')")
        assert table.inner_text().splitlines()[1:] != before.splitlines()[1:]

        marker = "() => document.querySelector('.js-plotly-plot').data.at(-1).x[0]"
        assert page.evaluate(marker) == pytest.approx(0.8233, abs=1e-3)
        page.locator(".widget-dropdown select").first.select_option("OH")
        page.wait_for_function("() => document.body.innerText.includes('at 0.485 Å')")
        assert "OH at 0.97 Å" in page.locator(".widget-html-content").first.inner_text()
