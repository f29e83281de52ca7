"""Doctests find ``chainrule`` and ``np`` without importing them."""

from typing import Any

import numpy as np
import pytest

import chainrule


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace.update(chainrule=chainrule, np=np)
