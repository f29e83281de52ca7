"""Pictures of learning, drawn with matplotlib, for light and for dark pages.

Make a ``canvas``, draw on its axes, ``save`` it:

    canvas             a figure and its axes, in the colours of a theme
    loss_curve         loss against step, both logarithmic
    difference_strip   how far apart two runs are, step by step
    fit                points, and curves through them
    bars               one bar for each name, with the number written out
    confusion_matrix   what was read as what
    image_grid         small images side by side, each with a title
    save               write a PNG, whole or not at all

Nothing here uses pyplot: no global state, no window, no backend to choose.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[Any]]


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


LIGHT = Theme("#ffffff", "#1c2024", "#6b737c", "#e4e7eb", "#3451b2", "#d6409f", "plasma", (0.02, 0.82))
DARK = Theme("#111418", "#e8eaed", "#98a1ab", "#2a3037", "#8da4ef", "#f76bbb", "plasma", (0.28, 0.98))


def canvas(
    width: float,
    height: float,
    theme: Theme = LIGHT,
    *,
    columns: Sequence[float] = (1,),
    rows: Sequence[float] = (1,),
) -> tuple[Figure, list[Axes]]:
    """A figure of ``width`` × ``height`` inches and its axes, row by row; ``columns`` and ``rows`` are their sizes."""
    figure_module = require("matplotlib.figure", "matplotlib", "drawing plots")
    figure: Figure = figure_module.Figure(figsize=(width, height), facecolor=theme.paper, layout="constrained")
    grid = figure.add_gridspec(len(rows), len(columns), width_ratios=list(columns), height_ratios=list(rows))
    axes = [figure.add_subplot(cell) for cell in grid]
    for ax in axes:
        _dress(ax, theme)
    return figure, axes


def save(figure: Figure, path: str | os.PathLike[str], dpi: int = 140) -> None:
    """Write ``figure`` as a PNG.  A reader sees the old file or the new one, never half of one."""
    write_whole(path, lambda file: figure.savefig(file, format="png", dpi=dpi, facecolor=figure.get_facecolor()))


def write_whole(path: str | os.PathLike[str], write: Callable[[Any], object]) -> None:
    """Let ``write`` fill a temporary binary file beside ``path``, then put it in the place of ``path``."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def ordered_colours(n: int, theme: Theme = LIGHT) -> list[str]:
    """``n`` colours that go evenly from one end of the theme's scale to the other.

    >>> len(set(ordered_colours(7)))
    7
    """
    colours = require("matplotlib", "matplotlib", "drawing plots")
    scale = colours.colormaps[theme.scale]
    return [colours.colors.to_hex(scale(place)) for place in np.linspace(*theme.span, n)]


def loss_curve(ax: Axes, losses: Array, *, colour: str, width: float = 1.6, alpha: float = 1.0, label: str = "") -> None:
    """The loss (steps,) at steps 1, 2, …, both axes logarithmic; a dot marks where it ends."""
    steps = np.arange(1, len(losses) + 1)
    look: dict[str, Any] = {"color": colour, "alpha": alpha}
    ax.loglog(steps, losses, lw=width, solid_capstyle="round", solid_joinstyle="round", label=label, **look)
    ax.plot(steps[-1:], losses[-1:], "o", ms=max(4.0, width), mew=0, **look)
    ax.set_xlabel("step")
    ax.set_ylabel("loss")


def difference_strip(ax: Axes, apart: Array, *, tolerance: float, theme: Theme = LIGHT, colour: str) -> None:
    """Relative differences (steps,) as dots over the step, with the tolerance; what is exactly 0 lies on the floor."""
    floor = 1e-17
    steps = np.arange(1, len(apart) + 1)
    ax.loglog(steps, np.maximum(apart, floor), ".", ms=3, mew=0, color=colour)
    ax.axhline(tolerance, color=theme.alarm, lw=1, ls=(0, (4, 3)))
    ax.set_ylim(floor / 3, max(1e-2, 10 * float(np.max(apart, initial=0))))
    ax.set_yticks([floor, 1e-9, 1e-4], ["0", "10⁻⁹", "10⁻⁴"])
    ax.minorticks_off()
    ax.set_xlabel("step")
    ax.set_ylabel("apart")


def fit(ax: Axes, x: Array, y: Array, curves: Mapping[str, Array], theme: Theme = LIGHT) -> None:
    """The truth y over x, (n,) each, as a wide pale line, and named ``curves`` (n,) over it."""
    ax.plot(x, y, lw=9, color=theme.grid, solid_capstyle="round", label="sin x")
    styles = zip(curves.items(), [theme.alarm, theme.accent, theme.ink], ["-", (0, (5, 3)), ":"], strict=False)
    for (name, curve), colour, dashes in styles:
        ax.plot(x, curve, lw=1.8, color=colour, ls=dashes, label=name)
    ax.set_xlabel("x")
    ax.legend(frameon=False, labelcolor=theme.ink, loc="upper left")


def bars(ax: Axes, names: Sequence[str], values: Sequence[float], texts: Sequence[str], *, colours: Sequence[str],
         theme: Theme = LIGHT, height: float = 0.72, offset: float = 0.0, log: bool = True) -> None:  # fmt: skip
    """A horizontal bar for each name, the first at the bottom like the first rung of a ladder; ``texts`` at their ends."""
    places = np.arange(len(names))
    if log:
        ax.set_xscale("log")
    ax.barh(places + offset, values, height, color=list(colours), left=None)
    for place, value, text in zip(places, values, texts, strict=True):
        ax.annotate(text, (value, place + offset), (5, 0), textcoords="offset points", va="center", size=9, color=theme.ink)
    ax.set_yticks(places, list(names))
    ax.tick_params(axis="y", length=0, labelcolor=theme.ink)
    ax.grid(False, axis="y")
    ax.spines["left"].set_visible(False)


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
    ax.tick_params(length=0)
    ax.set_xlabel("read as")
    ax.set_ylabel("is")
    _bare(ax)


def image_grid(ax: Axes, images: Array, titles: Sequence[str], columns: int, theme: Theme = LIGHT, ink: bool = True) -> None:
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
        ax.text(left + wide / 2, top + high + 0.6, title, ha="center", va="top", size=9, color=theme.ink)
    rows = -(-n // columns)
    ax.set_xlim(-0.2, min(n, columns) * (wide + gap_x) - gap_x + 0.2)
    ax.set_ylim(rows * (high + gap_y) - 0.5, -0.5)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    _bare(ax)


def _dress(ax: Axes, theme: Theme) -> None:
    """Quiet axes: two spines, a pale grid behind the data, grey numbers."""
    ax.set_facecolor(theme.paper)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.grid)
    ax.tick_params(colors=theme.faint, which="both", labelsize=9)
    ax.tick_params(which="minor", length=0)
    ax.grid(True, color=theme.grid, lw=0.6)
    ax.set_axisbelow(True)
    for text in (ax.xaxis.label, ax.yaxis.label):
        text.set(color=theme.faint, size=9)
    ax.title.set(color=theme.ink, size=11, weight="bold")


def _bare(ax: Axes) -> None:
    """No grid and no spines, for pictures."""
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _umask() -> int:
    """The permissions new files do not get.  (It can only be read by setting it.)"""
    mask = os.umask(0)
    os.umask(mask)
    return mask
