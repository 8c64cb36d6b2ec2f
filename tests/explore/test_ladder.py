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
    assert explorer.errors.method.empty, "columns without rows: no method is complete"
    explorer.cancel.click()
    assert "stopping" in explorer.status.value and explorer.cancel.disabled
    gate.opened.set()
    assert explorer.wait(PATIENCE) and "species are missing" in explorer.status.value
    assert not explorer.compute.disabled
    explorer.compute.click()
    assert explorer.wait(PATIENCE)
    assert explorer.errors["converged"].all() and set(explorer.errors["set"]) == {"W4-11"}


def test_explorer_refuses_early():
    with pytest.raises(ValueError, match="W4-11"):
        mx.explore.ladder("S22")
    with pytest.raises(ValueError, match="near names"):
        mx.explore.ladder(methods=["PBF"])
