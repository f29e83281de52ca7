"""Sliding windows: what convolution and pooling have in common.

A convolution is `windows` and a matrix product, a pooling is `windows` and a reduction.  `windows` is a
view: it copies nothing.  Its other half, `overlap`, adds every window back where it was taken from.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.ops.base import Op, Shape

Sizes = tuple[int, ...]


def windows_along(size: int, kernel: int, stride: int, dilation: int) -> int:
    """How many windows fit along a dimension.

    >>> windows_along(28, 5, 1, 1), windows_along(7, 3, 2, 1)
    (24, 3)
    """
    return (size - dilation * (kernel - 1) - 1) // stride + 1


def places_of(counts: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[tuple[Sizes, Any]]:
    """For one place in the kernel after the other, where it stands in all windows at once: an index into the input."""
    for place in product(*map(range, kernel)):
        yield (
            place,
            (
                Ellipsis,
                *(
                    slice(p * d, p * d + (n - 1) * s + 1, s)
                    for p, d, n, s in zip(place, dilation, counts, stride, strict=True)
                ),
            ),
        )


class Windows(Op):
    """Every window of size ``kernel`` over the last dimensions: (..., L) -> (..., windows, kernel).

    For k spatial dimensions (..., L1, …, Lk) -> (..., n1, …, nk, kernel1, …, kernelk).

    >>> chainrule.ops.windows(chainrule.arange(5.0), (3,), (2,), (1,))
    tensor([[0., 1., 2.],
            [2., 3., 4.]])
    """

    kind, shares_memory = "any", True
    vjp = (
        lambda g, x_shape, kernel, stride, dilation: overlap.act(
            g, shape=x_shape, kernel=kernel, stride=stride, dilation=dilation
        ),
    )

    def bind(self, input: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        if min(*kernel, *stride, *dilation) < 1:
            raise ArgumentError(f"windows of {kernel}, stride {stride}, dilation {dilation}: none may be below 1")
        meta = {"kernel": tuple(kernel), "stride": tuple(stride), "dilation": tuple(dilation)}
        self.infer(input.shape, **meta)
        return (input,), meta

    def run(self, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        k = len(kernel)
        steps = x.strides[-k:]
        strides = (*x.strides[:-k], *map(operator.mul, steps, stride), *map(operator.mul, steps, dilation))
        shape = self.infer(x.shape, kernel, stride, dilation)
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)

    def infer(self, shape: Shape, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Shape:
        k = len(kernel)
        if len(shape) < k:
            raise ShapeError(f"windows over {k} dimensions of a tensor of shape {shape_of(shape)}: it has too few")
        counts = tuple(map(windows_along, shape[-k:], kernel, stride, dilation))
        if min(counts) < 1:
            raise ShapeError(
                f"windows of size {kernel} (dilation {dilation}) over {shape_of(shape[-k:])}: they are larger than "
                f"what they slide over; pad the input or take a smaller kernel"
            )
        return (*shape[:-k], *counts, *kernel)


class Overlap(Op):
    """Every window added back where `windows` took it from: zeros of ``shape`` plus all of them."""

    kind = "any"
    vjp = (lambda g, kernel, stride, dilation: windows.act(g, kernel=kernel, stride=stride, dilation=dilation),)

    def bind(self, input: Any, shape: Shape, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        meta = {"kernel": tuple(kernel), "stride": tuple(stride), "dilation": tuple(dilation)}
        self.infer(input.shape, shape, **meta)
        return (input,), {"shape": shape, **meta}

    def run(self, g: Any, shape: Shape, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        k = len(kernel)
        order = sorted(range(len(shape)), key=lambda i: -g.strides[i])  # as g lies in memory
        out = np.zeros([shape[i] for i in order], g.dtype).transpose(np.argsort(order))
        counts = g.shape[-2 * k : -k]
        for place, there in places_of(counts, kernel, stride, dilation):
            out[there] += g[(Ellipsis, *place)]
        return out

    def infer(self, given: Shape, shape: Shape, **meta: Any) -> Shape:
        fitting = windows.infer(shape, **meta)
        if given != fitting:
            raise ShapeError(
                f"overlap of {shape_of(given)} into {shape_of(shape)}: its windows have the shape {shape_of(fitting)}"
            )
        return shape


windows: Op = Windows()
overlap: Op = Overlap()
