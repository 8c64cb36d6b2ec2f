"""The recipe: samples against the functional itself, reactions, the fit and what it refuses."""

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from pyscf import dft, gto, scf
from pyscf.data import elements

import mlxc_edu as mx
from mlxc_edu.calculations import frontier, solve
from mlxc_edu.functionals import edu26
from mlxc_edu.ks.learned import LearnedXC
from mlxc_edu.molecules import hund_spin
from mlxc_edu.training import (
    PRESETS,
    Settings,
    Trained,
    _fit,
    _train,
    _turns,
    energies,
    start,
    train,
)
from mlxc_edu.training import _cache as cache
from mlxc_edu.training._build import BASIS, Atom, atom_points
from mlxc_edu.training._data import PIECES, STEEP, Data, turned
from mlxc_edu.training._fit import SMALLEST_COLUMN, fit
from mlxc_edu.training._loss import differentiated, slope, summed
from mlxc_edu.training._own import own_state, states_of_atom
from mlxc_edu.training._own import turned as shaken
from mlxc_edu.training._pairs import pairs
from mlxc_edu.training._planes import drawn_of_one_orbital, ladder
from mlxc_edu.training._problem import Problem, evaluate
from mlxc_edu.training._reactions import (
    EVENLY_SHARED,
    EXACTLY,
    TABLE,
    Entry,
    barriers,
    entries,
    fractional,
    ions,
    molecules,
    totals,
)
from mlxc_edu.training._restricted import UNSURE, own_lessons, salts
from mlxc_edu.training._samples import GRID_LEVEL, Densities, rotations
from mlxc_edu.training._seen import seen

EVEN = dict.fromkeys(Settings().weights, 1.0)
COULOMB_KCAL = 332.06  # kcal/mol Å
SMALL = Settings(width=8, blocks=1, steps=6, weights=EVEN, slopes=20)


def orbitals(mf):
    return np.array(mf.mo_coeff), np.array(mf.mo_energy), np.array(mf.mo_occ)


@pytest.fixture(scope="module")
def radical():
    """OH with samples of a density and of two steps to either side along each rotation."""
    mol = gto.M(atom="O 0 0 0; H 0 0 0.97", basis="6-31g", spin=1, verbose=0)
    mf = dft.UKS(mol, xc="PBE")
    mf.grids.level = GRID_LEVEL
    mf.run()
    dm = np.asarray(mf.make_rdm1())
    hf = dft.UKS(mol, xc="HF").get_fock(dm=dm)
    turns = rotations(*orbitals(mf), [hf, mf.get_fock(dm=dm)], random=1, seed=0)
    return mol, mf, dm, turns


def energy(parameters, sample):
    double = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), parameters)
    seen = edu26.Inputs(jnp.asarray(sample.spins), jnp.asarray(sample.shared))
    return sample.energy + np.vdot(sample.scaled, edu26.coefficients(double, seen))


def test_a_sample_holds_the_total_energy(radical):
    mol, mf, dm, _ = radical
    parameters = jax.tree.map(lambda x: jnp.asarray(x, jnp.float64), start(SMALL))
    functional = LearnedXC(edu26.energy_density, parameters)
    xc, _ = functional.energy_and_fock(mol, mf.grids, dm, 1e9, exact=True)
    total = mf.energy_elec(dm, vhf=mf.get_j(dm=dm[0] + dm[1]))[0]
    coulomb = np.vdot(mf.get_j(dm=dm[0] + dm[1]), dm[0] + dm[1]) / 2
    total = np.vdot(mf.get_hcore(), dm[0] + dm[1]) + coulomb + mol.energy_nuc() + xc
    sample = seen(Densities(mol, dm).density(dm), edu26)
    assert energy(parameters, sample) == pytest.approx(total, abs=3e-6)


