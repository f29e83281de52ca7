"""Numbers brought to mean 0 and variance 1, then scaled and shifted: what all normalisation layers have in common.

    off      x - mean of x along ``dim``
    scale    1 / √(mean of off² + eps)
    out      off × scale × weight + bias

One operation and not six, because a layer like this does little arithmetic on many numbers: what it costs is how
often it walks over all of them, and how many it leaves in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, shape_of
from chainrule.ops.base import Array, Op, Shape, broadcast_shapes, unbroadcast
from chainrule.ops.functions import sqrt
from chainrule.ops.reduction import count, kept, mean, sum_products, sum_squares


def _off_and_scale(x: Any, dim: Shape, eps: float) -> tuple[Any, Any]:
    off = x - mean.act(x, dim=dim, keepdim=True)
    return off, 1.0 / sqrt.act(sum_squares.act(off, dim=dim, keepdim=True) / count(x.shape, dim) + eps)


class Standardize(Op):
    """(x - mean) / √(variance + eps) × weight + bias, mean and variance (over n) taken along ``dim``.

    With h the result before weight and bias, and ḡ = g × weight, the gradients are

        scale × (ḡ - mean of ḡ - h × mean of ḡ h),   g h   and   g.

    >>> chainrule.ops.standardize(chainrule.tensor([[1.0, 3.0], [2.0, 6.0]]), 1.0, 0.0, (1,), 0.0)
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """

    inputs, kind = "x weight bias", "real"
    vjp = (
        lambda g, x, weight, dim, eps: _to_input(g, x, weight, dim, eps),
        lambda g, x, dim, eps: g * _standard(x, dim, eps),
        lambda g: g,
    )

    def bind(self, input: Any, weight: Any, bias: Any, dim: Shape, eps: float) -> Any:
        return (input, weight, bias), {"dim": dim, "eps": eps}

    def run(self, x: Any, weight: Any, bias: Any, dim: Shape, eps: float) -> Any:
        out, scale = _off_and_scale(x, dim, eps)
        out *= scale * weight
        out += bias
        return out

    def infer(self, x: Shape, weight: Shape, bias: Shape, dim: Shape, eps: float) -> Shape:
        whole = broadcast_shapes("standardize", x, weight, bias)
        if whole != x:
            raise ShapeError(
                f"standardize of {shape_of(x)} with a weight of {shape_of(weight)} and a bias of {shape_of(bias)}: "
                f"they may be repeated to fit the input, but not the input to fit them"
            )
        return x

    def pull(self, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any], wanted: Sequence[Any]) -> list[Any]:
        """What the rules say; on arrays all three at once, in few walks over them."""
        if type(g) is not np.ndarray:
            return super().pull(g, out, inputs, meta, wanted)
        return _at_once(g, *inputs, **meta)


def _standard(x: Any, dim: Shape, eps: float) -> Any:
    off, scale = _off_and_scale(x, dim, eps)
    return off * scale


def _to_input(g: Any, x: Any, weight: Any, dim: Shape, eps: float) -> Any:
    off, scale = _off_and_scale(x, dim, eps)
    out, g = off * scale, g * weight
    aligned = mean.act(g * out, dim=dim, keepdim=True)
    return scale * (g - mean.act(g, dim=dim, keepdim=True) - out * aligned)


def _at_once(g: Array, x: Array, weight: Any, bias: Any, dim: Shape, eps: float) -> list[Any]:
    """All three gradients from the sums of g and of g × off over the places that weight and bias do not tell apart."""
    off, scale = _off_and_scale(x, dim, eps)
    like_x = (1,) * (x.ndim - np.ndim(weight)) + np.shape(weight)
    factors = np.reshape(weight, like_x).astype(x.dtype, copy=False)
    told = np.broadcast_shapes(like_x, np.shape(bias))
    apart = tuple(n if told[i] != 1 or i not in dim else 1 for i, n in enumerate(x.shape))
    lines, n = kept(x.shape, dim), count(x.shape, dim)
    sums, products = unbroadcast(g, apart), sum_products(g, off, apart)
    off *= scale**3 * sum_products(products, factors, lines) / n
    sent = g * (scale * factors)
    sent -= off
    sent -= scale * sum_products(sums, factors, lines) / n
    to_weight = sum_products(products, scale, like_x)
    return [sent, to_weight.reshape(np.shape(weight)), unbroadcast(sums, np.shape(bias))]


standardize: Op = Standardize()
