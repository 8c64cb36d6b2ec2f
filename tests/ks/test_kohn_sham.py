"""Methods by name, equal to PySCF's own."""

import pytest
from pyscf import dft, scf
from pyscf.pbc import gto as crystals

import mlxc_edu as mx
from mlxc_edu.ks.methods import canonical_name

SAME_ENERGY = 1e-8  # Hartree


def pyscf_energy(mol, code, level=3):
    mf = (dft.UKS if mol.spin else dft.RKS)(mol, xc=code)
    mf.grids.level = level
    mf.conv_tol = 1e-11
    return mf.kernel()


# Not OH: its hole may point anywhere around the axis, which the grid tells apart by 3e-7 Hartree.
@pytest.mark.parametrize("system", ["H2O", "O2"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("LDA", "lda,vwn"),
        ("PBE", "pbe"),
        ("B3LYP", "b3lyp"),
        ("ωB97X", "wb97x"),
        ("TPSS", "tpss"),
        ("HF", "hf"),
    ],
)
def test_energy_is_pyscfs(system, name, code):
    mol = mx.molecule(system, basis="6-31g")
    assert mx.solve(mol, name).energy == pytest.approx(pyscf_energy(mol, code), abs=SAME_ENERGY)


def test_hf_is_pyscfs_hartree_fock():
    mol = mx.molecule("HF")
    calc = mx.solve(mol, "HF")
    reference = scf.RHF(mol).run(conv_tol=1e-11)
    assert calc.energy == pytest.approx(reference.e_tot, abs=SAME_ENERGY)
    assert isinstance(calc.mean_field, dft.rks.RKS)
    assert calc.dipole == pytest.approx(abs(reference.dip_moment(verbose=0)[2]), abs=1e-3)


def test_kind_follows_spin():
    assert isinstance(mx.KS(mx.molecule("H2"), "PBE"), dft.rks.RKS)
    assert isinstance(mx.KS(mx.molecule("H2"), "PBE", unrestricted=True), dft.uks.UKS)
    assert isinstance(mx.KS(mx.molecule("OH"), "PBE"), dft.uks.UKS)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("pbe", "PBE"), (" b3lyp ", "B3LYP"), ("ωB97X", "wB97X"), ("wb97x-v", "wB97X-V")]
    + [("camb3lyp", "CAM-B3LYP"), ("Cam-B3lyp", "CAM-B3LYP"), ("lda", "LDA"), ("hf", "HF")]
    + [("dm21MU", "DM21mu"), ("pbe-d3bj", "PBE-D3BJ"), ("SCAN-D3(BJ)", "SCAN-D3BJ")],
)
def test_spelling(spelling, name):
    assert canonical_name(spelling) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [("B3LPY", "B3LYP"), ("PBBE", "PBE"), ("", "named by a string"), (None, "named by a string")]
    + [("PBE-D4", "D4 is not available; there is -D3BJ"), ("???", "named by a string")]
    + [("1", "named by a string"), ("B97-D", "dispersion"), ("__VV10", "unknown method")]
    + [("DM21-D3", "there is -D3BJ"), ("DM22", "near names: DM21, DM21m, DM21mu, DM21mc")]
    + [("LDA-D3BJ", r"no D3\(BJ\) parameters for LDA; use it without -D3BJ")],
)
def test_unknown_method_says_what_is_near(name, message):
    with pytest.raises(ValueError, match=message):
        mx.KS(mx.molecule("H2"), name)


def test_a_name_is_not_a_molecule():
    for call in (mx.KS, mx.solve, lambda mol, _: mx.exact(mol)):
        with pytest.raises(ValueError, match="give a molecule"):
            call("NaCl", "PBE")


def test_lda_includes_correlation():
    assert mx.KS(mx.molecule("H2"), "LDA").xc.upper() == "LDA,VWN"


@pytest.mark.parametrize(("name", "code"), [("PBE-D3BJ", "pbe"), ("SCAN-D3(BJ)", "scan")])
def test_dispersion_is_pyscfs(name, code):
    """PySCF adds it by the functional's name, and so does the careful driver."""
    mol = mx.molecule("CH4", basis="sto-3g")
    assert mx.KS(mol, name).disp == "d3bj"
    reference = dft.RKS(mol, xc=code).set(disp="d3bj", conv_tol=1e-11).run()
    assert mx.solve(mol, name).energy == pytest.approx(reference.e_tot, abs=SAME_ENERGY)
    assert reference.e_tot - pyscf_energy(mol, code) < -1e-5


def test_dispersion_of_the_original_program():
    """Methane with B3LYP: s-dftd3's two-body energy, −0.0019137 Hartree."""
    mol = mx.molecule("CH4", basis="sto-3g")
    dm = dft.RKS(mol).get_init_guess()
    energies = [mx.KS(mol, name).energy_tot(dm) for name in ("B3LYP-D3BJ", "B3LYP")]
    assert energies[0] - energies[1] == pytest.approx(-0.0019137, abs=1e-6)


def test_kind_can_be_chosen():
    hydroxyl = mx.molecule("OH")
    assert isinstance(mx.KS(hydroxyl, "PBE", restricted=True), dft.roks.ROKS)
    assert isinstance(mx.KS(mx.molecule("H2"), "PBE", restricted=True), dft.rks.RKS)
    with pytest.raises(ValueError, match="not both"):
        mx.KS(hydroxyl, "PBE", restricted=True, unrestricted=True)


def test_crystals_are_refused():
    cell = crystals.M(atom="He 0 0 0", a=[[4, 0, 0], [0, 4, 0], [0, 0, 4]], basis="sto-3g")
    with pytest.raises(NotImplementedError, match="periodic"):
        mx.KS(cell, "DM21")
