"""The commands of a teacher: release, grade."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.course.lesson import Lesson, chosen, lessons
from chainrule.errors import ArgumentError
from chainrule.files import write_atomically

if TYPE_CHECKING:
    import click

OK, NOT_JUDGED = 0, 1

RELEASE_BRIEF = "For teachers: write the learners' files."
GRADE_BRIEF = "For teachers: judge what a class has handed in."
RELEASE = """Write the learners' notebooks and exercise files into DIR: no solutions, no hints, no answers.  Files there
that differ are not replaced, unless --force."""
GRADE = """Judge what a class has handed in.  DIR has a folder for each learner, or files that carry their names; in
them are notebooks or .py files.

Written are points.csv, answers.csv, grades.json and a summary (summary.md, .html, .png): which mistakes, how often.  A
run that was stopped goes on where it was."""


def commands() -> Iterator[click.Command]:
    """The commands, as click knows them."""
    import click

    folder = click.Argument(["folder"], metavar="DIR")
    only = click.Option(["--lesson", "only"], multiple=True, metavar="N", help="Only this lesson; may be repeated.")
    force = click.Option(["--force"], is_flag=True, help="Replace files that differ.")
    out = click.Option(["--out"], metavar="OUT", help="Where the results go.  [DIR_grades, beside DIR]")
    jobs = click.Option(["--jobs"], type=click.IntRange(min=1), metavar="N", help="Answers at a time.  [one a core]")
    yield click.Command(
        "release", params=[folder, only, force], callback=release, help=RELEASE, short_help=RELEASE_BRIEF
    )
    yield click.Command("grade", params=[folder, out, only, jobs], callback=grade, help=GRADE, short_help=GRADE_BRIEF)


def release(folder: str, only: tuple[str, ...], force: bool) -> int:
    """Write what learners get."""
    from chainrule.course.handout import handout

    root = Path(folder).expanduser()
    files = {name: content for lesson in _chosen(only, lessons()) for name, content in handout(lesson).items()}
    differ = [
        name for name, content in files.items() if (root / name).exists() and (root / name).read_bytes() != content
    ]
    if differ and not force:
        more = f" and {len(differ) - 3} more" if len(differ) > 3 else ""
        raise ArgumentError(
            f"{root} has other versions of {', '.join(differ[:3])}{more}; "
            "name an empty folder, or write --force to replace them"
        )
    try:
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(root / name, content)
    except OSError as error:
        raise ArgumentError(f"{root}: cannot write there ({_reason(error)}); name another folder") from None
    print(f"{len(files)} files in {root}: {', '.join(dict.fromkeys(name.partition('/')[0] for name in files))}")
    return OK


def grade(folder: str, out: str | None, only: tuple[str, ...], jobs: int | None) -> int:
    """Judge a class and write what came of it; 1 if an answer could not be judged."""
    from chainrule.course import grading, summary
    from chainrule.course.terminal import console
    from chainrule.errors import require

    require("matplotlib", "matplotlib", "the picture of the summary")
    root = Path(folder).expanduser().resolve()
    course = lessons()
    to = Path(out).expanduser().resolve() if out else root.with_name(f"{root.name}_grades")
    if to == root or root in to.parents:
        raise ArgumentError(f"--out {to}: it is inside {root}, where each folder is a learner; name one outside")
    try:
        with _progress() as tell:
            grades = grading.grade(root, to, course, only=_chosen(only, course) if only else (), jobs=jobs, tell=tell)
        written = summary.write(grades, to)
    except OSError as error:
        raise ArgumentError(f"{error.filename or to}: {_reason(error)}; name another folder with --out") from None
    summary.show(grades, console())
    print(f"\n{to}: {', '.join(path.name for path in written)}")
    lost = [result for result in grades.results if result.kind == "error"]
    for result in lost:
        print(f"chainrule: {result.learner}, {result.exercise}: not judged: {result.headline}", file=sys.stderr)
    return NOT_JUDGED if lost else OK


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if somebody looks."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("judging")
        yield lambda done, of: bars.update(bar, completed=done, total=of)


def _chosen(names: Sequence[str], course: Sequence[Lesson]) -> list[Lesson]:
    """The lessons of these numbers or names, or all."""
    wanted = chosen(names, [lesson.folder for lesson in course])
    return [lesson for lesson in course if lesson.folder in wanted]


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
