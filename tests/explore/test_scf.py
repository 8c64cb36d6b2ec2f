"""The circle turned by hand: the explorer of notebooks 03 and 03b when its buttons are pressed."""

import numpy as np
import pytest

import mlxc_edu as mx
from mlxc_edu.explore._scf import CYCLES, GAIN, terms


@pytest.fixture(scope="module")
def explorer():
    return mx.explore.scf("He")


def begin(explorer, system, share=None):
    explorer.system.value = system
    explorer.optimal.value = share is None
    explorer.share.value = share or 1.0
    explorer.reset.click()


def traces(explorer):
    return {t.name: np.array(t.y) for t in explorer.figure.data if t.name}


def test_step_lowers_the_energy_and_moves_the_figure(explorer):
    begin(explorer, "Be")
    before = traces(explorer)
    for _ in range(4):
        explorer.step.click()
    energies = [s.energy for s in explorer.states]
    assert len(energies) == 5 and (np.diff(energies) < 0).all()
    now = traces(explorer)
    grid, last = explorer.model.grid, explorer.states[-1]
    shown = np.diagonal(last.density_matrix, axis1=1, axis2=2).sum(axis=0) / grid.spacing
    assert np.allclose(now["density"], shown) and not np.allclose(now["density"], before["density"])
    assert abs(grid.integrate(now["density"]) - 4) < 1e-10
    assert "after 4 steps" in explorer.status.value


def test_plain_step_is_aufbau_of_the_fock_matrix(explorer):
    begin(explorer, "He", share=1.0)
    explorer.step.click()
    start, now = explorer.states
    orbital = start.orbitals[0, :, 0]
    assert np.allclose(now.density_matrix, np.outer(orbital, orbital))


def test_share_mixes(explorer):
    begin(explorer, "He", share=0.25)
    explorer.step.click()
    start, now = explorer.states
    orbital = start.orbitals[0, :, 0]
    mixed = 0.75 * start.density_matrix + 0.25 * np.outer(orbital, orbital)
    assert np.allclose(now.density_matrix, mixed)


def test_reset_goes_back(explorer):
    begin(explorer, "He")
    start = traces(explorer)
    explorer.run.click()
    assert len(explorer.states) > 2
    apart = explorer.states[-1].energy - mx.one_d.kohn_sham([2], [0], 2).electronic_energy
    assert abs(apart) < 1e-8
    explorer.reset.click()
    assert len(explorer.states) == 1
    assert all(np.allclose(start[name], y) for name, y in traces(explorer).items())


@pytest.mark.parametrize("system", ["H", "Be", "salt"])
def test_run_arrives_where_the_library_does(explorer, system):
    begin(explorer, system)
    explorer.run.click()
    reference = explorer.solution  # mx.one_d.kohn_sham's, which ends in a minimisation if need be
    assert reference.converged and explorer.states[-1].gain < GAIN
    assert abs(explorer.states[-1].energy - reference.electronic_energy) < 1e-8
    assert "self-consistent" in explorer.status.value
    parts = terms(explorer.model, explorer.states[-1])
    assert abs(sum(parts.values()) - explorer.states[-1].energy) < 1e-10
    assert f"{parts['kinetic']:.6f}" in explorer.table.value


def test_stretched_salt_swings_and_damping_holds_it(explorer):
    begin(explorer, "stretched salt", share=1.0)
    explorer.run.click()
    assert len(explorer.states) == CYCLES + 1 and "not yet" in explorer.status.value
    *_, third, second, last = (s.energy for s in explorer.states)
    assert abs(third - last) < 1e-3 < abs(second - last), "two states take turns"
    begin(explorer, "stretched salt")
    explorer.run.click()
    assert abs(explorer.states[-1].energy - explorer.solution.electronic_energy) < 1e-5


def test_unknown_system_is_named():
    with pytest.raises(ValueError, match="stretched salt"):
        mx.explore.scf("Xe")
