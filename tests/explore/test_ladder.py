"""The explorer of functionals' errors."""

import numpy as np
import pytest
from waiting import PATIENCE, Gate

import mlxc_edu as mx
from mlxc_edu.explore import _ladder


def test_explorer(tmp_path, monkeypatch):
    explorer = mx.explore.ladder("BH76", ["LDA"], basis="sto-3g", store=tmp_path)
    assert explorer.wait(PATIENCE)
    assert [*explorer.errors["method"].unique()] == ["LDA"]
    figure = explorer.figure
    assert np.allclose(figure.data[0].y, explorer.errors["error_kcal"])
    explorer.methods["PBE"].value = True
    assert explorer.wait(PATIENCE)
    assert [*explorer.errors["method"].unique()] == ["LDA", "PBE"]
    assert explorer.table.value.count("yes") == 2 and explorer.cancel.disabled
    explorer.methods["LDA"].value = explorer.methods["PBE"].value = False
    assert explorer.wait(PATIENCE) and "tick" in explorer.status.value

    gate = Gate(monkeypatch, _ladder, "compute", passes=1)
    explorer.reactions.value = "W4-11"
    explorer.methods["PBE"].value = True
    assert gate.held.wait(PATIENCE) and "computing" in explorer.status.value
    assert [*explorer.errors["reaction"]] == ["H2 → 2 H"], "whose species BH76 has brought"
    explorer.cancel.click()
    assert "stopping" in explorer.status.value and explorer.cancel.disabled
    gate.opened.set()
    assert explorer.wait(PATIENCE) and "species are missing" in explorer.status.value
    assert not explorer.compute.disabled
    explorer.compute.click()
    assert explorer.wait(PATIENCE)
    assert explorer.errors["converged"].all() and set(explorer.errors["set"]) == {"W4-11"}


def test_first_reaction_is_drawn_before_its_method_is_complete(tmp_path, monkeypatch):
    reaction = mx.scans.reactions_of("BH76")[0]
    gate = Gate(monkeypatch, _ladder, "compute", passes=len({s.name for _, s in reaction.parts}))
    explorer = mx.explore.ladder("BH76", ["LDA"], basis="sto-3g", store=tmp_path)
    assert gate.held.wait(PATIENCE)
    assert [*explorer.errors["reaction"]] == [reaction.name] == [*explorer.figure.data[0].x]
    assert "1 of 4" in explorer.table.value
    gate.opened.set()
    assert explorer.wait(PATIENCE)
    assert len(explorer.errors) == 4 and "4 of 4" in explorer.table.value


def test_explorer_refuses_early():
    with pytest.raises(ValueError, match="W4-11"):
        mx.explore.ladder("S22")
    with pytest.raises(ValueError, match="near names"):
        mx.explore.ladder(methods=["PBF"])
