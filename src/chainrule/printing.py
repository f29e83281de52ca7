"""How numbers are printed: as PyTorch prints them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.ops.base import Array

LINE, MANY, EDGE = 80, 1000, 3  # columns; how many numbers are too many to print; how many of them then, at each end


def numbers(array: Array) -> str:
    """The numbers as they stand in ``tensor(...)``: four decimals, or none where all are whole.

    >>> print(numbers(np.array([[1.0, 2.0], [3.0, 4.5]])))
    [[1.0000, 2.0000],
            [3.0000, 4.5000]]
    """
    if not array.size:
        return "[]"
    short = array.size > MANY
    shown = array[np.ix_(*map(_ends, array.shape))] if short else array
    return _nested(array, *_style(shown.ravel()), len("tensor("), short)


def _style(array: Array) -> tuple[Callable[[Any], str], int]:
    """How one number is written, and the width it is given: that of the longest, zeros and nan aside."""
    if array.dtype.kind != "f":
        return str, max(len(str(x)) for x in array.tolist())
    finite = array[np.isfinite(array) & (array != 0)].astype(np.float64)
    whole = bool((finite == np.round(finite)).all())
    low, high = (np.abs(finite).min(), np.abs(finite).max()) if finite.size else (1.0, 1.0)

    def write(x: float) -> str:
        if high / low > 1000 or high > 1e8 or (low < 1e-4 and not whole):
            return f"{x:.4e}"
        return f"{x:.0f}." if whole and np.isfinite(x) else f"{x:.4f}"

    return write, max((len(write(x)) for x in finite.tolist()), default=1)


def _nested(array: Array, write: Callable[[Any], str], width: int, indent: int, short: bool) -> str:
    """Numbers in brackets, a row to a line; where it is to be ``short``, dots for the middle."""
    if not array.ndim:
        return write(array.item()).rjust(width)
    skipped = short and len(array) > 2 * EDGE
    parts = [array[i] for i in (_ends(len(array)) if skipped else range(len(array)))]
    if array.ndim > 1:
        items = [_nested(part, write, width, indent + 1, short) for part in parts]
        between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
        return f"[{between.join(_dotted(items, '...') if skipped else items)}]"
    items = [write(x.item()).rjust(width) for x in parts]
    if skipped:
        items = _dotted(items, " ...")
    n = max((LINE - indent) // (width + 2), 1)
    lines = [", ".join(items[i : i + n]) for i in range(0, len(items), n)]
    return f"[{(',' + chr(10) + ' ' * (indent + 1)).join(lines)}]"


def _ends(n: int) -> list[int]:
    """The places of n that are printed where there are too many: the first and the last few."""
    return [*range(EDGE), *range(n - EDGE, n)] if n > 2 * EDGE else [*range(n)]


def _dotted(items: list[str], dots: str) -> list[str]:
    return [*items[:EDGE], dots, *items[-EDGE:]]
