"""What is periodic on the line: rings, crystals, bands."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlxc_edu import one_d
from mlxc_edu.one_d._nuclei import checked_nuclei
from mlxc_edu.one_d._ring import Ring, image_sum


def test_operators_of_a_ring():
    """On waves that fit into it they are exact."""
    ring = Ring.around(7.0, 31)
    q = 2 * np.pi / 7.0 * 3
    np.testing.assert_allclose(
        ring.kinetic @ np.cos(q * ring.x), q**2 / 2 * np.cos(q * ring.x), atol=1e-9
    )
    np.testing.assert_allclose(
        ring.derivative @ np.sin(q * ring.x), q * np.cos(q * ring.x), atol=1e-9
    )
    wave = ring.kinetic_at(0.3) @ np.exp(1j * q * ring.x)
    np.testing.assert_allclose(wave, (q + 0.3) ** 2 / 2 * np.exp(1j * q * ring.x), atol=1e-9)


@pytest.mark.parametrize("softening", [0.7, 1.0, 2.5])
def test_sums_over_images(softening):
    """The force is that of nearby images, one by one, and of the rest in pairs, which cancels; and
    the average over the ring is zero but for softening."""
    length, x = 8.0, np.linspace(0.5, 7.5, 8)
    h = 1e-4
    force = (image_sum(x + h, length, softening) - image_sum(x - h, length, softening)) / (2 * h)
    images = length * np.arange(-4000, 4001)
    apart = x[:, None] + images
    by_hand = -(apart / (apart**2 + softening**2) ** 1.5).sum(axis=1)
    np.testing.assert_allclose(force, by_hand, atol=1e-5)
    points = np.arange(400) * length / 400
    average = image_sum(points, length, softening).mean()
    assert average == pytest.approx(-2 * np.log(softening) / length, abs=1e-10)


def test_a_wide_ring_is_the_line():
    """The images of a neutral atom fade with their distance, exact, LDA, exact exchange."""
    for solve in (
        lambda **ring: one_d.exact([2], [0], 2, **ring),
        lambda **ring: one_d.kohn_sham([2], [0], 2, "LDA", **ring),
        lambda **ring: one_d.kohn_sham([2], [0], 2, "exact exchange", **ring),
    ):
        alone = solve().energy
        away = [abs(solve(period=length).energy - alone) for length in (10.0, 20.0, 40.0)]
        assert away[0] > away[1] > away[2] and away[2] < 1e-4


def test_one_electron_on_a_ring_does_not_feel_itself():
    exact = one_d.exact([1], [0], 1, period=15.0)
    found = one_d.kohn_sham([1], [0], 1, "exact exchange", period=15.0)
    assert found.energy == pytest.approx(exact.energy, abs=1e-8)


def test_neutral_cells_do_not_mind_where_the_origin_is():
    here = one_d.exact([1, 1], [0.0, 1.6], 2, period=9.0).energy
    there = one_d.exact([1, 1], [4.2, 5.8], 2, period=9.0).energy
    assert here == pytest.approx(there, abs=1e-6)
    soft = checked_nuclei([1, 1], [0, 1.6], [0.7, 2.0], 9.0)
    assert soft.repulsion == pytest.approx(checked_nuclei([1, 1], [0, 1.6], 1.0, 9.0).repulsion)


@pytest.mark.parametrize("cells", [3, 4])
def test_a_ring_of_cells_is_a_crystal_at_as_many_k(cells):
    """Its levels are the bands at its k, each band once a k."""
    found = one_d.crystal([2], [0.0], 5.0, 2, cells=cells)
    assert found.converged and found.filled == 1 and len(found.k) == cells
    bands = np.sort(found.bands(found.k)[:, :3].ravel())
    np.testing.assert_allclose(bands, found.ring.levels[0][: 3 * cells], atol=1e-8)
    middle = found.bands([0.0, np.pi / 5.0])
    assert found.gap >= middle[1, 1] - middle[1, 0] - 1e-8  # the zone's edge has the least
    assert found.density.sum() * found.cell.spacing == pytest.approx(2)


@settings(max_examples=10, deadline=None)
@given(st.floats(-3.0, 3.0))
def test_bands_repeat_and_are_even(k):
    found = _crystal()
    again = found.bands([k, -k, k + 2 * np.pi / found.period])[:, :3]
    np.testing.assert_allclose(again[1], again[0], atol=1e-6)
    np.testing.assert_allclose(again[2], again[0], atol=1e-6)


def _crystal(made=[]):  # noqa: B006, once
    if not made:
        made.append(one_d.crystal([1, 1], [0.0, 1.5], 4.0, 2, cells=3))
    return made[0]


def test_a_functional_that_learned_on_the_line_runs_on_a_ring():
    box = dict(half_width=10.0, points=81)
    fit = one_d.train([one_d.exact([2], [0], 2, **box)], steps=2)
    found = one_d.crystal([2], [0.0], 5.0, 2, fit.functional, cells=3)
    assert found.converged and np.isfinite(found.bands([0.0])[:, :2]).all()


def test_what_no_ring_can_be():
    with pytest.raises(ValueError, match="a period is a length"):
        one_d.kohn_sham([1], [0], 1, period=-2.0)
    with pytest.raises(ValueError, match="no walls"):
        one_d.exact([1], [0], 1, period=5.0, half_width=9.0)
    with pytest.raises(ValueError, match="too coarse"):
        one_d.exact([1], [0], 1, period=9.0, points=9)
    with pytest.raises(ValueError, match="cells is a whole number"):
        one_d.crystal([1], [0], 3.0, 2, cells=0)
    exchange = one_d.crystal([2], [0.0], 5.0, 2, "exact exchange", cells=3)
    with pytest.raises(ValueError, match="local potentials"):
        exchange.bands([0.0])
