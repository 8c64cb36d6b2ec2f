"""Crystals: local exchange, the learned functional on it, and what is refused.

Small meshes: what is compared here is compared on the same points.
"""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk
from pyscf import gto as molecular
from pyscf.pbc import gto
from pyscf.pbc.dft import krks

import mlxc_edu as mx
from mlxc_edu import crystals
from mlxc_edu.crystals import LocalExchange, _learned
from mlxc_edu.crystals._catalogue import CRYSTALS
from mlxc_edu.crystals._points import KeepsBasis
from mlxc_edu.functionals import FEATURES, OMEGAS

ROUGH = 20.0  # Hartree; of the mesh


@pytest.fixture(scope="module")
def lih():
    """Lithium hydride with PBE's orbitals at two k-points, on a rough mesh."""
    return crystals.KS(crystals.crystal("LiH", ke_cutoff=ROUGH), "PBE", (1, 1, 2)).run()


def occupied(mf):
    basis = mf._numint.eval_ao(mf.cell, mf.grids.coords, mf.kpts)
    return [(chi @ c[:, held > 0]).T for chi, c, held in zip(basis, mf.mo_coeff, mf.mo_occ)]


def test_local_exchange_adds_up_to_pyscfs(lih):
    """Over a cell, of both spins, bare and long-range, with PySCF's correction for few k-points."""
    cell, dm = lih.cell, lih.make_rdm1()
    found = LocalExchange(cell, lih.kpts, dtype="float64").energies(occupied(lih))
    for energies, omega in zip(found, OMEGAS):
        with cell.with_range_coulomb(omega):
            vk = lih.with_df.get_jk(dm, kpts=lih.kpts, with_j=False, exxdiv="ewald")[1]
        exact = -0.25 * np.einsum("kij,kji", vk, dm).real / len(lih.kpts)
        assert 2 * energies.sum() * cell.vol / len(energies) == pytest.approx(exact, abs=1e-8)
        assert (energies < 0).all()


@pytest.mark.parametrize("exxdiv", ["ewald", "vcut_sph"])
def test_local_exchange_acts_as_its_energies_change(lih, exxdiv):
    """F φ by finite differences of Σ c_ω e^ω, for any slopes c and any change of the orbitals; and
    on occupied orbitals as on any."""
    exchange = LocalExchange(lih.cell, lih.kpts, exxdiv, "float64")
    phi, generator = occupied(lih), np.random.default_rng(0)
    slopes = generator.normal(size=(len(OMEGAS), len(lih.grids.coords)))
    change = [
        0.01 * (generator.normal(size=p.shape) + 1j * generator.normal(size=p.shape)) for p in phi
    ]
    up, down = (
        (slopes * exchange.energies([p + h * d for p, d in zip(phi, change)])).sum()
        for h in (1e-3, -1e-3)
    )
    actions = exchange.actions(phi, slopes)
    slope = sum(2 * (d.conj() * a).sum().real for d, a in zip(change, actions)) / len(phi)
    assert (up - down) / 2e-3 == pytest.approx(slope, rel=1e-5)
    for k, p, action in zip(lih.kpts, phi, actions):
        np.testing.assert_allclose(exchange.actions_on(k, p, phi, slopes), action, atol=1e-9)


def test_local_exchange_of_a_molecule_in_a_box():
    """On the same points the crystal's code and the molecule's; a sphere ends the interaction."""
    atom = "H 4.5 4.5 4.1; H 4.5 4.5 4.9"
    given = dict(atom=atom, basis="gth-szv", pseudo="gth-pbe", verbose=0)
    cell = gto.M(a=np.eye(3) * 9.0, ke_cutoff=150, **given)
    mol = molecular.M(**given)
    c = mol.RHF().run().mo_coeff[:, 0]
    coords = cell.gen_uniform_grids(cell.mesh)
    phi = cell.pbc_eval_gto("GTOval", coords, kpts=[np.zeros(3)])[0] @ c
    found = LocalExchange(cell, np.zeros((1, 3)), "vcut_sph", "float64").energies([phi[None]])
    coords %= np.diag(cell.lattice_vectors())  # PySCF's are around the origin
    near = np.argsort(found[0])[:200]
    chi = np.array(mol.eval_gto("GTOval_sph_deriv1", coords[near])).swapaxes(1, 2)
    dm = np.outer(c, c)
    for row, omega in zip(found, OMEGAS):
        with mol.with_range_coulomb(omega):
            nu = mol.intor("int1e_grids", grids=coords[near])
        e = dm @ chi[0]
        exact = -0.5 * np.einsum("ag,gab,bg->g", e, nu, e)
        np.testing.assert_allclose(row[near], exact, atol=1e-6)


def test_a_molecule_in_a_box_has_the_molecules_energy():
    """The same pseudopotential and basis; what differs is the grids, and the box's own images."""
    given = dict(atom="H 4 4 3.63; H 4 4 4.37", basis="gth-szv", pseudo="gth-pbe", verbose=0)
    cell = gto.M(a=np.eye(3) * 8.0, ke_cutoff=60, **given)
    boxed = crystals.KS(cell, "EDU26", (1, 1, 1), exxdiv="vcut_sph").run()
    with pytest.warns(UserWarning, match="made for all electrons"):
        alone = mx.KS(molecular.M(**given), "EDU26").run()
    assert boxed.converged and boxed.e_tot == pytest.approx(alone.e_tot, abs=3e-4)


def test_the_potential_is_the_energys_derivative(lih):
    mf = crystals.KS(lih.cell, "EDU26", (1, 1, 2), precision="float64")
    dm, generator = lih.make_rdm1(), np.random.default_rng(1)
    orbitals = mf._occupied(dm)
    change = [
        0.05 * (generator.normal(size=c.shape) + 1j * generator.normal(size=c.shape))
        for c in orbitals
    ]

    def at(h):
        moved = [c + h * d for c, d in zip(orbitals, change)]
        v = mf.get_veff(dm=np.array([2 * c @ c.conj().T for c in moved]))
        return v, v.ecoul + v.exc

    v, _ = at(0.0)
    slope = 4 * sum(
        np.einsum("ai,ab,bi->", d.conj(), f, c).real for d, f, c in zip(change, v, orbitals)
    )
    found = (at(1e-3)[1] - at(-1e-3)[1]) / 2e-3
    assert found == pytest.approx(slope / len(orbitals), rel=1e-4)


def test_slopes_are_left_out_where_no_atom_with_all_electrons_has_been(monkeypatch):
    """A point of diamond's mesh lies on a nucleus, where only p orbitals are left: no density to
    speak of, and a large τ. The slope by |∇ρ|² there had kept three volumes from converging."""
    mf = crystals.KS(crystals.crystal("C", ke_cutoff=30), "EDU26", (2, 2, 2))
    at = mf._at_points(mf._occupied(mf.get_init_guess()))
    by_gradient = list(FEATURES).index("norm_grad")
    slopes = abs(mf._evaluate(at)[1][:, by_gradient])
    monkeypatch.setattr(_learned, "ORDINARY", (0, np.inf))
    whole = abs(mf._evaluate(at)[1][:, by_gradient])
    assert at["rho"][0] < 1e-3 < 1 < at["tau"][0]
    assert slopes[0] == 0 and whole[0] > 10 * slopes.max()
    assert (slopes != whole).sum() == 1, "nowhere else"


def test_a_supercell_is_a_mesh_of_k_points(lih):
    """Twice the cell at Γ, and the cell at two k-points: the same energy a cell."""
    by_mesh = crystals.KS(lih.cell, "EDU26", (1, 1, 2), precision="float64").run()
    cell = lih.cell
    vectors = cell.lattice_vectors()
    atoms = [
        [cell.atom_symbol(i), cell.atom_coord(i) + n * vectors[2]]
        for n in (0, 1)
        for i in range(cell.natm)
    ]
    twice = gto.M(
        a=vectors * [[1], [1], [2]], atom=atoms, unit="Bohr", basis=cell.basis, pseudo=cell.pseudo,
        mesh=np.multiply(cell.mesh, (1, 1, 2)), verbose=0,
    )  # fmt: skip
    at_gamma = crystals.KS(twice, "EDU26", (1, 1, 1), precision="float64").run()
    assert by_mesh.converged and at_gamma.converged
    assert at_gamma.e_tot / 2 == pytest.approx(by_mesh.e_tot, abs=1e-6)
    levels = by_mesh.levels(by_mesh.kpts)
    for found, known in zip(levels, by_mesh.mo_energy):
        np.testing.assert_allclose(found[:2], known[:2], atol=1e-5)
    with pytest.raises(ValueError, match="vcut_sph"):
        by_mesh.levels(np.array([[0.1, 0, 0]]))