def test_slopes_against_finite_differences(radical):
    mol, _, dm, turns = radical
    densities, parameters = Densities(mol, dm, *turns), start(SMALL)
    sample, h = seen(densities.density(dm, turns), edu26), 1e-3

    def outputs(spins, shared):
        return edu26.coefficients(parameters, edu26.Inputs(spins, shared))

    for k, turn in enumerate(turns):
        at = jnp.asarray(sample.spins), jnp.asarray(sample.shared)
        along = jnp.asarray(sample.spins_slope[k]), jnp.asarray(sample.shared_slope[k])
        u, du = jax.jvp(outputs, at, along)
        slope = sample.slope[k] + np.sum(sample.scaled_slope[k] * u + sample.scaled * du)
        up, down = (
            energy(parameters, seen(densities.density(dm + s * h * turn), edu26)) for s in (1, -1)
        )
        assert slope == pytest.approx((up - down) / (2 * h), abs=2e-3)


def test_a_step_to_lower_energy_goes_down(radical):
    """Orbitals of PBE turned towards Hartree–Fock's: HF's energy falls, PBE's does not change."""
    mol, mf, dm, turns = radical
    hf = dft.UKS(mol, xc="HF")
    slope = np.vdot(hf.get_fock(dm=dm), turns[0])
    assert slope < -1e-3
    assert abs(np.vdot(mf.get_fock(dm=dm), turns[0])) < 1e-4


def test_ladders_follow_hund():
    assert ladder("H") == [(0, 0), (1, 0), (1, 1)]
    assert ladder("N") == [(2, 2), (3, 2), (4, 2), (5, 2)]
    assert ladder("O") == [(3, 2), (4, 2), (5, 2), (5, 3), (5, 4)]


def test_the_table_is_whole():
    """Every entry makes sense, each reaction adds up to zero atoms, and nothing is on two sides."""
    table = entries()
    assert {"H", "He", "C", "N", "O", "Na", "Cl"} <= set(table)
    for reaction in molecules(table):
        symbols = {}
        for n, name in reaction.parts:
            parts = table[name].symbols if name in table else (name.split()[0],)
            for s in parts:
                symbols[s] = symbols.get(s, 0) + n
        assert not any(symbols.values()), reaction
    sides = {}
    for e in table.values():
        if len(e.symbols) > 1:
            sides.setdefault(tuple(sorted(e.symbols)), set()).add(e.side)
    assert all(len(found) == 1 for found in sides.values())
    assert not any(found == {"test"} for found in sides.values())


@pytest.mark.parametrize(
    "atom,measured",  # eV, NIST Atomic Spectra Database
    [("Li", 5.392), ("C", 11.260), ("N", 14.534), ("O", 13.618), ("Na", 5.139), ("Cl", 12.968)],
)
def test_ionisation_energies_near_measured_ones(atom, measured):
    table = entries()
    ours = 27.211386 * (table[f"{atom}+1"].energy - table[atom].energy)
    assert ours == pytest.approx(measured, abs=0.06)


@pytest.mark.parametrize(
    "way,end,side",
    [
        ("train", "train", "train"),
        ("train", "validation", "validation"),
        ("test", "validation", "test"),
        ("validation", "test", "test"),
    ],
)
def test_a_barrier_is_on_the_stricter_side_of_its_ends(way, end, side):
    def entry(name, kind, where, energy, geometry):
        return Entry(name, kind, where, 0, 0, energy, 0.1, geometry)

    table = {s: entry(s, "atom", "train", e, f"{s} 0 0 0") for s, e in (("H", -0.5), ("O", -75.0))}
    table["OH 1"] = entry("OH 1", "wide", end, -75.65, "O 0 0 0; H 0 0 1")
    table["HOH"] = entry("HOH", "transfer", way, -76.1, "H 0 0 0; O 0 0 1; H 0 0 2")
    (found,) = barriers(table)
    assert found.side == side
    assert found.reference == pytest.approx(0.05 * mx.units.KCAL_PER_HARTREE)


