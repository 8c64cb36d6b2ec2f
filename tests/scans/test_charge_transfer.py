"""From E(N) of two atoms to their stretched molecule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlxc_edu as mx
from mlxc_edu.units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE

SMALL = dict(basis="sto-3g", workers=1, progress=False)


def parabola(whole, slope, bend, method="PBE", points=5, converged=True):
    """E(whole + x) = slope x − bend x(1 − x). At the lower end the filled orbitals' highest is
    another one, whose energy is not the derivative."""
    x = np.linspace(0, 1, points)
    homo, lumo = slope - bend * (1 - 2 * x), np.full(points, 7.0)
    homo[0], lumo[0] = -9.0, homo[0]
    energy = -3.0 + slope * x - bend * x * (1 - x)
    columns = dict(method=method, n=whole + x, energy=energy, converged=converged)
    return pd.DataFrame(columns | dict(homo=homo, lumo=lumo))


def lowest(gap, bend, share, r):
    """Of gap q − bend q(1 − q) − [q² + share q(1 − q)]/r for q from 0 to 1: (q, energy in kcal)."""
    coulomb = ANGSTROM_PER_BOHR / r
    bend = bend + share * coulomb
    curvature = 2 * (bend - coulomb)
    inside = [(bend - gap) / curvature] if curvature > 0 else []
    ends = [q for q in [0.0, 1.0, *inside] if 0 <= q <= 1]
    energies = [gap * q - bend * q * (1 - q) - coulomb * q**2 for q in ends]
    best = int(np.argmin(energies))
    return ends[best], energies[best] * KCAL_PER_HARTREE


@pytest.mark.parametrize(
    ("method", "share"), [("PBE", 0), ("B3LYP", 0.2), ("CAM-B3LYP", 0.65), ("HF", 1), ("DM21", 1)]
)
def test_transfer_between_parabolas_is_where_calculus_puts_it(method, share):
    donor, acceptor = parabola(10, -0.19, 0.03, method), parabola(17, -0.13, 0.07, method)
    shuffled = donor.sample(frac=1, random_state=1)
    table = mx.charge_transfer(shuffled, acceptor, [np.inf, 20.0, 5.0])
    assert list(table.columns) == ["method", "r", "charge", "relative_kcal", "converged"]
    assert table["r"].tolist() == [np.inf, 20.0, 5.0] and table["converged"].all()
    for row in table.itertuples():
        charge, energy = lowest(0.06, 0.1, share, row.r)
        assert row.charge == pytest.approx(charge, abs=2e-4)
        assert row.relative_kcal == pytest.approx(energy, abs=1e-4)
    assert table["charge"][0] == pytest.approx(0.2, abs=2e-4)


slopes, bends = st.floats(-0.5, 0.5), st.floats(-0.3, 0.3)


@given(slopes, bends, slopes, bends, st.sampled_from([np.inf, 50.0, 8.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_transfer_is_at_most_one_electron_and_never_costs(i, bend_d, a, bend_a, r):
    table = mx.charge_transfer(parabola(10, i, bend_d), parabola(17, a, bend_a), r)
    charge, energy = table["charge"].item(), table["relative_kcal"].item()
    assert 0 <= charge <= 1 and energy <= 0
    assert energy == pytest.approx(lowest(a - i, bend_d + bend_a, 0, r)[1], abs=1e-3)


def test_transfer_without_orbital_energies(store):
    """As a wavefunction method has none: exact atoms exchange nothing or a whole electron."""
    exact = [parabola(10, -0.2, 0, "exact", 2), parabola(17, -0.1, 0, "exact", 2)]
    exact = [t.assign(homo=np.nan, lumo=np.nan) for t in exact]
    crossing = ANGSTROM_PER_BOHR / 0.1
    table = mx.charge_transfer(*exact, [np.inf, crossing + 0.1, crossing - 0.1])
    assert table["charge"].tolist() == [0, 0, 1]


def test_transfer_of_common_methods_only_and_with_all_doubts():
    donor = pd.concat([parabola(10, -0.2, 0.1, m) for m in ("HF", "PBE", "LDA")])
    acceptor = pd.concat([parabola(17, -0.1, 0.1, m, converged=m != "PBE") for m in ("PBE", "HF")])
    table = mx.charge_transfer(donor, acceptor)
    assert table["method"].tolist() == ["HF", "PBE"]
    assert table["converged"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, a: (d.drop(columns="homo"), a), "takes tables made by"),
        (lambda d, a: (d, a.assign(method="HF")), "no method in common"),
        (lambda d, a: (d.iloc[1:], a), "from one whole number to the next, not from 10.25 to 11"),
        (lambda d, a: (d, a.iloc[:3]), "from one whole number to the next, not from 17 to 17.5"),
        (lambda d, a: (d, a.assign(n=a["n"] + 0.5)), "from one whole number to the next"),
        (lambda d, a: (d, pd.concat([a, parabola(18, 0, 0)[1:]])), "not from 17 to 19"),
        (lambda d, a: (d.assign(energy=np.nan), a), "a point of E.N. has no energy"),
    ],
)
def test_tables_that_fit_no_transfer_are_refused(change, message):
    donor, acceptor = change(parabola(10, -0.2, 0.1), parabola(17, -0.1, 0.1))
    with pytest.raises(ValueError, match=message):
        mx.charge_transfer(donor, acceptor)


@pytest.mark.parametrize("r", [[], "far", [5, -1], [0], [float("nan")], None])
def test_distances_that_are_none_are_refused(r):
    with pytest.raises(ValueError, match="r must be distances in Å, or inf"):
        mx.charge_transfer(parabola(10, -0.2, 0.1), parabola(17, -0.1, 0.1), r)


def test_names_in_the_place_of_tables_are_refused():
    with pytest.raises(ValueError, match="takes tables made by"):
        mx.charge_transfer("Na", "Cl")


def test_steep_beginning_does_not_become_a_deep_well():
    """E of DM21's hydrogen falls by 0.3 kcal/mol in the first 1e-4 of a second electron: lumo is
    −4.5 Hartree. No point of the table lies below the line by more than that."""
    donor, acceptor = parabola(10, -0.19, 0.0, points=11), parabola(1, 0.02, 0.0, points=11)
    acceptor.loc[0, "lumo"] = -4.5
    assert mx.charge_transfer(donor, acceptor)["relative_kcal"].item() > -1


def test_predicted_transfer_is_what_the_molecule_does(store):
    """NaCl with PBE, far apart: E(N) of the atoms against the molecule itself."""
    n = np.array([0, 0.3, 0.45, 1])
    options = dict(basis="6-31g", workers=1, progress=False, store=store)
    sodium = mx.fractional_charge("Na", ["PBE"], 11 - n, **options)
    chlorine = mx.fractional_charge("Cl", ["PBE"], 17 + n, **options)
    predicted = mx.charge_transfer(sodium, chlorine, 30.0).iloc[0]
    found = mx.solve(mx.molecule("NaCl", bond_length=30.0, basis="6-31g"), "PBE")
    assert predicted["converged"] and found.converged
    assert predicted["charge"] == pytest.approx(found.charges[0], abs=0.01)
    atoms = sodium["energy"].iloc[-1] + chlorine["energy"].iloc[0]
    relative = (found.energy - atoms) * KCAL_PER_HARTREE
    assert predicted["relative_kcal"] == pytest.approx(relative, abs=0.3)
