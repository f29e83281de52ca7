"""The two tasks of the ladder: data, start, learning rate and batches, the same for every rung.

sine     a + b·x + c·x² + d·x³ for sin x on 2,000 points; whole data each step, sum of squares
digits   8 × 8 pixels → 32 ReLU → 10 scores; batches of 32, softmax cross-entropy
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data import datasets

Array = np.ndarray[Any, np.dtype[Any]]

BATCH = 32
EPOCHS = 30
HELD_BACK = 0.2  # of the digits, for the test


@dataclass(frozen=True)
class Task:
    """What a rung is given, and how many steps it takes unless told otherwise.

    ``start`` holds the parameters as a rung unpacks them: for sine one array (a, b, c, d), for digits a
    tuple W1 (32, 64), b1 (32,), W2 (10, 32), b2 (10,).  ``batches`` has one entry for each step.  ``caps``
    names the rungs that are too slow for all of them.  ``together`` is for how many steps runs that round
    differently can be asked to agree (see ``digits``).
    """

    name: str
    formula: str
    x: Array
    y: Array
    start: Array | tuple[Array, ...]
    lr: float
    batches: Sequence[Any]
    caps: Mapping[str, int]
    together: int
    x_test: Array = field(default_factory=lambda: np.empty(0))
    y_test: Array = field(default_factory=lambda: np.empty(0))

    def steps(self, rung: str, limit: int | None = None) -> int:
        """How many steps a rung runs: all, or its cap, or ``limit`` if that is fewer."""
        return min(len(self.batches), self.caps.get(rung, len(self.batches)), limit or len(self.batches))

    def blocks(self, numbers: Array) -> list[Array]:
        """Cut a flat array of all parameters back into the arrays of ``start``."""
        shapes = [w.shape for w in (self.start if isinstance(self.start, tuple) else (self.start,))]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(numbers, ends[:-1]), shapes, strict=True)]


def sine(dtype: str = "float64", seed: int = 0) -> Task:
    """The cubic for the sine.  Its start is fixed, so ``seed`` changes nothing here.

    >>> task = sine()
    >>> task.x.shape, task.start.tolist(), task.steps("hand"), task.steps("value")
    ((2000,), [0.1, 0.2, 0.3, 0.4], 2000, 100)
    """
    x, y = datasets.sine(2000)
    start = np.array([0.1, 0.2, 0.3, 0.4])
    return Task(
        name="sine",
        formula="a + b·x + c·x² + d·x³ for sin x",
        x=x.astype(dtype),
        y=y.astype(dtype),
        start=start.astype(dtype),
        lr=1e-6,
        batches=range(2000),
        caps={"value": 100},
        together=2000,
    )


def digits(dtype: str = "float64", seed: int = 0) -> Task:
    """The network for digits: which examples train, the start and every epoch's order come from ``seed``.

    float32 runs are asked to agree for one epoch only.  ReLU has a kink at 0, and among the 1.4 million sums
    it is given in 30 epochs, about one run in ten has one so near 0 that rounding alone decides its side:
    from there on two runs, both right, take different steps.  In float64 that has never been seen.
    """
    X, y = datasets.digits()
    rng = np.random.default_rng(seed)
    mixed = rng.permutation(len(X))
    kept = len(X) - round(HELD_BACK * len(X))
    train, test = mixed[:kept], mixed[kept:]
    W1, W2 = (he_uniform(rng, shape) for shape in [(32, 64), (10, 32)])
    start = (W1, np.zeros(32), W2, np.zeros(10))
    batches = [batch for _ in range(EPOCHS) for batch in epoch(rng, kept)]
    one_epoch = len(batches) // EPOCHS
    X = X.astype(dtype)
    return Task(
        name="digits",
        formula="64 pixels → 32 ReLU → 10 scores",
        x=X[train],
        y=y[train],
        start=tuple(w.astype(dtype) for w in start),
        lr=0.5,
        batches=batches,
        caps={"parts": one_epoch, "value": 10},
        together=one_epoch if dtype == "float32" else len(batches),
        x_test=X[test],
        y_test=y[test],
    )


TASKS: dict[str, Callable[[str, int], Task]] = {"sine": sine, "digits": digits}
"""How to make each task: by name, from a dtype and a seed."""


def he_uniform(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Weights (out, in) drawn evenly from ±√(6 / in): behind ReLU, sums keep their size whatever the width."""
    bound = np.sqrt(6 / shape[1])
    return rng.uniform(-bound, bound, shape)


def epoch(rng: np.random.Generator, n: int) -> list[Array]:
    """The n examples in a new order, in batches; the last one holds what is left over.

    >>> [len(batch) for batch in epoch(np.random.default_rng(0), 70)]
    [32, 32, 6]
    """
    order = rng.permutation(n)
    return [order[i : i + BATCH] for i in range(0, n, BATCH)]


def cubic(w: Array, x: Array) -> Array:
    """The cubic with coefficients w = (a, b, c, d), at x: shape (n,).

    >>> cubic(np.array([1.0, 0.0, 0.0, 2.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 3.0, 17.0]
    """
    return np.stack([x**k for k in range(4)], axis=-1) @ w


def best_cubic(task: Task) -> tuple[Array, float]:
    """The coefficients (4,) with the least sum of squares, and that sum, from the normal equations' solver."""
    x, y = task.x.astype("float64"), task.y.astype("float64")
    w = np.linalg.lstsq(np.stack([x**k for k in range(4)], axis=-1), y)[0]
    return w, float(np.sum((cubic(w, x) - y) ** 2))


def read(weights: Sequence[Array], images: Array) -> Array:
    """Which digit the network takes each image for: (n, 64) → (n,)."""
    W1, b1, W2, b2 = weights
    return (np.maximum(images @ W1.T + b1, 0) @ W2.T + b2).argmax(axis=1)


def accuracy(task: Task, numbers: Array) -> float | None:
    """The part of the test digits read rightly with these parameters (flat); None where nothing is read."""
    if not len(task.x_test):
        return None
    return float(np.mean(read(task.blocks(numbers), task.x_test) == task.y_test))
