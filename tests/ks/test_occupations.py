"""Orbitals that hold parts of an electron: they keep them, whatever PySCF would rather do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyscf import gto, hessian, lib, mp, scf, tddft

import mlxc_edu as mx
from mlxc_edu.ks.methods._unsupported import ROUTES
from mlxc_edu.ks.occupations._annealing import _settled
from mlxc_edu.units import ANGSTROM_PER_BOHR

NOISE = dict(PBE=1e-8, HF=1e-8, DM21=5e-7)  # Hartree
LIH = "Li 0 0 0; H 0 0 1.6"


def ks(system, xc="PBE", basis="6-31g", spin=0, symmetry=False, **options):
    """On a coarse grid: what is tested here holds on every grid."""
    mol = gto.M(atom=system, basis=basis, spin=spin, symmetry=symmetry, verbose=0)
    mf = mx.KS(mol, xc, **options)
    mf.grids.level = 0
    return mf


def run(*args, **options):
    mf = ks(*args, **options).run()
    assert mf.converged
    return mf


def hydrogen(n_alpha, n_beta, xc="PBE", **options):
    return run("H 0 0 0", xc, spin=1, occupations=(n_alpha, n_beta), **options)


def electrons(mf):
    """(2,): what its density matrix holds of each spin."""
    dm = np.asarray(mf.make_rdm1())
    dm = dm if dm.ndim == 3 else np.array([dm / 2, dm / 2])
    return np.einsum("sij,ji->s", dm, mf.get_ovlp())


@pytest.fixture
def functional(request):
    """A method's name; the test of a learned one needs its parameters."""
    if request.param == "DM21":
        request.getfixturevalue("released")
    return request.param


methods = pytest.mark.parametrize("functional", ["PBE", "HF", "DM21"], indirect=True)


# --- energies ------------------------------------------------------------------------------------


@methods
@pytest.mark.parametrize("unrestricted", [False, True])
@pytest.mark.parametrize(("system", "spin"), [(LIH, 0), ("N 0 0 0; H 0 0 1.04", 2)])
def test_whole_occupations_give_the_ordinary_calculation(functional, unrestricted, system, spin):
    plain = run(system, functional, spin=spin, unrestricted=unrestricted)
    whole = plain.mol.nelec
    mf = run(system, functional, spin=spin, unrestricted=unrestricted, occupations=whole)
    assert np.ndim(mf.mo_occ) == np.ndim(plain.mo_occ)
    assert mf.e_tot == pytest.approx(plain.e_tot, abs=NOISE[functional])
    # ⟨S²⟩ is not stationary as the energy is: it feels the gradient that is left.
    np.testing.assert_allclose(mf.spin_square(), plain.spin_square(), atol=1e-4)


@pytest.mark.parametrize("n", [0.1, 0.5, 0.9])
def test_hartree_fock_of_a_part_of_one_electron_is_on_the_straight_line(n):
    """Without self-interaction E(N) is linear. A trap: ``scf.UHF`` of a molecule of one electron is
    a class of its own, which fills the lowest orbital and asks nobody."""
    for system, charge in (("H 0 0 0", 0), ("H 0 0 0; H 0 0 1.06", 1)):
        mol = gto.M(atom=system, charge=charge, spin=1, basis="6-31g", verbose=0)
        assert isinstance(scf.UHF(mol), scf.uhf.HF1e)
        whole = scf.UHF(mol).kernel() - mol.energy_nuc()
        for pair in ((n, 0), (0, n)):
            mf = mx.KS(mol, "HF", occupations=pair).run()
            assert mf.converged and electrons(mf).sum() == pytest.approx(n)
            assert mf.e_tot - mol.energy_nuc() == pytest.approx(n * whole, abs=1e-9)


