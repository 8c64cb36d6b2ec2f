"""A name with -D3BJ is the functional that literature and PySCF call so, or is refused."""

import pytest
from pyscf import dft

import mlxc_edu as mx
from mlxc_edu.ks.methods import canonical_name, d3bj, long_range_exchange

SAME_ENERGY = 1e-8  # Hartree
WATER = mx.molecule("H2O", basis="sto-3g")
PARTLY_VV10 = ["ωB97X-D3BJ", "wB97X-D3(BJ)", "WB97M-d3bj", "B97M-D3BJ"]


@pytest.mark.parametrize("name", PARTLY_VV10)
def test_functionals_that_have_it_in_place_of_vv10(name):
    """ωB97X-D3BJ is ωB97X-V without VV10, not Head-Gordon's ωB97X of 2008."""
    code = canonical_name(name)
    reference = dft.RKS(WATER, xc=code.lower()).run(conv_tol=1e-11)
    mf = mx.KS(WATER, name)
    assert mf.kernel() == pytest.approx(reference.e_tot, abs=SAME_ENERGY)
    assert not mf.do_nlc()
    calc = mx.solve(WATER, name, unrestricted=True)
    assert calc.method == code and calc.energy == pytest.approx(reference.e_tot, abs=SAME_ENERGY)
    assert not calc.mean_field.do_nlc() and calc.mean_field.do_disp()
    assert long_range_exchange(name) == (0 if code == "B97M-D3BJ" else 1)


@pytest.mark.parametrize("name", ["HF", "PBE", "BLYP", "B3LYP", "PBE0", "TPSS", "SCAN", "r2SCAN"])
def test_energy_is_pyscfs(name):
    dm = dft.RKS(WATER).get_init_guess()
    reference = dft.RKS(WATER, xc=name).set(disp="d3bj")
    assert mx.KS(WATER, f"{name}-D3BJ").energy_tot(dm) == pytest.approx(
        reference.energy_tot(dm), abs=SAME_ENERGY
    )


@pytest.mark.parametrize("name", ["DM21", "DM21m", "DM21mc", "DM21mu"])
def test_dm21_takes_b3lyps(released, name):
    mf = mx.KS(WATER, f"{name}-D3(BJ)")
    assert mf.get_dispersion() == d3bj(WATER, "B3LYP")[0] < -1e-5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("EDU26-D3BJ", r"no D3\(BJ\) parameters for EDU26; use it without -D3BJ"),
        ("mine.npz-D3BJ", r"no D3\(BJ\) parameters for mine.npz"),
        ("b3lyp.npz-D3(BJ)", r"no D3\(BJ\) parameters for b3lyp.npz"),
        ("mine.npz-D4", "D4 is not available"),
        ("LDA-D3BJ", r"no D3\(BJ\) parameters for LDA"),
        ("M06-2X-D3BJ", r"no D3\(BJ\) parameters for M06-2X"),
        ("0.5*HF+0.5*B88,LYP-D3BJ", r"no D3\(BJ\) parameters for 0.5\*HF\+0.5\*B88,LYP"),
        ("wB97X-V-D3BJ", "wB97X-V has its own dispersion, VV10"),
        ("wB97M-V-D3BJ", "wB97M-V has its own dispersion, VV10"),
        ("wB97M", "unknown method"),
        ("wB97X_D", "needs its own dispersion"),
        ("wB97XD", "needs its own dispersion"),
        ("HYB_GGA_XC_wB97X_D", "needs its own dispersion"),
        ("B97_D", "needs its own dispersion"),
        ("B97D", "needs its own dispersion"),
        ("B97D-D3BJ", "needs its own dispersion"),
        ("B97_3C", "needs its own dispersion"),
        ("wB97XD3", "needs its own dispersion"),
        ("0.5*B97D+0.5*PBE", "needs its own dispersion"),
        ("PBE_D3BJ", "unknown method"),
        ("PBE-D3 (0)", r"the dispersion correction D3 \(0\) is not available"),
        ("PBE-D3(BJ)-ATM", "is not available"),
        ("PBE-D3BJ+HF", "is not available"),
        ("SCANL", "needs the density's Laplacian"),
        ("wB97X-D3", "D3 is not available"),
        ("wB97X-D-D3BJ", "D is not available"),
        ("PBE-D3BJ2B", "D3BJ2B is not available"),
    ],
)
def test_what_is_refused(name, message):
    """By the name alone, before anything is computed."""
    with pytest.raises(ValueError, match=message) as error:
        canonical_name(name)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=message):
        mx.dissociation("H2", [name], r=[0.74])


@pytest.mark.parametrize("suffix", ["-D3BJ", "-D3(BJ)", "-D3-BJ", "-D3 (BJ)", "-D3[BJ]", " d3bj"])
def test_spellings(suffix):
    assert canonical_name(f"PBE{suffix}") == "PBE-D3BJ"
