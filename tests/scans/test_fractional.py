"""E(N), fractional spin and the flat plane."""

import json

import numpy as np
import pandas as pd
import pytest

import mlxc_edu as mx
from mlxc_edu.calculations import _exact, frontier, paired, plane_occupations, plane_weights
from mlxc_edu.scans import _fractional_points
from mlxc_edu.units import EV_PER_HARTREE, KCAL_PER_HARTREE

SMALL = dict(basis="sto-3g", workers=1, progress=False)
NAMES = {"LDA": "lda,vwn", "PBE": "pbe", "B3LYP": "b3lyp", "HF": "hf"}
AROUND = {"H": 0, "He": 1, "F": 9, "Na": 10, "Cl": 17}  # the lower whole number
COLUMNS = ["method", "n", "energy", "line", "deviation_kcal", "converged", "homo", "lumo"]


def of(table, method):
    return table[table["method"] == method]


@pytest.fixture
def calls(monkeypatch):
    """(method, electrons) of every point that is computed."""
    found = []
    original = _fractional_points._compute

    def counted(job, memory):
        found.append((job["method"], tuple(job["electrons"])))
        return original(job, memory)

    monkeypatch.setattr(_fractional_points, "_compute", counted)
    return found


@pytest.mark.parametrize("atom", AROUND)
def test_facts_are_reproduced(atom, facts, store):
    """Computed by another route: D2h, the hole held by its irreducible representation."""
    known = json.loads((facts / "fractional_atoms.json").read_text())
    low, basis = AROUND[atom], known["meta"]["basis"]
    options = dict(basis=basis, store=store, workers=1, progress=False)
    table = mx.fractional_charge(atom, NAMES, [low, low + 0.5, low + 1], **options)
    assert table["converged"].all()
    for method, name in NAMES.items():
        curve, expected = of(table, method), known["data"][name][atom]
        half = curve["deviation_kcal"].iloc[1]
        assert half == pytest.approx(expected["FC_half_kcal"], abs=0.1), method
        eV = (curve["energy"].iloc[0] - curve["energy"].iloc[2]) * EV_PER_HARTREE
        for key in {"EA_eV", "IP_eV"} & set(expected):
            assert eV == pytest.approx(expected[key], abs=1e-3), method
    if atom == "H":
        spin = mx.fractional_spin(atom, NAMES, [0], **options)
        assert spin["converged"].all()
        for method, name in NAMES.items():
            expected = known["data"][name][atom]
            shared = of(spin, method)["deviation_kcal"].item()
            assert shared == pytest.approx(expected["FS_half_kcal"], abs=0.1), method
            assert of(table, method)["energy"].iloc[2] == pytest.approx(expected["E1"], abs=1e-6)


@pytest.mark.parametrize("method", ["PBE", "TPSS", "CAM-B3LYP", "HF", "DM21"])
def test_orbital_energy_is_the_energys_derivative(method, store, request):
    """Janak's theorem, to 0.2 kcal/mol; at a whole number from the right."""
    if method == "DM21":
        request.getfixturevalue("released")
    n, h = [8.49, 8.5, 8.51, 9, 9.001], 0.2 / KCAL_PER_HARTREE
    options = dict(basis="6-31g", workers=1, progress=False, store=store)
    table = mx.fractional_charge("F", [method], n, **options)
    assert table["converged"].all()
    energy, homo, lumo = (table[c].to_numpy() for c in ("energy", "homo", "lumo"))
    assert (energy[2] - energy[0]) / 0.02 == pytest.approx(homo[1], abs=h)
    # E bends: the slope to 9.001 is the mean of the derivatives at both ends.
    assert (energy[4] - energy[3]) / 0.001 == pytest.approx((lumo[3] + homo[4]) / 2, abs=h)
    assert lumo[3] == pytest.approx(homo[4], abs=5e-3)