@methods
def test_half_and_half_is_two_atoms_of_half_spins(functional):
    """At 20 Å ½–½ in σg and σu is the product of two atoms, each with ½ α and ½ β electron."""
    pair = run("H 0 0 0; H 0 0 20", functional, occupations="half")
    # The atom's molecule is a doublet, and restricted orbitals need one that is not.
    mol = gto.M(atom="H 0 0 0; ghost-H 0 0 20", charge=-1, basis="6-31g", verbose=0)
    atom = mx.KS(mol, functional, occupations=(0.5, 0.5))
    atom.grids = pair.grids  # PySCF before 2.13 divides space a little differently near a ghost
    atom.run()
    assert np.ndim(pair.mo_occ) == np.ndim(atom.mo_occ) == 1
    assert pair.e_tot == pytest.approx(2 * atom.e_tot, abs=2e-6)


def test_whichever_spin_is_shared():
    """(a, b) and (b, a) are mirror images, restricted orbitals are no other than equal ones."""
    assert hydrogen(0.75, 0.25).e_tot == pytest.approx(hydrogen(0.25, 0.75).e_tot, abs=1e-8)
    restricted = run(LIH, occupations=(1.6, 1.6))
    unrestricted = run(LIH, occupations=(1.6, 1.6), unrestricted=True)
    assert restricted.e_tot == pytest.approx(unrestricted.e_tot, abs=1e-8)
    np.testing.assert_allclose(electrons(restricted), 1.6)


def test_equal_parts_in_an_open_shell_molecule_leave_a_right_density():
    mf = hydrogen(0.5, 0.5)
    np.testing.assert_allclose(electrons(mf), 0.5, atol=1e-9)


# --- gradients -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("functional", "occupations"),
    [
        ("PBE", (2, 1.4)),
        ("PBE", ([1, 0.6, 0.4], [1, 0.7, 0.3])),
        ("HF", "half"),
        ("TPSS", "half"),
        ("PBE-D3BJ", (2, 1.4)),
        ("DM21", (2, 1.4)),
    ],
    indirect=["functional"],
)
def test_nuclear_gradient_is_the_energys_derivative(functional, occupations):
    def at(distance):
        options = dict(occupations=occupations, precision="float64")
        mf = ks(f"Li 0 0 0; H 0 0 {distance}", functional, **options)
        mf.conv_tol_grad = 1e-6
        return mf.run()

    step = 1e-3  # Å
    gradients = at(1.6).nuc_grad_method()
    gradients.grid_response = functional != "HF"
    slope = (at(1.6 + step).e_tot - at(1.6 - step).e_tot) / (2 * step / ANGSTROM_PER_BOHR)
    assert gradients.kernel()[1, 2] == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("occupations", [(2, 1.4), ([1, 0.6, 0.4], [1, 0.7, 0.3])])
def test_orbital_gradient_is_zero_at_the_minimum_only(occupations):
    mf = run(LIH, occupations=occupations)
    assert np.linalg.norm(mf.get_grad(mf.mo_coeff, mf.mo_occ)) < 1e-5
    # Full with fractional, fractional with empty, and two different fractions: all count.
    occupied = mf.mo_occ[1]
    partly = np.flatnonzero((occupied > 0) & (occupied < 1))
    pairs = [(np.flatnonzero(occupied == 1)[-1], partly[0]), (partly[-1], partly[-1] + 1)]
    pairs += [(partly[0], partly[1])] if len(partly) > 1 else []
    for i, j in pairs:
        turned = mf.mo_coeff.copy()
        turned[1][:, [i, j]] = turned[1][:, [i, j]] @ [[0.995, 0.0998], [-0.0998, 0.995]]
        assert np.linalg.norm(mf.get_grad(turned, mf.mo_occ)) > 1e-3


# --- annealed ------------------------------------------------------------------------------------


def test_annealed_is_whole_at_equilibrium():
    annealed = run("H 0 0 0; H 0 0 0.74", occupations="annealed")
    assert set(annealed.mo_occ) == {0.0, 2.0}
    assert annealed.e_tot == pytest.approx(run("H 0 0 0; H 0 0 0.74").e_tot, abs=1e-8)


