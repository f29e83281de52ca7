"""`Tensor`: a NumPy array that can remember how it was made, and `apply`, the one door to every operation.

array      the numbers, a NumPy array
node       its place in the graph; None when no gradient is wanted
grad       the gradient that `backward` left here
version    a counter, shared with every view of the same memory, of changes made in place
made       the version at which ``node`` was right
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any
from weakref import ref

import numpy as np

from chainrule import ops
from chainrule.backprop import Node, backpropagate
from chainrule.errors import (
    ChainruleError,
    DtypeError,
    GradientError,
    OperandError,
    ShapeError,
    shape_of,
)
from chainrule.grad_mode import enable_grad, mode
from chainrule.inplace import NUMBERS, InPlace
from chainrule.ops.base import Array, Op, explained, is_view
from chainrule.ops.dtypes import SUPPORTED, get_default_dtype
from chainrule.outside import outside
from chainrule.printing import numbers
from chainrule.reading import Reading

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
            elif array.dtype != dtype:
                plain = False
            if node is not None:
                recording = True
                if x.made != x.version[0] and node.op is not None:
                    raise _overtaken(op)
            raw.append(array)
            parents.append(node)
        elif type(x) in NUMBERS:
            raw.append(x)
            parents.append(None)
        else:
            return apply(op, tuple(_operand(x, op) for x in inputs), meta)
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
    return result


def remember(
    op: Op, inputs: tuple[Any, ...], raw: list[Any], parents: list[Node | None], result: Tensor, meta: dict[str, Any]
) -> None:
    """Give ``result`` its place in the graph, and note the versions of the values its gradient will read."""
    seen: list[tuple[list[int], int]] = []
    if op.keeps_values:
        for reads, parent in zip(op.reads, parents):  # noqa: B905 (a hot loop)
            if parent is not None:
                for i in reads:
                    x = inputs[i] if i >= 0 else result
                    if isinstance(x, Tensor):
                        seen.append((x.version, x.version[0]))
    if op.index_from is not None:
        seen += [(x.version, x.version[0]) for x in inputs[op.index_from :] if isinstance(x, Tensor)]
    result.node = Node(op, inputs, raw, parents, result.array, meta, seen)


def wrap(array: Array) -> Tensor:
    """A new tensor around ``array``, not copied."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    tensor.node = tensor.grad = None
    tensor.version = [0]
    tensor.made = 0
    return tensor


def _lift(array: Array, node: Node) -> Tensor:
    """The tensor of a node in the graph, for a gradient that is itself differentiated."""
    tensor = wrap(array)
    tensor.node = node
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


