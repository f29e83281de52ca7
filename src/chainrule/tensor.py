"""`Tensor`: a NumPy array that can remember how it was made, and `apply`, the one door to every operation.

array      the numbers, a NumPy array
node       its place in the graph; None when no gradient is wanted
grad       the gradient that `backward` left here
version    a counter, shared with every view of the same memory, of changes made in place
made       the version at which ``node`` was right
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any
from weakref import ref

import numpy as np

from chainrule import ops
from chainrule.backprop import Node, backpropagate
from chainrule.errors import (
    ArgumentError,
    ChainruleError,
    DtypeError,
    GradientError,
    OperandError,
    ShapeError,
    shape_of,
)
from chainrule.grad_mode import enable_grad, mode
from chainrule.methods import Methods
from chainrule.ops.base import Array, Op
from chainrule.ops.dtypes import SUPPORTED, get_default_dtype
from chainrule.ops.movement import Indexed
from chainrule.printing import numbers

_NUMBERS = frozenset((float, int, bool))


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
        elif type(x) in _NUMBERS:
            raw.append(x)
            parents.append(None)
        else:
            return apply(op, tuple(_operand(x, op) for x in inputs), meta)
    if not plain or dtype is None or dtype.kind != "f":
        met = op.meet(inputs)
        if any(a is not b for a, b in zip(met, inputs, strict=True)):
            return apply(op, met, meta)
    try:
        out = op.run(*raw, **meta)
    except ChainruleError:
        raise
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise _explained(op, raw, meta, error) from error
    result = wrap(out if type(out) is np.ndarray else np.asarray(out))
    if op.shares_memory:
        result.version = inputs[0].version
        result.made = result.version[0]
    if recording and mode.recording and op.differentiable:
        remember(op, inputs, raw, parents, result, meta)
    return result


def remember(
    op: Op, inputs: tuple[Any, ...], raw: list[Any], parents: list[Node | None], result: Tensor, meta: dict[str, Any]
) -> None:
    """Give ``result`` its place in the graph, and note the versions of the values its gradient will read."""
    seen = []
    for reads, parent in zip(op.reads, parents):  # noqa: B905 (a hot loop)
        if parent is not None:
            for i in reads:
                x = inputs[i] if i >= 0 else result
                if isinstance(x, Tensor):
                    seen.append((x.version, x.version[0]))
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
    if isinstance(x, Tensor) or type(x) in _NUMBERS:
        return x
    if isinstance(x, np.ndarray):
        return wrap(x)
    if isinstance(x, np.generic | float | int):
        return x.item() if isinstance(x, np.generic) else float(x) if isinstance(x, float) else int(x)
    raise OperandError(
        f"{op.name} of a tensor and {type(x).__name__}: operands are tensors, NumPy arrays and numbers; "
        f"write chainrule.tensor(...) around it"
    )


def _explained(op: Op, raw: list[Any], meta: dict[str, Any], error: Exception) -> ChainruleError:
    """NumPy refused: ask the operation why these shapes cannot go together, in the user's words."""
    shapes = [getattr(x, "shape", ()) for x in raw]
    try:
        op.infer(*shapes, **meta)
    except ChainruleError as reason:
        return reason
    given = ", ".join(f"{x.dtype} {shape_of(x.shape)}" if isinstance(x, np.ndarray) else repr(x) for x in raw)
    return ArgumentError(f"{op.name} of {given}: {error}")


def _overtaken(op: Op) -> GradientError:
    return GradientError(
        f"{op.name} was given a tensor whose memory was since changed in place through a view of it, so its place "
        f"in the graph no longer says how it was made; change the tensor itself (x[index] = value) instead of the view"
    )


def _operator(op: Op) -> tuple[Any, Any]:
    """The method for ``x + y`` and the one for ``y + x`` where y is no tensor."""

    def forward(self: Tensor, other: Any) -> Tensor:
        return apply(op, (self, other), {})

    def reflected(self: Tensor, other: Any) -> Tensor:
        return apply(op, (other, self), {})

    return forward, reflected


def _question(op: Op) -> Any:
    """``x == y`` for anything y: what is no operand is never equal."""

    def ask(self: Tensor, other: Any) -> Any:
        try:
            return apply(op, (self, other), {})
        except OperandError:
            return NotImplemented

    return ask