@pytest.mark.parametrize(
    ("system", "method", "n", "column"),
    [("N2", "HF", [13.999, 14], "homo"), ("O", "DM21", [7.999, 8], "homo")]
    + [("C", "DM21", [6, 6.001], "lumo")],
)
def test_orbital_energies_of_whole_numbers_are_derivatives(
    system, method, n, column, store, released
):
    table = mx.fractional_charge(
        system, [method], n, **SMALL | dict(basis="6-31g", store=store)
    ).set_index("n")
    slope = np.diff(table["energy"]).item() / 0.001
    whole, partly = (n[1], n[0]) if column == "homo" else n
    mean = (table[column][whole] + table["homo"][partly]) / 2
    assert slope == pytest.approx(mean, abs=0.5 / KCAL_PER_HARTREE)


@pytest.mark.parametrize("system", ["H", "H2+"])
def test_one_electron_without_self_interaction_is_on_the_line(system, store):
    n = [0, 0.25, 0.5, 0.75, 1]
    table = mx.fractional_charge(system, ["HF", "PBE"], n, **SMALL, store=store)
    hf, pbe = of(table, "HF"), of(table, "PBE")
    assert hf["converged"].all() and pbe["converged"].all()
    np.testing.assert_allclose(hf["deviation_kcal"], 0, atol=1e-6)
    np.testing.assert_allclose(hf["homo"][1:], np.diff(hf["energy"]).mean() / 0.25, atol=1e-7)
    assert (pbe["deviation_kcal"].iloc[1:4] < -10).all()  # PBE lowers fractions
    # Nothing but the nuclei is left at N = 0.
    repulsion = mx.molecule(system, basis="sto-3g").energy_nuc()
    assert table["energy"][table["n"] == 0].tolist() == [repulsion, repulsion]


def test_line_of_the_reference_is_drawn_by_theorem(store, calls):
    table = mx.fractional_charge("Li", ["exact"], [2, 2.25, 3, 3.5, 4], **SMALL, store=store)
    assert len(calls) == 3, "nothing is computed between whole numbers"
    energies = []
    for charge in (1, 0, -1):
        ion = mx.molecule("Li", basis="sto-3g", charge=charge)
        energies.append(mx.exact(ion, level="FCI").energy)
    line = np.interp(table["n"], [2, 3, 4], energies)
    np.testing.assert_allclose(table["energy"], line, atol=1e-8)
    np.testing.assert_allclose(table["line"], line, atol=1e-8)
    assert table["converged"].all() and table["deviation_kcal"].abs().max() < 1e-9
    np.testing.assert_allclose(table["homo"], [np.nan, e1 := energies[1] - energies[0]]
                               + [np.nan, energies[2] - energies[1], np.nan])  # fmt: skip
    assert e1 < 0 and table["lumo"].isna().all()
    assert table["state"].str.contains("by theorem").tolist() == [False, True, False, True, False]
    assert table["state"].str.contains("FCI").tolist() == [True, False, True, False, True]


def test_reference_has_one_level_that_all_whole_numbers_can_afford(store, monkeypatch):
    monkeypatch.setattr(_exact, "FCI_DETERMINANTS", 500)  # Li: 324, Li-: 1296
    table = mx.fractional_charge(
        "Li", ["exact"], [3, 4], **SMALL | dict(basis="6-31g", store=store)
    )
    assert table["converged"].all(), table["state"].tolist()


