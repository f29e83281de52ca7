"""Scores along a dimension as probabilities, and as logarithms of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops.base import Op, Shape, normal_dim
from chainrule.ops.elementwise import asked, flush
from chainrule.ops.functions import exp
from chainrule.ops.reduction import sum


class AlongDim(Op):
    """An operation along one dimension that keeps the shape."""

    kind = "real"

    def bind(self, input: Any, dim: int = -1, *, dtype: Any = None) -> Any:
        return (asked(input, dtype),), {"dim": normal_dim(dim, input.ndim, self.name) if input.ndim else ()}

    def infer(self, shape: Shape, dim: Any = None) -> Shape:
        return shape


def along(x: Any, dim: Any) -> Any:
    """The sum along one dimension, which is kept with size 1."""
    return sum.act(x, dim=(dim,) if isinstance(dim, int) else dim, keepdim=True)


class Softmax(AlongDim):
    """Positive numbers along ``dim`` that sum to 1: e^x / Σ e^x, computed from x - max x.

    Gradient: p (g - Σ g p).

    >>> chainrule.softmax(chainrule.tensor([0.0, 0.0, 1000.0]), dim=0)
    tensor([0., 0., 1.])
    """

    vjp = (lambda g, out, dim: out * (g - along(g * out, dim)),)

    def run(self, x: Any, dim: Any) -> Any:
        if not x.size:
            return x.copy()
        e = np.exp(x - np.maximum.reduce(x, axis=dim, keepdims=True))
        return e / np.add.reduce(e, axis=dim, keepdims=True)


class LogSoftmax(AlongDim):
    """log softmax x = x - max x - log Σ e^(x - max x): exact where log(softmax(x)) would be -inf.

    Gradient: g - p Σ g with p = softmax(x); a p of no account is 0 there (see `Flush`).

    >>> chainrule.log_softmax(chainrule.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """

    vjp = (lambda g, out, dim: g - flush.act(exp.act(out)) * along(g, dim),)

    def run(self, x: Any, dim: Any) -> Any:
        if not x.size:
            return x.copy()
        shifted = x - np.maximum.reduce(x, axis=dim, keepdims=True)
        return shifted - np.log(np.add.reduce(np.exp(shifted), axis=dim, keepdims=True))


softmax: Op = Softmax()
log_softmax: Op = LogSoftmax()
