"""Running a node's own ``_backward`` by itself, and leaving every gradient as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.readers import Constant
from chainrule.graph.view import Vertex, View


def numbers_only(view: View) -> None:
    """Refuse a class whose values are no single numbers: their slopes are not measured here."""
    for vertex in view:
        if not isinstance(vertex.data, int | float) and np.ndim(vertex.data):
            raise ArgumentError(
                f"{vertex.name} ({type(vertex.object).__name__}) holds an array of shape {np.shape(vertex.data)}: "
                f"slopes are measured of single numbers; use chainrule.Tensor for arrays, or one number for each value"
            )


@contextmanager
def kept_gradients(view: View) -> Iterator[None]:
    """Whatever happens to the gradients inside, afterwards they are as before."""
    objects = [v.object for v in view if not isinstance(v.object, Constant)]
    for x in objects:
        if not hasattr(x, "grad"):
            raise ArgumentError(
                f"{type(x).__name__} has no attribute grad, and _backward writes there; set self.grad = 0.0 in __init__"
            )
    before = [x.grad for x in objects]
    try:
        yield
    finally:
        for x, grad in zip(objects, before, strict=True):
            x.grad = grad


def send(vertex: Vertex, g: float, before: float) -> dict[int, float]:
    """Run one node with the gradient ``g``; what its children hold afterwards, if each held ``before``."""
    children = [c for c in dict.fromkeys(vertex.children) if not isinstance(c.object, Constant)]
    vertex.object.grad = g
    for child in children:
        child.object.grad = before
    run(vertex)
    return {child.id: float(child.object.grad) for child in children}


def run(vertex: Vertex) -> None:
    """The node's own closure; an error in it is told with the node's name."""
    try:
        vertex.object._backward()
    except Exception as error:
        error.add_note(f"in the _backward of {vertex.name} (made by {vertex.op!r}, data {vertex.data!r})")
        raise


def walk(view: View) -> dict[int, Any]:
    """Run every node's own closure once, users first, from 1 at the root; the gradients afterwards."""
    for vertex in view:
        if not isinstance(vertex.object, Constant):
            vertex.object.grad = 0.0
    view.root.object.grad = 1.0
    for vertex in reversed(view.vertices):
        if vertex.children:
            run(vertex)
    return grads(view)


def grads(view: View) -> dict[int, Any]:
    """What every object holds in ``grad`` now."""
    return {v.id: v.object.grad for v in view if not isinstance(v.object, Constant)}
