"""The public face is lazy, and imports inside the library go one way, down."""

import ast
import subprocess
import sys
from pathlib import Path

import mlxc_edu

PACKAGE = Path(mlxc_edu.__file__).parent
# Lower rooms first; a module may import from rooms below its own, and from its own.
ROOMS = [
    {"units", "_catalogue", "_threads", "_background", "_store", "_colours", "weights"},
    {"_geometry", "functionals"},
    {"_molecule", "_bonds"},
    {"ks"},
    {"one_d"},
    {"_result", "_solve", "_exact", "_frontier"},
    {"training"},
    {"_jobs"},
    {"_scans"},
    {"_fractional", "_fractional_points", "_charge_transfer", "_tables"},
    {"_reaction_sets", "_reactions"},
    {"_live_charge", "_live_bond"},
    {"_profile", "_bond_figure"},
    {"_fraction_figures", "_training_figure"},
    {"_plots", "_viewer", "_density_figure", "_html_table", "_page"},
    {"_live_explorer"},
    {
        "explore",
        "_explorer",
        "_explore_charge",
        "_explore_ladder",
        "_explore_dissociation",
        "_explore_scf",
        "_explore_line",
        "_explore_bonding",
    },
    {"_cli", "_cli_train", "_cli_weights"},
    {"__init__"},
]


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


def test_public_names_resolve():
    for name in mlxc_edu.__all__:
        assert getattr(mlxc_edu, name) is not None
    assert set(mlxc_edu.__all__) <= set(dir(mlxc_edu))


def imported_rooms(path):
    """Names of the library's own modules that a file imports, functions' inner imports included."""
    depth_of_file = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == depth_of_file:
            yield from [node.module.split(".")[0]] if node.module else [a.name for a in node.names]


def test_imports_go_down():
    room_of = {module: i for i, room in enumerate(ROOMS) for module in room}
    seen = set()
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        seen.add(own)
        for other in imported_rooms(path):
            if other in room_of:
                assert room_of[other] <= room_of[own], f"{path.name} imports upwards: {other}"
    assert seen == set(room_of), "a new module needs a room"


def test_plots_and_tables_are_apart():
    for drawing in ("_plots.py", "_page.py", "_bond_figure.py"):
        assert "pyscf" not in (PACKAGE / drawing).read_text()
    for science in [*PACKAGE.glob("ks/*.py"), PACKAGE / "_solve.py", PACKAGE / "_exact.py"]:
        assert "plotly" not in science.read_text()