def test_annealed_pair_of_stretched_h2_settles_where_the_levels_meet(released):
    found = {
        how: run("H 0 0 0; H 0 0 2.5", "DM21", basis="def2-svp", occupations=how)
        for how in [(1, 1), "half", "annealed"]
    }
    energies = {how: mf.e_tot for how, mf in found.items()}
    assert energies["annealed"] < energies["half"] - 5e-3 < energies[1, 1] - 2e-2
    mf = found["annealed"]
    assert mf.mo_occ[:2] == pytest.approx([1.37, 0.63], abs=0.03)
    assert mf.mo_energy[0] == pytest.approx(mf.mo_energy[1], abs=2e-3)
    # They are this object's occupations now, and stay what they are.
    np.testing.assert_allclose(2 * mf.occupations[0], mf.mo_occ)


def test_annealed_is_below_every_other_way_to_fill():
    """The levels of stretched F2 meet at unequal shares."""
    stretched = "F 0 0 0; F 0 0 2.5"
    energies = {how: run(stretched, occupations=how).e_tot for how in [(9, 9), "half", "annealed"]}
    assert energies["annealed"] < energies["half"] - 1e-3 < energies[9, 9] - 1e-3


def test_annealed_carbon_without_spin_is_round():
    mf = run("C 0 0 0", occupations="annealed")
    assert sorted(mf.mo_occ)[-5:] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2, 2], abs=1e-3)
    dm = mf.make_rdm1()
    p = [[i for i, label in enumerate(mf.mol.ao_labels()) if f"p{x}" in label] for x in "xyz"]
    blocks = [dm[np.ix_(i, i)] for i in p]
    np.testing.assert_allclose(blocks[0], blocks[1], atol=1e-3)
    np.testing.assert_allclose(blocks[0], blocks[2], atol=1e-3)


def test_annealed_is_never_above_whole():
    """PBE's σg² lies 0.09 kcal/mol below what annealing finds at 6 Å."""
    stretched = "H 0 0 0; H 0 0 6"
    annealed = run(stretched, basis="def2-svp", occupations="annealed")
    whole = run(stretched, basis="def2-svp", occupations=(1, 1))
    assert annealed.e_tot <= whole.e_tot + 1e-6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=3), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_settled_occupations_keep_their_electrons(shared, full, empty):
    occupations = np.array([1.0] * full + shared + [0.0] * empty)
    settled = _settled(None, occupations)
    # A few hundredths go missing where nobody is left to share them.
    if ((settled > 0) & (settled < 1)).any():
        assert settled.sum() == pytest.approx(occupations.sum(), abs=1e-9)
    assert np.abs(settled - occupations).max() < 0.07


def test_settled_occupations_are_none_below_zero():
    settled = _settled(None, np.array([0.985, 0.985, 0.985, 0.025, 0.020]))
    assert settled.min() >= 0 and settled.max() <= 1


# --- which orbital -------------------------------------------------------------------------------


def hole(mf):
    """β electrons missing from each p shell, (x, y, z)."""
    populations = np.einsum("ij,ji->i", mf.make_rdm1()[1], mf.get_ovlp())
    labels = mf.mol.ao_labels()
    return [1 - sum(q for q, la in zip(populations, labels) if f"p{x}" in la) for x in "xyz"]


@pytest.mark.parametrize("functional", ["PBE", "DM21"], indirect=True)
@pytest.mark.parametrize(
    ("holder", "expected"), [("B3u", [0.5, 0, 0]), ("B2u", [0, 0.5, 0]), ("B1u", [0, 0, 0.5])]
)
def test_irreducible_representation_names_the_orbital_with_the_fraction(
    functional, holder, expected
):
    options = dict(spin=1, occupations=(5, 4.5), symmetry="D2h")
    mf = run("F 0 0 0", functional, holder=holder, **options)
    assert hole(mf) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("axis", "xyz")
def test_orbital_that_is_given_shows_the_one_with_the_fraction(axis):
    mol = gto.M(atom="F 0 0 0", spin=1, basis="6-31g", verbose=0)
    orbital = np.array([f"2p{axis}" in label for label in mol.ao_labels()], dtype=float)
    mf = run("F 0 0 0", spin=1, symmetry="D2h", occupations=(5, 4.5), holder=orbital)
    assert hole(mf) == pytest.approx([0.5 * (axis == x) for x in "xyz"], abs=1e-3)


