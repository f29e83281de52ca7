"""Plots of learning: each draws on axes that come from a ``canvas``.

loss_curve         loss against step, both logarithmic
difference_strip   how far apart two runs are, step by step
fit                points, and curves through them
bars               horizontal bars, with the number written out
confusion_matrix   what was read as what
image_grid         small images side by side, each with a title
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import require
from chainrule.viz.canvas import LIGHT, Theme, bare, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray[Any, np.dtype[Any]]

FRAME_X, FRAME_Y = np.array([0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 0])  # once around a unit square


def loss_curve(
    ax: Axes, losses: Array, *, colour: str, width: float = 1.8, noise: bool = False, theme: Theme = LIGHT
) -> None:
    """The loss (steps,) at steps 1, 2, …, averaged as in ``averaged``, both axes logarithmic; a dot marks its end.

    With ``noise``, every single step is drawn as well, thin and pale.
    """
    if noise:
        ax.plot(np.arange(1, len(losses) + 1), losses, lw=0.6, alpha=0.35, color=colour)
    steps, means = averaged(losses)
    ax.loglog(steps, means, lw=width, color=colour, solid_capstyle="round", solid_joinstyle="round")
    ax.plot(steps[-1:], means[-1:], "o", ms=max(4.5, width), mew=0, color=colour)
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        if high >= 100 * low:  # powers of ten suffice
            axis.set_minor_locator(require("matplotlib.ticker", "matplotlib", "drawing plots").NullLocator())
    label(ax, theme, x="step", y="loss")


def averaged(losses: Array, per_decade: int = 16) -> tuple[Array, Array]:
    """Mean step and mean loss over stretches of steps that look equally long on a logarithmic axis.

    The first steps stand alone; the later, the more of them are averaged: this tames the noise of small
    batches without flattening the beginning.  The stretches are the same for short and long runs.

    >>> steps, means = averaged(np.array([8.0, 4.0, 2.0, 2.0, 1.0, 3.0]), per_decade=3)
    >>> steps.tolist(), means.tolist()
    ([1.0, 2.0, 4.0, 6.0], [8.0, 4.0, 1.6666666666666667, 3.0])
    """
    decades = np.ceil(np.log10(len(losses))) + 1
    ends = np.unique(np.round(10 ** np.arange(0, decades, 1 / per_decade)).astype(int))
    pieces = np.split(np.arange(len(losses)), ends[ends < len(losses)])
    return np.array([piece.mean() + 1 for piece in pieces]), np.array([losses[piece].mean() for piece in pieces])


def difference_strip(ax: Axes, apart: Array, *, tolerance: float, colour: str, theme: Theme = LIGHT) -> None:
    """Relative differences (steps,) as dots over the step, with the tolerance; what is exactly 0 lies on the floor."""
    floor = 1e-17
    seen = np.maximum(apart, floor)
    ax.loglog(np.arange(1, len(apart) + 1), seen, ".", ms=3.5, mew=0, color=colour)
    ax.axhline(tolerance, color=theme.alarm, lw=1, ls=(0, (4, 3)))
    ax.set_ylim(floor / 5, 100 * max(tolerance, float(np.max(seen[np.isfinite(seen)], initial=0))))
    ax.set_yticks([floor, tolerance], ["0", f"$10^{{{np.log10(tolerance):.0f}}}$"])
    ax.minorticks_off()
    label(ax, theme, x="step", y="apart")


def fit(ax: Axes, x: Array, y: Array, truth: str, curves: Mapping[str, Array], theme: Theme = LIGHT) -> None:
    """The ``truth`` y over x, (n,) each, as a wide pale line, and up to three named ``curves`` (n,) over it."""
    ax.plot(x, y, lw=9, color=theme.grid, solid_capstyle="round", label=truth)
    looks = [(theme.alarm, "-"), (theme.accent, (0, (5, 3))), (theme.faint, (0, (1, 2)))]
    for (name, curve), (colour, dashes) in zip(curves.items(), looks, strict=False):
        ax.plot(x, curve, lw=1.8, color=colour, ls=dashes, label=name)
    margin = 0.35 * float(np.ptp(y))
    ax.set_ylim(float(y.min()) - 0.4 * margin, float(y.max()) + margin)
    label(ax, theme, x="x", y="")
    ax.legend(frameon=False, labelcolor=theme.ink, loc="upper left", ncols=2, fontsize=9.5)


def bars(
    ax: Axes,
    values: Sequence[float],
    texts: Sequence[str],
    *,
    places: Sequence[float],
    colours: Sequence[str],
    theme: Theme = LIGHT,
    height: float = 0.72,
    alpha: float = 1.0,
) -> None:
    """Horizontal bars from the left edge at heights ``places``, with ``texts`` at their ends."""
    ax.barh(places, values, height, color=list(colours), alpha=alpha)
    for place, value, text in zip(places, values, texts, strict=True):
        ax.annotate(text, (value, place), (4, 0), textcoords="offset points", va="center", size=8.5, color=theme.ink)
    ax.tick_params(axis="y", labelcolor=theme.ink)
    ax.tick_params(axis="x", labelbottom=False)
    bare(ax)


def confusion_matrix(ax: Axes, truth: Array, answers: Array, classes: int, theme: Theme = LIGHT) -> None:
    """How often each true class (row) got each answer (column); right answers lie on the diagonal.

    ``truth`` and ``answers`` are class numbers of shape (n,).
    """
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, answers), 1)
    to_rgb = require("matplotlib.colors", "matplotlib", "drawing plots").to_rgb
    right = np.eye(classes, dtype=bool)
    colour = np.where(right[..., None], to_rgb(theme.accent), to_rgb(theme.alarm))
    strength = np.where(right, 0.55 * counts / max(1, counts.max()), np.minimum(1, 0.35 * counts))[..., None]
    ax.imshow(strength * colour + (1 - strength) * np.array(to_rgb(theme.paper)), interpolation="nearest")
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, str(count) if count else "·", ha="center", va="center", size=9,
                color=theme.ink if count else theme.faint)  # fmt: skip
    ax.set_xticks(range(classes))
    ax.set_yticks(range(classes))
    label(ax, theme, x="read as", y="is")
    bare(ax)


def image_grid(
    ax: Axes, images: Array, titles: Sequence[str], columns: int, theme: Theme = LIGHT, ink: bool = True
) -> None:
    """Small grey images (n, height, width) side by side, each with a title below it.

    With ``ink``, 0 is paper and 1 is ink; without, the numbers have a sign, and the two signs get two colours.
    """
    n, high, wide = images.shape
    gap_x, gap_y = 2, 4 if any(titles) else 1
    limit = 1.0 if ink else float(np.abs(images).max())
    colours = require("matplotlib.colors", "matplotlib", "drawing plots").LinearSegmentedColormap
    ends = [theme.paper, theme.ink] if ink else [theme.alarm, theme.paper, theme.accent]
    scale = colours.from_list("grid", ends)
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        left, top = (i % columns) * (wide + gap_x), (i // columns) * (high + gap_y)
        place = (left, left + wide, top + high, top)
        ax.imshow(image, scale, vmin=0 if ink else -limit, vmax=limit, extent=place, interpolation="nearest")
        ax.plot(left + wide * FRAME_X, top + high * FRAME_Y, color=theme.grid, lw=0.8)
        ax.text(left + wide / 2, top + high + 0.6, title, ha="center", va="top", size=9, color=theme.ink)
    rows = -(-n // columns)
    ax.set_xlim(-0.2, min(n, columns) * (wide + gap_x) - gap_x + 0.2)
    ax.set_ylim(rows * (high + gap_y) - 0.5, -0.5)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    bare(ax)
