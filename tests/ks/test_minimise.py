"""Direct minimisation: geometry of the rotations, the gradient, and known minima."""

from dataclasses import replace

import numpy as np
import pytest
from pyscf import gto, scf
from scipy.spatial.transform import Rotation

import mlxc_edu as mx
from mlxc_edu.ks.convergence import Orbitals, _starts, minimise, rotation_gradient, spin_channels
from mlxc_edu.ks.convergence._rotations import split
from mlxc_edu.ks.convergence._starts import TRANSFER_ANGLES, atomic_starts, default_start


@pytest.fixture(scope="module")
def methyl():
    """Its open shell points one way; that of OH turns, which on a grid costs 10⁻⁷ Hartree."""
    mf = mx.KS(mx.molecule("CH3", basis="6-31g"), "PBE")
    mf.grids.level = 0
    return mf, default_start(mf)


def test_rotation_stays_orthonormal(methyl):
    mf, start = methyl
    overlap = mf.get_ovlp()
    orbitals = Orbitals(start.mo_coeff[0], start.mo_occ[0])
    angles = np.random.default_rng(0).normal(size=5 * (overlap.shape[0] - 5))
    c = orbitals.rotated(angles).coefficients
    np.testing.assert_allclose(c.T @ overlap @ c, np.eye(len(c.T)), atol=1e-12)


@pytest.mark.parametrize("fractions", [[], [0.5], [0.7, 0.7, 0.2]])
def test_gradient_is_the_energys_derivative(methyl, fractions):
    mf, start = methyl
    occupations = start.mo_occ.copy()
    occupations[1, 3 : 3 + len(fractions)] = fractions
    channels = spin_channels(start.mo_coeff, occupations)

    def energy(channels):
        dm = np.array([c.density for c in channels])
        return mf.energy_tot(dm), mf.get_fock(dm=dm)

    gradient = rotation_gradient(channels, energy(channels)[1])
    direction = np.random.default_rng(1).normal(size=gradient.shape)
    direction /= np.linalg.norm(direction)
    h = 1e-4
    ends = []
    for step in (h, -h):
        angles = split(step * direction, channels)
        ends.append(energy([c.rotated(a) for c, a in zip(channels, angles)])[0])
    assert gradient @ direction == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("unrestricted", [False, True])
def test_minimum_is_the_self_consistent_one(unrestricted):
    mf = mx.KS(mx.molecule("H2O", basis="6-31g"), "B3LYP", unrestricted=unrestricted)
    start = default_start(mf)
    minimum = minimise(mf, start.mo_coeff, start.mo_occ, gradient_tol=1e-6)
    reference = mx.KS(mf.mol, "B3LYP").run(conv_tol=1e-12)
    assert minimum.converged
    assert minimum.energy == pytest.approx(reference.e_tot, abs=1e-9)
    energies = minimum.mo_energy[0] if unrestricted else minimum.mo_energy
    np.testing.assert_allclose(energies, reference.mo_energy, atol=1e-5)


def test_too_few_cycles_is_not_called_converged(methyl):
    mf, start = methyl
    minimum = minimise(mf, start.mo_coeff, start.mo_occ, max_cycle=3)
    assert not minimum.converged and minimum.gradient > 1e-5


def test_the_way_on_a_coarse_grid_shortens_that_on_a_fine_one(methyl):
    coarse, start = methyl
    fine = mx.KS(coarse.mol, "PBE")
    fine.grids.level = 2
    lead = minimise(coarse, start.mo_coeff, start.mo_occ)
    alone = minimise(fine, lead.mo_coeff, lead.mo_occ)
    helped = minimise(fine, lead.mo_coeff, lead.mo_occ, coarse=lead)
    assert helped.converged and helped.energy == pytest.approx(alone.energy, abs=1e-8)
    assert helped.builds < alone.builds


def test_who_comes_near_a_known_minimum_from_above_ends_there(methyl):
    mf, start = methyl
    lead = minimise(mf, start.mo_coeff, start.mo_occ)
    higher = replace(lead, energy=lead.energy + 1e-3)
    start = lead.mo_coeff.copy()
    homo = mf.mol.nelec[0] - 1
    start[0][:, [homo, homo + 1]] = start[0][:, [homo, homo + 1]] @ [[0.8, 0.6], [-0.6, 0.8]]
    found = minimise(mf, start, lead.mo_occ, known=[lead])
    assert found is lead
    there = minimise(mf, start, lead.mo_occ, known=[higher])  # who is below goes on
    assert there is not higher and there.energy == pytest.approx(lead.energy, abs=1e-8)


def test_starts_hold_the_right_electrons():
    for name in ("NaCl", "H2", "H2+", "He2+", "OH", "CO", "N2"):
        mol = mx.molecule(name, bond_length=6.0)
        starts = atomic_starts(mol)
        assert starts, name
        overlap = mol.intor("int1e_ovlp")
        for start in starts:
            for c, occ, n in zip(start.mo_coeff, start.mo_occ, mol.nelec):
                assert occ.sum() == n
                np.testing.assert_allclose(c.T @ overlap @ c, np.eye(c.shape[1]), atol=1e-7)


def test_starts_do_not_depend_on_the_bonds_direction():
    along_z = mx.molecule("Na 0 0 0; Cl 0 0 6")
    tilted = mx.molecule("Na 0 0 0; Cl 2 4 4")
    energies = []
    for mol in (along_z, tilted):
        mf = mx.KS(mol, "HF", unrestricted=True)
        energies.append(
            [mf.energy_tot(mf.make_rdm1(s.mo_coeff, s.mo_occ)) for s in atomic_starts(mol)]
        )
    assert len(energies[0]) == len(TRANSFER_ANGLES)
    np.testing.assert_allclose(*energies, atol=1e-8)


def test_an_energy_flat_to_rounding_does_not_stop_it():
    """The energy jitters by more than it is said to; the gradient is sound."""
    mol = gto.M(atom="O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587", basis="6-31g", verbose=0)
    mf = scf.RHF(mol)
    generator, energy = np.random.default_rng(0), mf.energy_tot
    mf.energy_noise = 1e-7
    mf.energy_tot = lambda *args: energy(*args) + 2e-6 * generator.uniform()
    start = scf.RHF(mol).run(max_cycle=1)
    found = minimise(mf, start.mo_coeff, start.mo_occ, gradient_tol=1e-5)
    assert found.converged and found.energy == pytest.approx(scf.RHF(mol).run().e_tot, abs=3e-6)


def test_an_open_shell_turns_to_where_the_grid_wants_it():
    """Microhartrees decide where oxygen's hole points; where they curve down, small steps creep."""
    mf = mx.KS(mx.molecule("O", basis="sto-3g"), "PBE", unrestricted=True)
    mf.grids.level = 1
    mf.kernel()
    occupations = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    for turn in Rotation.from_quat(np.random.default_rng(0).normal(size=(8, 4))).as_matrix():
        orbitals = np.zeros_like(mf.mo_coeff)
        orbitals[:, :2, :2] = np.array(mf.mo_coeff)[:, :2, :2]
        orbitals[:, 2:, 2:] = turn
        found = minimise(mf, orbitals, occupations, gradient_tol=2e-6)
        assert found.converged and found.builds < 60


def test_a_start_that_arrives_at_a_known_minimum_ends_there(monkeypatch):
    """Where nothing converged nothing is known."""
    mf = mx.KS(mx.molecule("LiH", basis="sto-3g"), "PBE", unrestricted=True)
    original, told = _starts.minimise, []

    def seen(*args, known=(), **kwargs):
        told.append([*known])
        return original(*args, known=known, **kwargs)

    monkeypatch.setattr(_starts, "minimise", seen)
    first = _starts.default_start(mf)
    leads = _starts.follow(mf, [first])
    assert leads[0][1].converged and told == [[]]
    ((_, again), *_) = _starts.follow(mf, [first], leads)
    assert len(told[1]) == 1 and told[1][0] is leads[0][1]
    assert again.energy == pytest.approx(leads[0][1].energy, abs=1e-7)
    lost = replace(leads[0][1], converged=False)
    _starts.follow(mf, [first], [(first, lost)])
    assert told[2] == []
