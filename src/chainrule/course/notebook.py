"""What a learner calls in a notebook: `check`, `hint`, `solution`.

`check` looks for the answer among the cells that have been run: the last one that defines what the exercise asks for.
That cell alone is checked, so it may not lean on other cells of the learner's (what the lesson has given is there).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.course import keeper
from chainrule.course.answers import judged, pick
from chainrule.course.lesson import Lesson, find
from chainrule.course.names import without_commands
from chainrule.course.runner import Runner
from chainrule.course.verdict import Verdict
from chainrule.errors import ArgumentError


def check(id: str) -> Verdict:
    """Check the answer to the exercise ``id`` that was run last in this notebook.

    ArgumentError outside a notebook, or if there is no such exercise.
    """
    verdict = checked(str(id), _history())
    said = keeper.current().record(verdict)
    return replace(verdict, notes=(*verdict.notes, said)) if said else verdict


def checked(id: str, cells: Sequence[str], *, lesson: Lesson | None = None, runner: Runner | None = None) -> Verdict:
    """The verdict on the answer to ``id`` that is among ``cells``, the sources that were run, in order."""
    lesson = lesson or find(id)
    cells = [without_commands(cell) for cell in cells]
    return judged(lesson, id, pick(lesson, id, cells), cells, runner=runner)


def hint(id: str, number: int | None = None) -> Help:
    """The next hint for the exercise ``id``: each call shows one more.  ``number`` asks for a certain one, from 1."""
    task = find(str(id)).tasks[str(id)]
    if number is None:
        number = min(keeper.current().hinted(task.id), len(task.hints))
    if not 1 <= number <= len(task.hints):
        raise ArgumentError(
            f"hint({id!r}, {number}): exercise {id} has the hints 1 to {len(task.hints)}; write one of these"
        )
    more = (
        f'hint("{id}") again shows the next.'
        if number < len(task.hints)
        else f'That was the last; solution("{id}") shows a solution.'
    )
    shown = [(f"Hint {i} of {len(task.hints)}", text) for i, text in enumerate(task.hints[:number], 1)]
    return Help(f"{task.id} {task.title}", shown, remark=more)


def solution(id: str, give_up: bool = False) -> Help:
    """The solution and why it is one, after the exercise is passed; before that only with ``give_up=True``."""
    task = find(str(id)).tasks[str(id)]
    if not keeper.current().passed(task.id):
        if not give_up:
            remark = f'The solution is shown when your answer passes. To see it now: solution("{id}", give_up=True)'
            return Help(f"{task.id} {task.title}", [], remark=remark)
        keeper.current().gave_up(task.id)
    return Help(f"{task.id} {task.title}", [("Why", task.explanation)], code=task.solution)


class Help:
    """Text to read: in a terminal as it is, in a notebook as Markdown."""

    def __init__(self, title: str, parts: Sequence[tuple[str, str]], code: str = "", remark: str = "") -> None:
        self.title, self.parts, self.code, self.remark = title, list(parts), code, remark

    def __repr__(self) -> str:
        pieces = [self.title, *([self.code] if self.code else [])]
        pieces += [f"{name}: {text}" for name, text in self.parts]
        return "\n\n".join([*pieces, *([self.remark] if self.remark else [])])

    def _repr_markdown_(self) -> str:
        pieces = [f"**{self.title}**", *([f"```python\n{self.code}\n```"] if self.code else [])]
        pieces += [f"**{name}**: {text}" for name, text in self.parts]
        return "\n\n".join([*pieces, *([self.remark] if self.remark else [])])


def _history() -> list[str]:
    """The sources of the cells that were run in this notebook."""
    try:
        from IPython.core.getipython import get_ipython
    except ModuleNotFoundError:
        shell = None
    else:
        shell = get_ipython()
    if shell is None:
        raise ArgumentError(
            "check looks for your answer among the cells of a notebook, and this is none; "
            "write in a terminal: chainrule check 5.2"
        )
    return [str(cell) for cell in shell.user_ns["In"]]
