"""Who is bonded to whom."""

import pytest

import mlxc_edu as mx
from mlxc_edu.molecules._bonds import breaks_pairs, fragments


@pytest.mark.parametrize(
    "system,parts,pairs_break",
    [
        ("H 0 0 0; H 0 0 0.74", 1, False),
        ("H 0 0 0; H 0 0 1.2", 2, True),
        ("N 0 0 0; N 0 0 2.5", 2, True),
        ("O 0 0 0; O 0 0 3", 2, True),  # an even number each, but two of them unpaired
        ("He 0 0 0; He 0 0 2.9", 2, False),
        ("O 0 0 0; H 0 0.757 0.587; H 0 -0.757 0.587; He 0 0 -2.5", 2, False),
        ("O 0 0 0; H 0 0.757 0.587; H 0 -2.6 2.0", 2, True),
    ],
)
def test_what_a_stretched_molecule_falls_into(system, parts, pairs_break):
    mol = mx.molecule(system, basis="sto-3g")
    assert len(fragments(mol)) == parts
    assert breaks_pairs(mol) == pairs_break
