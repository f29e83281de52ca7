"""`Tensor`: a NumPy array that can remember how it was made, and `apply`, the one door to every operation.

array      the numbers, a NumPy array
node       its place in the graph; None when no gradient is wanted
grad       the gradient that `backward` left here
version    a counter, shared with every view of the same memory, of changes made in place
made       the version at which ``node`` was right
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.backprop import Node, lookouts
from chainrule.differentiable import Differentiable
from chainrule.drawing import Drawing
from chainrule.errors import (
    ChainruleError,
    DtypeError,
    GradientError,
    OperandError,
    shape_of,
)
from chainrule.grad_mode import mode
from chainrule.inplace import NUMBERS, overtaken
from chainrule.ops.base import Array, Op, explained, is_view
from chainrule.ops.dtypes import SUPPORTED, get_default_dtype
from chainrule.outside import outside
from chainrule.printing import numbers
from chainrule.reading import Reading
from chainrule.tracing import Counting, edition, left, tracers

NOTHING: dict[str, Any] = {}  # the named arguments of an operation that has none; never written to


def apply(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Tensor:
    """The one door: run ``op``, and remember that it ran if a gradient will want to know."""
    raw: list[Any] = []
    parents: list[Node | None] = []
    dtype = None
    plain, recording = True, False
    for x in inputs:
        if isinstance(x, Tensor):
            array, node = x.array, x.node
            if dtype is None:
                dtype = array.dtype
            elif array.dtype is not dtype and array.dtype != dtype:
                plain = False
            if node is not None:
                recording = True
                if node.op is not None and x.made != x.version[0]:
                    raise overtaken(op)
            raw.append(array)
            parents.append(node)
        elif type(x) in NUMBERS:
            raw.append(x)
            parents.append(None)
        else:
            if not tracers:
                return apply(op, tuple(_operand(x, op) for x in inputs), meta)
            result = apply(op, tuple(_operand(x, op) for x in tracers[-1].without_scalars(op, inputs)), meta)
            tracers[-1].with_symbols(result, inputs)
            return result
    if not plain or dtype is None or dtype.kind != "f":
        met = op.meet(inputs)
        if any(a is not b for a, b in zip(met, inputs, strict=True)):
            return apply(op, met, meta)
    try:
        out = op.run(*raw, **meta) if meta else op.run(*raw)
    except ChainruleError:
        raise
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise explained(op, raw, meta, error) from error
    result = wrap(out if type(out) is np.ndarray else np.asarray(out))
    if op.shares_memory and is_view(result.array, raw[0]):
        result.version = inputs[0].version
        result.made = result.version[0]
    if recording and mode.recording and op.differentiable:
        remember(op, inputs, raw, parents, result, meta)
    if lookouts:
        for lookout in lookouts:
            lookout.applied(op, inputs, meta, result)
    return result


def remember(
    op: Op, inputs: tuple[Any, ...], raw: list[Any], parents: list[Node | None], result: Tensor, meta: dict[str, Any]
) -> None:
    """Give ``result`` its place in the graph, and note the versions of the values its gradient will read."""
    seen: list[tuple[list[int], int]] = []
    for rule, place in op.reads:
        if parents[rule] is not None:
            x = inputs[place] if place >= 0 else result
            if isinstance(x, Tensor):
                version = x.version
                seen.append((version, version[0]))
    if op.index_from is not None:
        seen += [(x.version, x.version[0]) for x in inputs[op.index_from :] if isinstance(x, Tensor)]
    result.node = Node(op, inputs, raw, parents, result.array, meta, seen)


def wrap(array: Array) -> Tensor:
    """A new tensor around ``array``, not copied."""
    tensor = _blank()
    tensor.array = array
    tensor.node = tensor._grad = None
    tensor.version = [0]
    tensor.made = 0
    return tensor


def _operand(x: Any, op: Op) -> Any:
    """What an operation can take next to tensors: arrays become tensors, NumPy numbers Python numbers."""
    if isinstance(x, Tensor) or type(x) in NUMBERS:
        return x
    if isinstance(x, np.ndarray):
        return wrap(x)
    if isinstance(x, np.generic | float | int):
        return x.item() if isinstance(x, np.generic) else float(x) if isinstance(x, float) else int(x)
    raise OperandError(
        f"{op.name} of a tensor and {type(x).__name__}: operands are tensors, NumPy arrays and numbers; "
        f"write chainrule.tensor(...) around it"
    )


def _operator(op: Op) -> tuple[Any, Any]:
    """The method for ``x + y`` and the one for ``y + x`` where y is no tensor."""

    def forward(self: Tensor, other: Any) -> Tensor:
        return apply(op, (self, other), NOTHING)

    def reflected(self: Tensor, other: Any) -> Tensor:
        return apply(op, (other, self), NOTHING)

    return forward, reflected


def _question(op: Op) -> Any:
    """``x == y`` for anything y: what is no operand is never equal."""

    def ask(self: Tensor, other: Any) -> Any:
        try:
            return apply(op, (self, other), {})
        except OperandError:
            return NotImplemented

    return ask


class Tensor(Differentiable, Drawing, Reading, metaclass=Counting):
    """An array of numbers that can remember how it was made.

    Make one with `chainrule.tensor`; ``Tensor(array)`` wraps a NumPy array without copying it.  With
    ``requires_grad=True`` every operation on it is remembered, and ``backward()`` on a result leaves in
    ``.grad`` the slope of that result with respect to it.

    >>> w = chainrule.tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> w.grad
    tensor([2., 4.])
    """

    __slots__ = ("__weakref__",)
    __array_priority__ = 1000  # array + tensor asks the tensor

    door = staticmethod(apply)
    around = staticmethod(wrap)

    def __init__(self, array: Any, requires_grad: bool = False) -> None:
        self.array = np.asarray(array)
        if self.array.dtype not in SUPPORTED:
            raise DtypeError(
                f"a tensor of dtype {self.array.dtype}: chainrule has {', '.join(map(str, SUPPORTED))}; "
                f"convert with array.astype(...)"
            )
        self.node = self._grad = None
        self.version, self.made = [0], 0
        if requires_grad:
            self.requires_grad = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python asks for these to find out what an object can do
            raise AttributeError(name)
        raise outside("Tensor", name, dir(Tensor))

    def alias(self) -> Tensor:
        """Another handle on the same memory and the same place in the graph."""
        alias = wrap(self.array)
        alias.node, alias.version, alias.made = self.node, self.version, self.made
        return alias

    # ------------------------------------------------------------------------------------ what it is

    __matmul__ = ops.matmul

    shape = property(lambda self: self.array.shape, doc="The sizes of the dimensions, a tuple.")
    ndim = property(lambda self: self.array.ndim, doc="How many dimensions there are.")
    dtype = property(lambda self: self.array.dtype, doc="The kind of number, a NumPy dtype.")

    @property
    def data(self) -> Tensor:
        """The same memory without the graph; assigning puts another array in its place."""
        return self.detach()

    @data.setter
    def data(self, other: Tensor) -> None:
        left(self, "assigning to .data")
        edition[0] += 1
        self.array = other.array
        self.version[0] += 1
        if self.node is not None and self.node.op is None:
            self.node = self.node.moved(self)

    def __repr__(self) -> str:
        left(self, "showing a tensor")
        notes = [] if self.dtype in (get_default_dtype(), np.int64, np.bool_) else [f"dtype={self.dtype}"]
        if not self.array.size and self.array.shape != (0,):
            notes.insert(0, f"size={shape_of(self.shape)}")
        if self.node is not None:
            notes.append(f"grad_fn=<{self.node.op.name}>" if self.node.op else "requires_grad=True")
        return f"{type(self).__name__.lower()}({', '.join([numbers(self.array), *notes])})"

    # ------------------------------------------------------------------------------------ the way out

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientError("a deep copy of a result would need a copy of its graph; write x.detach().clone()")
        copy = type(self).__new__(type(self))
        Tensor.__init__(copy, self.array.copy(), self.requires_grad)
        copy.grad = None if self.grad is None else Tensor(self.grad.array.copy())
        memo[id(self)] = copy
        return copy

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise GradientError("a result cannot be pickled with its graph; write x.detach()")
        return type(self), (self.array, self.requires_grad)

    # ------------------------------------------------------------------------------------ operators

    __add__, __radd__ = _operator(ops.add)
    __sub__, __rsub__ = _operator(ops.sub)
    __mul__, __rmul__ = _operator(ops.mul)
    __truediv__, __rtruediv__ = _operator(ops.div)
    __pow__, __rpow__ = _operator(ops.pow)
    __floordiv__, __rfloordiv__ = _operator(ops.floor_divide)
    __mod__, __rmod__ = _operator(ops.remainder)
    __and__, __rand__ = _operator(ops.bitwise_and)
    __or__, __ror__ = _operator(ops.bitwise_or)
    __xor__, __rxor__ = _operator(ops.bitwise_xor)
    __lt__, __le__, __gt__, __ge__ = (_operator(op)[0] for op in (ops.lt, ops.le, ops.gt, ops.ge))
    __eq__, __ne__ = _question(ops.eq), _question(ops.ne)
    __hash__ = object.__hash__
    __neg__, __abs__, __invert__ = ops.neg, ops.abs, ops.bitwise_not
    __getitem__ = ops.getitem

    def __rmatmul__(self, other: Any) -> Tensor:
        return ops.matmul(_operand(other, ops.BOOK["matmul"]), self)


_blank = partial(object.__new__, Tensor)  # a tensor with nothing in it yet; faster than Tensor.__new__(Tensor)