def test_pairs_share_one_electron():
    """Each has the electrons of an atom and an ion in Hund's order, and the ends it is compared
    with have as many."""
    for pair in pairs():
        reaction, job = pair.reaction, pair.job
        electrons = 2 * (elements.charge(pair.symbol) - pair.charge) - 1
        ends = [name.split()[1:] for n, name in reaction.parts if n < 0]
        a, b = (sum(int(end[s]) for end in ends) for s in (0, 1))
        assert (a + b, a - b) == (electrons, job["spin"])
        assert job["charge"] == 2 * pair.charge + 1
        assert reaction.side == ("validation" if pair.symbol in "BO" else "train")
        repulsion = pair.charge * (pair.charge + 1) / pair.distance * COULOMB_KCAL
        assert -1 < reaction.reference - repulsion < 0


def test_whole_energies_of_atoms():
    """Against the exact ones of Chakravorty et al., Phys. Rev. A 47, 3649 (1993): what is missing
    is a part of the cores' correlation, less than what is allowed."""
    known = {"H": -0.5, "He": -2.90372, "Be": -14.66736, "C": -37.8450, "Ne": -128.9376}
    known |= {"Mg": -200.053, "Ar": -527.540}
    found = {r.parts[0][1].split()[0]: r for r in totals(entries())}
    for symbol, exact in known.items():
        r = found[symbol]
        assert abs(r.reference - exact * mx.units.KCAL_PER_HARTREE) < r.error
    assert len(energies()) == len(entries())


@pytest.mark.parametrize("electrons", [(4, 2), (3, 2), (5, 2)])
def test_an_open_shell_keeps_its_shape(electrons):
    """A density that is symmetrised by mirrors which it does not have is another one: N⁺, whose two
    p electrons leave one direction empty, came out 0.17 Hartree too high."""
    atom = Atom("N", GRID_LEVEL)
    mf = scf.UHF(atom.mol)
    expected = mf.energy_tot(atom.whole[electrons])
    density = dict(atom.of_whole())[electrons]
    assert float(density.energy) == pytest.approx(expected, abs=1e-4)


def test_planes_of_lessons_are_flat():
    """Every reaction of a plane has as many electrons on both sides, and its density holds them."""
    points = [*atom_points("Li", 0)]
    planes = {p.name: p for p in points if p.kind.startswith("plane")}
    assert {p.kind for p in planes.values()} == {"plane", "plane mixed"}
    listed = [(p.name, p.kind, p.electrons) for p in points]
    found = {r.name: r for r in fractional("Li", listed) if r.kind in ("plane", "mixed plane")}
    assert {*found} == {*planes}
    by_name = {p.name: p for p in points}
    for name, reaction in found.items():
        electrons = [n * sum(by_name[part].electrons) for n, part in reaction.parts]
        assert sum(electrons) == pytest.approx(0, abs=1e-9)
        counted = by_name[name].density
        held = (counted.weights[:, None] * counted.features[:, :2]).sum(axis=0)
        np.testing.assert_allclose(held, by_name[name].electrons, atol=2e-3)


@pytest.fixture(scope="module")
def own_states_of_lithium():
    return [*states_of_atom("Li", "PBE", (0, 1))]


def test_a_functionals_own_states_are_lessons(own_states_of_lithium):
    """What everybody finds at a place of the plane should have its energy; a place turned at random
    may lead higher, but not lower. PBE is off by more than is let pass nearly everywhere."""
    found = own_states_of_lithium
    assert len(found) > 4 and "plane" in {p.kind for p in found} <= {"plane", "below"}
    for point in found:
        counted = point.density
        held = (counted.weights[:, None] * counted.features[:, :2]).sum(axis=0)
        np.testing.assert_allclose(held, point.electrons, atol=2e-3)
        assert (point.kind == "plane") == point.name.endswith(" 0")
    again = [p.name for p in states_of_atom("Li", "PBE", (0, 1))]
    assert again == [p.name for p in found] != [p.name for p in states_of_atom("Li", "PBE", (1, 1))]


