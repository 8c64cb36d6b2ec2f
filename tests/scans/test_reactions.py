"""Sets of reactions: the data, the table."""

import numpy as np
import pandas as pd
import pytest

import mlxc_edu as mx
from mlxc_edu.scans import SETS, Running, _reactions, reactions_of, xcbm_reactions

COLUMNS = ["set", "reaction", "method", "energy_kcal", "reference_kcal", "error_kcal"]
COLUMNS += ["converged", "seconds"]


@pytest.mark.parametrize("name", SETS)
def test_embedded_reactions_are_sound(name):
    listed = reactions_of(name)
    assert len(listed) == {"W4-11": 5, "BH76": 4, "G21IP": 5}[name]
    for reaction in listed:
        atoms, charge = {}, 0
        for n, species in reaction.parts:
            mol = mx.molecule(species.xyz, basis="sto-3g", charge=species.charge, spin=species.spin)
            charge += n * mol.charge
            for i in range(mol.natm):
                atoms[mol.atom_symbol(i)] = atoms.get(mol.atom_symbol(i), 0) + n
        assert not any(atoms.values()), f"{reaction.name} is balanced"
        assert charge == (name == "G21IP")
        assert " → " in reaction.name and reaction.reference > 0


@pytest.mark.parametrize("name", SETS)
def test_embedded_equal_xcbm(name):
    pytest.importorskip("xcbm")
    whole = {reaction.number: reaction for reaction in xcbm_reactions(name)}
    assert len(whole) == {"W4-11": 140, "BH76": 76, "G21IP": 36}[name]
    for ours in reactions_of(name):
        theirs = whole[ours.number]
        assert ours.reference == theirs.reference
        assert {s: n for n, s in ours.parts} == {s: n for n, s in theirs.parts}


def test_whole_sets_are_jobs_of_different_names():
    pytest.importorskip("xcbm")
    for name in SETS:
        jobs = _reactions.species_jobs(reactions_of(name, "full"), ["PBE"], "def2-svp")
        names = [job["system"] for job in jobs]
        assert len(set(names)) == len(names)


def test_whole_sets_without_xcbm_say_what_to_install(monkeypatch):
    monkeypatch.setattr("mlxc_edu.scans._reaction_sets.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="mlxc-edu\\[benchmarks\\]"):
        mx.benchmark("BH76", ["PBE"], subset="full")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(reactions="W4-17"), "W4-11.*BH76.*G21IP"),
        (dict(methods=["PBF"]), "near names"),
        (dict(methods=["exact"]), "reference"),
        (dict(methods=[]), "at least one"),
        (dict(subset="large"), "'small' or 'full'"),
        (dict(basis="def3-svp"), "no functions"),
        (dict(workers=0), "workers"),
    ],
)
def test_bad_input_is_refused_before_anything_is_computed(arguments, message, monkeypatch):
    monkeypatch.setattr(Running, "values", lambda *_: pytest.fail("computed"))
    given = dict(reactions="BH76", methods=["PBE"]) | arguments
    with pytest.raises(ValueError, match=message):
        mx.benchmark(given.pop("reactions"), **given)


def test_table(tmp_path, monkeypatch):
    given = dict(basis="6-31g", workers=1, store=tmp_path, progress=False)
    table = mx.benchmark("bh76", ["lda", "PBE"], **given)
    assert [*table.columns] == COLUMNS and len(table) == 8
    assert [*table["method"].unique()] == ["LDA", "PBE"] and set(table["set"]) == {"BH76"}
    assert table["converged"].all() and (table["seconds"] > 0).all()
    assert np.allclose(table["energy_kcal"] - table["reference_kcal"], table["error_kcal"])
    assert (table["error_kcal"] < 0).all(), "semilocal barriers are too low"

    h, h2 = (
        mx.molecule("H", basis="6-31g"),
        mx.molecule("H2", bond_length=0.74187686, basis="6-31g"),
    )
    top = "3\n\nH 0 0 0\nH 0 0 0.92947338\nH 0 0 -0.92947338"
    top = mx.molecule(top, basis="6-31g", spin=1)
    energy = mx.solve(top, "PBE").energy - mx.solve(h, "PBE").energy - mx.solve(h2, "PBE").energy
    row = table[(table["method"] == "PBE") & (table["reaction"] == "H + H2 → HHH‡")]
    assert abs(row["energy_kcal"].item() - energy * mx.units.KCAL_PER_HARTREE) < 0.01

    monkeypatch.setattr(_reactions, "solve", lambda *_, **__: pytest.fail("computed again"))
    pd.testing.assert_frame_equal(mx.benchmark("BH76", ["LDA", "PBE"], **given), table)


def test_species_that_did_not_converge_is_told(tmp_path, monkeypatch):
    def compute(job, memory):
        if job["system"] == "HHH‡":
            raise ArithmeticError("no")
        return dict(energy=-1.0, converged=job["system"] != "F", state="")

    monkeypatch.setattr(_reactions, "compute", compute)
    given = dict(basis="6-31g", workers=1, store=tmp_path, progress=False)
    table = mx.benchmark("BH76", ["PBE"], **given).set_index("reaction")
    assert [*table.index[~table["converged"]]] == ["H + H2 → HHH‡", "F + H2 → FHH‡"]
    assert np.isnan(table["error_kcal"]["H + H2 → HHH‡"])
