"""What a class has handed in: a folder with a folder for each learner, or with files that carry their names.

collect    learner -> files
Work       the answers of one learner to one exercise, as found in the files
gather     all Work there is, and the files that could not be read
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.course import answers
from chainrule.course.answers import Sheet
from chainrule.course.lesson import Lesson
from chainrule.course.names import same_code
from chainrule.errors import ArgumentError

KINDS = (".ipynb", ".py")
PASSED_OVER = ("backups", "__pycache__", "__MACOSX")


@dataclass(frozen=True)
class Work:
    """The answers of one learner to one exercise, latest first; none if nothing was handed in."""

    learner: str
    exercise: str
    found: tuple[tuple[str, Sheet], ...]  # file, and what is in it

    def key(self, course: str) -> str:
        """What a result is kept under: any change of the answer, or of the course, makes another."""
        said = [course, self.learner, self.exercise, [[sheet.cells, sheet.whole] for _, sheet in self.found]]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def collect(folder: Path, course: Sequence[Lesson]) -> dict[str, list[Path]]:
    """The files of each learner; ArgumentError if there are none.

    A folder in ``folder`` is a learner.  A file there belongs to the learner its name names, without the lesson's name
    or the exercise's number: ``ada_05_backward.ipynb``, ``5.2 ada.py``.
    """
    if not folder.is_dir():
        raise ArgumentError(f"{folder} is no folder; name the one in which each learner has a folder or a file")
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in PASSED_OVER:
            continue
        if entry.is_dir():
            found[entry.name] = sorted(_files(entry))
        elif entry.suffix in KINDS:
            found.setdefault(learner_of(entry.stem, course), []).append(entry)
    if not any(found.values()):
        raise ArgumentError(
            f"{folder}: no notebooks and no .py files are in it; each learner has a folder or a file there"
        )
    return found


def learner_of(stem: str, course: Sequence[Lesson]) -> str:
    """The learner in a file's name.

    >>> learner_of("ada_5.2", []), learner_of("ada", [])
    ('ada', 'ada')
    """
    for lesson in course:
        stem = stem.replace(lesson.name, "")
    return re.sub(r"(?<![\d.])\d{1,2}\.\d{1,2}(?!\d)", "", stem).strip(" _-.()") or "nameless"


def gather(files: Mapping[str, Sequence[Path]], course: Sequence[Lesson]) -> tuple[list[Work], list[tuple[str, str]]]:
    """Every learner's work on every exercise of the lessons handed in; and who handed in what cannot be read, and why.

    ``course`` are the lessons that count.  If a learner has nothing for an exercise, the Work is empty.
    """
    sheets: dict[str, list[tuple[str, Sheet]]] = {}
    unread: list[tuple[str, str]] = []
    for learner, paths in files.items():
        sheets[learner] = list(_read(learner, paths, unread))
    lessons = {id: lesson for lesson in course for id in lesson.tasks}
    works = [
        Work(learner, id, tuple(_answering(id, lesson, sheets[learner])))
        for id, lesson in lessons.items()
        for learner in files
    ]
    return works, unread


def handed_in(files: Mapping[str, Sequence[Path]], course: Sequence[Lesson]) -> list[Lesson]:
    """The lessons of which at least one learner has handed in something."""
    there = {id for learner, paths in files.items() for _, sheet in _read(learner, paths, []) for id in sheet.ids}
    return [lesson for lesson in course if there & {*lesson.tasks}]


def _answering(id: str, lesson: Lesson, sheets: Sequence[tuple[str, Sheet]]) -> Iterator[tuple[str, Sheet]]:
    """The sheets with an answer to ``id``; a stub counts only if there is nothing else."""
    there = [(name, sheet, answers.answer(lesson, id, sheet)) for name, sheet in sheets if id in sheet.ids]
    begun = [each for each in there if each[2] is not None and not same_code(each[2], lesson.tasks[id].stub)]
    return ((name, sheet) for name, sheet, _ in begun or there[:1])


def _read(learner: str, paths: Sequence[Path], unread: list[tuple[str, str]]) -> Iterator[tuple[str, Sheet]]:
    for path in sorted(paths, key=lambda path: (-path.stat().st_mtime_ns, path)):
        try:
            yield path.name, answers.read(path)
        except ArgumentError as error:
            unread.append((learner, str(error)))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.suffix in KINDS and path.is_file() and not any(p.startswith(".") or p in PASSED_OVER for p in parts):
            yield path
