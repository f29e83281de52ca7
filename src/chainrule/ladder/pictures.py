"""The pictures of the report, each for light and for dark pages: ``name.png`` and ``name-dark.png``.

ladder               every rung's loss, one inside the other, and what a step costs: for a talk, for the README
cost                 time and lines of every rung
<task>-<rung>        one rung's loss, and how far it is from ``hand``
sine-fit             the cubic against the sine
digits-confusion     which digit was read as which
digits-misread       the digits read wrongly
digits-learned       what training added to the weights of the hidden units
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.ladder.run import Row
from chainrule.ladder.rungs import RUNGS
from chainrule.ladder.table import duration
from chainrule.ladder.tasks import Task, best_cubic, cubic, read
from chainrule.viz import canvas, plots
from chainrule.viz.canvas import DARK, LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[Any]]
Climb = tuple[Task, Sequence[Row]]
"""A task, and the rows of the rungs that ran."""

SHOWN = 18  # misread digits, at most


def draw(climbs: Sequence[Climb], out: Path) -> Iterator[str]:
    """Draw every picture into the folder ``out``, yielding each file's name when it is there."""
    for suffix, theme in [("", LIGHT), ("-dark", DARK)]:
        for name, figure in figures(climbs, theme):
            canvas.save(figure, out / f"{name}{suffix}.png")
            yield f"{name}{suffix}.png"


def figures(climbs: Sequence[Climb], theme: Theme) -> Iterator[tuple[str, Figure]]:
    """Every picture of the report in one theme, with its name; none if no rung ran."""
    if not climbs:
        return
    yield "ladder", ladder(climbs, theme)
    yield "cost", cost(climbs, theme)
    for task, rows in climbs:
        hand = max((row.hand.losses for row in rows), key=len)
        for row in rows:
            yield f"{task.name}-{row.rung}", rung(row, hand, theme)
        yield from ENDINGS[task.name](task, furthest(rows), theme)


def furthest(rows: Sequence[Row]) -> Row:
    """The row that went the most steps; of several, the first."""
    return max(rows, key=lambda row: row.steps)


def colour_of(row: Row, theme: Theme) -> str:
    """Each rung has its own colour, the same in every picture."""
    return canvas.ordered_colours(len(RUNGS), theme)[RUNGS.index(row.rung)]


def ladder(climbs: Sequence[Climb], theme: Theme) -> Figure:
    """All rungs at a glance: their losses one inside the other, and what one step costs."""
    figure, axes = canvas.canvas(3.8 + 3.9 * len(climbs), 4.2, theme, columns=[1] * len(climbs) + [0.9])
    for ax, (task, rows) in zip(axes, climbs, strict=False):
        for i, row in enumerate(rows):  # the first the widest: where all agree, each lies inside the one before
            width = 2.2 * (len(rows) - i) - 0.8
            plots.loss_curve(ax, row.run.losses, colour=colour_of(row, theme), width=width, theme=theme)
        canvas.title(ax, f"{task.name}: {task.formula}", theme)
    time_bars(axes[-1], climbs, theme)
    return figure


def cost(climbs: Sequence[Climb], theme: Theme) -> Figure:
    """What each rung costs: the time of a step, and the lines to write."""
    figure, axes = canvas.canvas(9.5, 4.6, theme, columns=[1, 1])
    time_bars(axes[0], climbs, theme)
    for task, rows, look in grouped(axes[1], climbs, theme):
        mine, all = [row.lines for row in rows], [row.lines + row.built for row in rows]
        texts = [f"{row.lines}{f' + {row.built}' if row.built else ''} {task.name}" for row in rows]
        plots.bars(axes[1], all, texts, **look | {"colours": [theme.grid] * len(rows)})
        plots.bars(axes[1], mine, [""] * len(rows), **look)
    canvas.title(axes[1], "lines to write (grey: built on the way)", theme)
    return figure


def time_bars(ax: Axes, climbs: Sequence[Climb], theme: Theme) -> None:
    """The median time of a step, rung by rung, on a logarithmic scale."""
    ax.set_xscale("log")
    for task, rows, look in grouped(ax, climbs, theme):
        times = [row.us_per_step for row in rows]
        plots.bars(ax, times, [f"{duration(time)} {task.name}" for time in times], **look)
    canvas.title(ax, "time per step, logarithmic", theme)


