"""The largest number of every window, and the way back to where it stood: pooling by maximum.

Of equal numbers the first in the window counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, shape_of
from chainrule.ops.base import Op, Shape
from chainrule.ops.choosing import masked
from chainrule.ops.windows import Sizes, places_of, windows


class Peaks(Op):
    """An operation on windows over the last dimensions of ``x``: what they are is said at `windows`."""

    kind = "any"

    def bind(self, v: Any, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        _, meta = windows.bind(x, kernel, stride, dilation)
        return (v, x), meta

    def fit(self, given: Shape, wanted: Shape) -> None:
        """Refuse what does not have the shape it must have."""
        if given != wanted:
            raise ShapeError(f"{self.name} of {shape_of(given)}: here it must have the shape {shape_of(wanted)}")


def _peaks(x: Any, counts: Shape, *how: Sizes) -> tuple[Any, Iterator[tuple[Any, Any]]]:
    """The largest of each window; for each place in the kernel, where it is and which windows take theirs there."""
    places = [there for _, there in places_of(counts, *how)]
    top = reduce(np.maximum, (x[there] for there in places[1:]), x[places[0]])

    def taken() -> Iterator[tuple[Any, Any]]:
        free, spoiled = np.ones_like(top, bool), bool(np.isnan(top).any())
        for there in places:
            here = x[there]
            hit = (here == top) | (here != here) if spoiled else here == top
            hit &= free
            free ^= hit
            yield there, hit

    return top, taken()


class AtPeak(Peaks):
    """From every window, the number of ``v`` at the place where ``x`` is largest; of x itself, the largest.

    The gradient goes back to that place; the choice has none.

    >>> x = chainrule.tensor([1.0, 3.0, 2.0, 2.0])
    >>> chainrule.ops.at_peak(x, x, (2,), (2,), (1,))
    tensor([3., 2.])
    """

    inputs = "v x"
    vjp = (
        lambda g, x, kernel, stride, dilation: unpeak.act(g, x, kernel=kernel, stride=stride, dilation=dilation),
        None,
    )

    def run(self, v: Any, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        shape = self.infer(v.shape, x.shape, kernel, stride, dilation)
        top, taken = _peaks(x, shape[-len(kernel) :], kernel, stride, dilation)
        if v is x:
            return np.array(top, order="K")
        out = np.zeros_like(top, v.dtype)
        for there, hit in taken:
            np.copyto(out, v[there], where=hit)
        return out

    def infer(self, v: Shape, x: Shape, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Shape:
        self.fit(v, x)
        return windows.infer(x, kernel, stride, dilation)[: len(x)]


class Unpeak(Peaks):
    """Zeros of the shape of ``x``, with every number of ``g`` added where its window of x is largest."""

    inputs = "g x"
    vjp = (
        lambda g, x, kernel, stride, dilation: at_peak.act(g, x, kernel=kernel, stride=stride, dilation=dilation),
        None,
    )

    def run(self, g: Any, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
        self.infer(g.shape, x.shape, kernel, stride, dilation)
        out, counts = np.zeros_like(x, g.dtype), g.shape[-len(kernel) :]
        top, taken = _peaks(x, counts, kernel, stride, dilation)
        sent = np.empty_like(top, g.dtype)  # g, lying in memory as x does
        sent[...] = g
        for there, hit in taken:
            out[there] += masked(sent, hit)
        return out

    def infer(self, g: Shape, x: Shape, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Shape:
        self.fit(g, windows.infer(x, kernel, stride, dilation)[: len(x)])
        return x


at_peak: Op = AtPeak()
unpeak: Op = Unpeak()
