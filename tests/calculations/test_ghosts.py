"""Ghosts, made PySCF's way: basis functions and grid points without a nucleus or electrons."""

import numpy as np
import pytest
from pyscf import dft, gto

import mlxc_edu as mx
from mlxc_edu.calculations import frontier
from mlxc_edu.ks.methods import d3bj

SAME_ENERGY = 1e-7  # Hartree
DONOR = [("O", (0, 0, 0)), ("H", (0, 0, 0.9572)), ("H", (0.9266, 0, -0.24))]
ACCEPTOR = [("O", (0, 0, 2.91)), ("H", (-0.45, 0.7572, 3.29)), ("H", (-0.45, -0.7572, 3.29))]


def ghosts(atoms):
    return [(f"ghost-{symbol}", place) for symbol, place in atoms]


def build(atoms, basis="6-31g", **settings):
    return gto.M(atom=atoms, basis=basis, verbose=0, **settings)


def binding(energy, donor_has=(), acceptor_has=(), basis="6-31g"):
    """Of the water dimer, kcal/mol; the monomers may have more than their own functions."""
    parts = [DONOR + ACCEPTOR, DONOR + ghosts(donor_has), ghosts(acceptor_has) + ACCEPTOR]
    pair, *alone = (energy(build(atoms, basis)) for atoms in parts)
    return (pair - sum(alone)) * mx.units.KCAL_PER_HARTREE


@pytest.mark.parametrize(("method", "basis"), [("HF", "6-31g"), ("PBE", "sto-3g")])
def test_counterpoise_corrected_water_dimer_is_pyscfs(method, basis):
    def solved(mol):
        calc = mx.solve(mol, method)
        assert calc.converged and calc.charges.sum() == pytest.approx(0, abs=1e-6)
        return calc.energy

    def pyscf(mol):
        return dft.RKS(mol, xc=method).run(conv_tol=1e-11).e_tot

    corrected = binding(solved, ACCEPTOR, DONOR, basis)
    assert corrected == pytest.approx(binding(pyscf, ACCEPTOR, DONOR, basis), abs=1e-3)
    raw = binding(solved, basis=basis)
    assert raw < corrected - 0.5, "with their own functions alone the monomers lie too high"


def test_counterpoise_with_a_learned_functional():
    """A ghost's grid points count as well: the dimer's and the monomers' functions and points are
    the same."""

    def energy(mol):
        mf = mx.KS(mol, "EDU26")
        mf.grids.level, mf.init_guess = 1, "minao"  # PySCF before 2.14 knows ghosts ill at level 0
        mf.kernel()
        assert mf.converged
        return mf.e_tot

    corrected = binding(energy, ACCEPTOR, DONOR)
    assert binding(energy) < corrected < -3


@pytest.mark.parametrize("method", ["PBE", "HF", "exact"])
@pytest.mark.parametrize(
    ("atoms", "settings"),
    [
        ("Ne 0 0 0; ghost-Ne 0 0 3", {}),
        ("H 0 0 0; ghost-H 0 0 1", dict(spin=1)),
        ("He 0 0 0; X-He 0 0 2", {}),
        ("ghost-H 0 0 -1; F 0 0 0", dict(charge=-1)),
        ("H 0 0 0; ghost-He1 0 0 1; H 0 0 2", {}),
        ("X-H 1 0 0; H 0 0 0; GHOST-O1 0 0 -2; H 0 0 3", dict(charge=1, spin=1)),
    ],
)
def test_charges(atoms, settings, method):
    def solved(mol):
        return mx.exact(mol, level="CCSD(T)") if method == "exact" else mx.solve(mol, method)

    mol = build(atoms, **settings)
    calc = solved(mol)
    assert calc.converged
    assert calc.charges.sum() == pytest.approx(mol.charge, abs=1e-6)
    assert calc.spin_populations.sum() == pytest.approx(mol.spin, abs=1e-6)
    ghostly = mol.atom_charges() == 0
    assert np.abs(calc.charges[ghostly]).max() < (0.01 if method == "exact" else 1e-6)
    alone = [a for a in atoms.split("; ") if a[0] not in "gGX"]
    bare = solved(build("; ".join(alone), **settings))
    assert calc.energy < bare.energy + 1e-5, "more functions, a lower energy"