def _overtaken(op: Op) -> GradientError:
    return GradientError(
        f"{op.name} was given a tensor whose memory was since changed in place through a view of it, so its place "
        f"in the graph no longer says how it was made; change the tensor itself (x[index] = value) instead of the view"
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


class Tensor(InPlace, Reading):
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
        self.node = self.grad = None
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
    is_leaf = property(lambda self: self.node is None or self.node.op is None, doc="Made by nobody, so gradients end.")
    grad_fn = property(lambda self: None if self.is_leaf else self.node, doc="The node that made it, or None.")

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are remembered.  Setting it makes a leaf one that wants a gradient, or not."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not self.is_leaf:
            if not wanted:
                raise GradientError("requires_grad of a result cannot be turned off; write x.detach()")
        elif not wanted:
            self.node = None
        elif self.array.dtype.kind != "f":
            raise GradientError(
                f"requires_grad of a tensor of dtype {self.array.dtype}: only floating numbers can change by a little; "
                f"write x.float() first, or give tensor(...) floats such as 1.0"
            )
        elif self.node is None:
            self.node = Node.leaf(self)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set ``requires_grad`` and return the tensor itself."""
        self.requires_grad = requires_grad
        return self

    @property
    def data(self) -> Tensor:
        """The same memory without the graph; assigning puts another array in its place."""
        return self.detach()

    @data.setter
    def data(self, other: Tensor) -> None:
        self.array = other.array
        self.version[0] += 1
        if self.node is not None and self.node.op is None:
            self.node = Node.leaf(self)

    def __repr__(self) -> str:
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

    # ------------------------------------------------------------------------------------ gradients

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add to ``.grad`` of every leaf the slope of this tensor with respect to it.

        A result of several numbers needs ``gradient``, of the same shape: what to weigh them with.
        ``create_graph`` makes the gradients themselves differentiable; ``retain_graph`` (by default the
        same) allows a second backward through the graph.  Raises GradientError.

        >>> x = chainrule.tensor(3.0, requires_grad=True)
        >>> (x**2).backward()
        >>> x.grad
        tensor(6.)
        """
        collect(slopes([self], [gradient], retain_graph, create_graph))

    def retain_grad(self) -> None:
        """Keep the gradient of this result, which is no leaf, in ``.grad`` too."""
        if self.node is None:
            raise GradientError("retain_grad of a tensor that does not require grad: no gradient will reach it")
        self.node.tensor = ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether this result, no leaf, keeps its gradient."""
        return not self.is_leaf and self.node.tensor is not None  # type: ignore[union-attr]

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

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


def slopes(
    outputs: list[Tensor],
    gradients: list[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    wanted: Container[Node] = (),
) -> dict[Node, Tensor]:
    """Walk back from ``outputs``: the gradient of each node that collects one, as a tensor with memory of its own."""
    seeds: dict[Node, Any] = {}
    for output, gradient in zip(outputs, gradients, strict=True):
        node = output.node
        if node is None:
            raise GradientError(
                f"backward() of a tensor of shape {shape_of(output.shape)} that does not depend on any tensor with "
                f"requires_grad=True; make the parameters with requires_grad=True, and look for a detach(), item() or "
                f"no_grad() on the way"
            )
        if node.op is not None and output.made != output.version[0]:
            raise _overtaken(node.op)
        seed: Any = _seed(output, gradient)
        seed = seed if create_graph else seed.array
        seeds[node] = seeds[node] + seed if node in seeds else seed
    retain = create_graph if retain_graph is None else retain_graph
    if not create_graph:
        return _owned(backpropagate(seeds, None, retain, wanted), seeds)
    with enable_grad():
        return _owned(backpropagate(seeds, _lift, retain, wanted), seeds)


def _owned(gradients: dict[Node, Any], seeds: dict[Node, Any]) -> dict[Node, Tensor]:
    """The gradients as tensors, each with memory of its own: one value may have been sent to several places."""
    taken = {id(seed.array if isinstance(seed, Tensor) else seed) for seed in seeds.values()}
    for node, g in gradients.items():
        array = g.array if isinstance(g, Tensor) else np.asarray(g)
        if array.base is not None or id(array) in taken:
            g = ops.clone(g)
            array = g.array if isinstance(g, Tensor) else g
        taken.add(id(array))
        gradients[node] = g if isinstance(g, Tensor) else wrap(array)
    return gradients


def collect(gradients: dict[Node, Tensor]) -> None:
    """Add each gradient to the ``.grad`` of the tensor that collects it."""
    for node, g in gradients.items():
        tensor = node.tensor() if node.tensor is not None else None
        if tensor is not None:
            tensor.grad = g if tensor.grad is None else _added(tensor.grad, g)


def _seed(output: Tensor, gradient: Any) -> Tensor:
    """The gradient that the walk starts from: 1, or what the caller gave."""
    if gradient is None:
        if output.array.size != 1:
            raise GradientError(
                f"backward() of a tensor of shape {shape_of(output.shape)}: a slope is that of one number; "
                f"write x.sum().backward() or x.mean().backward(), or give backward(gradient=...) of the same shape"
            )
        return wrap(np.ones(output.shape, output.dtype))
    gradient = gradient if isinstance(gradient, Tensor) else Tensor(np.asarray(gradient, output.dtype))
    if gradient.shape != output.shape:
        raise ShapeError(
            f"backward(gradient=...) of shape {shape_of(gradient.shape)} for a tensor of shape "
            f"{shape_of(output.shape)}: they must be equal, one weight for each number"
        )
    return gradient.to(output.dtype)


def _added(grad: Tensor, g: Tensor) -> Tensor:
    """``grad`` with ``g`` added: in the same memory, unless one of them has a graph."""
    if grad.node is not None or g.node is not None:
        return grad + g
    grad.array += g.array
    grad.version[0] += 1
    return grad
