"""Operations whose result at one place depends on all the places before it, or on their order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.ops.base import Op, Shape, normal_dim
from chainrule.ops.choosing import where
from chainrule.ops.elementwise import asked
from chainrule.ops.movement import flip, permute, reshape
from chainrule.ops.reduction import Reduction, kept, sum
from chainrule.tracing import tracer


class Scan(Op):
    """An operation along one dimension that keeps the shape."""

    def bind(self, input: Any, dim: int, *, dtype: Any = None) -> Any:
        return (asked(input, dtype),), {"dim": normal_dim(dim, input.ndim, self.name)}

    def infer(self, shape: Shape, dim: int) -> Shape:
        return shape


class Cumsum(Scan):
    """The sums so far along ``dim``; integers as int64.  Gradient: the sums of g from here on.

    >>> chainrule.cumsum(chainrule.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 3., 6.])
    """

    vjp = (lambda g, dim: flip(cumsum(flip(g, dim), dim), dim) if g.ndim else g,)

    def run(self, x: Any, dim: int) -> Any:
        return np.cumsum(x, axis=dim if x.ndim else None, dtype=_summed(x)).reshape(x.shape)


class Cumprod(Scan):
    """The products so far along ``dim``; integers as int64.

    Gradient in x_k: Σ over j ≥ k of g_j times the product of all x_i, i ≤ j, but x_k: right where an x is 0 too.

    >>> chainrule.cumprod(chainrule.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 2., 6.])
    """

    vjp = (lambda g, x, dim: _cumprod_slope(g, x, dim) if x.ndim else g,)

    def run(self, x: Any, dim: int) -> Any:
        return np.cumprod(x, axis=dim if x.ndim else None, dtype=_summed(x)).reshape(x.shape)


def _summed(x: Any) -> Any:
    return None if x.dtype.kind == "f" else np.int64


def _cumprod_slope(g: Any, x: Any, dim: int) -> Any:
    n = x.shape[dim]
    last = (*(i for i in range(x.ndim) if i != dim), dim)
    g, x = permute(g, last), permute(x, last)
    rows = (*x.shape[:-1], 1, n)
    without = where(np.eye(n, dtype=bool), 1.0, reshape(x, rows))  # (..., k, i): x with x_k replaced by 1
    sent = where(np.tri(n, dtype=bool).T, reshape(g, rows) * cumprod(without, without.ndim - 1), 0.0)
    return permute(sum(sent, -1), tuple(int(i) for i in np.argsort(last)))


class Prod(Reduction):
    """The product along ``dim``; integers as int64.  Gradient: g times the product of the others.

    >>> chainrule.prod(chainrule.tensor([1.0, 2.0, 4.0]))
    tensor(8.)
    """

    vjp = (lambda g, out, x, dim: _prod_slope(g, out, x, dim),)

    def run(self, x: Any, dim: Any, keepdim: Any) -> Any:
        return np.multiply.reduce(x, axis=dim, keepdims=keepdim, dtype=_summed(x))


def _prod_slope(g: Any, out: Any, x: Any, dim: Any) -> Any:
    """With a 0 among the numbers out / x is of no use: then every other product is taken by itself."""
    wide = kept(x.shape, dim)
    if 0 in x.shape or (not tracer() and not bool(sum(x == 0))):  # a recording must not depend on the numbers
        return reshape(g * out, wide) / x
    dims = tuple(range(x.ndim)) if dim is None else dim
    rest = tuple(i for i in range(x.ndim) if i not in dims)
    n = math.prod(x.shape[i] for i in dims)
    order = (*rest, *dims)
    line = reshape(permute(x, order), (-1, 1, n))
    others = prod(where(np.eye(n, dtype=bool), 1.0, line), -1)  # (rest, k): the product without x_k
    shape = tuple(x.shape[i] for i in order)
    back = tuple(int(i) for i in np.argsort(order))
    return reshape(g, wide) * permute(reshape(others, shape), back)


class Argsort(Op):
    """The places of the numbers in rising (or falling) order along ``dim``; equal ones keep their order.

    >>> chainrule.argsort(chainrule.tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0])
    """

    kind, vjp = "any", (None,)

    def bind(self, input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
        return (input,), {"dim": normal_dim(dim, input.ndim, self.name), "descending": descending}

    def run(self, x: Any, dim: int, descending: bool) -> Any:
        if not x.ndim:
            return np.zeros((), np.int64)
        if not descending:
            return np.argsort(x, axis=dim, kind="stable")
        return x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), axis=dim, kind="stable"), dim)

    def infer(self, shape: Shape, dim: int, descending: bool = False) -> Shape:
        return shape


cumsum: Op = Cumsum()
cumprod: Op = Cumprod()
prod: Op = Prod()
argsort: Op = Argsort()
