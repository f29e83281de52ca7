"""The results of the ladder as a table, for people (rich) and for programs (JSON)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.errors import require
from chainrule.ladder.run import Row
from chainrule.ladder.tasks import Task, best_cubic

HEADINGS = ("rung", "lines", "steps", "µs per step", "final loss", "from hand")
WRITTEN = 3  # calls of a compiled step that run as written: one for the optimizer's state, two are recorded
NOTE = (
    "lines: what the learner writes, + what was built on the way. µs per step: the median. "
    "final loss: of the last step, before its update. "
    "from hand: the largest relative difference, over all steps and parameters."
)


def cells(row: Row) -> tuple[str, ...]:
    """A row as people read it, one text for each of ``HEADINGS``."""
    written = (row.rung, f"{row.lines} + {row.built}" if row.built else str(row.lines))
    if not row.steps:
        return *written, "", "", "", "skipped"
    mark = "" if row.status == "ok" else " differs"
    return *written, f"{row.steps:,}", f"{row.us_per_step:,.0f}", f"{row.final_loss:.6f}", verdict(row) + mark


def duration(us: float) -> str:
    """Microseconds, as people say them.

    >>> duration(27.14), duration(41010.4), duration(1004535)
    ('27 µs', '41 ms', '1.0 s')
    """
    for unit, size in [("s", 1e6), ("ms", 1e3)]:
        if us >= size:
            return f"{us / size:.1f} {unit}" if us < 10 * size else f"{us / size:.0f} {unit}"
    return f"{us:.0f} µs"


def verdict(row: Row) -> str:
    """How far a rung is from ``hand``, or that it *is* ``hand``."""
    if row.rung == "hand":
        return "is hand"
    return f"{row.difference:.1e}" if row.difference else "0"


def facts(task: Task, rows: Sequence[Row]) -> dict[str, Any]:
    """What else there is to know of a task: the best loss a cubic can have; the accuracy of the longest run."""
    if task.name == "sine":
        return {"optimum": best_cubic(task)[1]}
    ran = [row for row in rows if row.steps]
    longest = max(ran, key=lambda row: row.steps, default=None)
    return {"accuracy": longest and longest.accuracy, "tested_on": len(task.x_test)}


def as_data(row: Row) -> dict[str, Any]:
    """A row as JSON can hold it; a number that is not finite becomes None."""
    names = ("task", "rung", "lines", "built", "steps", "us_per_step", "us_in_all", "final_loss", "difference")
    data = {name: getattr(row, name) for name in (*names, "tolerance", "compared", "status", "reason", "accuracy")}
    return {name: None if isinstance(x, float) and not math.isfinite(x) else x for name, x in data.items()}


def show(climbs: Sequence[tuple[Task, Sequence[Row]]]) -> None:
    """Print a table for each task on standard output."""
    console = require("rich.console", "rich", "the table").Console(highlight=False)
    tables = require("rich.table", "rich", "the table")
    for task, rows in climbs:
        table = tables.Table(title=f"{task.name}: {task.formula}", title_justify="left", box=None, title_style="bold")
        for i, heading in enumerate(HEADINGS):
            table.add_column(heading, justify="right" if i else "left", no_wrap=True, header_style="dim")
        for row in rows:
            table.add_row(*cells(row), style={"ok": "", "differs": "bold red", "skipped": "dim"}[row.status])
        console.print(table)
        for row in rows:
            if row.reason:
                console.print(f"{row.rung} {row.status}: {row.reason}", style="dim", soft_wrap=True, markup=False)
        for line in remarks(task, rows):
            console.print(line, soft_wrap=True, markup=False)
        console.print()
    console.print(NOTE, style="dim")


def remarks(task: Task, rows: Sequence[Row]) -> list[str]:
    """What the table of a task does not say, in sentences."""
    known = facts(task, rows)
    said = []
    if "optimum" in known:
        said.append(f"The best a cubic can do is a loss of {known['optimum']:.7f}.")
    if known.get("accuracy") is not None:
        said.append(
            f"Of {known['tested_on']} test digits, never trained on, the longest run reads "
            f"{known['accuracy']:.1%} rightly."
        )
    if any(row.compared < row.steps for row in rows):
        said.append(
            f"In float32 the first {task.together} steps, one epoch, are held against hand: "
            "over more of them, rounding comes to decide on which side of a ReLU's kink a sum falls."
        )
    said += [paid_once(row) for row in rows if row.rung == "compiled" and row.steps > WRITTEN]
    return said


def paid_once(row: Row) -> str:
    """What the median does not tell of a compiled rung: recording and compiling."""
    return (
        f"The first {WRITTEN} steps of compiled run as written; then machine code is made, or loaded if an earlier run "
        f"left it. That is paid once: {row.steps:,} steps took {duration(row.us_in_all)}; "
        f"at the pace of the median they take {duration(row.us_per_step * row.steps)}."
    )
