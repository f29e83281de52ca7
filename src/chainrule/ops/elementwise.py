"""The family of operations that look at one place of their inputs at a time; shapes broadcast.

Symbols, here and in the three files of the family: x, y the inputs; out the result; g the gradient of the
loss with respect to it.

    choosing     one or the other: where, maximum, clamp, comparisons
    functions    exp, log, sin, tanh, erf, …
    arithmetic   + - * / ** and what is near them
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from chainrule.errors import DtypeError
from chainrule.ops.base import Op, Shape, broadcast_shapes
from chainrule.ops.dtypes import NEGLIGIBLE, as_dtype, bool_


class Elementwise(Op):
    """An operation that NumPy runs place by place: state its ``ufunc``."""

    ufunc: Any = None
    not_for_bools: ClassVar[str] = ""  # what to write instead where the operation has no meaning for bools

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        if type(self).run is Elementwise.run:
            self.run = self.ufunc  # type: ignore[method-assign]  # one call less, for every operation of every step

    def run(self, *inputs: Any, **meta: Any) -> Any:
        return self.ufunc(*inputs)

    def meet(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        met = super().meet(inputs)
        if self.not_for_bools and any(getattr(x, "dtype", None) == bool_ for x in met):
            raise DtypeError(f"{self.name} of {self.not_for_bools}")
        return met

    def infer(self, *shapes: Shape, **meta: Any) -> Shape:
        return broadcast_shapes(self.name, *shapes)


class Binary(Elementwise):
    """An elementwise operation of two inputs."""

    inputs = "x y"


class Compare(Binary):
    """A question with the answer True or False at each place; no gradient."""

    vjp = (None, None)


class Step(Elementwise):
    """A staircase: flat where it is not broken.  The slope is 0, at the steps too (as in PyTorch)."""

    vjp = (lambda g: 0.0 * g,)

    def run(self, *inputs: Any, **meta: Any) -> Any:
        x = inputs[0]
        if x.dtype == bool_:
            raise DtypeError(f"{self.name} of a bool tensor has no meaning; write {self.name}(x.float())")
        return self.ufunc(x, **meta) if x.dtype.kind == "f" or meta else np.array(x)  # whole numbers are whole already


class Cast(Elementwise):
    """The same numbers in another dtype.  The gradient is cast back; through whole numbers and bools there is none."""

    kind, vjp = "any", (lambda g, x_dtype: cast(g, x_dtype),)

    def bind(self, input: Any, dtype: Any) -> Any:
        dtype = as_dtype(dtype)
        return (input if dtype.kind == "f" else detach(input),), {"dtype": dtype}

    def run(self, x: Any, dtype: Any) -> Any:
        return np.asarray(x).astype(dtype)


def asked(x: Any, dtype: Any) -> Any:
    """What an operation with an argument ``dtype`` starts from."""
    return x if dtype is None else cast(x, dtype)


class Clone(Elementwise):
    """A copy with memory of its own; gradients flow through it."""

    kind, vjp = "any", (lambda g: g,)

    def run(self, x: Any) -> Any:
        return np.array(x, order="C")


class Detach(Elementwise):
    """The same memory, cut off from the graph: a constant to every gradient."""

    kind, vjp, shares_memory = "any", (None,), True

    def run(self, x: Any) -> Any:
        return x.view() if isinstance(x, np.ndarray) else x


class Flush(Elementwise):
    """Numbers of no account (below 1e-30 in float32) as 0, the others as they are.  Slope: 0 there, else 1.

    A network that knows its examples by heart is so sure of them that the probabilities of wrong answers become
    subnormal numbers, below 1e-38, and so do all products with them: a processor takes a hundred times as long for
    each.  As gradients they move nothing, so the rules of the losses flush them.  PyTorch keeps them.

    >>> chainrule.ops.flush(chainrule.tensor([1.0, -1e-29, 1e-31]))
    tensor([ 1.0000e+00, -1.0000e-29,  0.0000e+00])
    """

    kind, vjp = "float", (lambda g, out: g * (out != 0),)

    def run(self, x: Any) -> Any:
        return x * (np.abs(x) > NEGLIGIBLE[x.dtype])  # nan stays


cast: Op = Cast()
clone: Op = Clone()
detach: Op = Detach()
flush: Op = Flush()
