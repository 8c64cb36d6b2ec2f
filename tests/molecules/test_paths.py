"""Which strings are names, which are paths, which are text."""

import gzip
import io
from pathlib import Path, PurePosixPath

import pytest
from pyscf import gto

import mlxc_edu as mx

WATER = "3\nwater\nO 0 0 0\nH 0 0.757 0.587\nH 0 -0.757 0.587\n"
NAMES = ["My Documents/water.xyz", "water.xyz", "water.txt", "noext", "foo.mol", "water.XYZ"]
NAMES += ["H 0 0 0.xyz", "a;b.xyz", "a{b}.xyz", "wässer.xyz", "水.xyz", "my water", "./O2"]
NAMES += ["C:\\My Documents\\water.xyz", "my water.txt", "water.2"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_by_any_name(folder, name):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(WATER)
    for given in (name, f" {name}\n", str(path), Path(name), PurePosixPath(name)):
        assert mx.molecule(given).natm == 3


@pytest.mark.parametrize("name", ["~/water.xyz", "~/noext"])
def test_home(folder, name):
    (folder / name[2:]).write_text(WATER)
    assert mx.molecule(name).natm == mx.molecule(Path(name)).natm == 3


@pytest.mark.parametrize("name,natm", [("O2", 2), ("co", 2), ("Co", 1), ("H2+", 2), ("Na+", 1)])
def test_a_known_name_is_never_a_file(folder, name, natm):
    (folder / name).write_text(WATER)
    assert mx.molecule(name, basis="sto-3g").natm == natm


@pytest.mark.parametrize(
    "content",
    [
        WATER.replace("water", "Länge 0.74 Å").encode("latin-1"),
        WATER.replace("water", "Länge 0.74 Å — 水").encode("utf-8-sig"),
        WATER.encode("utf-16"),
        gzip.compress(WATER.encode(), mtime=0),
        WATER.replace("\n", "\r\n").encode("cp1252"),
        WATER.replace("water", "…").encode("cp1252"),
    ],
)
def test_bytes(folder, content):
    Path("water.xyz").write_bytes(content)
    Path("w.xyz.gz").write_bytes(content)
    for given in ("water.xyz", "w.xyz.gz", content, io.BytesIO(content)):
        assert mx.molecule(given).natm == 3


def test_open_files(folder):
    Path("water.xyz").write_text(WATER)
    with open("water.xyz") as text, open("water.xyz", "rb") as binary:
        assert mx.molecule(text).natm == mx.molecule(binary).natm == 3
        with pytest.raises(ValueError, match="no atoms"):
            mx.molecule(text)  # it is at its end
    with pytest.raises(ValueError, match="closed file"):
        mx.molecule(text)
    assert mx.molecule(io.StringIO(WATER)).natm == 3


@pytest.mark.parametrize(
    "name,content,message",
    [
        ("empty.xyz", b"", "'empty.xyz': the XYZ text holds no atoms"),
        ("blank.xyz", b" \n\r\n\t\n", "no atoms"),
        ("bom.xyz", b"\xef\xbb\xbf", "no atoms"),
        ("h.gz", gzip.compress(WATER.encode(), mtime=0)[:20], "gzip compression is broken"),
        ("odd.xyz", b"\xff\xfe3", "cannot read the XYZ file 'odd.xyz'"),
        ("picture.xyz", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is not text"),
        ("foo.mol", b"\n  RDKit\n\n  3  2  0", "'foo.mol': cannot read 'RDKit': XYZ text begins"),
        ("cell.xyz", b'1\npbc="T T T"\nNa 0 0 0', "'cell.xyz': periodic cells"),
    ],
)
def test_files_that_cannot_be_read(folder, name, content, message):
    Path(name).write_bytes(content)
    for given in (name, Path(name)):
        with pytest.raises(ValueError, match=message) as error:
            mx.molecule(given)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "given,message",
    [
        ("My Documents/none.xyz", "cannot read the XYZ file 'My Documents/none.xyz': No such file"),
        ("my none.txt", "'my none.txt': No such file"),
        ("none.mol", "'none.mol': No such file"),
        (r"C:\none\none.xyz", "No such file"),
        ("~/none", "none': No such file"),
        (Path("none"), "'none': No such file"),
        ("./folder", "'folder': Is a directory"),
        ("folder", "'folder': Is a directory"),
        ("a\0.xyz", "null"),
        ("none", "unknown molecule 'none'"),
        ("water and ice", "cannot read 'water and ice'"),
        (b"", "cannot read a molecule from"),
        ("\ufeff", "cannot read a molecule from"),
        ([("H", (0, 0, 0)), ("H", (0, 0, 0.74))], "XYZ text such as 'H 0 0 0; H 0 0 0.74'"),
        (["H2"] * 50, "cannot read a molecule from"),
        (gto.M(atom="H 0 0 0", spin=1, basis="sto-3g"), "a PySCF molecule already"),
        (gto.Mole(), "a PySCF molecule already"),
    ],
)
def test_refused_in_a_line(folder, given, message):
    Path("folder").mkdir()
    with pytest.raises(ValueError, match=message) as error:
        mx.molecule(given)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_cell_is_no_molecule():
    from pyscf.pbc.gto import Cell

    with pytest.raises(ValueError, match="periodic cells are not available"):
        mx.molecule(Cell())