def _changing(op: Op) -> Any:
    """The in-place form of ``op``: write the result over the first input."""

    direct = getattr(op, "ufunc", None)

    def change(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if direct and not kwargs and self._plain(args):
            direct(self.array, *[x.array if isinstance(x, Tensor) else x for x in args], out=self.array)
            self.version[0] += 1
            return self
        inputs, meta = op.bind(alias_of(self), *args, **kwargs)
        return self._overwrite(apply(op, inputs, meta), op.name + "_")

    change.__name__ = op.name + "_"
    change.__doc__ = f"``{op.name}``, written over this tensor's own memory."
    return change


def alias_of(x: Tensor) -> Tensor:
    """Another handle on the same memory and the same place in the graph."""
    alias = wrap(x.array)
    alias.node, alias.version, alias.made = x.node, x.version, x.made
    return alias


class Tensor(Methods):
    """An array of numbers that can remember how it was made.

    Make one with `chainrule.tensor`; ``Tensor(array)`` wraps a NumPy array without copying it.  With
    ``requires_grad=True`` every operation on it is remembered, and ``backward()`` on a result leaves in
    ``.grad`` the slope of that result with respect to it.

    >>> w = chainrule.tensor([1.0, 2.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> w.grad
    tensor([2., 4.])
    """

    __slots__ = ("__weakref__", "array", "grad", "made", "node", "version")
    __array_priority__ = 1000  # array + tensor asks the tensor

    array: Array
    node: Node | None
    grad: Tensor | None
    version: list[int]
    made: int

    door = staticmethod(apply)

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

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise OperandError("a 0-d tensor is one number and cannot be iterated over; use x.item()")
        return (self[i] for i in range(len(self.array)))

    def __repr__(self) -> str:
        notes = [] if self.dtype in (get_default_dtype(), np.int64, np.bool_) else [f"dtype={self.dtype}"]
        if not self.array.size and self.array.shape != (0,):
            notes.insert(0, f"size={shape_of(self.shape)}")
        if self.node is not None:
            notes.append(f"grad_fn=<{self.node.op.name}>" if self.node.op else "requires_grad=True")
        return f"{type(self).__name__.lower()}({', '.join([numbers(self.array), *notes])})"

    # ------------------------------------------------------------------------------------ the way out

    def item(self) -> Any:
        """The one number in it, as a Python number."""
        if self.array.size != 1:
            raise ShapeError(
                f"item() of a tensor of shape {shape_of(self.shape)}: it holds {self.array.size} numbers, not 1; "
                f"write tolist(), or reduce it first: x.mean()"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """The numbers as nested Python lists."""
        return self.array.tolist()

    def numpy(self) -> Array:
        """The NumPy array itself (the same memory)."""
        if self.node is not None:
            raise GradientError("numpy() of a tensor that requires grad would lose the graph; write x.detach().numpy()")
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy) if copy else np.asarray(self.numpy(), dtype=dtype)

    def __bool__(self) -> bool:
        if self.array.size != 1:
            raise ArgumentError(
                f"the truth of a tensor of shape {shape_of(self.shape)} is not one answer; write x.all() or x.any()"
            )
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
        return bool((self == value).array.any())

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

    # ------------------------------------------------------------------------------------ in place

    __iadd__ = add_ = _changing(ops.add)
    __isub__ = sub_ = _changing(ops.sub)
    __imul__ = mul_ = _changing(ops.mul)
    __itruediv__ = div_ = _changing(ops.div)
    __ipow__ = pow_ = _changing(ops.pow)
    clamp_, neg_, exp_, sqrt_, relu_ = map(_changing, (ops.clamp, ops.neg, ops.exp, ops.sqrt, ops.relu))
    sigmoid_, tanh_ = _changing(ops.sigmoid), _changing(ops.tanh)

    def copy_(self, source: Any) -> Tensor:
        """Write ``source``, broadcast and cast, over this tensor's numbers."""
        source = source if isinstance(source, Tensor) else Tensor(np.asarray(source, self.dtype))
        return self._overwrite(ops.expand(ops.cast(source, self.dtype), self.shape), "copy_")

    def fill_(self, value: Any) -> Tensor:
        """Write one number everywhere."""
        return self.copy_(Tensor(np.asarray(value)) if not isinstance(value, Tensor) else value)

    def zero_(self) -> Tensor:
        """Write 0 everywhere."""
        return self.fill_(0)

    def __setitem__(self, index: Any, value: Any) -> None:
        value = value.to(self.dtype) if isinstance(value, Tensor) else Tensor(np.asarray(value, self.dtype))
        target = alias_of(self)
        inputs, meta = ops.setitem.bind(target, index, value)
        if not (mode.recording and (self.node is not None or value.node is not None)):
            raw = [x.array if isinstance(x, Tensor) else x for x in inputs]
            try:
                self.array[Indexed.fill(meta["index"], tuple(raw[2:]))] = raw[1]
            except (ValueError, IndexError) as error:
                raise _explained(ops.setitem, raw, meta, error) from error
            self.version[0] += 1
            return
        changed_last = value.version is self.version and value.made == self.version[0] == self.made + 1
        if changed_last and _same_memory(value.array, self.array[Indexed.fill(meta["index"], ())]):
            # x[i] += y: Python took the view x[i], changed it in place, and now stores it where it came from
            target.made = self.version[0]
        self._overwrite(apply(ops.setitem, inputs, meta), "x[index] = value")

    def _plain(self, others: tuple[Any, ...]) -> bool:
        """Whether NumPy can compute straight into this memory: nothing to remember, nothing to cast or grow."""
        mine, recording = self.array, mode.recording
        if mine.dtype.kind != "f" or (recording and self.node is not None):
            return False
        for x in others:
            if isinstance(x, Tensor):
                if x.array.dtype != mine.dtype or x.array.ndim > mine.ndim or (recording and x.node is not None):
                    return False
            elif type(x) not in _NUMBERS:
                return False
        return True

    def _overwrite(self, result: Tensor, name: str) -> Tensor:
        """Write ``result`` into this memory and take its place in the graph, or say why that cannot be."""
        if mode.recording and (result.node is not None or self.node is not None):
            self._refuse_change(result, name)
        try:
            np.copyto(self.array, result.array, casting="same_kind")
        except TypeError:
            raise DtypeError(
                f"{name} would put {result.dtype} numbers into a tensor of dtype {self.dtype}; "
                f"write x = x + ... for a new tensor, or convert first"
            ) from None
        except ValueError:
            raise ShapeError(
                f"{name} would put a result of shape {shape_of(result.shape)} into a tensor of shape "
                f"{shape_of(self.shape)}; in place the shape must stay"
            ) from None
        self.version[0] += 1
        self.made = self.version[0]
        if mode.recording and (result.node is not None or not self.is_leaf):
            self.node = result.node
        return self

    def _refuse_change(self, result: Tensor, name: str) -> None:
        base = self.node
        while base is not None and base.op is not None and base.op.shares_memory:
            base = base.parents[0]
        if base is not None and base.op is None:
            what = "a leaf that requires grad" if base is self.node else "a view of a leaf that requires grad"
            raise GradientError(
                f"{name} would change {what} in place, and its old value would be lost to the gradient; "
                f"update parameters inside 'with chainrule.no_grad():', or write x = x + ... for a new tensor"
            )
        if self.node is None and result.node is not None and self.array.base is not None:
            raise GradientError(
                f"{name} would write a value with a graph into a view of a tensor that has none, and the gradient "
                f"would be lost; write to the tensor itself: x[index] = value"
            )


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
    if create_graph:
        with enable_grad():
            return backpropagate(seeds, _lift, retain, wanted)
    owned = {id(seed) for seed in seeds.values()}
    collected = backpropagate(seeds, None, retain, wanted)
    for node, g in collected.items():
        array = np.asarray(g)
        if array.base is not None or id(array) in owned:  # another gradient may live in the same memory
            array = array.copy()
        owned.add(id(array))
        collected[node] = wrap(array)
    return collected


def _same_memory(a: Array, b: Array) -> bool:
    """Whether two arrays are one and the same view."""
    x, y = a.__array_interface__, b.__array_interface__
    return x["data"] == y["data"] and a.shape == b.shape and a.strides == b.strides


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
    return gradient


def _added(grad: Tensor, g: Tensor) -> Tensor:
    """``grad`` with ``g`` added: in the same memory, unless one of them has a graph."""
    if grad.node is not None or g.node is not None:
        return grad + g
    grad.array += g.array
    grad.version[0] += 1
    return grad
