"""Pooling: one number for each window. Which one is the difference between the kinds."""

from __future__ import annotations

import math
import operator
from functools import reduce
from typing import Any

from chainrule import ops
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.functional.layers import padded, sizes


def _ready(
    k: int, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, fill: float, beyond: float
) -> tuple[Any, Any, Any, Any]:
    """``x`` widened, and the kernel, stride and dilation of its windows.

    The padding holds ``fill``, what the last windows of ``ceil`` reach further out holds ``beyond``.
    """
    kernel, padding, dilation = sizes(kernel, k), sizes(padding, k), sizes(dilation, k)
    stride = kernel if stride is None else sizes(stride, k)
    if any(2 * p > n for p, n in zip(padding, kernel, strict=True)):
        raise ArgumentError(f"padding {padding} of windows of size {kernel}: it can be half of the size at most")
    if x.ndim not in (k + 1, k + 2):
        raise ShapeError(
            f"pooling over {k} dimensions of shape {shape_of(x.shape)}: it takes (batch, channels, {k} more)"
        )
    shape = x.shape[-k:]
    x = padded(x, padding, fill)
    if ceil:
        extra = [_beyond(n, *of) for n, *of in zip(shape, kernel, stride, padding, dilation, strict=True)]
        x = ops.pad(x, [n for width in extra[::-1] for n in (0, width)], value=beyond)
    return x, kernel, stride, dilation


def _beyond(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """By how much the last window of ``ceil_mode`` reaches beyond the padded input."""
    whole = size + 2 * padding
    reach = dilation * (kernel - 1) + 1
    count = -(-(whole - reach) // stride) + 1
    if (count - 1) * stride >= size + padding:  # it would start beyond the input
        count -= 1
    return max(0, (count - 1) * stride + reach - whole)


def _max_pool(
    k: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, indices: bool
) -> Any:
    _no_indices(indices)
    x, *how = _ready(k, x, kernel_size, stride, padding, dilation, ceil_mode, -math.inf, -math.inf)
    return ops.at_peak(x, x, *how)


def _no_indices(wanted: bool) -> None:
    if wanted:
        raise ArgumentError("return_indices=True is not here: chainrule has no unpooling; leave it out")


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of each window: keeps that something is there, forgets where."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of each window of an image.

    >>> max_pool2d(chainrule.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _sums(k: int, x: Any, kernel: Any, stride: Any, padding: Any, ceil: bool, fill: float) -> Any:
    """The sum of every window: along one dimension after the other, all windows at once."""
    x, kernel, stride, dilation = _ready(k, x, kernel, stride, padding, 1, ceil, fill, 0.0)
    counts = ops.windows.infer(x.shape, kernel, stride, dilation)[x.ndim - k : x.ndim]
    for i, (count, size, step) in enumerate(zip(counts, kernel, stride, strict=True)):
        rest = (slice(None),) * (k - 1 - i)
        starts = (slice(at, at + (count - 1) * step + 1, step) for at in range(size))
        x = reduce(operator.add, (ops.getitem(x, (..., along, *rest)) for along in starts))
    return x


def _avg_pool(
    k: int, x: Any, kernel: Any, stride: Any, padding: Any, ceil: bool, count_pad: bool, divisor: int | None = None
) -> Any:
    total = _sums(k, x, kernel, stride, padding, ceil, 0.0)
    if divisor is not None:
        return total / divisor
    if count_pad and not ceil:
        return total / math.prod(sizes(kernel, k))
    ones = ops.detach(x[(0,) * (x.ndim - k)]) * 0.0 + 1.0
    counts = 1.0 if count_pad else 0.0  # the padding may count, what ceil_mode adds beyond it never does
    there = _sums(k, ops.unsqueeze(ones, 0), kernel, stride, padding, ceil, counts)
    return total / ops.squeeze(there, 0)


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of each window: keeps how much there is."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window of an image."""
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp_pool(k: int, x: Any, p: float, kernel: Any, stride: Any, ceil: bool) -> Any:
    total = _avg_pool(k, ops.pow(x, p), kernel, stride, 0, ceil, True) * math.prod(sizes(kernel, k))
    return ops.sign(total) * ops.relu(ops.abs(total)) ** (1.0 / p)


def lp_pool1d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """(Σ x^p)^(1/p) of each window: between the sum (p = 1) and the largest (p = ∞)."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """(Σ x^p)^(1/p) of each window of an image."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def _adaptive(k: int, x: Any, output_size: Any, reduce: Any) -> Any:
    """``reduce`` over parts of each dimension, as many as asked, from ⌊i n / m⌋ up to ⌈(i + 1) n / m⌉."""
    wanted = (output_size,) * k if isinstance(output_size, int) or output_size is None else tuple(output_size)
    for dim, m in enumerate(wanted, start=x.ndim - k):
        n = x.shape[dim]
        m = n if m is None else m
        parts = [ops.narrow(x, dim, i * n // m, -(-(i + 1) * n // m) - i * n // m) for i in range(m)]
        x = ops.cat([reduce(part, dim, True) for part in parts], dim)
    return x


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` parts, whatever the size of the input."""
    return _adaptive(1, input, output_size, ops.mean)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` parts of an image, whatever its size."""
    return _adaptive(2, input, output_size, ops.mean)


def _largest(x: Any, dim: int, keepdim: bool) -> Any:
    return ops.max(x, dim, keepdim).values


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` parts, whatever the size of the input."""
    _no_indices(return_indices)
    return _adaptive(1, input, output_size, _largest)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` parts of an image, whatever its size."""
    _no_indices(return_indices)
    return _adaptive(2, input, output_size, _largest)
