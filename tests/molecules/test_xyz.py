"""XYZ text in the dialects people have; what cannot be read is refused in a line that says why."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlxc_edu as mx
from mlxc_edu.molecules._xyz import parse

H2 = "H 0 0 0\nH 0 0 0.74\n"


def distance(system, **given):
    mol = mx.molecule(system, basis="sto-3g", **given)
    assert mol.natm == 2
    return np.linalg.norm(np.subtract(*mol.atom_coords())) * mx.units.ANGSTROM_PER_BOHR


@pytest.mark.parametrize(
    "comment",
    ["H2; H 0 0 9", "; H 0 0 9", "2; H 0 0 9; H 0 0 8", 'energy=-1 pbc="F F F" # ;', "", "3"]
    + ["H 0 0 9", "E=-1.17; B3LYP/6-31G*", "charge: 1", "∠ = 104.5°", "2\t7.5", "pbc=[F, F, F]"]
    + [f"x{end}H 0 0 9" for end in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_the_second_line_is_free_text(comment, end):
    assert distance(f"2\n{comment}\n{H2}".replace("\n", end)) == pytest.approx(0.74)


@pytest.mark.parametrize(
    "text",
    [H2, "H 0 0 0; H 0 0 .74", "2; x; H 0 0 0; H 0 0 .74", "H 0 0 0;;\n\nH 0 0 .74;"]
    + [f"\ufeff2\nx\n{H2}", f"\ufeff{H2}", "\n \n2\nx\nH 0 0 0\n\nH 0 0 .74\n\n", "2\nx\n\n" + H2]
    + ["H 0.0D+00 0 0\nH 0 0 7.4d-01", "H 0 0 0\nH 0 0 7.4*^-1", "H 0 0 0\nH 0 0 7.4E-1"]
    + ["H 0 0 0\nH 0 0 −0.74", "H 0 0 0\nH 0 0 –.74", "h 0 0 0\n1 0 0 +.74", "H1 0 0 0; 01 0 0 .74"]
    + ["2\n\nH\t0\t0\t0\t9 9\nH\xa00 0 0.74 9  \n", "2; B3LYP/6-31G*; H 0 0 0; H 0 0 .74"]
    + ["2\nx\nH 0 0 0; H 0 0 .74", "H 0 0 0; H 0 0 74.d-2", "H 0 0 0; H 0 0 0.00074e3"],
)
def test_dialects(text):
    assert distance(text) == pytest.approx(0.74)


@pytest.mark.parametrize(
    "text,said",
    [
        ("H 0 0 0 H 0 0 .74", "one line: end each atom with ';'"),
        ("O 0 0 0 | H 0 0 1", "one line"),
        ("2\nx\nH 0 0 0 H 0 0 .74\nH 0 0 2", "one line"),
        ("O 8.0 0 0 0\nH 1.0 0 0.757 0.587\nH 1.0 0 -0.757 0.587", "nuclear charges, not x"),
        ("O 0 0.0 0.0 0.117\nH -1 0.0 0.757 -0.469", "codes, not x"),
        ("2\nx\nH 1 0 0 0\nH 2 0 0 .74", "the atoms' numbers, not x"),
        (f"2\nx\n{H2}# one more\nH 0 .97 0", "'H 0 .97 0' follows"),
        (f"2\nx\n{H2}H, 0, .97, 0", "'H, 0, .97, 0' follows"),
        (f"2\nx\n{H2}H 0 .97 0.0Å", "follows"),
        (f"2\nx\n{H2}>\n2\ny\n{H2}", "2 frames"),
        (f"2\nunits=bohr\n{H2}", "units=bohr in the comment: XYZ text is read in Å"),
        ("2\nx\n1 H 0 0 0\n2 H 0 0 .74", "the element comes first"),
    ],
)
def test_what_is_not_where_it_is_read(text, said):
    """Columns of other programs, atoms without an end, atoms where none is looked for."""
    with pytest.raises(ValueError, match=re.escape(said)):
        mx.molecule(text)


@pytest.mark.parametrize(
    "text",
    ["H 0 0 0 .1 .2 .3\nH 0 0 .74 0 0 0", "2\nx\nH 0 0 0 -1 C1\nH 0 0 .74 1 C 2"]
    + [f"2\nunits=Å\n{H2}", f'2\nUnits="angstrom" charge=None\n{H2}']
    + [f"2\nE=-1.17 units=Hartree\n{H2}"],
)
def test_further_columns_are_not_read(text):
    assert distance(text) == pytest.approx(0.74)


METHANE_OF_QM9 = """5
gdb 1\t157.7118\t157.70997\t157.70699\t0.\t13.21\t-0.3877\t0.1171\t0.5048\t35.3641\t0.044749
C\t-0.0126981359\t 1.0858041578\t 0.0080009958\t-0.535689
H\t 0.002150416\t-0.0060313176\t 0.0019761204\t 0.133921
H\t 1.0117308433\t 1.4637511618\t 2.0*^-6\t 0.133922
H\t-0.540815069\t 1.4475266138\t-0.8766437152\t 0.133923
H\t-0.5238136345\t 1.4379326443\t 0.9063972942\t 0.133923
1341.307\t1341.3284\t1341.365\t1562.6731\t1562.7453\t3038.3205\t3151.6034\t3151.6788\t3151.7078
C\tC
InChI=1S/CH4/h1H4\tInChI=1S/CH4/h1H4
"""


def test_what_follows_the_atoms_in_qm9_is_not_read():
    mol = mx.molecule(METHANE_OF_QM9)
    assert (mol.natm, mol.nelectron) == (5, 10)
    assert mol.atom_coord(3)[2] * mx.units.ANGSTROM_PER_BOHR == pytest.approx(-0.8766437152)
    assert mol.atom_coord(2)[2] * mx.units.ANGSTROM_PER_BOHR == pytest.approx(2e-6)


@pytest.mark.parametrize(
    "properties,lines",
    [
        ("species:S:1:pos:R:3", ["H 0 0 0", "H 0 0 0.74"]),
        ("species:S:1:forces:R:3:pos:R:3", ["H 1 2 3 0 0 0", "H 1 2 4 0 0 0.74"]),
        ("id:I:1:species:S:1:pos:R:3", ["1 H 0 0 0", "2 H 0 0 0.74"]),
        ("pos:R:3:Z:I:1", ["0 0 0 1", "0 0 0.74 1"]),
        ("pos:R:3:species:S:1:move_mask:L:1", ["0 0 0 H T", "0 0 0.74 H T"]),
    ],
)
@pytest.mark.parametrize("key", ["Properties={}", 'properties="{}"', "Properties = {} energy=-1"])
def test_properties_name_the_columns(properties, lines, key):
    text = "\n".join(["2", key.format(properties), *lines])
    assert distance(text) == pytest.approx(0.74)
    with pytest.raises(ValueError, match="follows them"):
        mx.molecule(f"{text}\n{lines[0]}")
    with pytest.raises(ValueError, match="columns instead of"):
        mx.molecule(text.rsplit(maxsplit=1)[0])


@pytest.mark.parametrize(
    "comment,charge,spin",
    [
        ("charge=-1", -1, 0),
        ("charge=−1", -1, 0),
        ("net_charge=-1/mult=1", -1, 0),
        (r'charge=-1 note="he said \"charge=3 here\""', -1, 0),
        ("charge=-1 spin=1", -1, 0),  # the multiplicity, as ten electrons allow nothing else
        ("charge=-1 spin=0", -1, 0),
        ("charge=-1, multiplicity=3", -1, 2),
        ("charge=-1;mult=3", -1, 2),
        ("Charge = -1.0 total_charge='-1'", -1, 0),
        ('spin="4"', 0, 3),
        ("spin=3", 0, 3),
        ("magmom=3.0", 0, 3),
        ("magmom=0.0", 0, 1),
        ("net_charge_of_my_cat=7", 0, 1),
    ],
)
def test_charge_and_spin_in_the_comment(comment, charge, spin):
    mol = mx.molecule(f"2\n{comment}\nO 0 0 0\nH 0 0 0.97\n")
    assert (mol.charge, mol.spin) == (charge, spin)


@pytest.mark.parametrize(
    "column,numbers,charge,spin",
    [
        ("initial_charges", (-1, 0), -1, 0),
        ("charges", (-1.21, 0.2), -1, 0),
        ("charge", (-0.1, 0.1), 0, 1),
        ("initial_magmoms", (2, 1), 0, 3),
        ("magmoms", (-1, 0), 0, 1),
        ("tags", (5, 6), 0, 1),
    ],
)
def test_charge_and_spin_in_columns(column, numbers, charge, spin):
    lines = [f"O 0 0 0 {numbers[0]}", f"H 0 0 0.97 {numbers[1]}"]
    mol = mx.molecule("\n".join(["2", f"Properties=species:S:1:pos:R:3:{column}:R:1", *lines]))
    assert (mol.charge, mol.spin) == (charge, spin)


def test_what_the_caller_says_goes_before_the_comment():
    text = "2\ncharge=-1 multiplicity=3\nO 0 0 0\nH 0 0 0.97\n"
    mol = mx.molecule(text, charge=0)  # the multiplicity was the anion's
    assert (mol.charge, mol.spin) == (0, 1)
    assert mx.molecule(text, charge=-1).spin == 2
    assert mx.molecule(text, spin=0).spin == 0
    assert mx.molecule(text.replace("-1", "none"), charge=1).spin == 0
    assert mx.molecule(text.replace("charge=-1", ""), charge=1).spin == 2


@pytest.mark.parametrize(
    "text,message",
    [
        ("2\na\nO 0 0 0\nH 0 0 .97\nH 0 .97 0\n", "promises 2 atoms, and 'H 0 .97 0' follows"),
        ("2\na\nO 0 0 0\nH 0 0 .97\n\n1 0 .97 0\n", "promises 2 atoms, and '1 0 .97 0' follows"),
        ("2\na\nO 0 0 0\nH 0 0 .97\nX 0 .97 0\n", "'X 0 .97 0' follows"),
        ("1\na\nH 0 0 0; H 0 0 9\n", "'H 0 0 9' follows"),
        ("2\n" + H2, "1 were found; the second line is a comment: is it missing"),
        ("3\nx\n" + H2, "promises 3 atoms, 2 were found$"),
        (f"2\na\n{H2}2\nb; c\n{H2}\n2\n\n{H2}\n\n", "holds 3 frames"),
        ("0\n\n", "unknown molecule '0'"),
        ("0\nx\n", "no atoms"),
        ("; ;", "no atoms"),
        ("water\n" + H2, "'water': XYZ text begins with the number of atoms alone"),
        ("0 1\n" + H2, "begins with the number"),
        ("2 atoms\n" + H2, "begins with the number"),
        ("2.0\n" + H2, "begins with the number"),
        ("# H2\n" + H2, "begins with the number"),
        ("O\nH 1 0.96\nH 1 0.96 2 104.5", "begins with the number"),
        ("Fe3+ 0 0 0", r"'\+' in 'Fe3\+': write the element alone, and charge="),
        ("H+ 0 0 0; H 0 0 .74", r"'\+' in 'H\+'"),
        ("Cl- 0 0 0; H 0 0 .74", "'-' in 'Cl-'"),
        ("C_a 0 0 0", "'_' in 'C_a': write the element alone$"),
        ("C1' 0 0 0", '"\'" in "C1\'"'),
        ("H1A 0 0 0", "'H1A' is not an element"),
        ("2H 0 0 0", "'2H' is not an element"),
        ("CA1 0 0 0", "can be C or Ca"),
        ("HE1 0 0 0", "can be H or He"),
        ("CH3 0 0 0", "'CH3' is not an element"),
        ("Xy 0 0 0", "'Xy' is not an element"),
        ("ghost-H 0 0 0; H 0 0 .74", "ghost or dummy"),
        ("X 0 0 0; H 0 0 .74", "ghost or dummy"),
        ("H-Bq 0 0 0; H 0 0 .74", "ghost or dummy"),
        ("H: 0 0 0; H 0 0 .74", "ghost or dummy"),
        ("@H 0 0 0; H 0 0 .74", "ghost or dummy"),
        ("Tv 0 0 5; H 0 0 .74", "cell vector"),
        ("0 0 0 0", "'0' is not an atomic number"),
        ("119 0 0 0", "'119' is not an atomic number"),
        ("² 0 0 0", "'²' in '²'"),
        ("H 0 0 0,74", "',' in '0,74' is not part of a number .write a decimal point"),
        ("H, 0, 0, 0", "',' in 'H,'"),
        ("H 0 0 1_0", "'_' in '1_0'"),
        ("H 0 0 0.74(2)", r"'\(' in "),
        ("H 0 0 0.74Å", "'Å' in "),
        ("H 0 0 ****", r"'\*' in "),
        ("H 0 0 1.2.3", "'1.2.3' is not a number"),
        ("H 0 0", "cannot read 'H 0 0'"),
        ("2\nx\nH 0 0\nH 0 0 1", "3 columns instead of 4"),
        ("H 0 0 nan", "finite"),
        ("H 0 0 1e999", "finite"),
        (f'2\nLattice="9 0 0 0 9 0 0 0 9"\n{H2}', "periodic cells are not available"),
        (f'2\nlattice="9 0 0 0 9 0 0 0 9" pbc="T F F"\n{H2}', "periodic.*write pbc="),
        (f'2\nPBC="1 1 1"\n{H2}', "periodic cells"),
        (f"2\npbc=T\n{H2}", "periodic cells"),
        (f"2\nProperties=species:S:1\n{H2}", "must name species:S:1"),
        (f"2\nProperties=species:S:1:pos:R:2\n{H2}", "must name species:S:1"),
        (f"2\nProperties=pos:R:3\n{H2}", "must name species:S:1"),
        (f"2\nProperties=nonsense\n{H2}", "must name species:S:1"),
        (f"2\ncharge=0.5\n{H2}", "charge=0.5 in the comment is not a whole number; give charge="),
        (f"2\ncharge=neutral\n{H2}", "charge=neutral in the comment is not a whole"),
        (f"2\ncharge=1 total_charge=-1\n{H2}", "charge=1 .* and total_charge=-1 .* disagree"),
        (f"2\ncharge=1 Charge=0\n{H2}", "disagree; give charge="),
        (f"2\nmultiplicity=2\n{H2}", "multiplicity=2 in the comment does not go with 2 electrons"),
        (f"2\nmultiplicity=1 spin=2\n{H2}", "multiplicity=1 .* and spin=2 .* disagree; give spin="),
        (f"2\ncharge=1 spin=0\n{H2}", "spin=0 in the comment does not go with 1 electrons"),
        (
            "1\nProperties=species:S:1:pos:R:3:initial_charges:R:1 charge=1\nO 0 0 0 -1",
            r"charge=1 .* and initial_charges \(sum -1\) in its column disagree",
        ),
        (
            "1\nProperties=species:S:1:pos:R:3:initial_magmoms:R:3\nO 0 0 0 0 0 2",
            "not collinear.*give spin=",
        ),
    ],
)
def test_refused_in_a_line_that_says_why(text, message):
    with pytest.raises(ValueError, match=message) as error:
        mx.molecule(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_lattice_that_does_not_repeat_is_no_crystal():
    box = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="F F F"'
    assert distance(f"2\n{box}\n{H2}") == pytest.approx(0.74)


SYMBOLS = ["H", "He", "Li", "C", "N", "O", "Na", "Cl", "Fe", "Xe", "Og"]
coordinates = st.floats(-1e4, 1e4).map(lambda x: round(x, 8))
atoms_of_any_kind = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.tuples(*[coordinates] * 3)), min_size=1, max_size=5
)
free_text = st.text(st.characters(exclude_characters="\r\n=", exclude_categories=["Cs"]))


@st.composite
def written(draw):
    """Atoms, and a way to write them."""
    from pyscf.data import elements

    atoms = draw(atoms_of_any_kind)
    exponent = draw(st.sampled_from(["e", "E", "D", "d", "*^"]))
    minus = draw(st.sampled_from("-−"))
    blank = draw(st.sampled_from([" ", "\t", "   ", "\xa0"]))

    def symbol(s):
        label = f"{s}{draw(st.sampled_from(['', '1', '12']))}"
        return draw(st.sampled_from([s, s.lower(), s.upper(), str(elements.charge(s)), label]))

    def coordinate(x):
        form = draw(st.sampled_from(["{:.8f}", "{:+.8f}", "{:.14e}"]))
        return form.format(x).replace("e", exponent).replace("-", minus)

    columns = draw(st.permutations(["species", "pos", "forces"]))
    extended = draw(st.booleans())
    headless = not extended and draw(st.booleans())
    order = columns if extended else ["species", "pos", "forces"]
    rows = []
    for s, r in atoms:
        parts = dict(species=[symbol(s)], pos=map(coordinate, r), forces=["1", "2", "3"])
        rows.append(blank.join(word for name in order for word in parts[name]))
    types = dict(species="S:1", pos="R:3", forces="R:3")
    comment = draw(free_text)
    if extended:
        comment += " Properties=" + ":".join(f"{name}:{types[name]}" for name in order)
    header = [] if headless else [str(len(rows)), comment]
    end = draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n"] if headless else ["\n", "\r\n", "\r"]))
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return atoms, bom + end.join([*header, *rows]) + draw(st.sampled_from(["", end, end * 3]))


@settings(deadline=None, max_examples=300)
@given(written())
def test_what_is_written_in_any_dialect_is_read_back(case):
    atoms, text = case
    assert parse(text)[0] == [(s, pytest.approx(r, abs=1e-8)) for s, r in atoms]


@settings(deadline=None, max_examples=200)
@given(atoms_of_any_kind, st.integers(0, 7))
def test_a_wrong_number_of_atoms_is_refused(atoms, count):
    lines = [f"{s} {x} {y} {z}" for s, (x, y, z) in atoms]
    text = "\n".join([str(count), "a comment", *lines])
    if count == len(atoms):
        assert len(parse(text)[0]) == count
    else:
        with pytest.raises(ValueError, match="promises" if count else "no atoms"):
            parse(text)