def test_one_orbital_beside_full_ones_is_a_plane():
    """Chlorine's last p orbital, carbon's first; exact, where an evenly shared shell is not."""
    triangles = {"Cl": {(8, True)}, "C": {(2, False)}, "Li": {(1, False), (1, True)}, "O": set()}
    for symbol, expected in triangles.items():
        mol = gto.M(atom=symbol, spin=hund_spin(symbol, 0), basis="sto-3g", verbose=0)
        shared, generator = frontier(mol), np.random.default_rng(0)
        found = [*drawn_of_one_orbital(symbol, shared, ladder(symbol), 40, generator)]
        assert len({p.label for p in found}) == len(found)
        seen = set()
        for place in found:
            full = int(place.label.split()[2])
            np.testing.assert_allclose(place.occupations.sum(axis=1), place.electrons)
            assert (place.occupations[:, :full] == 1).all()
            assert (place.occupations[:, full + 1 :] == 0).all()
            x, y = place.occupations[:, full]
            assert 0 <= y <= x <= 1
            if x + y != 1:
                seen.add((full, bool(x + y > 1)))
        assert seen == expected
    listed = [("Cl own of one 8 0.5 0.75", "plane", (8.75, 8.5)), ("Cl own plane", "plane", (8, 8))]
    assert [r.error for r in fractional("Cl", listed)] == [EXACTLY, EVENLY_SHARED]


@pytest.mark.parametrize("restricted", [True, False])
def test_a_bonds_own_state(restricted):
    """Of PBE it is PBE's: the same energy, from the same density, with paired electrons higher."""
    bond = "H 0 0 0; H 0 0 2"
    density = own_state(bond, "PBE", restricted, settled=True)
    mol = gto.M(atom=bond, basis=BASIS, verbose=0)
    mf = mol.RKS(xc="PBE").run() if restricted else solve(mol, "PBE").mean_field
    held = (density.weights[:, None] * density.features[:, :2]).sum(axis=0)
    np.testing.assert_allclose(held, (1, 1), atol=2e-3)
    exact = (dft.RKS if restricted else dft.UKS)(mf.mol, xc="HF").energy_tot(mf.make_rdm1())
    assert float(density.energy) == pytest.approx(exact, abs=2e-4)


def test_salts_are_lessons_from_one_side():
    """Above the ion pair near, above the atoms far away; 1/R by hand, and Na's and F's energies."""
    table = entries()
    listed = {lesson.job["name"]: lesson.reaction for lesson in salts(table)}
    assert all(r.bound and r.kind == "bound" and r.side == "train" for r in listed.values())
    assert not {"NaCl", "LiF"} & {name.split()[0] for name in listed}
    assert {"NaF 6.000", "NaF 6.000 restricted", "LiCl 12.000"} <= set(listed)
    far, near = listed["NaF 12.000 restricted"], listed["NaF 6.000 restricted"]
    cost = table["Na+1"].energy + table["F-1"].energy - table["Na"].energy - table["F"].energy
    assert far.reference == -UNSURE
    assert near.reference == pytest.approx(cost * 627.5095 - COULOMB_KCAL / 6 - UNSURE, abs=0.02)
    assert {n for n, _ in near.parts} == {1.0, -1.0} and len(near.parts) == 3
    assert [r.reaction.name for r in own_lessons(table)][-len(listed) :] == [
        r.name for r in listed.values()
    ]


def test_a_state_below_the_plane_is_a_lesson_from_one_side(own_states_of_lithium):
    """PBE bends below the line between whole numbers, so its minimiser finds such states; what is
    found counts as an error only of a functional that thinks the same, and then its slope."""
    found = own_states_of_lithium
    points = {p.name: p for p in (*atom_points("Li", 0), *found)}
    wrong = fractional("Li", [(p.name, "below", p.electrons) for p in found])
    assert {r.kind for r in wrong} == {"bound"} and len(wrong) == len(found)
    needed = {name for r in wrong for _, name in r.parts}
    samples = {name: seen(points[name].density, edu26) for name in needed}
    settings = replace(SMALL, regulariser=0.0)
    lifted, lowered = (
        Problem(Data([replace(r, reference=e) for r in wrong], samples), settings)
        for e in (1e6, -1e6)  # all are too low, and none
    )
    errors, jacobian = lifted.errors_and_jacobian(start(SMALL))
    assert (errors < 0).all() and jacobian.any(axis=1).all()
    errors, jacobian = lowered.errors_and_jacobian(start(SMALL))
    assert not errors.any() and not jacobian.any()


