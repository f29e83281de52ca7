"""What every test module and doctest finds at hand."""

import pytest

import chainrule


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Each test draws the same random numbers, whatever ran before it."""
    chainrule.manual_seed(0)
