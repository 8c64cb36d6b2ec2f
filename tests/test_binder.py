"""What Binder installs is what the project asks for."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def test_binder_has_what_the_notebooks_need():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {}
    for requirement in pinned:
        (exactly,) = requirement.specifier
        assert exactly.operator == "=="
        versions[canonicalize_name(requirement.name)] = exactly.version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        assert name in versions, f"pip freeze again: {name} is missing"
        assert requirement.specifier.contains(versions[name]), f"{name} {versions[name]}"


def test_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()
