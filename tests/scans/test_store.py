"""Finished points on disk."""

import os

import pytest

from mlxc_edu.scans import _store


@pytest.mark.skipif(not hasattr(os, "umask"), reason="permissions as POSIX has them")
def test_a_shared_store_can_be_read_by_others(tmp_path):
    before = os.umask(0o002)
    try:
        kept = _store.Store(tmp_path)
        kept.put({"r": 1.0}, {"energy": -1.0})
    finally:
        os.umask(before)
    file = kept.path({"r": 1.0})
    assert file.stat().st_mode & 0o777 == 0o664
    assert kept.get({"r": 1.0}) == {"energy": -1.0}
    assert [*file.parent.iterdir()] == [file], "nothing half written is left"
