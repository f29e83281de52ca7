"""docs/compile.md is true: its examples are run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

pytest.importorskip("numba")


def test_the_guide() -> None:
    path = Path(__file__).parent.parent / "docs" / "compile.md"
    failed, tried = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 10
    assert failed == 0
