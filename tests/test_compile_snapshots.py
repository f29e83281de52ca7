"""The generated source of three workloads is the one that was read and kept."""

from __future__ import annotations

import difflib

import pytest
from workloads import FOLDER, WORKLOADS, source

pytest.importorskip("numba")


@pytest.mark.parametrize("name", WORKLOADS)
def test_source(name: str) -> None:
    kept, now = (FOLDER / f"{name}.txt").read_text(), source(name)
    change = "\n".join(difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm=""))
    assert not change, f"{change}\nIf this is meant: python tests/workloads.py, and read the diff."