def test_an_error_below_counts_more_where_a_minimiser_falls(own_states_of_lithium):
    """Three times as much of planes, from below only; reported errors are kcal/mol all the same."""
    points = {p.name: p for p in (*atom_points("Li", 0), *own_states_of_lithium)}
    lessons = fractional("Li", [(p.name, "plane", p.electrons) for p in own_states_of_lithium])
    assert {r.kind for r in lessons} == {"plane"}
    needed = {name for r in lessons for _, name in r.parts}
    samples = {name: seen(points[name].density, edu26) for name in needed}
    settings = replace(SMALL, regulariser=0.0, weights=SMALL.weights | {"plane": 1.0})
    careful = replace(settings, below=3.0)
    for reference, times in ((1e6, 3.0), (-1e6, 1.0)):
        data = Data([replace(r, reference=reference) for r in lessons], samples)
        errors, jacobian = Problem(data, settings).errors_and_jacobian(start(SMALL))
        counted, rows = Problem(data, careful).errors_and_jacobian(start(SMALL))
        np.testing.assert_allclose(counted, times * errors, rtol=1e-6)
        np.testing.assert_allclose(rows, times * jacobian, rtol=1e-5, atol=1e-7)
        plain, same = (evaluate(start(SMALL), data, s)[0] for s in (settings, careful))
        np.testing.assert_allclose(same, plain, rtol=1e-6)


def test_orbitals_turned_at_random_stay_orthonormal():
    mf = scf.UHF(gto.M(atom="N", spin=3, basis="def2-svp", verbose=0)).run()
    assert np.array_equal(shaken(mf.mo_coeff, mf.mo_occ, 0), mf.mo_coeff)
    other = shaken(mf.mo_coeff, mf.mo_occ, 3)
    for c, before in zip(other, mf.mo_coeff):
        np.testing.assert_allclose(c.T @ mf.get_ovlp() @ c, np.eye(c.shape[1]), atol=1e-10)
        assert abs(before.T @ mf.get_ovlp() @ c - np.eye(c.shape[1])).max() > 0.1


def test_the_order_of_the_lessons_is_the_same_in_every_process():
    """Else a seed draws other lessons, and no fit goes on in a new process."""
    code = "from mlxc_edu.training._train import small_data; "
    code += "print([r.name for side in small_data() for r in side.reactions])"
    orders = []
    for hash_seed in "01":
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-W", "ignore", "-c", code]
        orders.append(subprocess.check_output(command, env=environment, text=True))
    assert "ionised" in orders[0]
    assert orders[0] == orders[1]


def test_a_broken_entry_is_named(tmp_path):
    rows = list(csv.reader(TABLE.read_text().splitlines()))
    rows[5][rows[0].index("energy")] = "lost"
    broken = tmp_path / "energies.csv"
    with broken.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(ValueError, match=re.escape(f"line 6, {rows[5][0]}")):
        entries(broken)
    rows[5][rows[0].index("energy")] = "-1.0"
    rows[5][rows[0].index("spin")] = "7"
    with broken.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    entries.cache_clear()
    with pytest.raises(ValueError, match=re.escape(rows[5][0]) + ".*unpaired"):
        entries(broken)


