"""`sketch`: a small figure that shows itself in a notebook, in the colours of the house."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from chainrule.viz.canvas import LIGHT, canvas, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = 4.6  # inches: the width of one panel


class Sketch:
    """A figure; as the last line of a cell it is shown.  ``axes`` are its panels, left to right."""

    def __init__(self, *labels: tuple[str, str], height: float = 3.0) -> None:
        self.figure, self.axes = canvas(PANEL * len(labels), height, columns=(1,) * len(labels))
        for ax, (x, y) in zip(self.axes, labels, strict=True):
            label(ax, LIGHT, x, y)

    def __repr__(self) -> str:
        return f"Sketch of {len(self.axes)} panel{'s' * (len(self.axes) > 1)}"

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.figure.savefig(picture, format="png", dpi=110)
        return picture.getvalue()


def sketch(*labels: tuple[str, str], height: float = 3.0) -> tuple[Sketch, list[Axes]]:
    """A figure with one panel for each pair of labels, (along x, along y), and its axes.

    >>> figure, (left, right) = sketch(("x", "tanh x"), ("x", "its slope"))
    >>> _ = left.plot([0, 1], [0, 1])
    >>> figure
    Sketch of 2 panels
    """
    figure = Sketch(*labels, height=height)
    return figure, figure.axes
