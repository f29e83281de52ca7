"""Numbers and arrays in few characters, the same everywhere: pictures, sentences, text trees.

>>> number(2.0), number(-0.123456), number(3e-9), number(float("nan"))
('2.0', '−0.1235', '3e−09', 'nan')
>>> summary(np.zeros((2, 3)))
'(2, 3)  0.0 everywhere'
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import shape_of


def number(x: Any, sign: bool = False) -> str:
    """One number in four digits; with ``sign``, a + in front of what is not negative."""
    if isinstance(x, bool | np.bool_):
        return str(bool(x))
    if isinstance(x, int | np.integer):
        return f"{int(x):{'+' if sign else ''}d}".replace("-", "−")
    if not isinstance(x, float | np.floating):
        text = str(x)
        return text if len(text) <= 24 else text[:23] + "…"
    text = f"{float(x):{'+' if sign else ''}.4g}"
    if text.lstrip("+-").isdigit():
        text += ".0"
    return text.replace("-", "−")


def summary(x: Any) -> str:
    """A value in one line: a number, a short vector, or the shape and the range of an array."""
    if not isinstance(x, np.ndarray):
        return number(x)
    if is_large(x) or not x.size:
        return f"{shape_of(x.shape)}  {spread(x)}"
    return f"[{', '.join(map(number, x))}]" if x.ndim else number(x[()])


def is_large(x: Any) -> bool:
    """Whether a value takes two lines: its shape, and its range."""
    return isinstance(x, np.ndarray) and x.ndim > 0 and (x.ndim > 1 or x.size > 4)


def headline(x: Any) -> str:
    """A value in the first line of a box: a number, or the shape of an array."""
    return shape_of(x.shape) if is_large(x) else summary(x)


def gradient(x: Any) -> str:
    """A gradient in a box: its shape is that of the value above it, so an array shows its range alone."""
    return spread(x) if is_large(x) else summary(x)


def spread(x: Any) -> str:
    """The range of an array, or what is special about it."""
    if not x.size:
        return "empty"
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        return f"{int(np.isnan(x).sum())} nan, {int(np.isinf(x).sum())} inf of {x.size}"
    low, high = x.min(), x.max()
    return f"{number(low)} everywhere" if low == high else f"{number(low)} … {number(high)}"


def size(x: Any) -> float:
    """How large a number or an array is: its absolute value, or the root of the mean square."""
    if x is None:
        return 0.0
    array = np.asarray(x, float)
    if array.size <= 1:
        return abs(float(array.sum()))
    return float(np.sqrt(np.mean(array * array)))


def lean(x: Any) -> float:
    """Which way a gradient points: a number itself, an array by the sum of what is in it."""
    return float(np.asarray(x, float).sum())


def matrix(x: Any) -> str:
    """An array in full while it is small: rows in brackets; else its summary.

    >>> matrix(np.array([[1.0, -2.0], [0.5, 3.0]]))
    '[[1.0, −2.0], [0.5, 3.0]]'
    """
    if not isinstance(x, np.ndarray) or x.ndim == 0 or x.ndim > 2 or not 0 < x.size <= 12:
        return summary(x)
    if x.ndim == 1:
        return f"[{', '.join(map(number, x))}]"
    return f"[{', '.join(map(matrix, x))}]"


def tex_number(x: float) -> str:
    r"""A number in LaTeX.

    >>> tex_number(-2.0), tex_number(3e-9)
    ('-2.0', '3 \\cdot 10^{-9}')
    """
    digits, _, power = number(x).replace("−", "-").partition("e")
    return rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits
