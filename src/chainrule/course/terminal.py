"""What the course says in a terminal: verdicts, hints, progress.  In colours if somebody looks, else as plain text."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.course.lesson import Lesson
from chainrule.course.notebook import Help
from chainrule.course.progress import FRESH
from chainrule.course.verdict import Verdict
from chainrule.errors import require

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
DONE, BEGUN, UNTOUCHED = "●", "◐", "○"


def console() -> Console:
    """A console for standard output: as wide as a text should be, colours only in a terminal."""
    made: Console = require("rich.console", "rich", "this command").Console(highlight=False)
    if made.width > WIDTH or not made.is_terminal:
        made.width = WIDTH
    return made


def show_verdict(verdict: Verdict, to: Console) -> None:
    """A verdict, its head in colour."""
    head, _, rest = verdict.text.partition("\n")
    to.print(head, style="bold green" if verdict.passed else "bold magenta", markup=False, soft_wrap=True)
    for line in rest.splitlines():
        style = "bold" if line.startswith("The mistake: ") else None
        to.print(line, style=style, markup=False, soft_wrap=True)


def show_help(help: Help, to: Console) -> None:
    """Hints or a solution: as Markdown in a terminal, as it is where it is redirected to."""
    if not to.is_terminal:
        to.print(repr(help), markup=False, soft_wrap=True)
        return
    markdown = require("rich.markdown", "rich", "this command").Markdown
    to.print(markdown(help._repr_markdown_(), code_theme="ansi_dark"))


def mark(entry: dict[str, Any]) -> str:
    """A circle: full when passed, half when tried."""
    return DONE if entry["passed"] else BEGUN if entry["attempts"] else UNTOUCHED


def show_progress(course: Sequence[Lesson], entries: dict[str, dict[str, Any]], to: Console) -> None:
    """A line for each lesson with a circle for each exercise, and a bar for all."""
    tables, bars = require("rich.table", "rich", "this command"), require("rich.progress_bar", "rich", "this command")
    table = tables.Table(box=None, header_style="dim", pad_edge=False)
    for heading, justify in (("lesson", "left"), ("", "left"), ("exercises", "left"), ("done", "right")):
        table.add_column(heading, justify=justify, no_wrap=True)
    total = passed = 0
    for lesson in course:
        mine = [entries.get(id, FRESH) for id in lesson.tasks]
        done = sum(bool(entry["passed"]) for entry in mine)
        total, passed = total + len(mine), passed + done
        circles = " ".join(map(mark, mine))
        style = "green" if mine and done == len(mine) else None
        table.add_row(str(lesson.number), lesson.title, circles, f"{done} of {len(mine)}", style=style)
    to.print(table)
    to.print()
    if to.is_terminal:
        to.print(bars.ProgressBar(total=max(total, 1), completed=passed, width=60, complete_style="green"), "\n")
    to.print(f"{passed} of {total} exercises done.   {DONE} passed   {BEGUN} tried   {UNTOUCHED} not yet", style="dim")


def show_tasks(lesson: Lesson, entries: dict[str, dict[str, Any]], current: str, to: Console) -> None:
    """The exercises of a lesson, a line each."""
    for task in lesson.tasks.values():
        entry = entries.get(task.id, FRESH)
        line = f"{'→' if task.id == current else ' '} {mark(entry)} {task.id:5} {task.title}"
        helped = [f"{entry['hints']} hints" * bool(entry["hints"]), "solution seen" * bool(entry["solution"])]
        facts = ", ".join(filter(None, [f"{task.minutes} min", *helped]))
        to.print(f"{line}  ({facts})", style="green" if entry["passed"] else None, markup=False)


def interactive() -> bool:
    """Whether somebody sits at keyboard and screen."""
    return sys.stdin.isatty() and sys.stdout.isatty()
