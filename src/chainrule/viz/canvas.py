"""Figures for light and for dark pages: their colours, their axes, and how they become files.

    canvas     a figure and its axes, in the colours of a theme
    title      what the axes show
    label      what is counted along them
    bare       no grid and no spines, for pictures
    save       write a PNG, whole or not at all

Nothing here uses pyplot: no global state, no window, no backend to choose.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import require
from chainrule.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Theme:
    """The colours of a page: paper and ink, two greys, two accents, and the map that orders a row of colours."""

    paper: str
    ink: str
    faint: str
    grid: str
    accent: str
    alarm: str
    scale: str
    span: tuple[float, float]


LIGHT = Theme("#ffffff", "#1c2024", "#6b737c", "#e4e7eb", "#3451b2", "#d6409f", "plasma", (0.02, 0.76))
DARK = Theme("#111418", "#e8eaed", "#98a1ab", "#2a3037", "#8da4ef", "#f76bbb", "plasma", (0.36, 0.98))


def canvas(
    width: float,
    height: float,
    theme: Theme = LIGHT,
    *,
    columns: Sequence[float] = (1,),
    rows: Sequence[float] = (1,),
    margins: tuple[float, float, float, float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure of ``width`` × ``height`` inches and its axes, row by row; ``columns`` and ``rows`` are their sizes.

    Room for labels is measured, which takes most of the time a small figure takes, unless ``margins`` says where
    the axes end: left, bottom, right, top, as parts of the figure.
    """
    figure_module = require("matplotlib.figure", "matplotlib", "drawing plots")
    figure: Figure = figure_module.Figure(figsize=(width, height), facecolor=theme.paper)
    if margins:
        figure.subplots_adjust(*margins)
    else:
        figure.set_layout_engine("constrained")
    grid = figure.add_gridspec(len(rows), len(columns), width_ratios=list(columns), height_ratios=list(rows))
    axes = [figure.add_subplot(grid[i]) for i in range(len(rows) * len(columns))]
    for ax in axes:
        _dress(ax, theme)
    return figure, axes


def save(figure: Figure, path: str | os.PathLike[str], dpi: int = 140) -> None:
    """Write ``figure`` as a PNG.  A reader sees the old file or the new one, never half of one."""
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=dpi, facecolor=figure.get_facecolor())
    write_atomically(Path(path), picture.getvalue())


def ordered_colours(n: int, theme: Theme = LIGHT) -> list[str]:
    """``n`` colours that go evenly from one end of the theme's scale to the other.

    >>> len(set(ordered_colours(7)))
    7
    """
    colours = require("matplotlib", "matplotlib", "drawing plots")
    scale = colours.colormaps[theme.scale]
    return [colours.colors.to_hex(scale(place)) for place in np.linspace(*theme.span, n)]


def title(ax: Axes, text: str, theme: Theme = LIGHT) -> None:
    """A title at the upper left."""
    ax.set_title(text, loc="left", color=theme.ink, size=11)


def label(ax: Axes, theme: Theme, x: str, y: str) -> None:
    """Name the axes, in grey."""
    ax.set_xlabel(x, color=theme.faint, size=9.5)
    ax.set_ylabel(y, color=theme.faint, size=9.5)


def bare(ax: Axes) -> None:
    """No grid and no spines, for pictures."""
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _dress(ax: Axes, theme: Theme) -> None:
    """Quiet axes: two spines, a pale grid behind the data, grey numbers."""
    ax.set_facecolor(theme.paper)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.grid)
    ax.tick_params(colors=theme.faint, which="both", labelsize=9.5, length=0)
    ax.grid(True, color=theme.grid, lw=0.6)
    ax.set_axisbelow(True)
