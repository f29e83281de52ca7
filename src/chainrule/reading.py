"""The ways out of a tensor: to Python numbers, lists, NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import ArgumentError, GradientError, OperandError, ShapeError, shape_of
from chainrule.methods import Methods
from chainrule.ops.base import Array
from chainrule.tracing import left


class Reading(Methods):
    """The methods of `Tensor` that answer in something other than a tensor."""

    __slots__ = ()

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one size of it."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """How many dimensions there are."""
        return self.array.ndim

    def numel(self) -> int:
        """How many numbers there are."""
        return self.array.size

    def __len__(self) -> int:
        if not self.ndim:
            raise OperandError("len() of a 0-d tensor: it is one number; use x.item()")
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise OperandError("a 0-d tensor is one number and cannot be iterated over; use x.item()")
        return (ops.getitem(self, i) for i in range(len(self.array)))

    def item(self) -> Any:
        """The one number in it, as a Python number."""
        if self.array.size != 1:
            raise ShapeError(
                f"item() of a tensor of shape {shape_of(self.shape)}: it holds {self.array.size} numbers, not 1; "
                f"write tolist(), or reduce it first: x.mean()"
            )
        left(self, "item()")
        return self.array.item()

    def tolist(self) -> Any:
        """The numbers as nested Python lists."""
        left(self, "tolist()")
        return self.array.tolist()

    def numpy(self) -> Array:
        """The NumPy array itself (the same memory)."""
        if self.node is not None:
            raise GradientError("numpy() of a tensor that requires grad would lose the graph; write x.detach().numpy()")
        left(self, "numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy) if copy else np.asarray(self.numpy(), dtype=dtype)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ArgumentError(
                f"the truth of a tensor of shape {shape_of(self.shape)} is not one answer; write x.all() or x.any()"
            )
        left(self, "the truth of a tensor")
        return bool(self.array.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise OperandError(f"a tensor of dtype {self.dtype} as an index: places are counted in whole numbers")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __contains__(self, value: Any) -> bool:
        left(self, "'in'")
        return bool((self == value).array.any())
