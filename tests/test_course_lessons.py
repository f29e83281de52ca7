"""Every lesson runs, as a learner runs it: the solved notebook passes its checks, the learner's comes to its end.

The solved notebook runs in a kernel, as in JupyterLab.  The learner's has the same cells but for the stubs; it runs in
IPython's shell without a kernel (``notebook_shell.py``), since a start takes longer than many a lesson.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainrule.course import building
from chainrule.course.lesson import Lesson, lessons

nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
SECONDS = 120
SHELL = Path(__file__).with_name("notebook_shell.py")
each_lesson = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)


def in_a_kernel(text: str, folder: Path) -> tuple[dict[str, str], str]:
    """What each check said and all that was printed; an error in a cell is one here."""
    book = nbformat.reads(text, as_version=4)
    nbclient.NotebookClient(book, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    said = {
        cell.metadata.chainrule.check: "".join(out.get("data", {}).get("text/plain", "") for out in cell.outputs)
        for cell in book.cells
        if "check" in cell.metadata.get("chainrule", {})
    }
    return said, "".join(out.get("text", "") for cell in book.cells for out in cell.get("outputs", []))


@pytest.fixture(scope="module")
def shell() -> Iterator[subprocess.Popen[str]]:
    """A process that runs notebooks."""
    quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, str(SHELL)],
            env={**os.environ, **quiet, "IPYTHONDIR": home},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            yield process


def in_a_shell(shell: subprocess.Popen[str], text: str, folder: Path) -> tuple[dict[str, str], str]:
    """The same without a kernel."""
    path = folder / "notebook.ipynb"
    path.write_text(text)
    assert shell.stdin
    assert shell.stdout
    print(path, file=shell.stdin, flush=True)
    assert shell.stdout.readline() == "done\n"
    told = json.loads(path.with_suffix(".json").read_text())
    assert not told["broken"], told["broken"]
    return told["verdicts"], told["printed"]


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:ResourceWarning")
@each_lesson
def test_the_notebook_with_the_solutions_runs_and_passes(lesson: Lesson, tmp_path: Path) -> None:
    said, printed = in_a_kernel(building.solved(lesson), tmp_path)
    assert list(said) == list(lesson.tasks)
    for id, text in said.items():
        assert text.startswith(f"✓ {id} "), text
    assert "Warning" not in printed


@each_lesson
def test_the_learners_notebook_runs_to_its_end_with_every_stub_as_it_is(
    lesson: Lesson, shell: subprocess.Popen[str], tmp_path: Path
) -> None:
    said, printed = in_a_shell(shell, building.student(lesson), tmp_path)
    assert list(said) == list(lesson.tasks)
    for id, text in said.items():
        assert text.startswith(f"○ {id} "), text
    assert "Warning" not in printed


def test_a_cell_that_breaks_is_told_by_both(shell: subprocess.Popen[str], tmp_path: Path) -> None:
    text = building.student(lessons()[0]).replace("f(3.001)", "f(3.001) / 0")
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="ZeroDivisionError"):
        in_a_kernel(text, tmp_path)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        in_a_shell(shell, text, tmp_path)
