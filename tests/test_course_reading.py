"""A lesson's files: read as written, refused where they make no sense."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest

from chainrule.course import cells, lesson
from chainrule.course.bank import edit, source_of
from chainrule.course.lesson import Lesson
from chainrule.course.names import bound, defined, needed
from chainrule.errors import ArgumentError

SOURCE = """\
# %% [markdown] lesson=3 title="Three"
# # 3. Three
#
# $x$ and

# %%
x = 1

y = "# %%"

# %% given="*"
import math

# %% given="3.2"
helper = 2

# %% [markdown] exercise="3.1" title="One" difficulty=1 minutes=5
# ### One

# %% stub="3.1"
def f(x):
    return 0

# %% [markdown] hint="3.1"
# Think.

# %% solution="3.1"
def f(x):
    return x

# %% [markdown] exercise="3.2" title="Two" difficulty=1 minutes=5
# ### Two

# %% stub="3.2"
g = None

# %% solution="3.2"
g = f
"""
BANK = """
from chainrule.course.bank import Exercise
EXERCISES = [Exercise("3.1", [], []), Exercise("3.2", [], [], uses=["3.1"])]
"""


def folder(tmp_path: Path, source: str = SOURCE, bank: str = BANK) -> Path:
    path = tmp_path / "03_three"
    path.mkdir()
    (path / "lesson.py").write_text(source)
    (path / "bank.py").write_text(bank)
    return path


def test_writing_what_was_read_gives_the_same_text() -> None:
    assert cells.write(cells.read(SOURCE)) == SOURCE
    for path in lesson.folders():
        read = cells.read((path / "lesson.py").read_text())
        assert cells.read(cells.write(read)) == read


def test_jupytext_reads_the_same_cells() -> None:
    jupytext = pytest.importorskip("jupytext")
    for path in lesson.folders():
        text = (path / "lesson.py").read_text()
        book = jupytext.reads(text, fmt="py:percent")
        for cell in book.cells:
            cell["metadata"].pop("lines_to_next_cell", None)  # its note about empty lines
        theirs = [(cell["cell_type"], cell["source"].strip("\n"), dict(cell["metadata"])) for cell in book.cells]
        assert [(cell.kind, cell.text, cell.tags) for cell in cells.read(text)] == theirs


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\n# %%\n", "lesson.py, line 1: a lesson begins with a cell; write # %% [markdown] first"),
        ("# %% [markdown] difficulty=high\n", "line 1: '# %% [markdown] difficulty=high' is no header of a cell"),
        ('# %% [Markdown] hint="1.1"\n', "is no header of a cell; write # %% or # %% [markdown], then tags such as"),
        ("# %% [markdown]\n# a\nb\n", 'line 3: text is commented out; begin the line with "# "'),
    ],
)
def test_what_is_not_in_the_format_is_refused(source: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        cells.read(source)
    assert message in str(caught.value)


def test_a_lesson_knows_its_exercises(tmp_path: Path) -> None:
    three = Lesson(folder(tmp_path))
    assert (three.number, three.title, list(three.tasks)) == (3, "Three", ["3.1", "3.2"])
    one = three.tasks["3.1"]
    assert (one.title, one.difficulty, one.minutes, one.hints, one.names) == ("One", 1, 5, ["Think."], ("f",))
    assert three.given("3.1") == ["import math"]
    assert three.given("3.2") == ["import math", "helper = 2", one.solution]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('stub="3.1"', 'stub="3.7"', 'stub="3.7" comes before its exercise; write the cell exercise="3.7" above it'),
        ('exercise="3.2"', 'exercise="3.1"', "there are two exercises 3.1; give each a number of its own"),
        ('solution="3.2"', 'solution="3.1"', "exercise 3.1 has a solution already; join the two cells"),
        ('# %% stub="3.2"\ng = None', '# %% [markdown] stub="3.2"\n# g', "a stub is code; leave out [markdown]"),
    ],
)
def test_what_is_out_of_place_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        Lesson(folder(tmp_path, SOURCE.replace(old, new)))
    assert message in str(caught.value)
    assert "03_three/lesson.py, line " in str(caught.value)


def test_a_bank_without_exercises_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"write EXERCISES = \[Exercise\(\.\.\.\), \.\.\.\]"):
        _ = Lesson(folder(tmp_path, bank="EXERCISES = 3")).bank


@pytest.mark.parametrize("id", ["5.99", "99.1", "five", ""])
def test_an_exercise_that_is_not_there_is_refused_with_those_that_are(id: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        lesson.find(id)
    there = "lesson 5 has 5.1, 5.2, 5.3, 5.4" if id == "5.99" else "05_backward"
    assert f"there is no exercise {id}" in str(caught.value)
    assert there in str(caught.value)


def test_an_edit_must_hit_once() -> None:
    assert source_of(edit("a", "b"), "a + c") == "b + c"
    with pytest.raises(ArgumentError, match="'c' stands 2 times in the solution"):
        edit("c", "b").of("c + c")
    with pytest.raises(ArgumentError, match="'c' stands 0 times in the solution"):
        edit("c", "b").of("a")
    with pytest.raises(ArgumentError, match="1 pieces; they come in pairs"):
        edit("c")


def test_names_defined_bound_and_needed() -> None:
    source = "import os\nfrom a import b as c\n(x, y), z = 1, 2\nclass K:\n    def m(self): return helper(self, N)\n"
    assert defined(source) == ("x", "y", "z", "K")
    assert bound(source) == {"os", "c", "x", "y", "z", "K"}
    assert needed(source) == {"helper", "N"}
    assert needed("def f():\n    return [i for i in range(3) if i in q]") == {"q"}
    assert defined("def (") == () == tuple(bound("def (")) == tuple(needed("def ("))


def test_two_threads_may_parse_at_once() -> None:
    """Collecting garbage in the middle of a tree, Python lets another thread begin a tree of its own."""
    other: list[threading.Thread] = []

    def begin(phase: str, info: dict[str, Any]) -> None:
        if threading.current_thread() is threading.main_thread() and phase == "start" and len(other) < 5:
            other.append(threading.Thread(target=defined, args=("y = 2",)))
            other[-1].start()
            other[-1].join(0.05)  # in vain where they take turns

    before = gc.get_threshold()
    gc.callbacks.append(begin)
    gc.set_threshold(100)
    try:
        assert defined("x = 1\n" * 1000) == ("x",)
    finally:
        gc.callbacks.remove(begin)
        gc.set_threshold(*before)
        for each in other:
            each.join()
    assert other