def grouped(ax: Axes, climbs: Sequence[Climb], theme: Theme) -> Iterator[tuple[Task, Sequence[Row], dict[str, Any]]]:
    """A group of bars for each rung, the first at the bottom as on a ladder, one bar in it for each task.

    Yields each task, its rows, and the places and looks of their bars.
    """
    names = [name for name in RUNGS if any(row.rung == name for _, rows in climbs for row in rows)]
    height = 0.8 / len(climbs)
    for i, (task, rows) in enumerate(climbs):
        yield task, rows, {
            "places": [names.index(row.rung) + 0.4 - height * (i + 0.5) for row in rows],
            "colours": [colour_of(row, theme) for row in rows],
            "height": 0.9 * height,
            "alpha": 1 - 0.4 * i,
            "theme": theme,
        }  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    ax.margins(x=0.3)


def rung(row: Row, hand: Array, theme: Theme) -> Figure:
    """One rung's loss inside the wide band of ``hand``, and how far apart the two are at each step."""
    colour = colour_of(row, theme)
    if row.rung == "hand":
        figure, (ax,) = canvas.canvas(5.6, 3.4, theme, margins=(0.12, 0.14, 0.985, 0.98))
        plots.loss_curve(ax, row.run.losses, colour=colour, noise=True, theme=theme)
        return figure
    figure, (ax, below) = canvas.canvas(5.6, 4.4, theme, rows=[3, 1], margins=(0.12, 0.11, 0.985, 0.98))
    plots.loss_curve(ax, hand, colour=theme.grid, width=9, theme=theme)
    plots.loss_curve(ax, row.run.losses, colour=colour, noise=True, theme=theme)
    plots.difference_strip(below, row.apart, tolerance=row.tolerance, colour=colour, theme=theme)
    below.set_xlim(ax.get_xlim())
    ax.tick_params(labelbottom=False)
    ax.set_xlabel("")
    return figure


def sine_ending(task: Task, row: Row, theme: Theme) -> Iterator[tuple[str, Figure]]:
    """Where the cubic ended, beside its start and the best cubic there is."""
    figure, (ax,) = canvas.canvas(7.5, 4.0, theme)
    best, least = best_cubic(task)
    curves = {
        f"best cubic: loss {least:.4f}": cubic(best, task.x),
        f"step {row.steps:,}: loss {row.final_loss:.4f}": cubic(row.run.weights, task.x),
        "the start": cubic(np.asarray(task.start), task.x),
    }
    plots.fit(ax, task.x, task.y, "sin x", curves, theme)
    yield "sine-fit", figure


def digits_ending(task: Task, row: Row, theme: Theme) -> Iterator[tuple[str, Figure]]:
    """What the network reads rightly and wrongly, and what training added to its hidden units."""
    weights = task.blocks(row.run.weights)
    answers = read(weights, task.x_test)
    figure, (ax,) = canvas.canvas(5.6, 5.4, theme)
    plots.confusion_matrix(ax, task.y_test, answers, 10, theme)
    yield "digits-confusion", figure

    wrong = np.flatnonzero(answers != task.y_test)[:SHOWN]
    if len(wrong):
        titles = [f"read {answers[i]}\nis {task.y_test[i]}" for i in wrong]
        figure, (ax,) = canvas.canvas(5.6, 1.35 * -(-len(wrong) // 6), theme)
        plots.image_grid(ax, task.x_test[wrong].reshape(-1, 8, 8), titles, 6, theme)
        yield "digits-misread", figure

    added = (weights[0] - task.start[0]).reshape(-1, 8, 8)
    figure, (ax,) = canvas.canvas(5.6, 2.9, theme)
    plots.image_grid(ax, added, [""] * len(added), 8, theme, ink=False)
    yield "digits-learned", figure


ENDINGS = {"sine": sine_ending, "digits": digits_ending}
"""What is drawn of each task's end, by the name of the task."""
