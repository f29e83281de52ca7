"""Operations that multiply and add along a shared dimension: where the arithmetic of a network is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, shape_of
from chainrule.ops.base import Op, Shape, broadcast_shapes
from chainrule.ops.movement import permute, reshape
from chainrule.ops.reduction import sum


class Matmul(Op):
    """Matrix product of tensors with two or more dimensions: (..., m, k) @ (..., k, n) -> (..., m, n).

    The dimensions in front broadcast.  Gradients: ḡ yᵀ and xᵀ ḡ.  (Vectors: see ``chainrule.matmul``.)
    """

    inputs, symbol, kind = "x y", "@", "same"
    vjp = (lambda g, y: g @ turned(y), lambda g, x: turned(x) @ g)

    def run(self, x: Any, y: Any) -> Any:
        if x.shape[-1] > 1000 and x.shape[-2] < y.shape[-1] and y.strides[-2] == y.itemsize:
            return turned(np.matmul(turned(y), turned(x)))  # few long rows by many: BLAS takes half the time this way
        return np.matmul(x, y)

    def infer(self, x: Shape, y: Shape) -> Shape:
        if len(x) < 2 or len(y) < 2:
            raise ShapeError(
                f"the operation matmul of {shape_of(x)} and {shape_of(y)}: it takes matrices; "
                f"chainrule.matmul takes vectors too"
            )
        if x[-1] != y[-2]:
            raise ShapeError(
                f"matmul of {shape_of(x)} and {shape_of(y)}: the last size of the left ({x[-1]}) must equal the "
                f"second to last of the right ({y[-2]}); {_remedy(x, y)}"
            )
        return (*broadcast_shapes("matmul, in the dimensions in front,", x[:-2], y[:-2]), x[-2], y[-1])


def _remedy(x: Shape, y: Shape) -> str:
    if x[-1] == y[-1]:
        return "transpose the right one: x @ y.mT"
    if x[-2] == y[-2]:
        return "transpose the left one: x.mT @ y"
    return "check which dimension is the batch and which the features"


def turned(x: Any) -> Any:
    """The last two dimensions swapped."""
    last = x.ndim - 1
    return permute.act(x, dims=(*range(last - 1), last, last - 1))


class Linear(Op):
    """y = x Wᵀ + b, with W (out, in) and b (out,): one layer, forward in one go.

    Gradients: x̄ = ḡ W, W̄ = ḡᵀ x, b̄ = Σ ḡ over the batch.

    >>> chainrule.nn.functional.linear(chainrule.ones(1, 2), chainrule.tensor([[1.0, 2.0]]), chainrule.tensor([0.5]))
    tensor([[3.5000]])
    """

    inputs, kind = "x weight bias", "same"
    vjp = (
        lambda g, weight: g @ weight,
        lambda g, x: turned(rows(g)) @ rows(x),
        lambda g: sum.act(rows(g), dim=(0,), keepdim=False),
    )

    def run(self, x: Any, weight: Any, bias: Any) -> Any:
        if weight.ndim != 2 or bias.shape != weight.shape[:1]:  # what NumPy would broadcast
            self.infer(x.shape, weight.shape, bias.shape)
        if x.ndim != 2:
            return np.matmul(x, weight.T) + bias
        return np.add(np.matmul(weight, x.T).T, bias, order="C")  # BLAS is a third faster this way round

    def infer(self, x: Shape, weight: Shape, bias: Shape) -> Shape:
        features = weight[1] if len(weight) == 2 else "?"
        if len(weight) != 2 or not x or x[-1] != features:
            raise ShapeError(
                f"linear of an input of shape {shape_of(x)} with a weight of shape {shape_of(weight)}: the weight is "
                f"(out, in), and the last size of the input ({x[-1] if x else 'none'}) must be in ({features})"
            )
        if bias != weight[:1]:
            raise ShapeError(
                f"linear with a bias of shape {shape_of(bias)}: it must be {shape_of(weight[:1])}, one per output"
            )
        return (*x[:-1], weight[0])


def rows(x: Any) -> Any:
    """(..., n) as (rows, n): every dimension in front becomes one batch."""
    return x if x.ndim == 2 else reshape.act(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


matmul: Op = Matmul()
linear: Op = Linear()