def test_nothing_quietly_uses_another_functional(lih):
    mf = crystals.KS(lih.cell, "EDU26", (1, 1, 2))
    with pytest.raises(ValueError, match="made for EDU26"):
        mf.xc = "PBE"
    for route in ("newton", "density_fit", "nuc_grad_method", "get_bands", "to_uks"):
        with pytest.raises(NotImplementedError, match="EDU26"):
            getattr(mf, route)()
    with pytest.raises(NotImplementedError, match="levels"):
        mf.get_veff(dm=lih.make_rdm1(), kpts_band=lih.kpts[:1])


def test_a_metal_is_said_to_be_one():
    """Two cells of lithium: an even number of electrons, and bands that overlap."""
    atoms = bulk("Li", "bcc", a=3.4, cubic=True)
    with pytest.warns(UserWarning, match="k-points along an axis"):
        mf = crystals.KS(crystals.crystal(atoms, ke_cutoff=ROUGH), "EDU26", (2, 2, 2))
    with pytest.warns(UserWarning, match="bands overlap"):
        mf.get_init_guess()


def test_basis_functions_are_made_once(lih, monkeypatch):
    plain = krks.KRKS(lih.cell, lih.kpts, xc="PBE").run()
    assert lih.e_tot == pytest.approx(plain.e_tot, abs=1e-9)
    kept = KeepsBasis(lih.kpts)
    first = kept.eval_ao(lih.cell, lih.grids.coords, lih.kpts, deriv=1)
    again = kept.eval_ao(lih.cell, lih.grids.coords, lih.kpts, deriv=1)
    assert all(a is b for a, b in zip(first, again))
    other = kept.eval_ao(lih.cell, lih.grids.coords, lih.kpts[:1], deriv=0)[0]
    np.testing.assert_array_equal(other, first[0][0])


def test_all_points_are_one_block_however_little_memory_is_said_to_be_left(lih):
    """Blocks would each be made anew."""
    kept, grids = KeepsBasis(lih.kpts), lih.grids
    for deriv in (0, 1):
        blocks = [*kept.block_loop(lih.cell, grids, deriv=deriv, kpts=lih.kpts, max_memory=1)]
        assert [len(block[4]) for block in blocks] == [len(grids.coords)]


def test_the_catalogue_and_its_cells():
    table = crystals.catalogue()
    assert {"LiH", "C", "Si", "NaCl", "MgO"} == set(table.index) and table.notna().all(axis=None)
    meshes = [crystals.crystal(name).mesh[0] for name in ("LiH", "NaCl", "MgO")]
    assert meshes == [33, 55, 45], "as notebook 11 says"
    for name, row in table.iterrows():
        cell = crystals.crystal(name)
        assert cell.vol * mx.units.ANGSTROM_PER_BOHR**3 * 4 == pytest.approx(
            row.lattice_constant**3
        )
        assert not cell.nelectron % 2
    ase = crystals.crystal(bulk("Si", cubic=False, a=5.421), ke_cutoff=30)
    named = crystals.crystal("silicon", ke_cutoff=30)
    assert ase.vol == pytest.approx(named.vol) and ase.natm == named.natm
    assert list(crystals.resized(named, 1.1).mesh) == list(named.mesh)


# With semicore the mesh is so fine that two minutes go by.
SEMICORE = [pytest.param(name, marks=pytest.mark.full) for name in ("NaCl", "MgO")]


@pytest.mark.parametrize("name", ["LiH", "C", "Si", *SEMICORE])
def test_a_finer_mesh_changes_no_more_than_is_stated(name):
    """The energy of a squeezed cell relative to the measured one; at Γ, which is enough to see."""
    entry = CRYSTALS[name]

    def squeezing(ke_cutoff):
        cell = crystals.crystal(name, ke_cutoff=ke_cutoff)
        energies = [
            crystals.KS(crystals.resized(cell, f), "PBE", (1, 1, 1)).run().e_tot for f in (0.94, 1)
        ]
        return 1000 * (energies[0] - energies[1])

    assert abs(squeezing(entry.ke_cutoff) - squeezing(1.5 * entry.ke_cutoff)) < entry.within