def test_table_of_charges(store):
    n = [1.5, 0.5, 1, 0.5, 2, 0]
    table = mx.fractional_charge("H", ["HF", "exact", "hf"], n, **SMALL, store=store)
    assert list(table.columns) == [*COLUMNS, "seconds", "state"]
    assert table["method"].tolist() == ["HF"] * 5 + ["exact"] * 5
    assert table["n"].tolist() == [0, 0.5, 1, 1.5, 2] * 2
    assert table["converged"].dtype == bool and table["converged"].all()
    hf = of(table, "HF").set_index("n")
    deviation = (hf["energy"] - hf["line"]) * KCAL_PER_HARTREE
    np.testing.assert_allclose(hf["deviation_kcal"], deviation)
    np.testing.assert_allclose(hf["line"], np.interp(hf.index, [0, 1, 2], hf["energy"][[0, 1, 2]]))
    assert hf["energy"][1] == pytest.approx(
        mx.solve(mx.molecule("H", basis="sto-3g"), "HF").energy, abs=1e-8
    )
    assert hf["state"][0] == "empty" and np.isnan(hf["homo"][0])
    assert hf["state"][0.5] == "0.5 α and 0 β electrons; fraction in H s α"
    assert hf["state"][1] == "1 α and 0 β electrons; whole orbitals"
    # H− is bound neither in this basis nor by this method.
    for m in (1.5, 2):
        assert hf["homo"][m] > 0
        bound = f"{hf['homo'][m] * EV_PER_HARTREE:.2f} eV above zero"
        assert "; not bound: its highest orbital lies " + bound in hf["state"][m]
    assert not hf["state"][[0.5, 1]].str.contains("not bound").any()
    assert np.isnan(hf["lumo"][2])  # nothing is empty in one function
    # Alone, a point still has its line.
    alone = mx.fractional_charge("H", ["HF"], 1.5, **SMALL, store=store)
    pd.testing.assert_series_equal(alone.iloc[0], of(table, "HF").iloc[3], check_names=False)


def test_numbers_of_electrons_by_default(store):
    table = mx.fractional_charge("Li", ["HF"], **SMALL, store=store)
    np.testing.assert_allclose(table["n"], np.linspace(2, 4, 21))
    ion = mx.fractional_charge("H-", ["HF"], **SMALL, store=store)
    assert (ion["n"].min(), ion["n"].max(), len(ion)) == (1, 2, 11), "no nucleus holds H2−"
    spin = mx.fractional_spin("H", ["HF"], **SMALL, store=store)
    np.testing.assert_allclose(spin["spin"], np.linspace(-1, 1, 11))


@pytest.mark.parametrize(
    ("system", "n", "holder"),
    [
        ("F", 8.5, "5 α and 3.5 β electrons; fraction in F p"),
        ("F", 9.5, "5 α and 4.5 β electrons; fraction in F pz β"),
        ("Li", 3.5, "2 α and 1.5 β electrons; fraction in Li s β"),
        ("N", 7.5, "5 α and 2.5 β electrons; fraction in N p"),
        ("LiH", 3.5, "2 α and 1.5 β electrons; fraction in H s β"),
    ],
)
def test_state_says_which_orbital_holds_the_fraction(system, n, holder, store):
    table = mx.fractional_charge(system, ["HF"], [n], **SMALL | dict(basis="6-31g", store=store))
    assert table["state"].item().startswith(holder)


def test_second_run_computes_nothing(store, calls):
    first = mx.fractional_charge("H", ["HF", "PBE"], [0.5, 1], **SMALL, store=store)
    assert sorted(calls) == [(m, (x, 0.0)) for m in ("HF", "PBE") for x in (0.0, 0.5, 1.0)]
    calls.clear()
    second = mx.fractional_charge(" H ", ["hf", "pbe"], [1, 0.5], **SMALL, store=store)
    assert not calls
    pd.testing.assert_frame_equal(first, second)
    mx.fractional_charge("H", ["HF"], [0.25, 0.5, 1.5], **SMALL, store=store)
    assert sorted(calls) == [("HF", (0.25, 0.0)), ("HF", (1.0, 0.5)), ("HF", (1.0, 1.0))]
    calls.clear()
    mx.fractional_charge("H", ["HF"], [1], **SMALL | dict(basis="6-31g"), store=store)
    mx.fractional_charge("H2+", ["HF"], [1], **SMALL, bond_length=1.0, store=store)
    mx.fractional_charge("H2+", ["HF"], [1], **SMALL, bond_length=1.1, store=store)
    assert len(calls) == 3, "another basis, another molecule, another distance"


