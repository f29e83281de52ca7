"""What a tensor can do, by name: the operations of the book as methods, and the ways to another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.backprop import Node
from chainrule.devices import is_place
from chainrule.ops.base import Array
from chainrule.ops.dtypes import as_dtype


class Methods(ops.Recording):
    """The methods of `Tensor` that are operations; an operation is a function, so it only needs a name here."""

    __slots__ = ("array", "grad", "made", "node", "version")

    array: Array
    node: Node | None
    grad: Any
    version: list[int]
    made: int

    abs, neg, sign, exp, log, sqrt = ops.abs, ops.neg, ops.sign, ops.exp, ops.log, ops.sqrt
    sin, cos, tanh, sigmoid, relu = ops.sin, ops.cos, ops.tanh, ops.sigmoid, ops.relu
    add, sub, mul, div, pow = ops.add, ops.sub, ops.mul, ops.div, ops.pow
    maximum, minimum, clamp = ops.maximum, ops.minimum, ops.clamp
    eq, ne, lt, le, gt, ge = ops.eq, ops.ne, ops.lt, ops.le, ops.gt, ops.ge
    sum, mean, amax, amin = ops.sum, ops.mean, ops.amax, ops.amin
    argmax, argmin = ops.argmax, ops.argmin
    softmax, log_softmax = ops.softmax, ops.log_softmax
    reshape, permute, expand, gather = ops.reshape, ops.permute, ops.expand, ops.gather
    clone, detach = ops.clone, ops.detach
    max, min, all, any = ops.max, ops.min, ops.all, ops.any
    equal, allclose = ops.equal, ops.allclose
    transpose, t, view, flatten = ops.transpose, ops.t, ops.view, ops.flatten
    squeeze, unsqueeze = ops.squeeze, ops.unsqueeze
    matmul = __matmul__ = ops.matmul

    T = property(lambda self: ops.permute(self, tuple(range(self.ndim))[::-1]), doc="The dimensions in reverse order.")
    mT = property(lambda self: ops.transpose(self, -1, -2), doc="The last two dimensions swapped.")

    # ------------------------------------------------------------------------------------ dtype and place

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor in another dtype; a device may be named, and must be "cpu"."""
        for target in (*args, *kwargs.values()):
            if isinstance(target, Methods):
                return self.to(target.dtype)
            if not (is_place(target) or target is None or target is True or target is False):
                return self if self.dtype == target else ops.cast(self, as_dtype(target))
        return self

    def float(self) -> Any:
        """The tensor as float32."""
        return self.to(np.float32)

    def double(self) -> Any:
        """The tensor as float64."""
        return self.to(np.float64)

    def long(self) -> Any:
        """The tensor as int64."""
        return self.to(np.int64)

    def int(self) -> Any:
        """The tensor as int32."""
        return self.to(np.int32)

    def bool(self) -> Any:
        """Whether each number is not 0."""
        return self.to(np.bool_)

    def cpu(self) -> Any:
        """The tensor itself: it is there already."""
        return self

    def contiguous(self) -> Any:
        """The tensor with its numbers in order in memory, copied if they are not."""
        return self if self.array.flags.c_contiguous else self.clone()

    def where(self, condition: Any, other: Any) -> Any:
        """These numbers where the condition holds, else ``other``."""
        return ops.where(condition, self, other)
