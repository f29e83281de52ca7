"""Small problems made on the spot: curves to follow, points to tell apart.

    n      how many examples        noise   standard deviation of what is added to them
    seed   the same, the same numbers

All are float64, like the course's NumPy; for a network of float32 write
``chainrule.tensor(X, dtype=chainrule.float32)``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.ops.base import Array


def sine(n: int = 2000, noise: float = 0.0, seed: int = 0) -> tuple[Array, Array]:
    """``n`` points of the sine curve on [−π, π], ends included: x and sin x, float64 of shape (n,).

    For a first network: smooth, bounded, and no straight line.  Raises ArgumentError for n below 1 or noise below 0.

    >>> x, y = sine(5)
    >>> np.round(x / np.pi, 2).tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    >>> sine(0)
    Traceback (most recent call last):
        ...
    chainrule.errors.ArgumentError: sine(n=0): a curve needs at least one point; write n=2000 or so
    """
    return _curve("sine", np.sin, np.pi, n, 2000, noise, seed)


def exp_with_noise(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """``n`` points of eˣ on [−1, 1], ends included, y with ``noise``: x and y, float64 of shape (n,).

    For approximators: how near do a line, a parabola, a small network come, and which of them learns the noise?
    Raises ArgumentError for n below 1 or noise below 0.

    >>> x, y = exp_with_noise()
    >>> x.shape, bool(np.abs(y - np.exp(x)).max() < 0.3)
    ((100,), True)
    >>> np.round(exp_with_noise(3, noise=0)[1], 2).tolist()
    [0.37, 1.0, 2.72]
    """
    return _curve("exp_with_noise", np.exp, 1.0, n, 100, noise, seed)


def quadratic(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """``n`` points of x² on [−1, 1], ends included, y with ``noise``: x and y, float64 of shape (n,).

    The smallest curve that no straight line follows.  Raises ArgumentError for n below 1 or noise below 0.

    >>> quadratic(5, noise=0)[1].tolist()
    [1.0, 0.25, 0.0, 0.25, 1.0]
    """
    return _curve("quadratic", np.square, 1.0, n, 100, noise, seed)


def moons(n: int = 200, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Two half circles of radius 1, each with an end inside the other, in random order.

    X is float64 of shape (n, 2), about −1 to 2 and −0.5 to 1; y is int64 of shape (n,): 0 the upper moon, 1 the
    lower, half of each.  No straight line parts them; a small network does.  The shape is scikit-learn's make_moons.
    Raises ArgumentError for n below 2 or noise below 0.

    >>> X, y = moons(100)
    >>> X.shape, np.bincount(y).tolist()
    ((100, 2), [50, 50])
    """
    _check("moons", n, 2, "there are two moons, each with at least one point; write n=200 or so", noise)
    upper, lower = (np.pi * np.linspace(0, 1, k) for k in (n // 2, n - n // 2))
    above = np.stack([np.cos(upper), np.sin(upper)], axis=1)
    below = np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1)
    return _mixed([above, below], noise, seed)


def spirals(
    n: int = 300, arms: int = 3, turns: float = 0.75, noise: float = 0.02, seed: int = 0
) -> tuple[Array, Array]:
    """``arms`` spiral arms around the origin, each a class, in random order.

    X is float64 of shape (n, 2), within radius 1 but for the noise; y is int64 of shape (n,), 0 to arms − 1, as evenly
    many of each as can be.  Each arm winds ``turns`` times from the middle out.  Hard to part: needs hidden layers.
    Raises ArgumentError for fewer than one arm, fewer points than arms, or noise below 0.

    >>> X, y = spirals(90, arms=3)
    >>> X.shape, np.bincount(y).tolist()
    ((90, 2), [30, 30, 30])
    """
    if arms < 1:
        raise ArgumentError(f"spirals(arms={arms}): there must be at least one arm; write arms=3 or so")
    _check("spirals", n, arms, f"each of the {arms} arms needs at least one point; write n={100 * arms} or so", noise)
    parts = []
    for arm in range(arms):
        k = n // arms + (arm < n % arms)
        radius = np.linspace(0, 1, k + 1)[1:]  # without the middle, which is in every arm
        angle = 2 * np.pi * (turns * radius + arm / arms)
        parts.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
    return _mixed(parts, noise, seed)


def _curve(
    name: str, f: Callable[[Array], Array], reach: float, n: int, usual: int, noise: float, seed: int
) -> tuple[Array, Array]:
    _check(name, n, 1, f"a curve needs at least one point; write n={usual} or so", noise)
    x = np.linspace(-reach, reach, n)
    return x, f(x) + noise * np.random.default_rng(seed).standard_normal(n) if noise else f(x)


def _mixed(parts: list[Array], noise: float, seed: int) -> tuple[Array, Array]:
    """The parts with noise, each a class, in random order."""
    chance = np.random.default_rng(seed)
    X, y = np.concatenate(parts), np.repeat(np.arange(len(parts), dtype=np.int64), [len(part) for part in parts])
    order = chance.permutation(len(X))
    return X[order] + noise * chance.standard_normal(X.shape), y[order]


def _check(name: str, n: int, least: int, why: str, noise: float) -> None:
    if n < least:
        raise ArgumentError(f"{name}(n={n}): {why}")
    if not noise >= 0:
        raise ArgumentError(f"{name}(noise={noise}): a standard deviation is 0 or more")