@pytest.fixture(scope="module")
def hydrogen(tmp_path_factory):
    """Fractions of a hydrogen atom: all that a fit needs, in seconds."""
    where = tmp_path_factory.mktemp("samples")
    assert cache.build([{"atom": "H", "list": "H"}], where, workers=1) == {}
    reactions = fractional("H", cache.atom_list("H", where))
    reactions += [r for r in ions(entries()) if r.name in ("H ionised", "H-1 ionised")]
    return Data.load(reactions, where, edu26), where


def test_one_electron_needs_no_training(hydrogen):
    """H from 0 to 1 electrons lies on the line whatever the parameters; its spins do not."""
    data, _ = hydrogen
    errors, _ = evaluate(start(SMALL), data, SMALL)
    found = {r.name: e for r, e in zip(data.reactions, errors)}
    assert abs(found["H 0.5 0 mixed"]) < 0.01
    assert 0 < found["H 0.5 0"] < 1  # this density is another functional's
    assert abs(found["H 0.5 0.5 mixed"]) > 5


def test_a_fit_reduces_the_error_and_resumes(hydrogen, tmp_path):
    data, _ = hydrogen
    reports = []
    whole, history = fit(data, data, SMALL, tmp_path / "a", reports.append)
    assert reports == history and history[-1]["step"] == SMALL.steps
    before, _ = evaluate(start(SMALL), data, SMALL)
    after, _ = evaluate(whole, data, SMALL)
    assert np.abs(after).mean() < np.abs(before).mean()

    class Stop(Exception):
        pass

    def stop(row):
        if row["step"] == 3:
            raise Stop

    again = tmp_path / "b"
    with pytest.raises(Stop):
        fit(data, data, SMALL, again, stop)
    resumed, longer = fit(data, data, SMALL, again)
    assert [row["step"] for row in longer] == [row["step"] for row in history]
    for a, b in zip(whole, resumed):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_fit_ends_at_the_mean_of_its_last_steps_also_when_resumed(hydrogen, tmp_path):
    data, _ = hydrogen
    ends = [fit(data, data, replace(SMALL, steps=n))[0] for n in (2, 3)]
    averaged = replace(SMALL, steps=3, averaged=2)

    def stop(row):
        if row["step"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, data, averaged, tmp_path / "a", stop)
    mean, _ = fit(data, data, averaged, tmp_path / "a")
    for a, b, c in zip(*ends, mean):
        np.testing.assert_allclose((a + b) / 2, c, rtol=1e-5, atol=1e-6)
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(*ends))


def test_a_resumed_fit_with_other_settings_is_refused(hydrogen, tmp_path):
    data, _ = hydrogen
    path = tmp_path / "checkpoint"
    fit(data, data, replace(SMALL, steps=2), path)
    with pytest.raises(ValueError, match=r"damping: 0\.01, now 0\.1"):
        fit(data, data, replace(SMALL, steps=2, damping=0.1), path)


def test_a_fit_resumed_with_other_data_is_refused(hydrogen, tmp_path):
    data, _ = hydrogen
    path, few = tmp_path / "checkpoint", replace(SMALL, steps=2)
    fit(data, data, few, path)
    fewer = Data(data.reactions[:-3], data.samples)
    with pytest.raises(ValueError, match="data: "):
        fit(fewer, data, few, path)


def test_a_broken_density_is_named(hydrogen, tmp_path):
    data, where = hydrogen
    density, _ = cache.read("H 1 0", where)
    broken = density._replace(features=density.features * np.nan)
    cache.write("H 1 0", broken, tmp_path)
    with pytest.raises(ValueError, match="'H 1 0'"):
        Data.load([r for r in data.reactions if r.name == "H ionised"], tmp_path, edu26)
    cache.write("H 1 0", density, tmp_path)
    with pytest.raises(FileNotFoundError, match="'H 1 1'"):
        Data.load([r for r in data.reactions if r.name == "H-1 ionised"], tmp_path, edu26)


