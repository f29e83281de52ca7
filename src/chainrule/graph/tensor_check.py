"""`check` for tensors: every rule of a recorded graph against measured slopes, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.backprop import Node
from chainrule.errors import GradientError
from chainrule.grad_mode import no_grad
from chainrule.graph.findings import Finding, Report, called, signed
from chainrule.graph.gradients import changed, sent_by
from chainrule.graph.view import Vertex, View
from chainrule.random import Generator
from chainrule.tensor import wrap

MOST = 64  # numbers of an input that are moved one by one; of a larger one as many are picked


def check_tensors(view: View, report: Report) -> None:
    """Compare what each node sends, for a random gradient, with the slopes of its operation."""
    if changed(view):
        raise GradientError(
            "check of a graph whose values were changed in place since it was made (by an optimizer?): "
            "its rules would read other numbers than the forward pass did; check before the change"
        )
    stream = Generator().manual_seed(0)
    for vertex in reversed(view.vertices):
        node = vertex.object
        if isinstance(node, Node) and node.op is not None:
            _check_node(view, vertex, node, stream, report)


def _check_node(view: View, vertex: Vertex, node: Node, stream: Generator, report: Report) -> None:
    assert node.op is not None  # the caller asked
    again = _forward(node)
    if again is None:
        report.unmeasured.append(f"{called(vertex)}: the operation {vertex.op!r} cannot be run again by itself")
        return
    g = np.asarray(1.0) if node.out.size == 1 else stream.normal(node.out.shape, np.dtype(np.float64))
    g = np.broadcast_to(g, node.out.shape).astype(node.out.dtype)
    for i, (parent, sent) in enumerate(zip(node.parents, sent_by(node, g), strict=True)):
        if parent is None:
            continue
        report.checked += 1
        wrong = _compare(again, node.raw, i, g, sent, np.finfo(node.out.dtype).eps)
        if wrong is not None:
            report.append(_finding(vertex, view.find(parent), node, *wrong))


def _forward(node: Node) -> Callable[[list[Any]], Any] | None:
    """The operation of a node as a function of arrays."""
    op = node.op
    function = getattr(op, "function", None)  # a Function of the user's own
    if function is not None:
        return None if "shapes" in node.meta else lambda raw: _apply(function, raw)
    if op is None or not hasattr(op, "rules"):
        return None
    return lambda raw: op.run(*raw, **node.meta)


def _apply(function: Any, raw: list[Any]) -> Any:
    with no_grad():
        return function.apply(*(wrap(x) if isinstance(x, np.ndarray) else x for x in raw)).array


def _compare(f: Any, raw: list[Any], i: int, g: Any, sent: Any, eps: float) -> tuple[Any, Any, tuple[int, ...]] | None:
    """The first place of input i where the gradient is not the slope: (sent, measured, place); None if right."""
    wide = [x.astype(np.float64) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in raw]
    numbers, g = wide[i], g.astype(np.float64)
    got = np.broadcast_to(np.zeros(numbers.shape) if sent is None else sent, numbers.shape)
    picked = range(numbers.size) if numbers.size <= MOST else np.linspace(0, numbers.size - 1, MOST).astype(int)
    for place in (np.unravel_index(at, numbers.shape) for at in picked):
        middle, left, right = _slopes(f, wide, i, place, g)
        near = max(1e-5, 40 * eps) * max(1.0, abs(middle), abs(left), abs(right))
        low, high = min(middle, left, right) - near, max(middle, left, right) + near
        if not low <= float(got[place]) <= high:
            return float(got[place]), middle, tuple(int(n) for n in place)
    return None


def _slopes(f: Any, wide: list[Any], i: int, place: Any, g: Any) -> tuple[float, float, float]:
    h = 6e-6 * max(1.0, abs(float(wide[i][place])))
    at = []
    for step in (-h, 0.0, h):
        moved = wide[i].copy()
        moved[place] += step
        at.append(float(np.sum(g * f([*wide[:i], moved, *wide[i + 1 :]]))))
    left, here, right = at
    return (right - left) / (2 * h), (here - left) / h, (right - here) / h


def _finding(vertex: Vertex, child: Vertex, node: Node, sent: float, slope: float, place: tuple[int, ...]) -> Finding:
    where = f"element {place} of " if place else ""
    weighed = "" if node.out.size == 1 else ", for a random gradient of its own"
    said = f"{called(vertex)} sent {signed(sent)} to {where}{called(child)}{weighed}"
    return Finding(vertex, child, sent, slope, f"{said}; the slope measured is {signed(slope)}")
