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
    if not x.ndim:
        return number(x[()])
    if x.ndim == 1 and 0 < x.size <= 4:
        return f"[{', '.join(map(number, x))}]"
    return f"{shape_of(x.shape)}  {spread(x)}"


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
