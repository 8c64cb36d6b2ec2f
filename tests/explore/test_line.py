"""The explorer of two nuclei on a line."""

import numpy as np
import pytest

import mlxc_edu as mx


def test_explorer_of_the_line():
    explorer = mx.explore.line()
    before = explorer.results["exact"]
    assert before.energy == pytest.approx(mx.one_d.exact([1, 1], [-1, 1], 2).energy, abs=1e-6)
    explorer.methods["LDA"].value = True
    explorer.distance.value = 4.0
    assert set(explorer.results) == {"exact", "LDA"}
    drawn = {trace.name: trace for trace in explorer.figure.data}
    assert drawn["LDA"].visible and not drawn["exact exchange"].visible
    np.testing.assert_allclose(drawn["exact"].y, explorer.results["exact"].density)
    assert f"{explorer.results['LDA'].energy:.5f}" in explorer.table.value
    explorer.electrons.value = 1
    assert explorer.results["exact"].electrons == 1
    explorer.left.value = explorer.right.value = 0.0
    assert "no nucleus" in explorer.status.value and not explorer.results
    for wrong in (dict(charges=(0, 0)), dict(charges=(1, 4)), dict(distance=20), dict(electrons=3)):
        with pytest.raises(ValueError, match=r"charges are|distance goes"):
            mx.explore.line(**wrong)