def test_errors_are_the_reactions_energies(hydrogen):
    """What comes out of pieces, stacks and single precision is what samples and reactions say."""
    data, _ = hydrogen
    parameters = start(SMALL)
    errors, _ = evaluate(parameters, data, SMALL)
    for r, found in zip(data.reactions, errors):
        total = sum(n * energy(parameters, data.samples[name]) for n, name in r.parts)
        expected = total * mx.units.KCAL_PER_HARTREE - r.reference
        expected = min(expected, 0.0) if r.bound else expected
        assert found == pytest.approx(expected, abs=0.02)
    stacks = [*data.points()]
    assert all(len(points.scaled) == PIECES for _, points in stacks)
    weights = sum(np.abs(points.scaled).sum() for _, points in stacks)
    assert weights == pytest.approx(sum(np.abs(s.scaled).sum() for s in data.needed), rel=1e-5)


def test_derivatives_of_errors_against_finite_differences(hydrogen):
    data, _ = hydrogen
    parameters, problem, h = start(SMALL), Problem(data, SMALL), 5e-3
    problem.draw(0)
    flat, unravel = ravel_pytree(parameters)
    _, jacobian = problem.errors_and_jacobian(parameters)
    direction = np.random.default_rng(0).normal(size=len(flat)).astype(np.float32)
    up, down = (problem.errors(unravel(flat + s * h * direction)) for s in (1, -1))
    expected = (up - down) / (2 * h)
    assert jacobian.shape == (len(data.reactions) + SMALL.slopes, len(flat))
    np.testing.assert_allclose(jacobian @ direction, expected, atol=2e-3 * np.abs(expected).max())


def test_slopes_of_drawn_samples(hydrogen):
    data, _ = hydrogen
    drawn, parameters = data.draw(5, np.random.default_rng(1)), start(SMALL)
    found = summed(slope, parameters, turned(drawn), len(drawn))
    again, _ = differentiated(slope, parameters, turned(drawn), len(drawn))
    np.testing.assert_allclose(found, again, atol=1e-6)

    def outputs(spins, shared):
        return edu26.coefficients(parameters, edu26.Inputs(spins, shared))

    for (s, k), value in zip(drawn, found):
        u, du = jax.jvp(outputs, (s.spins, s.shared), (s.spins_slope[k], s.shared_slope[k]))
        expected = float(np.sum(s.scaled_slope[k] * u + s.scaled * du))
        assert value == pytest.approx(expected, abs=1e-5)


def test_blind_inputs_are_not_seen():
    parameters = start(Settings(blind=("exchange", "range")))
    assert not np.asarray(parameters.own_w)[[4, 5]].any()
    assert np.asarray(parameters.own_w)[[0, 1, 2, 3]].all()
    with pytest.raises(ValueError, match="no lessons are called taste; there are molecule"):
        Settings(weights={"taste": 1.0})
    with pytest.raises(ValueError, match="zero or larger"):
        Settings(weights={"spin": -1.0})
    with pytest.raises(ValueError, match="no lessons are left"):
        Settings(weights={"spin": 0.0})
    with pytest.raises(ValueError, match="below is a factor"):
        Settings(below=0.0)
    with pytest.raises(ValueError, match="no input is called smell; there are share"):
        Settings(blind=("smell",))


def test_what_comes_with_the_package_trains(tmp_path):
    """The preset of two minutes, all of it: errors fall, and KS takes the file."""
    settings = PRESETS["two-minutes"].settings
    found = train("two-minutes", settings=settings)
    assert found.history["loss"].iloc[-1] < found.history["loss"].iloc[0] / 2
    assert {"train_charge", "validation_molecule"} <= set(found.history)
    mol = gto.M(atom="He 0 0 0", basis="6-31g", verbose=0)
    path = found.save(tmp_path / "mine.npz")
    again = Trained.load(path)
    assert again.settings == settings and again.history.equals(found.history)
    assert all(np.array_equal(a, b) for a, b in zip(again.parameters, found.parameters))
    mf = mx.KS(mol, str(path)).run()
    assert mf.converged and mf.e_tot == pytest.approx(-2.9, abs=0.1)
    fig = mx.plot(found.history)
    assert "kcal/mol" in fig.layout.yaxis.title.text and len(fig.data) >= 5
    without = train("two-minutes", settings=settings, fractional=False)
    assert "train_charge" not in without.history
    with pytest.raises(ValueError, match=r"ends in \.npz"):
        found.save(tmp_path / "mine.txt")


