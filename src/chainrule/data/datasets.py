"""Real data to learn from, as NumPy arrays ``(X, y)``; nothing is downloaded.

sine     the sine curve, on evenly spaced points
digits   1,797 handwritten digits, 8 × 8 pixels, that come with scikit-learn
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, require

Array = np.ndarray[Any, np.dtype[Any]]


def sine(n: int = 2000) -> tuple[Array, Array]:
    """``n`` points of the sine curve on [−π, π], ends included: x and sin x, float64 of shape (n,).

    >>> x, y = sine(5)
    >>> np.round(x / np.pi, 2).tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    >>> sine(0)
    Traceback (most recent call last):
        ...
    chainrule.errors.ArgumentError: sine(n=0): a curve needs at least one point; write n=2000 or so
    """
    if n < 1:
        raise ArgumentError(f"sine(n={n}): a curve needs at least one point; write n=2000 or so")
    x = np.linspace(-np.pi, np.pi, n)
    return x, np.sin(x)


def digits() -> tuple[Array, Array]:
    """The 1,797 digits of scikit-learn: pixels from 0 (paper) to 1 (ink), and which digit it is.

    X is float64 of shape (1797, 64), an image of 8 × 8 in each row; y is int64 of shape (1797,), 0 to 9.
    MissingPackage without scikit-learn.

    >>> X, y = digits()
    >>> X.shape, y.shape, float(X.max()), y[:10].tolist()
    ((1797, 64), (1797,), 1.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    loader = require("sklearn.datasets", "scikit-learn", "the data set digits")
    pixels, labels = loader.load_digits(return_X_y=True)
    return pixels / 16, labels.astype(np.int64)
