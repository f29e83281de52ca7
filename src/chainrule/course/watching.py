"""`chainrule watch`: whenever a file of the workspace is saved, its exercise is checked again.

In a terminal it also takes keys: h the next hint, l the list, n the next exercise, q the end.  Without one it only
prints what it finds, until it is stopped.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.course import answers, keeper
from chainrule.course.lesson import Lesson, Task
from chainrule.course.notebook import hint
from chainrule.course.terminal import interactive, show_help, show_tasks, show_verdict
from chainrule.course.workspace import Workspace
from chainrule.errors import ArgumentError, require

if TYPE_CHECKING:
    from rich.console import Console

KEYS = "h hint   l list   n next   q quit"
TICK = 100  # milliseconds between two looks at the keyboard


class Watch:
    """The state of a watch: the exercise at hand, and the answers as they were when last looked at."""

    def __init__(self, workspace: Workspace, course: Sequence[Lesson], start: str, to: Console) -> None:
        self.workspace, self.to = workspace, to
        self.lessons = {id: lesson for lesson in course for id in lesson.tasks}
        self.current, self.keys = start, interactive()
        self._seen: dict[tuple[Path, str], str] = {}

    @property
    def task(self) -> Task:
        """The exercise at hand."""
        return self.lessons[self.current].tasks[self.current]

    def run(self) -> None:
        """Watch until q is pressed or Ctrl-C."""
        watchfiles = require("watchfiles", "watchfiles", "chainrule watch")
        folders = sorted({self.workspace.folder / lesson.name for lesson in self.lessons.values()})
        for folder in folders:
            for path in folder.iterdir():
                self._news(path)
        self.look()
        changes = watchfiles.watch(*folders, yield_on_timeout=True, rust_timeout=TICK, step=20, debounce=200)
        early = {path for folder in folders for path in folder.iterdir()}  # what was saved before the watch stood
        with _unbuffered() if self.keys else contextlib.nullcontext():
            for batch in changes:
                saved, early = {Path(name) for _, name in batch} | early, set()
                for path in sorted(saved):
                    for id in self._news(path):
                        self.current = id
                        self.check(path)
                if self.keys and any(self.press(key) == "quit" for key in _pressed()):
                    return

    def look(self) -> None:
        """The exercise at hand: what it is, where it is written."""
        self._clear()
        lesson = self.lessons[self.current]
        where = self.workspace.folder / lesson.name
        self.to.print(f"{self.task.id} {self.task.title}", style="bold", markup=False)
        self.to.print(f"Save {where / f'{self.task.id}.py'} or the notebook beside it.", markup=False, soft_wrap=True)
        self._foot()

    def check(self, path: Path) -> None:
        """Check the exercise at hand in the file that was saved."""
        self._clear()
        lesson = self.lessons[self.current]
        try:
            verdict = answers.verdict(lesson, self.current, answers.read(path))
        except ArgumentError as error:
            self.to.print(str(error), markup=False)
            return
        said = keeper.current().record(verdict)
        show_verdict(verdict, self.to)
        if said:
            self.to.print(f"\n{said}", markup=False)
        self._foot()

    def press(self, key: str) -> str | None:
        """Do what a key says; "quit" if it says so."""
        if key == "q":
            return "quit"
        if key == "h":
            self.to.print()
            show_help(hint(self.current), self.to)
        elif key == "l":
            self._clear()
            show_tasks(self.lessons[self.current], self.workspace.progress.all(), self.current, self.to)
            self._foot()
        elif key == "n":
            self.current = self._next()
            self.look()
        return None

    def _next(self) -> str:
        """The next exercise that is not passed, after the one at hand, or from the start; else the one at hand."""
        done = {id for id, entry in self.workspace.progress.all().items() if entry["passed"]}
        ids = list(self.lessons)
        place = ids.index(self.current) + 1
        return next((id for id in ids[place:] + ids[:place] if id not in done), self.current)

    def _news(self, path: Path) -> list[str]:
        """The exercises whose answers in this file are not what they were when it was last looked at."""
        if path.suffix not in (".py", ".ipynb") or not path.is_file():
            return []
        try:
            sheet = answers.read(path)
        except ArgumentError:
            return []  # half a notebook, in the middle of being written; its next state comes
        news = []
        for id in sheet.ids:
            if id in self.lessons:
                source = answers.answer(self.lessons[id], id, sheet) or ""
                digest = hashlib.sha256(source.encode()).hexdigest()
                if self._seen.get((path, id)) != digest:
                    self._seen[path, id] = digest
                    news.append(id)
        return news

    def _clear(self) -> None:
        if self.keys:
            self.to.clear()

    def _foot(self) -> None:
        """The bar of the lesson, and the keys."""
        if not self.keys:
            return
        bar = require("rich.progress_bar", "rich", "chainrule watch").ProgressBar
        lesson, entries = self.lessons[self.current], self.workspace.progress.all()
        done = sum(bool(entries.get(id, {}).get("passed")) for id in lesson.tasks)
        self.to.print()
        self.to.print(bar(total=len(lesson.tasks), completed=done, width=50, complete_style="green"))
        self.to.print(f"\nLesson {lesson.number}: {done} of {len(lesson.tasks)}      {KEYS}", style="dim", markup=False)


@contextlib.contextmanager
def _unbuffered() -> Iterator[None]:
    """Keys come at once, and are not shown; Ctrl-C stays what it is."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _pressed() -> str:
    """The keys pressed since the last look; a closed keyboard is a q."""
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    if not ready:
        return ""
    return os.read(sys.stdin.fileno(), 1024).decode(errors="ignore") or "q"