def test_an_equation_a_parameter_is_an_equation_an_error():
    """Both ways of a damped step are the same, with parameters scaled; a pull goes to zero."""
    generator = np.random.default_rng(0)
    jacobian, x, flat = (generator.normal(size=s) for s in ((7, 4), 7, 4))
    column = (jacobian**2).sum(axis=0)
    scale = 1 / np.sqrt(column + SMALLEST_COLUMN * column.mean())
    short = _fit._of_parameters(jacobian, x, 0.0, flat)(0.1)
    np.testing.assert_allclose(short, scale * _fit._of_errors(jacobian * scale, x)(0.1))
    pulled = _fit._of_parameters(jacobian, x, 1e9, flat)(1e-9)
    np.testing.assert_allclose(pulled, flat, rtol=1e-6)


def test_slopes_are_drawn_where_they_are_steep(hydrogen):
    """Two thirds of planes, spins and broken pairs; without any, of all."""
    data, _ = hydrogen
    steep = {id(data.samples[r.parts[0][1]]) for r in data.reactions if r.kind in STEEP}
    for kept, share in ((data, 6), (data.of_kinds({"charge": 1.0, "ion": 1.0}), 0)):
        drawn = kept.draw(9, np.random.default_rng(1))
        chosen = [id(sample) for sample, _ in drawn]
        assert sum(c in steep for c in chosen) == share and len({*chosen}) == 9
        again = [id(sample) for sample, _ in kept.draw(9, np.random.default_rng(1))]
        assert again == chosen


def _said(path):
    with np.load(path) as kept:
        return json.loads(str(kept["said"])) if "said" in kept else {}


def test_fit_and_search_take_turns(tmp_path, monkeypatch):
    """Hydrogen, and boron, which validates, and a bond that breaks with its electrons paired: two
    steps, a search, two more; what was found is kept, and a fit that is run again does not search
    again."""
    monkeypatch.setenv("MLXC_EDU_TRAINING_DIR", str(tmp_path))
    few = {name: e for name, e in entries().items() if name in ("H", "H-1", "B")}
    for module in (_train, _turns):
        monkeypatch.setattr(module, "ATOMS", ("H", "B"))
        monkeypatch.setattr(module, "entries", lambda: few)
    monkeypatch.setattr(_train, "pairs", list)
    bonds = [r for r in own_lessons(entries()) if r.job["name"] == "HH 5.000 restricted"]
    monkeypatch.setattr(_train, "restricted", lambda table: bonds)
    monkeypatch.setattr(_turns, "own_lessons", lambda table: bonds)
    settings = replace(
        SMALL, steps=2, turns=1, further=2, weights=EVEN, form="EDU27", search=True, pull=1e-4
    )
    first = train("laptop", settings=settings, workers=1)
    assert [*first.history["step"]] == [1, 2, 3, 4]
    searched = sorted(tmp_path.glob("* *.json"))
    assert [file.name[:2] for file in searched] == ["H "]
    own = [said["name"] for said in map(_said, tmp_path.glob("*.npz")) if "name" in said]
    assert [n for n in own if n.startswith("HH") and " by " in n] == [
        f"HH 5.000 restricted by {searched[0].stem.split()[1]}"
    ]
    times = [file.stat().st_mtime_ns for file in searched]
    again = train("laptop", settings=settings, workers=1)
    assert [file.stat().st_mtime_ns for file in sorted(tmp_path.glob("* *.json"))] == times
    for a, b in zip(first.parameters, again.parameters):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="turns must be 0"):
        train("two-minutes", settings=replace(SMALL, turns=1))


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match="there are two-minutes, laptop, full"):
        train("hour")
