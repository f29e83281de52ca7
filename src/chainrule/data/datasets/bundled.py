"""Real data that come with scikit-learn: no network, no files."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import require
from chainrule.ops.base import Array


def digits() -> tuple[Array, Array]:
    """The 1,797 digits of scikit-learn: pixels from 0 (paper) to 1 (ink), and which digit it is.

    X is float64 of shape (1797, 64), an image of 8 × 8 in each row; y is int64 of shape (1797,), 0 to 9.
    For a first classifier of images: learnt in seconds.  Source: E. Alpaydin and C. Kaynak, Optical Recognition of
    Handwritten Digits, UCI, 1998 (its test part).  MissingPackage without scikit-learn.

    >>> X, y = digits()
    >>> X.shape, y.shape, float(X.max()), y[:10].tolist()
    ((1797, 64), (1797,), 1.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    pixels, labels = _sklearn("digits").load_digits(return_X_y=True)
    return pixels / 16, labels.astype(np.int64)


def iris(two_classes: bool = False) -> tuple[Array, Array]:
    """150 iris flowers: sepal length and width, petal length and width in cm, and which of three kinds it is.

    X is float64 of shape (150, 4), 0.1 to 7.9; y is int64 of shape (150,): 0 setosa, 1 versicolor, 2 virginica, 50 of
    each, in this order: shuffle before you split.  ``two_classes`` leaves the first 100, setosa and versicolor, which a
    straight line parts: a perceptron's problem.  Source: R. A. Fisher, The use of multiple measurements in taxonomic
    problems, 1936.  MissingPackage without scikit-learn.

    >>> X, y = iris()
    >>> X.shape, np.bincount(y).tolist(), X[0].tolist()
    ((150, 4), [50, 50, 50], [5.1, 3.5, 1.4, 0.2])
    >>> np.bincount(iris(two_classes=True)[1]).tolist()
    [50, 50]
    """
    X, y = _sklearn("iris").load_iris(return_X_y=True)
    some = y < 2 if two_classes else slice(None)
    return X[some], y[some].astype(np.int64)


def _sklearn(name: str) -> Any:
    return require("sklearn.datasets", "scikit-learn", f"the data set {name}")
