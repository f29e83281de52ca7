"""Operations that look along some dimensions and leave one number for each line they looked along.

``dim`` is one dimension, several, or None for all; ``keepdim`` leaves a dimension of size 1 where one
was reduced, so that the result broadcasts against the input again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.ops.base import Array, Op, Shape, normal_dim
from chainrule.ops.elementwise import asked, cast
from chainrule.ops.movement import expand, reshape

Dims = int | tuple[int, ...] | list[int] | None


def kept(shape: Shape, dim: Dims) -> Shape:
    """The shape a reduction leaves with ``keepdim=True``.

    >>> kept((2, 3), (1,))
    (2, 1)
    """
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


def spread(g: Any, shape: Shape, dim: Dims) -> Any:
    """Send the gradient of a reduction back over everything it was reduced from."""
    return expand.act(g if dim is None else reshape.act(g, shape=kept(shape, dim)), shape=shape)


class Reduction(Op):
    """``run(x, dim, keepdim)`` reduces; ``dim`` arrives as None or as a tuple of dimensions counted from 0."""

    ufunc: Any = None

    def bind(self, input: Any, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        if dim is not None:
            dims = (dim,) if isinstance(dim, int) else tuple(dim)
            dim = tuple(normal_dim(d, input.ndim, self.name) for d in dims)
            if len(set(dim)) < len(dim):
                raise ArgumentError(f"{self.name} along dim={dims}: a dimension is named twice; name each once")
            dim = dim if dim and input.ndim else None  # no dimensions means all of them, as in PyTorch
        return (asked(input, dtype),), {"dim": dim, "keepdim": keepdim}

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        return self.ufunc.reduce(x, axis=dim, keepdims=keepdim)

    def infer(self, shape: Shape, dim: Any = None, keepdim: bool = False) -> Shape:
        if keepdim:
            return kept(shape, dim)
        return () if dim is None else tuple(n for i, n in enumerate(shape) if i not in dim)


class Sum(Reduction):
    """Sum along ``dim``; integers and bools are summed as int64.  Slope: 1 everywhere.

    >>> chainrule.sum(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """

    vjp = (lambda g, x_shape, dim: spread(g, x_shape, dim),)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        return np.add.reduce(x, axis=dim, keepdims=keepdim, dtype=None if x.dtype.kind == "f" else np.int64)


class Mean(Reduction):
    """Average along ``dim``; nan where there is nothing to average.  Slope: 1 / n everywhere.

    >>> chainrule.mean(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1.5000, 3.5000])
    """

    kind = "real"
    vjp = (lambda g, x_shape, dim: spread(g / count(x_shape, dim), x_shape, dim),)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        total = np.add.reduce(x, axis=dim, keepdims=keepdim)
        return total / count(x.shape, dim)


class SumSquares(Reduction):
    """Σ x² along ``dim``, in one pass: the squares are never stored.  Slope: 2x.

    >>> chainrule.ops.sum_squares(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([ 5., 25.])
    """

    kind = "real"
    vjp = (lambda g, x, x_shape, dim: x * spread(2.0 * g, x_shape, dim),)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        return sum_products(x, x, kept(x.shape, dim)).reshape(self.infer(x.shape, dim, keepdim))


def sum_products(x: Array, y: Array, shape: Shape) -> Array:
    """Σ x y down to ``shape`` (as many dimensions, size 1 where it sums), without storing the products.

    >>> sum_products(np.ones((2, 3)), np.ones((2, 3)), (2, 1))
    array([[3.],
           [3.]])
    """
    if x.shape == shape:
        return np.multiply(x, y)
    axes = [*range(x.ndim)]
    return np.einsum(x, axes, y, axes, [i for i in axes if shape[i] != 1]).reshape(shape)


def count(shape: Shape, dim: Shape | None) -> int:
    """How many numbers each result of a reduction is made of.

    >>> count((2, 3), (1,))
    3
    """
    return math.prod(shape if dim is None else (shape[i] for i in dim))


class Extreme(Reduction):
    """A largest or smallest value.  Those who reach it share the gradient equally."""

    vjp = (lambda g, out, x, dim: _to_winners(g, out, x, dim),)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        try:
            return super().run(x, dim, keepdim)
        except ValueError:
            if count(x.shape, dim):
                raise
            raise ShapeError(
                f"{self.name} of a tensor of shape {shape_of(x.shape)}: nothing is the {self.what} of nothing"
            ) from None

    what = ""


def _to_winners(g: Any, out: Any, x: Any, dim: Any) -> Any:
    win = cast(x == reshape(out, kept(x.shape, dim)), x.dtype)
    return win * spread(g, x.shape, dim) / sum(win, dim, True)


class Amax(Extreme):
    """Largest value along ``dim``.  Ties share the gradient equally.

    >>> chainrule.amax(chainrule.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
    tensor([5., 3.])
    """

    ufunc, what = np.maximum, "largest"


class Amin(Extreme):
    """Smallest value along ``dim``.  Ties share the gradient equally."""

    ufunc, what = np.minimum, "smallest"


class Argument(Reduction):
    """Where an extreme value stands: an index (the first at a tie) along ``dim``, or into the flattened tensor."""

    kind, vjp = "any", (None,)

    def bind(self, input: Any, dim: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]  # no dtype
        if dim is not None and not isinstance(dim, int):
            raise ArgumentError(
                f"{self.name} along dim={dim!r}: it points along one dimension, a whole number; "
                f"for more, flatten them into one first"
            )
        return super().bind(input, dim, keepdim)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        if count(x.shape, dim) == 0:
            raise ShapeError(f"{self.name} of a tensor of shape {shape_of(x.shape)}: there is nothing to point at")
        return self.ufunc(x, axis=None if dim is None else dim[0], keepdims=keepdim)


class Argmax(Argument):
    """Index of the largest value.

    >>> chainrule.argmax(chainrule.tensor([[1.0, 5.0], [3.0, 2.0]]), dim=1)
    tensor([1, 0])
    """

    ufunc = staticmethod(np.argmax)


class Argmin(Argument):
    """Index of the smallest value."""

    ufunc = staticmethod(np.argmin)


sum: Op = Sum()
sum_squares: Op = SumSquares()
mean: Op = Mean()
amax: Op = Amax()
amin: Op = Amin()
argmax: Op = Argmax()
argmin: Op = Argmin()