@pytest.mark.parametrize(
    ("system", "given", "message"),
    [
        ("LiHe", {}, "did you mean LiH"),
        ("LiH", {"lattice_constant": 1.5}, "touch"),
        ("LiH", {"lattice_constant": -1}, "a length in Å"),
        (Atoms("C2", [(0, 0, 0)] * 2, cell=[3.5] * 3, pbc=True), {}, "0.00 Å apart"),
        (bulk("Au"), {"pseudo": "gth-hf"}, "no pseudopotential of Au"),
        (bulk("Si"), {"lattice_constant": 5}, "their own cell"),
        ("LiH", {"basis": "no-such"}, "no functions of H"),
        (3, {}, "cannot read a crystal"),
    ],
)
def test_crystals_that_are_none(system, given, message):
    with pytest.raises(ValueError, match=message):
        crystals.crystal(system, **given)


def test_atoms_in_no_box():
    atoms = bulk("Si")
    atoms.pbc = (True, True, False)
    with pytest.raises(ValueError, match="three directions"):
        crystals.crystal(atoms)


def test_what_is_refused_before_minutes_are_spent():
    cell = crystals.crystal("LiH", ke_cutoff=ROUGH)
    for given, message in [
        (dict(xc="EDU99"), "EDU26"),
        (dict(xc="PBE-D3BJ"), "dispersion"),
        (dict(kpts=(20, 20, 20), xc="EDU26"), "need .* GB"),
        (dict(xc="EDU26", precision="half"), "float32"),
    ]:
        with pytest.raises(ValueError, match=message):
            crystals.KS(cell, **given)
    with pytest.raises(ValueError, match="half full"):
        crystals.KS(crystals.crystal(bulk("Na"), ke_cutoff=ROUGH))
    with pytest.warns(UserWarning, match="2 k-points along an axis"):
        crystals.KS(crystals.crystal(bulk("Mg"), ke_cutoff=ROUGH))
    with pytest.raises(ValueError, match="made by"):
        crystals.KS(mx.molecule("LiH"))


def test_the_minimum_of_birch_and_murnaghans_equation():
    """Their energy written out, with numbers chosen by hand."""
    v0, bulk_modulus, slope = 16.0, 100.0, 4.5
    lengths = np.linspace(0.94, 1.06, 7)
    v = v0 * lengths**3
    x = (v0 / v) ** (2 / 3)
    energy = 9 * v0 * bulk_modulus / 16 * ((x - 1) ** 3 * slope + (x - 1) ** 2 * (6 - 4 * x))
    energy = energy / 160.2176634 / mx.units.EV_PER_HARTREE  # GPa Å³ to Hartree
    table = pd.DataFrame(
        dict(method="by hand", length=lengths, volume=v, energy=energy, converged=True)
    )
    found = mx.equilibrium(table).loc["by hand"]
    assert found.volume == pytest.approx(v0, rel=1e-6)
    assert found.length == pytest.approx(1, rel=1e-6)
    assert found.bulk_modulus == pytest.approx(bulk_modulus, rel=1e-4)
    with pytest.raises(ValueError, match="no minimum"):
        mx.equilibrium(table.assign(energy=-energy))
    with pytest.raises(ValueError, match="needs five"):
        mx.equilibrium(table[:4])


def test_an_equation_of_state_goes_on_where_it_was_stopped(tmp_path):
    given = dict(ke_cutoff=ROUGH, kpts=(1, 1, 1), workers=1, store=tmp_path, progress=False)
    few = mx.equation_of_state("LiH", ["PBE"], (1.0, 1.05), **given)
    assert few.converged.all() and list(few.length) == [1.0, 1.05]
    files = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.json")}
    more = mx.equation_of_state("LiH", ["PBE"], (1.0, 1.05, 1.1), **given)
    assert len(more) == 3
    assert {f: f.stat().st_mtime_ns for f in files} == files
    np.testing.assert_array_equal(more.energy[:2], few.energy)
    for bad in ((), (0.0,), "wide"):
        with pytest.raises(ValueError, match="lengths"):
            mx.equation_of_state("LiH", ["PBE"], bad, **given)


