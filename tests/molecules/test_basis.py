"""Bases in every form that PySCF takes, and never without the core potential they are made for."""

import pytest
from pyscf import gto

import mlxc_edu as mx
from mlxc_edu.molecules._basis import require_cores

HI = "H 0 0 0; I 0 0 1.609"
PARSED = gto.basis.load("sto-3g", "O")
TEXT = """
O    S
    130.7093200    0.15432897
     23.8088610    0.53532814
      6.4436083    0.44463454
O    SP
      5.0331513   -0.09996723    0.15591627
      1.1695961    0.39951283    0.60768372
      0.3803890    0.70011547    0.39195739
"""


@pytest.mark.parametrize(
    ("basis", "functions"),
    [
        ("sto-3g", 7),
        ({"default": "sto-3g"}, 7),
        ({"default": "def2-svp", "H": "sto-3g"}, 16),
        ({"H": "def2-svp", "default": "sto-3g"}, 15),
        ({"o": "sto-3g", "h": "sto-3g"}, 7),
        ({8: "sto-3g", 1: "6-31g", "Ar": "sto-3g"}, 9),
        ({"O": PARSED, "H": "sto-3g"}, 7),
        ({"O": TEXT, "H": "sto-3g"}, 7),
        ({"O": gto.basis.parse(TEXT), "H": "sto-3g"}, 7),
        ({"O": ["sto-3g", [[1, [0.05, 1.0]]]], "H": ("sto-3g", "sto-3g")}, 12),
        (["sto-3g", [[0, [0.05, 1.0]]]], 10),
        (("sto-3g", [[0, [0.05, 1.0]]]), 10),
        ("unc-sto-3g", 21),
        ("def2-svp@2s1p", 15),
        ("6-31g(d)", 18),
    ],
)
def test_what_pyscf_takes_is_taken(basis, functions):
    mol = mx.molecule("H2O", basis=basis)
    assert mol.nao == functions
    same = gto.M(atom=mol.atom, basis=basis, verbose=0)
    assert (mol.intor("int1e_kin") == same.intor("int1e_kin")).all()


@pytest.mark.parametrize(
    ("basis", "electrons"),
    [
        ("def2-tzvp", 26),
        ({"H": "def2-tzvp", "I": "def2-tzvp"}, 26),
        ({"H": "cc-pvdz", "I": "cc-pvdz-pp"}, 26),
        ({"H": "lanl2dz", 53: "lanl2dz"}, 8),
        ({"h": "sto-3g", "i": "def2-svp"}, 26),
        ({"H": "sto-3g", "default": "def2-svp"}, 26),
        ("unc-def2-svp", 26),
        ({"H": "sto-3g", "I": "def2-svp@3s3p2d"}, 26),
        (["def2-svp", [[0, [0.05, 1.0]]]], 26),
        ({"H": "sto-3g", "I": ("def2-svp", [[0, [0.05, 1.0]]])}, 26),
        ("sto-3g", 54),
        ("dyall-v2z", 54),
        ({"H": "sto-3g", "I": gto.basis.load("sto-3g", "I")}, 54),
    ],
)
def test_each_element_gets_the_core_potential_of_its_basis(basis, electrons):
    assert mx.molecule(HI, basis=basis).nelectron == electrons


def test_energy_with_a_core_potential_however_it_is_given():
    by_name, by_element = (
        mx.KS(mx.molecule(HI, basis=basis), "PBE").kernel()
        for basis in ("def2-svp", {"H": "def2-svp", "I": "def2-svp"})
    )
    assert by_element == pytest.approx(by_name, abs=1e-9)
    chloride = mx.molecule("H 0 0 0; Cl 0 0 1.27", basis={"H": "lanl2dz", "Cl": "lanl2dz"})
    assert mx.solve(chloride, "PBE").converged and chloride.nelectron == 8


@pytest.mark.parametrize("name", ["aug-cc-pvdz-pp", "unc-aug-cc-pvdz-pp", "cc-pvdz-pp@3s3p2d"])
def test_names_that_pyscf_reads_in_parts(name):
    assert mx.molecule("Ag", basis=name).nelectron == 19


