"""Pooling: one number for each window. Which one is the difference between the kinds."""

from __future__ import annotations

import math
import operator
from functools import reduce
from typing import Any

from chainrule import creation, ops
from chainrule.errors import ArgumentError, LabelError, ShapeError, shape_of
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
    given = x
    x, *how = _ready(k, x, kernel_size, stride, padding, dilation, ceil_mode, -math.inf, -math.inf)
    out = ops.at_peak(x, x, *how)
    if not indices:
        return out
    before = sizes(padding, k)
    after = [n - m - p for n, m, p in zip(x.shape[-k:], given.shape[-k:], before, strict=True)]
    widths = [n for pair in zip(before[::-1], after[::-1], strict=True) for n in pair]
    places = ops.pad(_places(k, given), widths, mode="replicate") if any(widths) else _places(k, given)
    return out, ops.at_peak(places, ops.detach(x), *how)


def _places(k: int, x: Any) -> Any:
    """For every number of ``x``, where it stands in its channel, counted along the last ``k`` dimensions in order."""
    shape = x.shape[-k:]
    return ops.expand(ops.reshape(creation.arange(math.prod(shape)), shape), x.shape)


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of each window: keeps that something is there, forgets where.

    With ``return_indices``, (values, indices): the place in the line of each, the first of equal ones.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of each window of an image.

    With ``return_indices``, (values, indices): places in the flattened image, the first of equal ones.

    >>> max_pool2d(chainrule.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _unpool(k: int, x: Any, indices: Any, kernel: Any, stride: Any, padding: Any, output_size: Any) -> Any:
    kernel, padding = sizes(kernel, k), sizes(padding, k)
    stride = kernel if stride is None else sizes(stride, k)
    if x.ndim not in (k + 1, k + 2) or indices.shape != x.shape:
        raise ShapeError(
            f"max_unpool{k}d of shape {shape_of(x.shape)} with indices of shape {shape_of(indices.shape)}: both have "
            f"the shape (batch, channels, {k} more) that max_pool{k}d gave them"
        )
    whole = [(m - 1) * s - 2 * p + n for m, s, p, n in zip(x.shape[-k:], stride, padding, kernel, strict=True)]
    if output_size is not None:
        asked = list(output_size)[2:] if len(output_size) == k + 2 else list(output_size)
        if len(asked) != k or any(abs(n - m) >= s for n, m, s in zip(asked, whole, stride, strict=True)):
            raise ArgumentError(
                f"max_unpool{k}d with output_size={tuple(output_size)}: it is {k} sizes, each less than the stride "
                f"{tuple(stride)} away from {tuple(whole)}"
            )
        whole = asked
    flat = (*x.shape[:-k], math.prod(x.shape[-k:]))
    n = math.prod(whole)
    if indices.numel() and not (ops.amin(indices).item() >= 0 and ops.amax(indices).item() < n):
        raise LabelError(f"max_unpool{k}d to the size {tuple(whole)}: the indices must lie between 0 and {n - 1}")
    empty = creation.zeros(*x.shape[:-k], n, dtype=x.dtype)
    return ops.reshape(
        ops.scatter(empty, -1, ops.reshape(indices, flat), ops.reshape(x, flat)), (*x.shape[:-k], *whole)
    )


def max_unpool1d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """Zeros, with every number where `max_pool1d` with ``return_indices`` had found it."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """Zeros, with every number where `max_pool2d` with ``return_indices`` had found it.

    ``output_size`` says how large the image was, where the windows do not tell.  Raises LabelError for an
    index outside of it.

    >>> max_unpool2d(*max_pool2d(chainrule.arange(4.0).reshape(1, 1, 2, 2), 2, return_indices=True), 2)
    tensor([[[[0., 0.],
              [0., 3.]]]])
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


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


def _wanted(k: int, x: Any, output_size: Any) -> list[int]:
    """How many parts of each of the last ``k`` dimensions are asked for; None asks for as many as there are places."""
    wanted = (output_size,) * k if isinstance(output_size, int) or output_size is None else tuple(output_size)
    return [n if m is None else m for n, m in zip(x.shape[-k:], wanted, strict=True)]


def _parts(x: Any, dim: int, m: int) -> list[Any]:
    """``m`` parts along ``dim``, from ⌊i n / m⌋ up to ⌈(i + 1) n / m⌉."""
    n = x.shape[dim]
    return [ops.narrow(x, dim, i * n // m, -(-(i + 1) * n // m) - i * n // m) for i in range(m)]


def _adaptive_avg(k: int, x: Any, output_size: Any) -> Any:
    for dim, m in enumerate(_wanted(k, x, output_size), start=x.ndim - k):
        x = ops.cat([ops.mean(part, dim, True) for part in _parts(x, dim, m)], dim)
    return x


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` parts, whatever the size of the input."""
    return _adaptive_avg(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` parts of an image, whatever its size."""
    return _adaptive_avg(2, input, output_size)


def _adaptive_max(k: int, x: Any, output_size: Any, indices: bool) -> Any:
    """From the last dimension to the first, so that of equal numbers the first in the flattened part counts."""
    places = _places(k, x)
    for dim, m in reversed([*enumerate(_wanted(k, x, output_size), start=x.ndim - k)]):
        parts = [(part, ops.max(part, dim, True)) for part in _parts(x, dim, m)]
        chosen = [top.indices for _, top in parts]
        places = ops.cat([ops.gather(p, dim, i) for p, i in zip(_parts(places, dim, m), chosen, strict=True)], dim)
        x = ops.cat([top.values for _, top in parts], dim)
    return (x, places) if indices else x


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` parts, whatever the size of the input.

    With ``return_indices``, (values, indices), as in `max_pool1d`.
    """
    return _adaptive_max(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` parts of an image, whatever its size.

    With ``return_indices``, (values, indices), as in `max_pool2d`.

    >>> adaptive_max_pool2d(chainrule.arange(16.0).reshape(1, 1, 4, 4), 2, return_indices=True)[1]
    tensor([[[[ 5,  7],
              [13, 15]]]])
    """
    return _adaptive_max(2, input, output_size, return_indices)
