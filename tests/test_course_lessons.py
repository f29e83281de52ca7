"""Every lesson runs, as a learner runs it: the solved notebook passes its checks, the learner's comes to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chainrule.course import building
from chainrule.course.lesson import Lesson, lessons

nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
SECONDS = 120


def executed(text: str, folder: Path) -> Any:
    """The notebook after all its cells have run in a kernel; an error in a cell is one here."""
    book = nbformat.reads(text, as_version=4)
    nbclient.NotebookClient(book, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    return book


def verdicts(book: Any) -> dict[str, str]:
    """What each check said, by exercise."""
    return {
        cell.metadata.chainrule.check: "".join(out.get("data", {}).get("text/plain", "") for out in cell.outputs)
        for cell in book.cells
        if "check" in cell.metadata.get("chainrule", {})
    }


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:ResourceWarning")
@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("kind", ["solved", "student"])
def test_the_lesson_runs(lesson: Lesson, kind: str, tmp_path: Path) -> None:
    book = executed(getattr(building, kind)(lesson), tmp_path)
    said = verdicts(book)
    assert list(said) == list(lesson.tasks)
    for id, text in said.items():
        if kind == "solved":
            assert text.startswith(f"✓ {id} "), text
        else:
            assert "this is still the stub" in text, text
    printed = "".join(out.get("text", "") for cell in book.cells for out in cell.get("outputs", []))
    assert "Warning" not in printed
