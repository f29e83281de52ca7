"""docs/surface.md says what is true."""

import runpy
from pathlib import Path

import chainrule

SCRIPT = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "surface.py"))


def test_the_page_is_up_to_date() -> None:
    assert SCRIPT["PAGE"].read_text() == SCRIPT["page"](), "run python scripts/surface.py"


def test_every_difference_is_of_a_name_that_is_here() -> None:
    owners = [ours for _, ours, _ in SCRIPT["PLACES"]]
    assert [name for name in SCRIPT["DIFFERS"] if not any(hasattr(owner, name) for owner in owners)] == []


def test_the_page_notices_a_new_name(monkeypatch) -> None:
    monkeypatch.setattr(chainrule.nn, "__all__", [name for name in chainrule.nn.__all__ if name != "Linear"])
    assert SCRIPT["page"]() != SCRIPT["PAGE"].read_text()