def test_spin_and_plane_share_their_points(store, calls):
    mx.fractional_spin("H", ["HF"], [-1, 0, 1], **SMALL, store=store)
    assert sorted(calls) == [("HF", (0.0, 1.0)), ("HF", (0.5, 0.5)), ("HF", (1.0, 0.0))]
    calls.clear()
    first = mx.flat_plane("H", "HF", 3, **SMALL, store=store)
    assert len(calls) == 6
    pd.testing.assert_frame_equal(first, mx.flat_plane("H", "HF", 3, **SMALL, store=store))
    assert len(calls) == 6


@pytest.mark.parametrize("broken", [(1.0, 0.5), (1.0, 0.0)])
def test_a_failing_point_is_reported_and_not_stored(broken, store, monkeypatch):
    original = _fractional_points._compute

    def compute(job, memory):
        if tuple(job["electrons"]) == broken:
            raise RuntimeError("no luck")
        return original(job, memory)

    monkeypatch.setattr(_fractional_points, "_compute", compute)
    arguments = ("H", ["HF"], [0.5, 1, 1.5, 2])
    table = mx.fractional_charge(*arguments, **SMALL, store=store).set_index("n")
    bad = 1.0 + (broken == (1.0, 0.5)) * 0.5
    assert "no luck" in table["state"][bad] and np.isnan(table["energy"][bad])
    # Where an end of the line is missing, nothing is known of the deviation.
    expected = [True, True, False, True] if bad == 1.5 else [False, False, False, True]
    assert table["converged"].tolist() == expected
    assert table["deviation_kcal"].notna().tolist() == expected
    monkeypatch.undo()
    assert mx.fractional_charge(*arguments, **SMALL, store=store)["converged"].all()


def test_point_that_does_not_converge_says_so(store, monkeypatch):
    original = _fractional_points.ensemble

    def hurried(mol, method, start, electrons, **more):
        found = original(mol, method, start, electrons, **more)
        return type(found)(**vars(found) | dict(converged=sum(electrons) != 0.5))

    monkeypatch.setattr(_fractional_points, "ensemble", hurried)
    table = mx.fractional_charge("H", ["HF"], [0.25, 0.5, 1], **SMALL, store=store)
    assert table["converged"].tolist() == [True, False, True]


def test_shared_spin_costs_energy_and_is_symmetric(store):
    spins = [-2, -1, 0, 1, 2]
    table = mx.fractional_spin("C", ["PBE", "HF"], spins, **SMALL, store=store)
    assert list(table.columns) == ["method", "spin", *COLUMNS[2:], "seconds", "state"]
    assert table["spin"].tolist() == spins * 2 and table["converged"].all()
    whole = mx.fractional_charge("C", ["PBE", "HF"], [6], **SMALL, store=store)
    for method in ("PBE", "HF"):
        curve = of(table, method)
        energy, deviation = curve["energy"].to_numpy(), curve["deviation_kcal"].to_numpy()
        np.testing.assert_allclose(energy, energy[::-1], atol=1e-6)
        assert deviation[[0, 4]] == pytest.approx(0, abs=1e-3)
        assert 5 < deviation[1] < deviation[2]
        assert energy[4] == pytest.approx(of(whole, method)["energy"].item(), abs=1e-6)
        np.testing.assert_array_equal(curve["line"], energy[4])
    assert "3.5 α and 2.5 β electrons; fraction in C p" in table["state"][3]