def test_orbital_that_is_given_decides_the_direction_in_a_degenerate_shell():
    mol = gto.M(atom="F 0 0 0", spin=1, basis="6-31g", verbose=0)
    orbital = np.array(["2p" in label for label in mol.ao_labels()], dtype=float)  # along (1, 1, 1)
    mf = run("F 0 0 0", spin=1, occupations=(5, 4.5), holder=orbital)
    assert hole(mf) == pytest.approx([1 / 6, 1 / 6, 1 / 6], abs=1e-2)


def test_hole_need_not_be_in_the_highest_orbital():
    options = dict(spin=1, occupations=(5, 4.5), symmetry="D2h")
    in_p, in_s = (run("F 0 0 0", holder=h, **options) for h in ("B1u", "Ag"))
    assert hole(in_s) == pytest.approx([0, 0, 0], abs=1e-6)
    assert 0.2 < in_s.e_tot - in_p.e_tot < 0.5  # half of 2s is dearer to leave out


def test_molecules_with_symmetry_are_as_those_without():
    """PySCF sorts the orbitals of the former anew; their occupations have to go with them."""
    found = [run("N 0 0 0; N 0 0 1.1", symmetry=s, occupations=(7, 6.4)) for s in (True, False)]
    for mf in found:
        assert mf.energy_tot() == pytest.approx(mf.e_tot, abs=1e-9)
        np.testing.assert_allclose(electrons(mf), [7, 6.4])
    assert found[0].e_tot == pytest.approx(found[1].e_tot, abs=1e-7)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(occupations=5), r"a pair: electrons of spin α and of spin β.*not 5"),
        (dict(occupations=(1, 2, 3)), "a pair"),
        (dict(occupations="halb"), "'half' or 'annealed', not 'halb'"),
        (dict(occupations=(5, float("nan"))), "of spin β are numbers from 0 on, not nan"),
        (dict(occupations=(-1, 4)), "of spin α are numbers from 0 on, not -1"),
        (dict(occupations=([1, 1.2], [1])), "at most one electron of spin α"),
        (dict(occupations=([[1]], [1])), "numbers from 0 on"),
        (dict(occupations=(9.5, 4)), "9.5 electrons of spin α do not fit in the 9 orbitals"),
        (dict(occupations=([1], [1] * 9 + [0.5])), "9.5 electrons of spin β do not fit"),
        (dict(occupations=(0, 0)), "leave no electrons"),
        (dict(occupations="half"), "paired electrons and an empty orbital"),
        (dict(occupations=(5, 4.5), restricted=True), "as much of spin α as of spin β"),
        (dict(occupations="annealed", restricted=True), "as much of spin α as of spin β"),
        (dict(occupations=(5, 4.5), holder="B1g"), "no orbital of 'B1g'.*Ag, B1u, B2u, B3u"),
        (dict(occupations=(5, 4.5), holder=np.ones(3)), "has 9 numbers"),
        (dict(occupations=(5, 4.5), holder=3), "has 9 numbers"),
        (dict(occupations=(5, 4), holder="B1u"), "there is none to hold"),
        (dict(occupations="annealed", holder="B1u"), "there is none to hold"),
        (dict(holder="B1u"), "holder= says where the fraction of occupations= sits"),
    ],
)
def test_bad_input_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        ks("F 0 0 0", spin=1, symmetry="D2h", **options)


def test_more_bad_input_is_told():
    with pytest.raises(ValueError, match=r"needs mol\.symmetry"):
        ks("F 0 0 0", spin=1, occupations=(5, 4.5), holder="B1u")
    with pytest.raises(ValueError, match="an empty orbital"):
        ks("He 0 0 0", basis="sto-3g", occupations="half")


def test_message_shows_what_was_given():
    with pytest.raises(ValueError, match="'five'"):
        ks("F 0 0 0", spin=1, occupations=("five", 4))


# --- traps ---------------------------------------------------------------------------------------


KINDS = ("half", (2, 1.4))


