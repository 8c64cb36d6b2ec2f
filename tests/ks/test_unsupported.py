"""What a learned functional cannot do is refused in a sentence, and never done by another one."""

import numpy as np
import pytest
from pyscf import dft, gto, hessian, sgx, solvent, tddft
from test_learned import imidogen, learned

import mlxc_edu as mx
from mlxc_edu.ks import _kohn_sham
from mlxc_edu.ks.methods._unsupported import ROUTES, NoIntegrator

pytestmark = pytest.mark.usefixtures("released")


@pytest.fixture(scope="module")
def water(released):
    return learned().set(init_guess="minao").run()


@pytest.fixture(scope="module")
def triplet(released):
    return imidogen().set(init_guess="minao").run()


@pytest.mark.parametrize("route", ROUTES)
def test_routes_are_closed(water, triplet, route):
    for mf in (water, triplet, water.newton()):
        with pytest.raises(NotImplementedError, match=r"is not available with DM21$"):
            getattr(mf, route)()


def test_routes_are_closed_with_fitted_coulomb(water):
    for route in ROUTES:
        with pytest.raises(NotImplementedError, match=r"is not available with DM21$"):
            getattr(water.density_fit(), route)()


def test_routes_are_pyscfs():
    """A name that PySCF does not have would close nothing. Extensions bring some of them."""
    extensions = {"NMR", "SSC", "EFG", "Polarizability", "GW", "RPA", "DDCOSMO", "DDPCM", "PE"}
    known = dir(dft.rks.RKS) + dir(dft.uks.UKS) + dir(dft.roks.ROKS) + dir(gto.Mole)
    unknown = set(ROUTES) - set(known) - extensions
    assert len(unknown) < 12, unknown


def test_pyscfs_functions_are_closed(water, triplet):
    for call in (tddft.TDA, tddft.TDDFT):
        for mf in (water, triplet):
            with pytest.raises(NotImplementedError, match="DM21"):
                call(mf)
    for call in (
        lambda: hessian.rks.Hessian(water).kernel(),
        lambda: hessian.uks.Hessian(triplet).kernel(),
        lambda: tddft.rks.TDA(water).kernel(),
        lambda: tddft.rks.CasidaTDDFT(water).kernel(),
        lambda: tddft.uks.TDA(triplet).get_ab(),
        lambda: water.gen_response(singlet=True),
        lambda: dft.numint.NumInt.nr_rks(water._numint, water.mol, water.grids, "DM21", 0),
        lambda: water._numint.eval_xc_eff("DM21", 0),
        lambda: triplet._numint.nr_uks,
    ):
        with pytest.raises(NotImplementedError, match="DM21"):
            call()


def test_unrestricted_excitations_are_refused(triplet):
    with pytest.raises(NotImplementedError):
        tddft.uks.TDA(triplet).kernel()


def test_seminumerical_exchange_is_no_other_functional(water):
    """PySCF's function looks the functional up in libxc before it asks us anything."""
    with pytest.raises(KeyError, match="DM21"):
        sgx.sgx_fit(water)


def test_integrator_that_is_put_there_is_not_asked(water):
    mf = learned().set(init_guess="minao")
    assert isinstance(mf._numint, NoIntegrator)
    mf._numint = dft.numint.NumInt()
    assert mf.kernel() == pytest.approx(water.e_tot, abs=5e-7)


@pytest.mark.parametrize("name", ["PBE", "tpss", "DM21m", ""])
def test_functional_cannot_be_switched(water, name):
    mf = learned()
    for call in (
        lambda: setattr(mf, "xc", name),
        lambda: mf.set(xc=name),
        lambda: mf.run(xc=name),
        lambda: setattr(mf.copy(), "xc", name),
    ):
        with pytest.raises(ValueError, match=r"made for DM21 .*mlxc_edu.KS\(mol"):
            call()
    mf.xc = "DM21"
    assert mf.xc == "DM21"


def test_other_corrections_are_refused():
    for settings in (dict(disp="d3bj"), dict(disp="d4"), dict(nlc="vv10")):
        with pytest.raises(NotImplementedError, match="DM21"):
            learned().set(init_guess="minao", **settings).kernel()


def test_gradients_with_fitted_coulomb_are_refused(water):
    fitted = water.density_fit()
    for call in (fitted.nuc_grad_method, fitted.Gradients, fitted.newton().nuc_grad_method):
        with pytest.raises(NotImplementedError, match=r"without density_fit\(\) they are"):
            call()
    with pytest.raises(NotImplementedError, match=r"density_fit\(\) first"):
        water.newton().density_fit()


def test_undone_is_as_before(water):
    assert type(water.newton().undo_newton()) is type(water)
    assert type(water.density_fit().undo_df()) is type(water)


def test_solvent_by_pyscfs_function_is_right():
    """The methods are closed; PySCF's function wraps the object, and must then be right: the
    solvent's energy from the density, as PBE's is."""
    shifts = []
    for xc in ("DM21", "PBE"):
        mf = solvent.PCM(learned(xc=xc)).set(verbose=0).run()
        gas = learned(xc=xc).run()
        shifts.append(mf.e_tot - gas.e_tot)
        assert mf.converged
    assert shifts[0] == pytest.approx(shifts[1], abs=3e-4)
    assert shifts[1] < -4e-3


@pytest.mark.parametrize(
    ("molecule", "message"),
    [
        (dict(atom="Ne 0 0 0", basis="sto-3g", cart=True), "spherical.*cart=False"),
        (dict(atom="Ar 0 0 0", basis="lanl2dz", ecp="lanl2dz"), "effective core potential"),
    ],
)
def test_molecules_that_are_refused(molecule, message):
    mol = gto.M(**molecule, verbose=0)
    with pytest.raises(ValueError, match=message):
        mx.KS(mol, "DM21")
    mx.KS(mol, "PBE")


def test_heavy_elements_are_warned_of_once(monkeypatch, recwarn):
    monkeypatch.setattr(_kohn_sham, "_warned", set())
    krypton = gto.M(atom="Kr 0 0 0; ghost-K 0 0 3", basis="sto-3g", verbose=0)
    mx.KS(krypton, "PBE")
    mx.KS(gto.M(atom="Ar 0 0 0", basis="sto-3g", verbose=0), "DM21")
    assert not recwarn
    with pytest.warns(UserWarning, match=r"^Kr: DM21.*extrapolates") as caught:
        mx.KS(krypton, "DM21")
    assert caught[0].filename == __file__
    recwarn.clear()
    mx.KS(krypton, "DM21m")
    assert not recwarn


def test_wrong_precision_is_refused():
    with pytest.raises(ValueError, match="'float32' or 'float64', not 'float16'"):
        mx.KS(gto.M(atom="Ne 0 0 0", basis="sto-3g"), "DM21", precision="float16")


def test_weights_that_are_missing_say_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="mlxc-edu weights fetch DM21mc"):
        mx.KS(gto.M(atom="Ne 0 0 0", basis="sto-3g"), "DM21mc")


def test_density_that_is_no_number_is_named(water):
    broken = water.make_rdm1()
    broken[2, 2] = np.nan
    with pytest.raises(FloatingPointError, match=r"rho_a is nan at the grid point \(.*\) Bohr"):
        learned().kernel(dm0=broken)
