"""Layers as functions: linear, convolution, embedding, dropout."""

from __future__ import annotations

import math
from typing import Any

from chainrule import creation, ops, sampling
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.inplace import overwritten
from chainrule.ops.dtypes import float64


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b for x (..., in), W (out, in), b (out,); without ``bias``, x Wᵀ.

    Raises ShapeError where the sizes do not fit.

    >>> linear(chainrule.ones(1, 2), chainrule.tensor([[1.0, 2.0]]))
    tensor([[3.]])
    """
    if bias is not None:
        return ops.linear(input, weight, bias)
    try:
        return ops.matmul(input, ops.t(weight))
    except ShapeError:
        ops.BOOK["linear"].infer(input.shape, weight.shape, weight.shape[:1])  # says it in the words of the layer
        raise


def sizes(given: Any, k: int) -> tuple[int, ...]:
    """One number for each of ``k`` dimensions, from one number or from k."""
    out = (given,) if isinstance(given, int) else tuple(given)
    out = out * k if len(out) == 1 else out
    if len(out) != k:
        raise ArgumentError(f"{given}: give one number, or {k}")
    return out


def padded(input: Any, padding: tuple[int, ...], value: float = 0.0) -> Any:
    """``input`` wider by ``padding`` at both ends of its last dimensions."""
    if not any(padding):
        return input
    return ops.pad(input, [n for width in padding[::-1] for n in (width, width)], value=value)


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """A row of filters slid over (n, in, L) or (in, L): weight (out, in / groups, k) -> (n, out, L')."""
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Filters slid over images (n, in, H, W) or (in, H, W): weight (out, in / groups, kH, kW) -> (n, out, H', W').

    out[n, o, i, j] = b[o] + Σ over c, u, v of weight[o, c, u, v] × input[n, c, i s + u d, j s + v d], for stride s
    and dilation d: every filter a row, every window of the input a column, and a matrix product.  ``padding``
    may be "same" (stride 1) or "valid".

    >>> conv2d(chainrule.ones(1, 1, 3, 3), chainrule.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def _conv(k: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    stride, dilation = sizes(stride, k), sizes(dilation, k)
    kernel = tuple(weight.shape[2:])
    if x.ndim == k + 1:
        return ops.squeeze(_conv(k, ops.unsqueeze(x, 0), weight, bias, stride, padding, dilation, groups), 0)
    if x.ndim != k + 2 or weight.ndim != k + 2:
        raise ShapeError(
            f"conv{k}d of an input of shape {shape_of(x.shape)} with a weight of shape {shape_of(weight.shape)}: "
            f"the input is (batch, channels, {k} more) and the weight (out, in / groups, {k} more)"
        )
    n, out = x.shape[0], weight.shape[0]
    if x.shape[1] != weight.shape[1] * groups or out % groups:
        raise ShapeError(
            f"conv{k}d of an input with {x.shape[1]} channels, a weight of shape {shape_of(weight.shape)} and "
            f"groups={groups}: the input must have {weight.shape[1]} × groups channels, the outputs divide by groups"
        )
    if bias is not None and bias.shape != (out,):
        raise ShapeError(f"conv{k}d with a bias of shape {shape_of(bias.shape)}: it must be ({out},), one per output")
    # the batch innermost, every place in a filter a row: then neighbours in the image are neighbours in memory
    x = _widened(ops.permute(x, (1, *range(2, 2 + k), 0)), kernel, stride, padding, dilation)
    seen = ops.windows(ops.permute(x, (1 + k, *range(1 + k))), kernel, stride, dilation)  # (n, in, *places, *kernel)
    places, inside = seen.shape[2 : 2 + k], math.prod(weight.shape[1:])
    columns = ops.permute(seen, (1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k), 0))  # (in, *kernel, *places, n)
    columns = ops.reshape(columns, (groups, inside, math.prod(places) * n))
    filters = ops.reshape(weight, (groups, out // groups, inside))
    answer = ops.reshape(ops.matmul(filters, columns), (out, *places, n))
    answer = ops.permute(answer, (1 + k, *range(1 + k)))
    return answer if bias is None else answer + ops.reshape(bias, (out, *(1,) * k))


def _widened(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """(in, *sizes, n) with the padding around the sizes, and in order in memory."""
    k = len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ArgumentError(f"padding='same' with stride={stride}: it is for stride 1")
        widths = same_widths(kernel, dilation)
    elif padding == "valid":
        widths = []
    elif isinstance(padding, str):
        raise ArgumentError(f"padding={padding!r}: give numbers, 'same' or 'valid'")
    else:
        widths = [n for width in sizes(padding, k)[::-1] for n in (width, width)]
    return ops.pad(x, [0, 0, *widths]) if any(widths) else ops.clone(x)


def same_widths(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> list[int]:
    """By how much to pad, as ``pad`` takes it, for as many windows as there were places."""
    whole = [d * (size - 1) for d, size in zip(dilation, kernel, strict=True)]
    return [n for w in whole[::-1] for n in (w // 2, w - w // 2)]


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Row ``input[...]`` of ``weight`` (words, size): numbers of words become vectors.

    The row ``padding_idx`` gets no gradient.
    """
    if padding_idx is not None:
        padding_idx += len(weight) if padding_idx < 0 else 0
        rows = ops.cast(ops.unsqueeze(creation.arange(len(weight)) == padding_idx, 1), "bool")
        weight = ops.where(rows, ops.detach(weight), weight)
    return ops.getitem(weight, input)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each number set to 0 with probability ``p``, the others made 1 / (1 - p) times larger; only in training.

    Source: Srivastava et al. 2014, in the form that leaves evaluation alone.
    """
    if inplace:
        return overwritten(dropout, input, p, training)
    return _dropped(input, p, training, input.shape)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """`dropout` of whole channels: of (n, c, H, W), every c at once (Tompson et al. 2015)."""
    if inplace:
        return overwritten(dropout2d, input, p, training)
    return _dropped(input, p, training, (*input.shape[:2], *(1,) * (input.ndim - 2)))


def _dropped(input: Any, p: float, training: bool, shape: tuple[int, ...]) -> Any:
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout with p={p}: a probability lies between 0 and 1")
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return input * 0.0
    keep = sampling.rand(shape, dtype=float64) < 1.0 - p  # PyTorch's mask after the same seed, whatever the dtype
    return ops.where(keep, input / (1.0 - p), 0.0)
