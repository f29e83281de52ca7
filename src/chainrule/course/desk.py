"""What a learner's command works on: the workspace, made ready, and the answers it is asked to check."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.course import answers, keeper
from chainrule.course.lesson import Lesson, chosen, find, lessons
from chainrule.course.names import same_code
from chainrule.course.workspace import Workspace, around, located
from chainrule.errors import ArgumentError


@dataclass(frozen=True)
class Target:
    """An answer to check: the exercise, the file it is in, the workspace that is to remember it, if there is one."""

    lesson: Lesson
    id: str
    path: Path
    kept: Workspace | None


def laid_out(folder: str | None) -> Workspace:
    """The learner's workspace, up to date, which keeps the progress from now on.  What is new is said on stderr."""
    workspace = located(folder)
    for line in workspace.lay_out():
        print(line, file=sys.stderr)
    keeper.use(workspace.progress)
    return workspace


def lesson_called(name: str) -> Lesson:
    """A lesson by number or by name; ArgumentError if there is none."""
    return Lesson(chosen([name])[0])


def targets(asked: Sequence[str], folder: str | None) -> Iterator[Target]:
    """What ``chainrule check`` is to check: exercises (5.2, or 5.2 FILE), lessons (5), files."""
    left = list(asked)
    while left:
        target = left.pop(0)
        if Path(target).is_file():
            yield from _in_file(Path(target))
        elif re.fullmatch(r"\d+\.\d+", target):
            lesson = find(target)
            if left and Path(left[0]).is_file():
                path = Path(left.pop(0))
                yield Target(lesson, target, path, around(path.resolve().parent))
            else:
                workspace = laid_out(folder)
                yield Target(lesson, target, _latest(workspace, lesson, target), workspace)
        elif re.fullmatch(r"\d+|\d\d_\w+", target):
            lesson, workspace = lesson_called(target), laid_out(folder)
            for id in lesson.tasks:
                yield Target(lesson, id, _latest(workspace, lesson, id), workspace)
        else:
            raise ArgumentError(f"{target}: there is no such file; name an exercise (5.2), a lesson (5) or a file")


def _in_file(path: Path) -> Iterator[Target]:
    """Every exercise that a file answers."""
    sheet = answers.read(path)
    course = {id: lesson for lesson in lessons() for id in lesson.tasks}
    ids = [id for id in sheet.ids if id in course]
    if not ids:
        raise ArgumentError(
            f"{path}: no exercise of the course is in it; write which one it answers: chainrule check 5.2 {path}"
        )
    kept = around(path.resolve().parent)
    for id in ids:
        yield Target(course[id], id, path, kept)


def _latest(workspace: Workspace, lesson: Lesson, id: str) -> Path:
    """The file with the learner's answer: the one saved last that holds more than the stub; else the exercise's own."""
    files = workspace.files(lesson, id)
    stub = lesson.tasks[id].stub
    for path in files:
        sheet = answers.read(path)
        source = answers.answer(lesson, id, sheet) if id in sheet.ids else None
        if source is not None and not same_code(source, stub):
            return path
    return next((path for path in files if path.name == f"{id}.py"), files[0])
