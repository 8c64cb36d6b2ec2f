"""``-p NAME VALUE``: a value has the type of the default that it replaces."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlxc_edu.cli._lists import mended, split
from mlxc_edu.cli._parameters import defaults, values

CELL = """fast = True          # False: more = better
seed, other = 0, 1
count = 3
farthest = 14.0      # Å
atom = "Cl"
methods = ["LDA", "PBE",
           "B3LYP"]  # lowest first
bases = ["sto-3g"]
softening = [1.5, 0.84]
chosen: int | None = 3
nothing = None
table = {"a": 1}
mixed = [1, "a"]
"""


def only(name, text):
    return values("mine.ipynb", CELL, [(name, text)])[name]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        *(("fast", text, False) for text in ("False", "false", "no", "OFF", "0", " False ")),
        *(("fast", text, True) for text in ("True", "true", "Yes", "on", "1")),
        *(("count", text, 7) for text in ("7", "7.0", " 7", "0x7")),
        ("count", "-1", -1),
        ("chosen", "4", 4),
        ("chosen", "None", None),
        ("farthest", "12", 12.0),
        ("farthest", "-1e-3", -0.001),
        ("farthest", "inf", math.inf),
        *(("atom", text, text) for text in ("Na", "1", "{1,2}", "1+2j", "[1]", "true", "a,b", "")),
        ("atom", "'Na'", "Na"),
        ("atom", 'it\'s "C:\\new" $HOME', 'it\'s "C:\\new" $HOME'),
        ("atom", "2\n\nH 0 0 0\nH 0 0 0.74", "2\n\nH 0 0 0\nH 0 0 0.74"),
        ("methods", "PBE", ["PBE"]),
        *(
            ("methods", text, ["PBE", "HF"])
            for text in ("PBE,HF", "PBE, HF", "[PBE,HF]", '["PBE","HF"]', "('PBE', 'HF')", "PBE;HF")
        ),
        ("methods", "B88,LYP;PBE", ["B88,LYP", "PBE"]),
        ("methods", "B88,LYP;", ["B88,LYP"]),
        ("methods", '["B88,LYP"]', ["B88,LYP"]),
        ("methods", "[]", []),
        ("bases", "6-31g,6-311+g(2d,p)", ["6-31g", "6-311+g(2d,p)"]),
        ("softening", "1,2", [1.0, 2.0]),
        ("softening", "[3, .7]", [3.0, 0.7]),
        ("nothing", "[1, 2.5]", [1, 2.5]),
        ("nothing", "PBE", "PBE"),
        ("nothing", "false", False),
        ("other", "5", 5),
        ("table", '{"b": [1, None]}', {"b": [1, None]}),
        ("mixed", "[2, 'b', True]", [2, "b", True]),
    ],
)
def test_a_value_has_the_type_of_its_default(name, text, expected):
    found = only(name, text)
    assert found == expected and type(found) is type(expected)
    if isinstance(found, list):
        assert [type(item) for item in found] == [type(item) for item in expected]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        *(("fast", text, "fast is True or False") for text in ("maybe", "2", "None", "", "[]")),
        *(("count", text, "whole number such as 3") for text in ("2.5", "PBE", "True", "1e999")),
        *(("farthest", text, "decimal point") for text in ("12,5", "far", "True", "1+2j", "[1]")),
        ("softening", "1,PBE", "each of softening is a number"),
        ("methods", "[1+2j, PBE", "a list|each of"),
        ("mixed", "a", "a list such as"),
        ("table", "a", "a dictionary such as"),
        ("table", "{1: 2}", "dictionaries by text"),
        *(("nothing", text, "cannot be") for text in ("{1,2}", "1+2j", "b'x'", "...", "{(1,): 2}")),
        ("bassis", "x", "no parameter 'bassis'; it has fast, seed, other, count"),
    ],
)
def test_what_has_another_type_is_refused_in_a_line(name, text, said):
    if name == "methods":
        assert only(name, text) == ["1+2j", "PBE"]  # names, whatever they are; the notebook judges
        return
    with pytest.raises(ValueError, match=said) as refused:
        only(name, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "PBE,", "PBE,,HF", "['PBE', '']"])
def test_an_empty_name_is_refused(text):
    with pytest.raises(ValueError, match=r"one of methods in .* is empty"):
        only("methods", text)


def test_a_notebook_without_parameters():
    assert values("mine.ipynb", None, []) == {}
    with pytest.raises(ValueError, match="has no cell tagged 'parameters'"):
        values("mine.ipynb", None, [("a", "3")])
    with pytest.raises(ValueError, match="is not Python"):
        values("mine.ipynb", "a = ", [("a", "3")])


def test_what_a_cell_assigns():
    cell = "import os\na = b = -1\nc: list[str]\nd: float = 2\ne, (f, g) = 1, (2, 3)\nh = os.sep\n"
    assert defaults(cell) == dict(a=-1, b=-1, c=None, d=2, e=None, f=None, g=None, h=None)


plain = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(min_size=1)


@given(plain | st.lists(st.text(min_size=1), min_size=1) | st.lists(st.floats(allow_nan=False)))
def test_what_python_writes_comes_back(wanted):
    if wanted == []:
        return
    cell = f"x = {wanted!r}".replace("inf", "1e999")
    found = values("a.ipynb", cell, [("x", repr(wanted).replace("inf", "1e999"))])["x"]
    assert found == wanted and type(found) is type(wanted)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in ("water.xyz", "mine.npz", "Cl", "noext"):
        (tmp_path / file).write_text("")
    (tmp_path / "out").mkdir()
    (tmp_path / "Na").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("water.xyz", "water.xyz"),
        ("./noext", "noext"),
        ("out/new.csv", "out/new.csv"),  # to be written
        ("./new.csv", "new.csv"),
        ("out/", "out"),
        *((text, None) for text in ("Cl", "Na", "missing.xyz", ".", "C/C=C/C", "B3LYP/6-31G*")),
        ("0.5*HF+0.5*B88,LYP", None),
    ],
)
def test_files_are_those_where_it_was_typed(here, text, at):
    assert only("atom", text) == (str(here / at) if at else text)


def test_files_in_lists_and_at_home(here, monkeypatch):
    assert only("methods", "PBE,mine.npz") == ["PBE", str(here / "mine.npz")]
    monkeypatch.setenv("HOME", str(here / "out"))
    (here / "out" / "mol.xyz").write_text("")
    assert only("atom", "~/mol.xyz") == str(here / "out" / "mol.xyz")


def test_lists():
    assert split("PBE, B3LYP,exact") == ["PBE", "B3LYP", "exact"]
    assert split("0.5*HF+0.5*B88,LYP; PBE") == ["0.5*HF+0.5*B88,LYP", "PBE"]
    assert split("PBE,,HF") == ["PBE", "", "HF"], "an empty name is for the reader to see"

    def known(name):
        return name in {"PBE", "HF", "B88", "B88,LYP", "PBE,", ",LYP"}

    assert mended(split("PBE,"), known) is None, "'PBE,' is libxc's exchange alone"

    assert mended(split("PBE,B88,LYP"), known) == "PBE;B88,LYP"
    assert mended(split("B88,LYP"), known) == "B88,LYP;"
    assert mended(split("PBE,HF"), known) is None, "nothing was cut"
    assert mended(split("PBE,HFF"), known) is None, "a name that is wrong is not one that was cut"
