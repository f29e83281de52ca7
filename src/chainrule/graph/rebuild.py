"""A graph run again from other leaves: the same operations, in the same order, on new objects."""

from __future__ import annotations

import copy
import json
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.backprop import Node
from chainrule.errors import ArgumentError
from chainrule.graph.local import OPERATORS, _exponent, formula
from chainrule.graph.readers import Constant, TensorReader
from chainrule.graph.view import Vertex, View
from chainrule.tensor import Tensor


def rerun(view: View, changed: dict[int, Any]) -> Any:
    """The result of the graph with other data in some leaves, given by id."""
    run = _tensor if isinstance(view.reader, TensorReader) else _scalar
    made: dict[int, Any] = {}
    for vertex in view:
        made[vertex.id] = run(vertex, made, changed)
    return made[view.root.id]


def read_number(text: str, like: Any) -> Any:
    """What a person typed for a leaf: a number, or nested lists of the same shape; an ArgumentError if it is not.

    >>> read_number("2.5", 1.0), read_number("[1, 2]", np.zeros(2))
    (2.5, array([1., 2.]))
    """
    try:
        given = json.loads(text.replace("−", "-"))
        array = np.asarray(given, getattr(like, "dtype", float))
    except (ValueError, TypeError):
        raise ArgumentError(f"{text!r} is no number; write one such as 2.5, or lists such as [1.0, 2.0]") from None
    if array.shape != np.shape(like) or not np.isfinite(array).all():
        raise ArgumentError(f"{text!r} has the shape {array.shape}; this leaf has {np.shape(like)}, of finite numbers")
    return array if isinstance(like, np.ndarray) else float(array)


def _scalar(vertex: Vertex, made: dict[int, Any], changed: dict[int, Any]) -> Any:
    x = vertex.object
    if isinstance(x, Constant):
        return Constant(changed.get(vertex.id, x.data))
    if not vertex.children:
        twin = copy.copy(x)
        twin.data, twin.grad = changed.get(vertex.id, x.data), 0.0
        return twin
    operands = [made[c.id] for c in vertex.children]
    again = _operation(vertex)(*(x.data if isinstance(x, Constant) else x for x in operands))
    if getattr(x, "label", ""):
        again.label = x.label
    return again


def _operation(vertex: Vertex) -> Callable[..., Any]:
    """The class's own operator or method, which makes the same vertex again."""
    name, fixed = _exponent(vertex.op)
    known = formula(vertex)
    kind = type(vertex.object)
    method: Callable[..., Any] | None = OPERATORS.get(name) or (operator.neg if name == "neg" else None)
    method = method or getattr(kind, name, None) or getattr(kind, name.lower(), None)
    if known is None or method is None:
        raise ArgumentError(
            f"{vertex.name} cannot be computed again: {kind.__name__} has no operator or method {vertex.op!r} that "
            f"gives {vertex.data!r}; write step(fn, *leaves) with the function that builds the graph"
        )
    places = known.places
    numbers = [int(x) if x.is_integer() else x for x in fixed]
    return lambda *operands: method(*(operands[place] for place in places), *numbers)


def _tensor(vertex: Vertex, made: dict[int, Any], changed: dict[int, Any]) -> Any:
    x = vertex.object
    if not isinstance(x, Node):
        return Tensor(changed.get(vertex.id, x.array))
    if x.op is None:
        return Tensor(np.array(changed.get(vertex.id, x.out)), requires_grad=True)
    children = iter(vertex.children)
    inputs = [made[next(children).id] if isinstance(given, Tensor) else given for given in x.inputs]
    function = getattr(x.op, "function", None)
    if function is not None and "shapes" not in x.meta:
        return function.apply(*inputs)
    if not hasattr(x.op, "rules"):
        raise ArgumentError(
            f"{x.op.name} cannot be computed again by itself; write step(fn, *leaves) with the function that builds "
            f"the graph"
        )
    return x.op.act(*inputs, **x.meta)
