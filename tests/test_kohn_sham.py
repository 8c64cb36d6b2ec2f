"""Methods by name, equal to PySCF's own."""

import pytest
from pyscf import dft, scf

import mlxc_edu as mx
from mlxc_edu.ks._kohn_sham import canonical_name

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
    mol = mx.molecule(system)
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
    + [("camb3lyp", "CAM-B3LYP"), ("Cam-B3lyp", "CAM-B3LYP"), ("lda", "LDA"), ("hf", "HF")],
)
def test_spelling(spelling, name):
    assert canonical_name(spelling) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [("B3LPY", "B3LYP"), ("PBBE", "PBE"), ("", "named by a string"), (None, "named by a string")]
    + [("PBE-D3BJ", "use 'PBE'"), ("???", "named by a string"), ("1", "named by a string")]
    + [("SCAN-D3(BJ)", "use 'SCAN'"), ("B97-D", "dispersion"), ("__VV10", "unknown method")],
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
