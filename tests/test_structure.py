"""The public face is lazy, and imports inside the library go one way, down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mlxc_edu

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
import house

# From the ground up: a room may use those of lower floors, and no other.
FLOORS = [
    {"units", "_threads", "weights", "molecules", "course"},
    {"functionals"},
    {"ks"},
    {"calculations", "crystals", "one_d"},
    {"scans", "figures", "training", "atoms"},
    {"explore"},
    {"book"},
    {"cli"},
]
INSIDE = {
    "ks": [{"ks.methods", "ks.convergence"}, {"ks.learned", "ks.occupations"}, {"ks"}],
    "explore": [{"explore.live"}, {"explore"}],
    "figures": [{"figures.drawings"}, {"figures"}],
}


def modules_loaded_by(code):
    script = f"{code}\nimport sys; print(' '.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_import_loads_nothing_heavy():
    loaded = modules_loaded_by("import mlxc_edu; dir(mlxc_edu)")
    assert not loaded & {"jax", "pyscf", "plotly", "numpy", "pandas", "IPython"}


def test_help_loads_nothing_heavy():
    code = "from mlxc_edu.cli._main import _parser; text = _parser().format_help()"
    assert not modules_loaded_by(code) & {"jax", "pyscf", "plotly", "numpy", "pandas"}


def test_jax_is_loaded_when_it_is_wanted():
    """A worker sets the size of JAX's thread pool before it loads JAX."""
    code = "import mlxc_edu as mx; mx.solve, mx.dissociation, mx.plot, mx.catalogue"
    code += "; mx.KS(mx.molecule('H'), 'PBE', occupations=(0.5, 0))"
    assert "jax" not in modules_loaded_by(code)


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "3000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")],
)
def test_threads_wait_briefly_unless_the_user_says_how(given, spins):
    free = {k: v for k, v in os.environ.items() if not k.startswith(("GOMP", "OMP_WAIT"))}
    code = "import os, mlxc_edu; print(os.environ.get('GOMP_SPINCOUNT'))"
    run = subprocess.run(
        [sys.executable, "-c", code], env=free | given, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == spins


def test_public_names_resolve():
    for name in mlxc_edu.__all__:
        assert getattr(mlxc_edu, name) is not None
    assert set(mlxc_edu.__all__) <= set(dir(mlxc_edu))


def test_every_room_has_its_floor():
    rooms, wrong = house.read()
    assert not wrong
    assert [set(floor) for floor in house.floors(house.folded(rooms))] == FLOORS
    for name, inside in INSIDE.items():
        parts = {n: room for n, room in rooms.items() if n.split(".")[0] == name}
        for room in parts.values():
            room.uses = {other: by for other, by in room.uses.items() if other in parts}
        assert [set(floor) for floor in house.floors(parts)] == inside
    assert set(rooms) == {n for floors in [FLOORS, *INSIDE.values()] for f in floors for n in f}


def test_faces_are_small_and_say_what_happens_behind_them():
    rooms, _ = house.read()
    assert all(room.says.endswith(".") for room in rooms.values())
    assert not house.untidy(rooms)


def test_the_house_sees_what_is_wrong(tmp_path):
    for file, text in {
        "cellar/__init__.py": "from ._a import f",
        "cellar/_a.py": "def f():\n    from ..attic import g",
        "attic/__init__.py": "from ._b import g",
        "attic/_b.py": "from mlxc_edu.cellar._a import f\nfrom ..cellar import _a",
    }.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    rooms, wrong = house.read(tmp_path)
    assert wrong == ["attic/_b.py takes _a past the face of cellar"] * 2
    with pytest.raises(ValueError, match="a circle: attic → cellar → attic"):
        house.floors(rooms)


def test_plots_and_tables_are_apart():
    package = Path(mlxc_edu.__file__).parent
    for file in package.glob("figures/*.py"):
        if file.stem != "_viewer":  # it looks densities up
            assert "pyscf" not in file.read_text(), file
    for room in ("ks", "calculations", "scans", "one_d", "training"):
        for file in package.glob(f"{room}/**/*.py"):
            assert "plotly" not in file.read_text(), file
