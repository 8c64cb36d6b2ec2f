"""Names that ASE, RDKit and PubChem know; of the latter a stand-in answers."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import ase.build
import numpy as np
import pytest
from pyscf.data.nist import BOHR

import mlxc_edu as mx
from mlxc_edu.molecules import _elsewhere

WATER = """962
  -OEChem-

  3  2  0     0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 O   0  0  0  0  0  0  0  0  0  0  0  0
    0.2774    0.8929    0.2544 H   0  0  0  0  0  0  0  0  0  0  0  0
    0.6068   -0.2383   -0.7169 H   0  0  0  0  0  0  0  0  0  0  0  0
  1  2  1  0  0  0  0
  1  3  1  0  0  0  0
M  END
> <PUBCHEM_COMPOUND_CID>
962

> <PUBCHEM_MMFF94_PARTIAL_CHARGES>
3
1 -0.86
2 0.43
3 0.43

> <PUBCHEM_MOLECULAR_FORMULA>
H2O

> <PUBCHEM_TOTAL_CHARGE>
0

$$$$
"""


def symbols(mol):
    return sorted(mol.atom_symbol(i) for i in range(mol.natm))


@pytest.mark.parametrize(
    ("name", "known"),
    [("CH3OH", "CH3OH"), ("ch3oh", "CH3OH"), ("CH4O", "CH3OH"), ("isobutane", "isobutane")],
)
def test_a_name_or_a_formula_of_the_g2_set(name, known, capsys):
    mol = mx.molecule(name, basis="sto-3g")
    positions = ase.build.molecule(known).positions
    np.testing.assert_allclose(mol.atom_coords() * BOHR, positions, atol=1e-8)
    assert f"is taken for {known} of ASE's G2 set" in capsys.readouterr().err


def test_a_radical_of_the_g2_set_has_its_spin():
    assert mx.molecule("CH3", basis="sto-3g").spin == 1
    assert mx.molecule("SiH2_s3B1d", basis="sto-3g").spin == 2


def test_a_formula_of_two_is_asked_back():
    with pytest.raises(ValueError, match=r"is the formula of .*CH3CH2OH.*: say which"):
        mx.molecule("C2H6O")


def test_names_of_our_own_come_first(capsys):
    assert mx.molecule("H2O").natm == 3
    assert not capsys.readouterr().err


def test_a_file_comes_before_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CCO").write_text("H 0 0 0; H 0 0 0.74")
    assert mx.molecule("CCO").natm == 2


@pytest.mark.parametrize(
    ("smiles", "atoms", "charge", "spin"),
    [
        ("CCO", "CCHHHHHHO", 0, 0),
        ("c1ccccc1", "C" * 6 + "H" * 6, 0, 0),
        ("C/C=C/C", "C" * 4 + "H" * 8, 0, 0),
        ("[NH4+]", "HHHHN", 1, 0),
        ("[O]O", "HOO", 0, 1),
    ],
)
def test_smiles(smiles, atoms, charge, spin, capsys):
    mol = mx.molecule(smiles, basis="sto-3g")
    assert symbols(mol) == list(atoms)
    assert (mol.charge, mol.spin) == (charge, spin)
    assert f"{smiles!r} is taken for the SMILES of" in capsys.readouterr().err
    np.testing.assert_array_equal(mol.atom_coords(), mx.molecule(smiles).atom_coords())


def test_smiles_of_two_pieces_have_no_geometry():
    with pytest.raises(ValueError, match="several pieces"):
        mx.molecule("[Na+].[Cl-]")


@pytest.mark.parametrize("smiles", ["CCO", "C/C=C/C", "C(=O)O"])
def test_smiles_without_rdkit(smiles, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    monkeypatch.setattr("mlxc_edu.molecules._geometry.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install rdkit") as error:
        mx.molecule(smiles)
    assert "\n" not in str(error.value)


def test_without_ase(monkeypatch):
    for name in ("ase", "ase.build", "ase.collections", "ase.data.pubchem"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match="unknown molecule 'isobutane'"):
        mx.molecule("isobutane")
    with pytest.raises(ValueError, match="pip install ase"):
        mx.molecule("pubchem:water")


@pytest.fixture
def pubchem(monkeypatch):
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            known = "/name/oxidane%2C%20water/" in self.path
            self.send_response(200 if known else 404)
            self.end_headers()
            if known:
                self.wfile.write(WATER.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(_elsewhere, "PUBCHEM", f"http://127.0.0.1:{server.server_port}")
    yield asked
    server.shutdown()


def test_pubchem(pubchem, capsys):
    mol = mx.molecule("PubChem: oxidane, water", basis="sto-3g")
    assert symbols(mol) == ["H", "H", "O"] and mol.charge == 0
    assert "H2O, compound 962 of PubChem" in capsys.readouterr().err
    assert pubchem == ["/compound/name/oxidane%2C%20water/sdf?record_type=3d"]
    with pytest.raises(ValueError, match="PubChem knows no positions of 'unobtainium'"):
        mx.molecule("pubchem:unobtainium")


def test_a_typing_error_does_not_go_over_the_network(pubchem):
    with pytest.raises(ValueError, match="unknown molecule"):
        mx.molecule("acetine")
    assert not pubchem


def test_pubchem_that_cannot_be_reached(monkeypatch):
    monkeypatch.setattr(_elsewhere, "PUBCHEM", "http://127.0.0.1:9")
    with pytest.raises(ValueError, match="PubChem cannot be asked for 'water'"):
        mx.molecule("pubchem:water")