def test_stored_tables_are_what_is_computed():
    """One point of each again: diamond, its gap, an atom without its core, a chain."""
    basis = "gth-dzvp-molopt-sr"
    known = mx.stored("crystals", basis).set_index(["crystal", "method", "n", "length"])
    diamond = crystals.KS(crystals.crystal("C"), "PBE").run()
    assert known.loc[("C", "PBE", 2, 1.0), "energy"] == pytest.approx(diamond.e_tot, abs=1e-6)
    gaps = mx.stored("gaps", basis).set_index(["crystal", "method", "exxdiv"])["gap_ev"]
    filled = diamond.cell.nelectron // 2
    found = min(e[filled] for e in diamond.mo_energy) - max(
        e[filled - 1] for e in diamond.mo_energy
    )
    found *= mx.units.EV_PER_HARTREE
    assert gaps["C", "PBE", "ewald"] == pytest.approx(found, abs=1e-3)
    cores = mx.stored("cores", "unc-def2-tzvp").set_index(["system", "method", "cores"])["energy"]
    lithium = molecular.M(atom="Li", spin=1, basis="unc-def2-tzvp", pseudo="gth-pbe", verbose=0)
    assert cores["Li", "PBE", False] == pytest.approx(lithium.UKS(xc="PBE").run().e_tot, abs=1e-6)
    chains = mx.stored("chains", "sto-6g").set_index(["atoms", "method", "unrestricted"])
    chains = chains[chains["r"] < 1]["energy"]
    row = [("H", (0, 0, 1.8 * i)) for i in range(6)]
    mol = molecular.M(atom=row, unit="Bohr", basis="sto-6g", verbose=0)
    assert chains[6, "PBE", False] == pytest.approx(mol.RKS(xc="PBE").run().e_tot, abs=1e-6)
    chains = mx.stored("chains", "cc-pvtz").set_index(["atoms", "method", "unrestricted"])
    chains = chains[chains["r"] < 1]["energy"]
    mol = molecular.M(atom=[*row, *(("H", (0, 0, 1.8 * i)) for i in range(6, 10))], unit="Bohr",
                      basis="cc-pvtz", verbose=0)  # fmt: skip
    assert chains[10, "PBE", False] == pytest.approx(mol.RKS(xc="PBE").run().e_tot, abs=1e-5)


@pytest.mark.full
def test_stored_salts_are_what_is_computed():
    """MgO of the measured size: PBE, EDU26 of its density, and what more k-points change."""
    known = mx.stored("salts", "gth-dzvp-molopt-sr")
    known = known.set_index(["crystal", "length", "method"]).sort_index()
    known = known.loc["MgO", 1.0]
    pbe = crystals.KS(crystals.crystal("MgO"), "PBE").run()
    assert known.loc["PBE", "energy"] == pytest.approx(pbe.e_tot, abs=1e-6)
    edu26 = crystals.KS(pbe.cell, "EDU26").energy_tot(pbe.make_rdm1())
    assert known.loc["EDU26", "energy"] == pytest.approx(edu26, abs=1e-5)
    rough = crystals.crystal("MgO", ke_cutoff=120)
    two, three = (crystals.KS(rough, "PBE", (n, n, n)).run().e_tot for n in (2, 3))
    assert known.loc["PBE", "more"] == pytest.approx(three - two, abs=1e-6)


def test_stored_bands_pass_through_the_stored_levels():
    """Γ, X and L, where the path's corners are, are points of the mesh that the gaps were taken
    from; the path's steps know nothing of them."""
    basis = "gth-dzvp-molopt-sr"
    bands, gaps = mx.stored("bands", basis), mx.stored("gaps", basis)
    assert bands["converged"].all()
    gaps = gaps[gaps["exxdiv"] == "vcut_sph"].set_index(["crystal", "method"])["gap_ev"]
    corners = bands[bands["point"].isin([0, bands["point"].max() // 2, bands["point"].max()])]
    for method, at in corners.groupby("method"):
        found = at.loc[~at["filled"], "energy"].min() - at.loc[at["filled"], "energy"].max()
        found *= mx.units.EV_PER_HARTREE
        assert gaps["LiH", method] == pytest.approx(found, abs=1e-3)