def refused(element, functions):
    mol = gto.M(atom=f"{element} 0 0 0", basis={element: functions}, spin=None, verbose=0)
    try:
        require_cores(mol)
    except ValueError as error:
        assert "core potential" in str(error)
        return True
    return False


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("sto-3g", "Li C Ar Br I"),
        ("6-31g", "Li C Ar Zn"),
        ("def2-svp", "Be O Cl Kr"),
        ("cc-pvtz", "B Ne Ar Br"),
        ("pc-0", "Li C Ar"),
        ("ano", "Li Fe Xe Yb Rn"),  # contracted for relativity
        ("cc-pvtz-dk", "C Ag Pt Rn"),
        ("dzp-dkh", "Pt Bi"),
        ("dyall-v2z", "Sr Xe Au Rn"),
        ("sarc-dkh", "La Lu Pt"),
    ],
)
def test_bases_that_hold_all_electrons_are_told(name, elements):
    for element in elements.split():
        assert not refused(element, gto.basis.load(name, element)), element


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("def2-svp", "Rb I Au Rn"),
        ("def2-qzvppd", "Rb I Au Rn"),
        ("ma-def2-qzvp", "Ce Tb Lu"),  # PySCF has not their core potential
        ("cc-pv5z-pp", "Cu Se I Rn"),
        ("lanl2dz", "Na Cl Fe I Au"),
        ("stuttgart", "Ne Cl I"),
        ("crenbl", "Li Be C Ar I"),
        ("sbkjc", "Li C I"),
        ("bfd-v5z", "Li C Ar"),
        ("ccecp-cc-pv6z", "Be C F"),
        ("gth-dzvp", "C Cl"),
    ],
)
def test_bases_that_are_made_for_core_potentials_are_told(name, elements):
    for element in elements.split():
        assert refused(element, gto.basis.load(name, element)), element


BARE = [
    {"H": "sto-3g", "I": gto.basis.load("def2-svp", "I")},
    {"H": "sto-3g", "I": gto.basis.load("lanl2dz", "I")},
    {"H": "sto-3g", "I": [[0, [1.0, 1.0]], [1, [1.0, 1.0]]]},
]


@pytest.mark.parametrize("basis", BARE)
def test_functions_without_their_core_potential_are_refused(basis):
    with pytest.raises(ValueError, match="core potential"):
        mx.molecule(HI, basis=basis)


@pytest.mark.parametrize("basis", ["def2-svp", "lanl2dz", *BARE])
def test_pyscfs_own_molecules_need_their_core_potential(basis):
    mol = gto.M(atom=HI, basis=basis, verbose=0)
    for call in (mx.KS, mx.solve, lambda mol: mx.exact(mol)):
        with pytest.raises(ValueError, match="functions of I are made for a core potential") as e:
            call(mol)
        assert "\n" not in str(e.value)
    name = basis if isinstance(basis, str) else "def2-svp"
    assert mx.KS(gto.M(atom=HI, basis=basis, ecp={"I": name}, verbose=0))


def test_atoms_without_functions_are_refused(capfd):
    mol = gto.M(atom="H 0 0 0; F 0 0 1", basis={"H": "sto-3g"}, verbose=0)
    with pytest.raises(ValueError, match="F has no basis functions"):
        mx.KS(mol, "PBE")


@pytest.mark.parametrize(
    ("system", "basis", "message"),
    [
        ("H2O", {"H": "sto-3g"}, "no functions for O in PySCF; give .* the key 'default'"),
        ("H2O", {}, "no functions for H, O"),
        ("H2O", {"O": "sto-3g", "H": None}, "no functions for H"),
        ("H2O", {"Q": "sto-3g"}, "key 'Q', which is no atom"),
        ("H2O", {"H1": "sto-3g", "H": "6-31g", "O": "6-31g"}, "key 'H1'; the atoms here are"),
        ("H2O", "def2-svppp", "near names that have: .*def2svp"),
        ("I", "cc-pvdz", "ccpvdzpp"),
        ("I", "stuttgart-dzz", "stuttgart"),
        ("Xe", "6-31g**", "near names that have"),
        ("H2O", "stuttgart", "near names|try"),
        ("H2O", "nothing like it", "try def2-svpd or def2-tzvp"),
        ("H2", ["lanl2dzz"], "no functions for H"),
        ("I", ["lanl2dz", "def2-svp"], "different core potentials"),
    ],
)
def test_what_helps(system, basis, message):
    with pytest.raises(ValueError, match=message) as error:
        mx.molecule(system, basis=basis)
    assert "\n" not in str(error.value)
    for name in str(error.value).partition("that have: ")[2].split(", "):
        assert not name or mx.molecule(system, basis=name).natm


def test_valence_electrons_count():
    with pytest.raises(ValueError, match="leaves 0 electrons"):
        mx.molecule("I", basis="lanl2dz", charge=7)
    with pytest.raises(ValueError, match="spin=9 is impossible: 7 electrons"):
        mx.molecule("I", basis="lanl2dz", spin=9)
