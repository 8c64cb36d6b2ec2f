"""A point is trusted as long as the code that computed it does what it did."""

import pytest

from mlxc_edu.scans import code_version
from mlxc_edu.scans._code import fingerprint

SOURCE = """
import numpy as np
from ._there import there

TOL = 1e-5


def energy(x):
    return np.sum(x**2) + there(x) + TOL
"""


@pytest.mark.parametrize(
    "same",
    [
        SOURCE.replace("TOL = 1e-5", "TOL = 1e-5  # Hartree\n# why"),
        SOURCE.replace("(x):", '(x):\n    """In Hartree."""'),
        '"""A module."""\n' + SOURCE,
        SOURCE.replace("._there", "..elsewhere._there"),
        SOURCE.replace("np.sum(x**2) + there", "(\n        np.sum(x**2) + there").replace(
            "+ TOL", "+ TOL\n    )"
        ),
    ],
    ids=["comment", "docstring", "module docstring", "move", "line breaks"],
)
def test_what_changes_no_number(same):
    assert same != SOURCE and fingerprint([same]) == fingerprint([SOURCE])


def test_a_definition_may_stand_elsewhere():
    above, below = SOURCE.split("\n\n\n")
    assert fingerprint([below, above]) == fingerprint([SOURCE])


@pytest.mark.parametrize(
    "change",
    [
        ("1e-5", "1e-6"),
        ("x**2", "x**3"),
        ("+ TOL", "- TOL"),
        ("numpy", "jax.numpy"),
        ("(x):", "(x, *_):"),
        ("import there", "import here as there"),
        ("    return", "    from math import e\n    return"),
    ],
)
def test_what_may_change_a_number(change):
    assert fingerprint([SOURCE.replace(*change)]) != fingerprint([SOURCE])


def test_of_the_package():
    assert len(code_version()) == 12 and code_version.__wrapped__() == code_version()
