"""How each kind of graph is read: where a value keeps its children, operation, label, numbers and gradient.

ScalarReader   `chainrule.value.Value`, and any class with ``data`` and ``_prev``
TensorReader   `chainrule.Tensor`: the nodes behind it, and the tensors and numbers that want no gradient
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from chainrule.backprop import Node
from chainrule.errors import ArgumentError
from chainrule.graph.order import ranks
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor


class Reader(Protocol):
    """What the view asks of a kind of graph."""

    def accepts(self, x: Any) -> bool:
        """Whether ``x`` can be in such a graph."""

    def enter(self, x: Any) -> Any:
        """The object that stands in the graph for what the user holds."""

    def prepare(self, roots: list[Any]) -> Callable[[Any], Iterable[Any]]:
        """A function that gives the children of an object, in order."""

    def op(self, x: Any) -> str: ...
    def label(self, x: Any) -> str: ...
    def data(self, x: Any) -> Any: ...
    def grad(self, x: Any) -> Any: ...
    def wants_grad(self, x: Any) -> bool: ...


def reader_of(roots: list[Any]) -> Reader:
    """The reader for these roots; an ArgumentError that says what is missing if there is none."""
    for kind in (TensorReader, ScalarReader):
        if all(map(kind.accepts, roots)):
            return kind()
    x = next((x for x in roots if not ScalarReader.accepts(x)), roots[0])
    missing = [name for name in ("data", "_prev") if not hasattr(x, name)]
    lacks = f"it lacks {' and '.join(missing)}" if missing else "tensors and scalars were mixed"
    raise ArgumentError(
        f"{type(x).__name__} is no graph that can be read: {lacks}; give a chainrule Tensor, a Value, "
        f"or an object of your own class with the attributes data and _prev"
    )


class Constant:
    """A plain number that stands in a graph as a child."""

    _prev: tuple[Any, ...] = ()

    def __init__(self, data: Any) -> None:
        self.data = data

    def __repr__(self) -> str:
        return repr(self.data)


class ScalarReader:
    """Objects with ``data`` and ``_prev``; ``_op``, ``label`` and ``grad`` are used where they are."""

    @staticmethod
    def accepts(x: Any) -> bool:
        return hasattr(x, "_prev") and hasattr(x, "data") and not isinstance(x, type)

    def enter(self, x: Any) -> Any:
        return x

    def prepare(self, roots: list[Any]) -> Callable[[Any], Iterable[Any]]:
        rank: list[dict[int, tuple[bytes, bytes]]] = []  # worked out once, and only if some children come as a set

        def children(x: Any) -> Iterable[Any]:
            below = x._prev
            if below is None:
                return ()
            if isinstance(below, set | frozenset):
                if not rank and len(below) > 1:
                    rank.append(ranks(roots))
                below = sorted(below, key=lambda child: rank[0][id(child)]) if len(below) > 1 else below
            return [child if hasattr(child, "_prev") else Constant(child) for child in below]

        return children

    def op(self, x: Any) -> str:
        return str(getattr(x, "_op", "") or "") or ("?" if x._prev else "")

    def label(self, x: Any) -> str:
        return str(getattr(x, "label", "") or "")

    def data(self, x: Any) -> Any:
        return x.data

    def grad(self, x: Any) -> Any:
        return getattr(x, "grad", None)

    def wants_grad(self, x: Any) -> bool:
        return not isinstance(x, Constant)


class TensorReader:
    """The nodes behind a tensor; an input without a gradient stands for itself, a Python number is told in ``op``."""

    @staticmethod
    def accepts(x: Any) -> bool:
        return isinstance(x, Tensor | Node)

    def enter(self, x: Any) -> Any:
        return x if isinstance(x, Node) or x.node is None else x.node

    def prepare(self, roots: list[Any]) -> Callable[[Any], Iterable[Any]]:
        return tensor_children

    def op(self, x: Any) -> str:
        return written(x) if isinstance(x, Node) and x.op is not None else ""

    def label(self, x: Any) -> str:
        return ""

    def data(self, x: Any) -> Any:
        return x.out if isinstance(x, Node) else x.array

    def grad(self, x: Any) -> Any:
        tensor = x.tensor() if isinstance(x, Node) and x.tensor is not None else None
        return None if tensor is None or tensor.grad is None else tensor.grad.array

    def wants_grad(self, x: Any) -> bool:
        return isinstance(x, Node)


def tensor_children(x: Any) -> list[Any]:
    """What a node was made from: a node where a gradient is wanted, else the tensor; numbers are left out."""
    if not isinstance(x, Node) or x.op is None:
        return []
    pairs = zip(x.inputs, x.parents, strict=True)
    return [parent or given for given, parent in pairs if parent is not None or isinstance(given, Tensor)]


def written(node: Node) -> str:
    """The operation as people write it, its plain numbers in place.

    >>> x = chainrule.tensor([1.0, 2.0], requires_grad=True)
    >>> written((x**2).node), written((1.0 - x).node), written(x.sum(dim=0).node)
    ('** 2', '1.0 -', 'sum dim=0')
    """
    op = node.op
    assert op is not None  # leaves are never written
    sign = getattr(op, "symbol", "") or op.name
    numbers = [str(x) for x in node.inputs if not isinstance(x, Tensor)]
    if numbers and len(node.inputs) == 2:
        return f"{sign} {numbers[0]}" if isinstance(node.inputs[0], Tensor) else f"{numbers[0]} {sign}"
    facts = [f"{key}={_fact(value)}" for key, value in node.meta.items() if value is not None and value is not False]
    told = facts if op.name in BOOK else []
    return " ".join([sign, *numbers, *told])


def _fact(value: Any) -> str:
    """A named argument in few characters: ``(0,)`` as 0."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    text = str(value).replace(" ", "")
    return text if len(text) <= 12 else text[:11] + "…"
