"""The commands of `chainrule course`, as click knows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainrule.course.lesson import chosen
from chainrule.errors import ArgumentError

if TYPE_CHECKING:
    import click

CHECK = """Prove the course: for every exercise the stub fails, the solution and the other right answers pass, and every
wrong answer is rejected and named.  LESSON is a number or a folder's name; all of them if none is given."""
RECORD = """Run the oracle.py of the lessons with PyTorch and write down what it gives, for checks without PyTorch."""


def course() -> click.Group:
    """The group `chainrule course`: for authors of lessons."""
    import click

    group = click.Group("course", help="For authors: prove the lessons, record what PyTorch gives.")
    lesson = click.Argument(["lessons"], nargs=-1, metavar="[LESSON]...")
    as_json = click.Option(
        ["--json", "as_json"], is_flag=True, help="One JSON object on standard output, nothing else."
    )
    group.add_command(click.Command("check", params=[lesson, as_json], callback=check, help=CHECK))
    group.add_command(click.Command("record", params=[lesson], callback=record, help=RECORD))
    return group


def check(lessons: tuple[str, ...], as_json: bool) -> int:
    """Print what was proved; 1 if something is wrong."""
    from chainrule.course import checking

    report = checking.check(lessons)
    print(json.dumps(report.as_data(), indent=2, ensure_ascii=False) if as_json else report)
    return int(bool(report.failures))


def record(lessons: tuple[str, ...]) -> int:
    """Record the oracles of these lessons, or all that have one."""
    from chainrule.course import oracle

    for path in chosen(lessons):
        if (path / "oracle.py").exists():
            print(oracle.record(path))
        elif lessons:
            raise ArgumentError(f"{path.name} has no oracle.py: write one with a function for each recording")
    return 0