def test_plane_is_flat_and_its_corners_are_whole_atoms(store):
    table = mx.flat_plane("Li", "PBE", 3, **SMALL, store=store)
    assert list(table.columns) == [
        "method",
        "n_alpha",
        "n_beta",
        "energy",
        "plane",
        *COLUMNS[4:],
    ] + [
        "seconds",
        "state",
    ]
    grid = [0, 0.5, 1]
    assert list(zip(table["n_alpha"], table["n_beta"])) == [(a, b) for a in grid for b in grid]
    assert table["converged"].all()
    energy = table.set_index(["n_alpha", "n_beta"])["energy"]
    whole = mx.fractional_charge("Li", ["PBE"], [2, 3, 4], **SMALL, store=store)["energy"]
    for corner, expected in zip([(0, 0), (1, 0), (1, 1)], whole):
        assert energy[corner] == pytest.approx(expected, abs=1e-6)
    plane = table.pivot(index="n_alpha", columns="n_beta", values="plane").to_numpy()
    a, b = np.meshgrid(grid, grid, indexing="ij")
    for triangle in (a + b <= 1, a + b >= 1):
        system = np.column_stack([np.ones(triangle.sum()), a[triangle], b[triangle]])
        fitted = system @ np.linalg.lstsq(system, plane[triangle], rcond=None)[0]
        np.testing.assert_allclose(fitted, plane[triangle], atol=1e-10)
    values = energy.to_numpy().reshape(3, 3)
    np.testing.assert_allclose(values, values.T, atol=1e-6)
    np.testing.assert_allclose(
        table["deviation_kcal"], (values - plane).ravel() * KCAL_PER_HARTREE, atol=1e-8
    )


def test_edges_of_the_plane_are_the_fractional_charges(store):
    plane = mx.flat_plane("H", "PBE", 3, **SMALL, store=store)
    charge = mx.fractional_charge("H", ["PBE"], [0, 0.5, 1, 1.5, 2], **SMALL, store=store)
    edge = plane[(plane["n_beta"] == 0) | (plane["n_alpha"] == 1)]
    np.testing.assert_allclose(edge["energy"], charge["energy"], atol=1e-6)
    np.testing.assert_allclose(edge["deviation_kcal"], charge["deviation_kcal"], atol=1e-3)


@pytest.mark.parametrize("symbol", ["C", "N", "O", "F", "Al"])
def test_corners_of_an_open_shells_plane_are_ground_states(symbol, store):
    """Where no orbital is shared, a corner is the ion or atom itself; where one is, every p orbital
    of the shell holds the same, and Hartree-Fock pays for it."""
    table = mx.flat_plane(symbol, "HF", 2, **SMALL, store=store)
    assert table["converged"].all()
    own = mx.molecule(symbol, basis=SMALL["basis"]).nelectron
    whole = mx.fractional_charge(symbol, ["HF"], [own - 1, own, own + 1], **SMALL, store=store)
    cation, atom, anion = whole["energy"]
    corner = table.set_index(["n_alpha", "n_beta"])
    np.testing.assert_allclose(corner["plane"], [cation, atom, atom, anion], atol=1e-6)
    assert corner["energy"][1, 0] == pytest.approx(atom, abs=1e-6)
    shared = {"C": [(0, 1), (1, 1)], "N": [(0, 1)], "O": [(0, 0), (0, 1)], "F": [(0, 0)]}
    for place, deviation in corner["deviation_kcal"].items():
        alike = place not in shared.get(symbol, [(1, 1)])
        assert deviation == pytest.approx(0, abs=1e-3) if alike else deviation > 50


def test_an_open_shell_is_shared_evenly_on_the_plane():
    mol = mx.molecule("N", basis="sto-3g")
    shared = paired(frontier(mol), mol.intor_symmetric("int1e_ovlp"))
    unpaired = (2, 3, 2)
    rounding = 0.065, 0.114  # whose three weights add up to more than 1
    for a, b in ((0, 0), (0.3, 0.2), (0.5, 0.5), (0.4, 0.9), (0, 1), (1, 1), rounding):
        held = plane_occupations(shared, unpaired, a, b)
        np.testing.assert_allclose(held.sum(axis=1), [4 + a, 2 + b], atol=1e-12)
        assert held.min() >= 0 and held.max() <= 1
        assert sum(plane_weights(a, b)) == pytest.approx(1)
    turned = plane_occupations(shared, unpaired, 0, 1)
    np.testing.assert_allclose(turned, [[1, 1, 2 / 3, 2 / 3, 2 / 3], [1, 1, 1 / 3, 1 / 3, 1 / 3]])


