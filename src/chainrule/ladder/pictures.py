"""The pictures of the report, each for light and for dark pages: ``name.png`` and ``name-dark.png``.

    ladder               every rung's loss, one inside the other, and what a step costs: for a talk, for the README
    cost                 time and lines of every rung
    <task>-<rung>        one rung's loss, and how far it is from ``hand``
    sine-fit             the cubic against the sine
    digits-confusion     which digit was read as which
    digits-misread       the digits read wrongly
    digits-units         what the hidden units look for
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.ladder.rungs import RUNGS
from chainrule.ladder.run import Row
from chainrule.ladder.tasks import Task, best_cubic, cubic, read
from chainrule.viz import plots
from chainrule.viz.plots import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Climb = tuple[Task, Sequence[Row]]
Array = np.ndarray[Any, np.dtype[Any]]


def draw(climbs: Sequence[Climb], out: Path) -> Iterator[str]:
    """Draw every picture into the folder ``out``, yielding each name as it is done."""
    for suffix, theme in [("", LIGHT), ("-dark", DARK)]:
        for name, figure in figures(climbs, theme):
            plots.save(figure, out / f"{name}{suffix}.png")
            yield name


def figures(climbs: Sequence[Climb], theme: Theme) -> Iterator[tuple[str, Figure]]:
    """Every picture of the report in one theme, with its name."""
    climbs = [(task, done) for task, rows in climbs if (done := [row for row in rows if row.run])]
    if climbs:
        yield "ladder", ladder(climbs, theme)
        yield "cost", cost(climbs, theme)
    for task, rows in climbs:
        for row in rows:
            yield f"{task.name}-{row.rung}", rung(task, rows, row, theme)
        yield from ending(task, furthest(rows), theme)


def furthest(rows: Sequence[Row]) -> Row:
    """The row that went the most steps; of several, the first."""
    return max(rows, key=lambda row: row.steps)


def colour_of(rung: str, theme: Theme) -> str:
    """Each rung has its own colour, the same in every picture."""
    return dict(zip(RUNGS, plots.ordered_colours(len(RUNGS), theme), strict=True))[rung]


def ladder(climbs: Sequence[Climb], theme: Theme) -> Figure:
    """All rungs at a glance: their losses one inside the other, and what one step costs."""
    figure, axes = plots.canvas(3.6 + 3.9 * len(climbs), 4.2, theme, columns=[1] * len(climbs) + [0.95])
    for ax, (task, rows) in zip(axes, climbs, strict=False):
        nested(ax, rows, theme)
        ax.set_title(f"{task.name}: {task.formula}", loc="left", size=10)
    step_costs(axes[-1], climbs, theme)
    return figure


def nested(ax: Axes, rows: Sequence[Row], theme: Theme) -> None:
    """Every rung's loss, the first one the widest: where all are the same, each lies inside the one before."""
    for i, row in enumerate(rows):
        assert row.run is not None
        plots.loss_curve(ax, row.run.losses, colour=colour_of(row.rung, theme), width=2 * (len(rows) - i) - 0.6)


def step_costs(ax: Axes, climbs: Sequence[Climb], theme: Theme) -> None:
    """A group of bars for each rung: microseconds per step in each task."""
    names = [name for name in RUNGS if any(row.rung == name for _, rows in climbs for row in rows)]
    height = 0.78 / len(climbs)
    for i, (task, rows) in enumerate(climbs):
        offset = height * ((len(climbs) - 1) / 2 - i)
        times = {row.rung: row.us_per_step for row in rows}
        values = [times.get(name, np.nan) for name in names]
