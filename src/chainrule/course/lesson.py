"""A lesson, read from its folder: the text's cells, its tasks, its bank.

    Lesson   one folder ``lessons/NN_name``: number, title, minutes, cells, tasks
    Task     one exercise as its text has it: title, stub, hints, solution, explanation

A cell with the tag ``given`` is code that every answer of the lesson may rely on: its definitions are there when an
answer is checked (``given="5.1 5.2"`` says for which).  A task's ``given`` is that code and the solutions it uses.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from chainrule.course import cells
from chainrule.course.bank import Exercise
from chainrule.course.cells import Cell, Tag
from chainrule.course.names import defined
from chainrule.errors import ArgumentError

Found = TypeVar("Found")
FOLDER = Path(__file__).parent / "lessons"
PARTS = ("exercise", "stub", "hint", "solution", "explanation")  # tags whose value is the id of an exercise
DIFFICULTIES = (1, 2, 3)  # warm-up, exercise, stretch


@dataclass
class Task:
    """One exercise as the lesson's text has it."""

    id: str
    title: str = ""
    difficulty: int = 0
    minutes: int = 0
    text: str = ""
    stub: str = ""
    hints: list[str] = field(default_factory=list)
    solution: str = ""
    explanation: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What an answer must define: what the stub defines."""
        return defined(self.stub)


class Lesson:
    """A lesson, read from ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = folder / "lesson.py"
        self.cells: list[Cell] = cells.read(self.text.read_text(encoding="utf-8"), self.text.name)
        self.tasks: dict[str, Task] = {}
        for cell in self.cells:
            self._take(cell)
        head: Mapping[str, Tag] = self.cells[0].tags if self.cells else {}
        self.title, self.minutes = str(head.get("title", "")), int(head.get("minutes", 0))

    @property
    def number(self) -> int:
        """5 for ``05_backward``."""
        return int(self.folder.name.partition("_")[0])

    @property
    def name(self) -> str:
        """The folder's name, ``05_backward``."""
        return self.folder.name

    @property
    def stamp(self) -> list[int]:
        """When its files were last written: what was found out about it holds as long as this stays the same."""
        paths = [self.text, self.folder / "bank.py", self.folder / "oracle.json"]
        return [path.stat().st_mtime_ns for path in paths if path.exists()]

    @cached_property
    def bank(self) -> dict[str, Exercise]:
        """The exercises of ``bank.py``, by id."""
        path = self.folder / "bank.py"
        if not path.exists():
            raise ArgumentError(f"{path} is not there; write it, with the check of each exercise (docs/authoring.md)")
        module = executed(path)
        exercises = getattr(module, "EXERCISES", None)
        if not isinstance(exercises, list) or not all(isinstance(each, Exercise) for each in exercises):
            raise ArgumentError(f"{path}: there is no list of exercises in it; write EXERCISES = [Exercise(...), ...]")
        found = {each.id: each for each in exercises}
        if len(found) < len(exercises):
            raise ArgumentError(f"{path}: two exercises have the same id; give each the id it has in lesson.py")
        return found

    def given(self, id: str) -> list[str]:
        """The code that is there before an answer to ``id`` runs: given cells, then the solutions it uses."""
        texts = [cell.text for cell in self.cells if "given" in cell.tags and id in _ids(cell.tags["given"], id)]
        for used in self.bank[id].uses:
            lesson = self if used in self.tasks else find(used)
            if lesson is not self:
                texts += lesson.given(used)
            texts.append(lesson.tasks[used].solution)
        return texts

    def _take(self, cell: Cell) -> None:
        """Put a cell where it belongs: into a task, or nowhere if it is the lesson's own text."""
        part = next((part for part in PARTS if part in cell.tags), None)
        if part is None:
            return
        id = str(cell.tags[part])
        if part == "exercise":
            if id in self.tasks:
                self._refuse(cell, f"there are two exercises {id}; give each a number of its own")
            self.tasks[id] = Task(
                id, str(cell.tags.get("title", "")), _whole(cell, "difficulty"), _whole(cell, "minutes"), cell.text
            )
            return
        if id not in self.tasks:
            self._refuse(cell, f'{part}="{id}" comes before its exercise; write the cell exercise="{id}" above it')
        if part in ("stub", "solution") and cell.kind != "code":
            self._refuse(cell, f"a {part} is code; leave out [markdown]")
        if part == "hint":
            self.tasks[id].hints.append(cell.text)
        elif getattr(self.tasks[id], part):
            self._refuse(cell, f"exercise {id} has a {part} already; join the two cells")
        else:
            setattr(self.tasks[id], part, cell.text)

    def _refuse(self, cell: Cell, why: str) -> None:
        raise ArgumentError(f"{self.name}/{self.text.name}, line {cell.line}: {why}")


def lessons(folder: Path | None = None) -> list[Lesson]:
    """Every lesson, in order."""
    return [Lesson(path) for path in folders(folder)]


def folders(folder: Path | None = None) -> Iterator[Path]:
    """The folders of the lessons, in order."""
    for path in sorted((folder or FOLDER).iterdir()):
        if re.match(r"\d\d_\w+$", path.name) and (path / "lesson.py").exists():
            yield path


def chosen(names: Sequence[str], paths: Sequence[Path] | None = None) -> list[Path]:
    """The folders of these lessons, by number or name, or of all; ArgumentError for one that is not there."""
    paths = list(folders() if paths is None else paths)
    for name in names:
        if not any(_called(path, name) for path in paths):
            raise ArgumentError(f"there is no lesson {name}, only {', '.join(path.name for path in paths) or 'none'}")
    return [path for path in paths if not names or any(_called(path, name) for name in names)]


def _called(path: Path, name: str) -> bool:
    number, _, _ = path.name.partition("_")
    return name == path.name or (name.isdigit() and int(name) == int(number))


def find(id: str, folder: Path | None = None) -> Lesson:
    """The lesson that has the exercise ``id``; ArgumentError that says which there are.

    >>> find("5.2").name
    '05_backward'
    """
    number, _, _ = str(id).partition(".")
    for path in folders(folder):
        if number.isdigit() and path.name.startswith(f"{int(number):02}_"):
            lesson = Lesson(path)
            if id in lesson.tasks:
                return lesson
            there = ", ".join(lesson.tasks) or "none"
            raise ArgumentError(f"there is no exercise {id}; lesson {lesson.number} has {there}")
    there = ", ".join(path.name for path in folders(folder))
    raise ArgumentError(
        f"there is no exercise {id}: no lesson has that number; write one such as 5.2 (lessons: {there})"
    )


def _ids(tag: Tag, id: str) -> list[str]:
    """The exercises a ``given`` cell is for: those it names, or all of the lesson if "*"."""
    return [id] if tag == "*" else str(tag).split()


def _whole(cell: Cell, tag: str) -> int:
    value = cell.tags.get(tag, 0)
    return value if isinstance(value, int) else 0


_KEPT: dict[tuple[str, str], tuple[list[int], Any]] = {}


def kept(lesson: Lesson, what: str, find_out: Callable[[], Found]) -> Found:
    """What ``find_out`` gives, found out once for each state of the lesson's files."""
    key = (str(lesson.folder), what)
    if key not in _KEPT or _KEPT[key][0] != lesson.stamp:
        _KEPT[key] = lesson.stamp, find_out()
    return _KEPT[key][1]


def executed(path: Path) -> ModuleType:
    """A module from a file that is in no package: afresh each time, and nowhere to be imported from."""
    spec = importlib.util.spec_from_file_location(f"chainrule_course_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