@pytest.mark.parametrize(
    ("system", "change", "message"),
    [
        ("H", dict(n=[2.1]), r"H has 1 electrons, and n goes from 0 to 2: 2.1 is outside"),
        ("Cl", dict(n=[15.5]), r"from 16 to 18: 15.5 is outside.*an ion, such as"),
        ("H-", dict(n=[2.5]), "no atom binds 2.5 electrons: at most one more than its protons"),
        ("He", dict(n=[2.5]), "1.5 electrons of one spin do not fit in the 1 orbitals of 'sto-3g'"),
        ("H", dict(n="1.5"), "n must be numbers, not '1.5'"),
        ("H", dict(n=["many"]), "n must be numbers"),
        ("H", dict(n=[float("nan")]), "n must be numbers"),
        ("H", dict(n=[float("inf")]), "n must be numbers"),
        ("H", dict(n=[]), "at least one value of n"),
        ("H", dict(methods=["PBX"]), "unknown method 'PBX'; near names: PBE"),
        ("H", dict(methods=[]), "at least one method"),
        ("H", dict(methods=None), "at least one method"),
        ("NaCK", {}, "unknown molecule"),
        ("H+", {}, "leaves 0 electrons"),
        ("H", dict(basis="sto-9g"), "no functions for H"),
        ("H", dict(bond_length=1.0), "applies to diatomics"),
        ("H", dict(workers=0), "workers must be"),
    ],
)
def test_bad_charges_are_refused_before_anything_runs(system, change, message, store, calls):
    arguments = dict(methods=["HF"], n=[1], store=store) | SMALL | change
    with pytest.raises(ValueError, match=message):
        mx.fractional_charge(system, **arguments)
    assert not calls


@pytest.mark.parametrize(
    ("system", "change", "message"),
    [
        ("He", {}, "He has no unpaired electron whose spin could be shared"),
        ("H", dict(spin=[1.5]), "goes from -1 to 1, not"),
        ("H", dict(spin="0"), "spin must be numbers, not '0'"),
        ("H", dict(spin=[float("nan")]), "spin must be numbers"),
        ("H", dict(spin=[]), "at least one value of spin"),
        ("H", dict(methods=["PBE", "exact"]), "exact needs no calculation"),
        ("H", dict(methods=["PBX"]), "near names: PBE"),
    ],
)
def test_bad_spins_are_refused_before_anything_runs(system, change, message, store, calls):
    with pytest.raises(ValueError, match=message):
        mx.fractional_spin(system, **SMALL | dict(methods=["HF"], store=store) | change)
    assert not calls


@pytest.mark.parametrize(
    ("system", "change", "message"),
    [
        ("He", {}, "He has 0 unpaired; the flat plane needs unpaired electrons of an atom, or one"),
        ("O2", {}, "OO has 2 unpaired; .* or one of a molecule"),
        ("Cr", dict(basis="def2-svp"), "the open shells of Cr are beyond Hund's rules"),
        ("H", dict(n=1), "a whole number from 2 on, not 1"),
        ("H", dict(n=3.0), "a whole number from 2 on"),
        ("H", dict(n=True), "a whole number from 2 on"),
        ("H", dict(method="exact"), "exact needs no calculation"),
        ("H", dict(method=["PBE", "HF"]), "a method is named by a string"),
    ],
)
def test_bad_planes_are_refused_before_anything_runs(system, change, message, store, calls):
    with pytest.raises(ValueError, match=message):
        mx.flat_plane(system, **SMALL | dict(method="HF", n=2, store=store) | change)
    assert not calls


def test_numbers_may_come_from_a_generator(store):
    n = (m / 2 for m in range(3))
    assert len(mx.fractional_charge("H", ["HF"], n, **SMALL, store=store)) == 3


def test_nested_numbers_are_refused(store):
    with pytest.raises(ValueError, match="n must be numbers"):
        mx.fractional_charge("H", ["HF"], [[0.5, 1]], **SMALL, store=store)


def test_points_along_a_side_may_be_numpys(store):
    assert len(mx.flat_plane("H", "HF", np.int64(2), **SMALL, store=store)) == 4