@pytest.fixture(scope="module", params=["PBE", "DM21"])
def lithium_hydride(request):
    """Restricted and not, with the Coulomb energy fitted and not."""
    if request.param == "DM21":
        request.getfixturevalue("released")
    found = {how: run(LIH, request.param, basis="sto-3g", occupations=how) for how in KINDS}
    return found | {(how, "fitted"): mf.density_fit() for how, mf in found.items()}


@pytest.mark.parametrize("route", [*ROUTES, "newton"])
def test_routes_are_closed(lithium_hydride, route):
    for mf in lithium_hydride.values():
        with pytest.raises(NotImplementedError, match=r"not available with fractional occupations"):
            getattr(mf, route)()


def test_pyscfs_smearing_is_closed(lithium_hydride):
    with pytest.raises(NotImplementedError, match="fractional occupations"):
        lithium_hydride["half"].smearing(0.01)


@pytest.mark.parametrize(
    "call",
    [
        lambda mf: hessian.uks.Hessian(mf).kernel(),
        lambda mf: mp.MP2(mf).kernel(),
        lambda mf: tddft.uks.TDA(mf).kernel(),
        lambda mf: scf.newton(mf).kernel(),
    ],
    ids=["Hessian", "MP2", "TDA", "newton"],
)
def test_pyscfs_functions_are_closed(call):
    """What they give is no number of this system: the Hessian 0.03 for 0.07 Hartree/Bohr²."""
    mf = run(LIH, "HF", occupations=(2, 1.4))
    with pytest.raises(NotImplementedError):
        call(mf)


def test_copies_and_fitted_objects_keep_the_occupations(lithium_hydride):
    for how in KINDS:
        mf, fitted = lithium_hydride[how], lithium_hydride[how, "fitted"].copy()
        expected = electrons(mf)
        for other, tolerance in ((mf.copy(), 1e-7), (fitted, 5e-4), (fitted.undo_df(), 1e-6)):
            assert type(other).__mro__[1] is type(mf).__mro__[1]
            other.mo_coeff = other.mo_occ = None
            assert other.kernel() == pytest.approx(mf.e_tot, abs=tolerance)
            assert other.converged
            np.testing.assert_allclose(electrons(other), expected)
        assert fitted.e_tot != mf.e_tot


def test_scanners_keep_the_occupations():
    scan = ks(LIH, occupations=(2, 1.4)).as_scanner()
    moved = "Li 0 0 0; H 0 0 1.7"
    scan(LIH)
    assert scan(moved) == pytest.approx(run(moved, occupations=(2, 1.4)).e_tot, abs=1e-8)


def test_molecule_can_be_replaced_by_one_in_a_larger_basis():
    mf = ks(LIH, basis="sto-3g", occupations=(2, 1.4))
    larger = ks(LIH, occupations=(2, 1.4))
    mf.reset(larger.mol)
    assert mf.kernel() == pytest.approx(larger.kernel(), abs=1e-8)


@methods
def test_calculation_reports_writes_and_calls_as_pyscfs(functional, tmp_path):
    mf = ks(LIH, functional, occupations=(2, 1.4))
    seen = []
    mf.callback, mf.chkfile = seen.append, str(tmp_path / "chk")
    energy = mf.kernel()
    assert seen and seen[-1]["e_tot"] == pytest.approx(energy, abs=1e-7)
    assert lib.chkfile.load(mf.chkfile, "scf/e_tot") == energy
    np.testing.assert_array_equal(lib.chkfile.load(mf.chkfile, "scf/mo_occ"), mf.mo_occ)
    again = ks(LIH, functional, occupations=(2, 1.4))
    again.chkfile, again.init_guess = mf.chkfile, "chkfile"
    assert again.kernel() == pytest.approx(energy, abs=NOISE[functional])
    assert again.cycles <= 2
    assert again.kernel(dm0=mf.make_rdm1()) == pytest.approx(energy, abs=NOISE[functional])


@methods
def test_too_few_cycles_are_not_called_converged(functional):
    mf = ks(LIH, functional, occupations=(2, 1.4)).set(max_cycle=1, init_guess="1e")
    energy = mf.kernel()
    assert not mf.converged
    assert energy > mf.set(max_cycle=50).kernel()
    assert mf.converged