@pytest.mark.parametrize("method", ["PBE", "EDU26", "DM21", "exact"])
def test_a_ghost_far_away_changes_nothing(method, request):
    if method == "DM21":
        request.getfixturevalue("released")

    def solved(atoms):
        mol = build(atoms, spin=1)
        return mx.exact(mol) if method == "exact" else mx.solve(mol, method)

    lone, haunted = solved("Li 0 0 0"), solved("Li 0 0 0; ghost-Li 0 0 40")
    assert haunted.energy == pytest.approx(lone.energy, abs=SAME_ENERGY)
    assert haunted.charges == pytest.approx([0, 0], abs=1e-6)
    assert haunted.dipole == pytest.approx(0, abs=1e-4)


def test_broken_bonds_between_which_a_ghost_sits():
    """Two hydrogen atoms, as without it."""
    calc = mx.solve(build("H 0 0 0; ghost-He 0 0 5; H 0 0 10"), "PBE")
    free = mx.solve(build("H 0 0 0", spin=1), "PBE")
    assert calc.energy == pytest.approx(2 * free.energy, abs=5e-5)
    assert np.abs(calc.spin_populations) == pytest.approx([1, 0, 1], abs=1e-3)


def test_ghosts_feel_no_dispersion():
    """Not even those that sit at a bond's length."""
    near = [("ghost-O", (0, 0, -1.0)), ("X-H", (0, 0.7, 0))]
    lone, haunted = build(DONOR, "sto-3g"), build(near + DONOR, "sto-3g")
    assert d3bj(haunted)[0] == d3bj(lone)[0]
    dm = dft.RKS(haunted).get_init_guess()
    with_it, without = (mx.KS(haunted, name) for name in ("PBE-D3BJ", "PBE"))
    dispersion = with_it.energy_tot(dm) - without.energy_tot(dm)
    assert dispersion == pytest.approx(d3bj(lone, "PBE")[0], abs=1e-12)
    solved = mx.solve(haunted, "PBE-D3BJ").mean_field
    assert solved.scf_summary["dispersion"] == pytest.approx(dispersion)


def test_gradients_that_ghosts_would_spoil_are_refused():
    mol = build(ghosts(ACCEPTOR) + DONOR, "sto-3g")
    for name in ("EDU26", "PBE-D3BJ"):
        for attempt in ("nuc_grad_method", "Gradients"):
            with pytest.raises(NotImplementedError, match="ghosts are not available"):
                getattr(mx.KS(mol, name), attempt)()
    assert mx.KS(mol, "PBE").nuc_grad_method()


def test_profile_and_view_show_atoms():
    mol = build("ghost-O 0 0 -2; O 0 0 0; H 0 0 1", spin=1)
    calc = mx.solve(mol, "PBE")
    assert [a for a, _ in mx.profile(calc, [0.0, 0.5]).attrs["atoms"]] == ["O", "H"]
    assert [a for a, _ in mx.profile(calc, [0.0], atoms=(1, 0)).attrs["atoms"]] == ["O", "GHOST-O"]
    lone = mx.solve(build("ghost-H 0 0 1; He 0 0 0"), "HF")
    assert mx.profile(lone, [0.0]).attrs["atoms"] == [("He", 0.0)]

    own = mx.solve(build("O 0 0 0; H 0 0 1", spin=1), "PBE")
    for view in (mx.view(calc), mx.view(calc, "difference", own), mx.view(own, "difference", calc)):
        assert "ghost" not in view._make_html().lower()


def test_what_fills_next_on_a_haunted_atom():
    start = frontier(build("O 0 0 0; ghost-H 0 0 1", spin=2))
    assert start.electrons == (5, 3)


def test_ghosts_alone_are_refused():
    for charge, spin in ((0, 0), (-1, 1)):
        with pytest.raises(ValueError, match="no nuclei"):
            mx.solve(build("ghost-He 0 0 0", charge=charge, spin=spin), "PBE")


def test_two_at_one_place():
    """Twice the same functions: PySCF diagonalises numbers that are none."""
    mol = build([("H", (0, 0, 0)), ("F", (0, 0, 0.92)), ("ghost-Ne", (0, 0, 0.92))], "sto-3g")
    for begin in (lambda: mx.KS(mol, "PBE"), lambda: mx.solve(mol, "PBE")):
        with pytest.raises(ValueError, match=r"atoms 1 \(F\) and 2 .*are 0 Å apart"):
            begin()
