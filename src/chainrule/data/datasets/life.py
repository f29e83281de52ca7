"""Conway's Game of Life (1970): what comes next, and the harder question, what came before.

A board is a grid of cells, 1 alive or 0 dead; a cell's neighbours are the 8 around it.  In the next board a cell is
alive if it has 3 living neighbours now, or 2 and is alive itself.  With ``wrap`` the board's edges meet (a torus);
without, everything outside is dead.
"""

from __future__ import annotations

import numpy as np

from chainrule.errors import ArgumentError, DataError, ShapeError, shape_of
from chainrule.ops.base import Array


def life_step(boards: Array, wrap: bool = True) -> Array:
    """The next board of each: an array of shape (…, H, W) and its dtype, of 0 and 1.

    Raises ShapeError for fewer than two dimensions or a side below 3, DataError for anything but 0 and 1.

    >>> blinker = np.array([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    >>> life_step(blinker)[:, 2].tolist()
    [0, 1, 1, 1, 0]
    """
    boards = np.asarray(boards)
    if boards.ndim < 2 or min(boards.shape[-2:]) < 3:
        raise ShapeError(f"life_step of shape {shape_of(boards.shape)}: boards are (…, H, W), both sides from 3 on")
    if not ((boards == 0) | (boards == 1)).all():
        raise DataError("life_step: a cell is 0 (dead) or 1 (alive); for a network's output write output > 0.5")
    return _next(boards != 0, wrap).astype(boards.dtype)


def game_of_life(
    n: int = 1000, size: int | tuple[int, int] = 8, steps: int = 1, density: float = 0.3, wrap: bool = True,
    reverse: bool = False, seed: int = 0,
) -> tuple[Array, Array]:  # fmt: skip
    """``n`` random boards and what they are ``steps`` later: X now, y then; with ``reverse``, X then, y now.

    Both are float32 of shape (n, 1, H, W), 0 and 1, as Conv2d and BCEWithLogitsLoss take them.  ``size`` is one side
    or (H, W); ``density`` is the chance of a cell to be alive at first.  Forward, each cell is a function of the
    (2·steps + 1)² around it: one or two convolutions can be exact.  In reverse there may be many right answers:
    y is one; judge a network's by whether ``life_step`` leads from it to X.
    Raises ArgumentError for n or steps below 1, sides below 3, a density outside [0, 1].

    >>> X, y = game_of_life(10, size=5)
    >>> X.shape, X.dtype, bool((life_step(X) == y).all())
    ((10, 1, 5, 5), dtype('float32'), True)
    >>> after, before = game_of_life(10, size=5, reverse=True)
    >>> bool((life_step(before) == after).all())
    True
    """
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if n < 1 or steps < 1:
        raise ArgumentError(f"game_of_life(n={n}, steps={steps}): both must be 1 or more")
    if len(sides) != 2 or min(sides) < 3:
        raise ArgumentError(f"game_of_life(size={size}): give one side or (H, W), from 3 on: a cell has 8 neighbours")
    if not 0 <= density <= 1:
        raise ArgumentError(f"game_of_life(density={density}): the chance to be alive is in [0, 1]")
    now = np.random.default_rng(seed).random((n, 1, *sides)) < density
    then = now
    for _ in range(steps):
        then = _next(then, wrap)
    X, y = (then, now) if reverse else (now, then)
    return X.astype(np.float32), y.astype(np.float32)


def _next(alive: Array, wrap: bool) -> Array:
    """Truths (…, H, W) -> the next ones."""
    height, width = alive.shape[-2:]
    around = [(0, 0)] * (alive.ndim - 2) + [(1, 1), (1, 1)]
    padded = np.pad(alive.astype(np.uint8), around, mode="wrap" if wrap else "constant")
    block = [padded[..., i : i + height, j : j + width] for i in range(3) for j in range(3)]
    neighbours = np.add.reduce(block, dtype=np.uint8) - alive
    return (neighbours == 3) | (alive & (neighbours == 2))
