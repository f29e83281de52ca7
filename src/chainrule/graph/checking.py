"""`check`: is every gradient that a node sends the slope of its operation?  Run it, and measure.

Each node is tried by itself: its own ``_backward`` runs with a gradient that we choose, into children whose
gradients we choose, and what arrives is compared with the measured slope of that one operation.  So a wrong rule
is found *at the node that has it*, not at the leaves far below, and one mistake is one finding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.graph.findings import Finding, Report, called, signed
from chainrule.graph.local import Formula, agrees, formula, measured
from chainrule.graph.notation import TEXT
from chainrule.graph.numbers import number
from chainrule.graph.paths import Edge
from chainrule.graph.readers import Constant, TensorReader
from chainrule.graph.tensor_check import check_tensors
from chainrule.graph.totals import check_totals
from chainrule.graph.trial import kept_gradients, numbers_only, send
from chainrule.graph.view import Vertex, View

BEFORE = 10.0  # what a child holds before, to see whether it is added to


def check(root: Any, names: Any = None) -> Report:
    """Compare every gradient in the graph below ``root`` with the slope measured there.

    Returns the findings, each with ``.node``, ``.child``, ``.sent``, ``.measured`` and a sentence (``str``); none
    when all is right.  Found are rules with a wrong sign or factor, ``=`` where ``+=`` belongs, a gradient not
    multiplied by the node's own, a ``_backward`` that was never set, nodes visited too early by ``backward()``,
    and gradients left over from an earlier backward.  The objects are left as they were.

    >>> from chainrule.value import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> check((a * b).tanh() - a)
    5 gradients checked, each the slope that was measured
    """
    view = root if isinstance(root, View) else View(root, names)
    report = Report(view)
    if isinstance(view.reader, TensorReader):
        check_tensors(view, report)
        return report
    numbers_only(view)
    with kept_gradients(view):
        for vertex in reversed(view.vertices):
            if vertex.children:
                _check_vertex(vertex, report)
    if not report:
        check_totals(view, report)
    return report


def _check_vertex(vertex: Vertex, report: Report) -> None:
    """Try one node; say of each child whether what it was sent is the slope."""
    if not callable(getattr(vertex.object, "_backward", None)):
        raise ArgumentError(
            f"check runs the _backward of every node, and {called(vertex)} ({type(vertex.object).__name__}) has none; "
            f"set out._backward in the operation {vertex.op!r}"
        )
    known = formula(vertex)
    if known is None:
        report.unmeasured.append(_unknown(vertex))
        return
    once, onto, twice = send(vertex, 1.0, 0.0), send(vertex, 1.0, BEFORE), send(vertex, 2.0, 0.0)
    for child in dict.fromkeys(vertex.children):
        if isinstance(child.object, Constant):
            continue
        report.checked += 1
        at = vertex.children.index(child)
        slopes = _slopes(known, vertex, at)
        judged = _judge(vertex, child, known, (once[child.id], onto[child.id], twice[child.id]), slopes)
        if judged:
            report.append(judged)


def _slopes(known: Formula, vertex: Vertex, at: int) -> tuple[float, float, float]:
    values = [float(child.data) for child in vertex.children]
    same = [i for i, child in enumerate(vertex.children) if child is vertex.children[at]]

    def moved(x: float) -> float:
        return known([x if i in same else value for i, value in enumerate(values)])

    return measured(moved, values[at])


def _judge(
    vertex: Vertex, child: Vertex, known: Formula, arrived: tuple[float, float, float], slopes: tuple[float, ...]
) -> Finding | None:
    """The finding for one child, or None.  ``arrived``: into 0, into `BEFORE`, and into 0 with twice the gradient."""
    into_zero, onto, doubled = arrived
    slope = slopes[0]
    near = 1e-9 * max(1.0, abs(into_zero))
    found = _finder(vertex, child, slope)
    if abs(onto - into_zero) <= near:
        return found(
            onto - BEFORE,
            f"overwrites the gradient of {called(child)}: it held {signed(BEFORE)} and holds {signed(onto)} now; "
            f"what is sent must be added, with += instead of =",
        )
    if not agrees(into_zero, slopes):  # type: ignore[arg-type]
        return found(into_zero, _wrong_slope(vertex, child, known, into_zero, slope))
    if abs(doubled - 2 * into_zero) > 2 * near + 1e-12:
        return found(
            doubled,
            f"sent {signed(doubled)} to {called(child)} for a gradient of 2.0 of its own; 2.0 × the slope measured is "
            f"{signed(2 * slope)}: multiply by out.grad",
        )
    return None


def _finder(vertex: Vertex, child: Vertex, slope: float) -> Callable[[float, str], Finding]:
    return lambda sent, text: Finding(vertex, child, sent, slope, f"{called(vertex)} {text}")


def _wrong_slope(vertex: Vertex, child: Vertex, known: Formula, sent: float, slope: float) -> str:
    said = f"sent {signed(sent)} to {called(child)}; the slope measured is {signed(slope)}"
    close = 1e-5 * max(1.0, abs(slope))
    others = [c for c in dict.fromkeys(vertex.children) if c is not child]
    if sent == 0.0:
        return f"{said}: was its _backward set, and does it reach {called(child)}?"
    if abs(sent + slope) <= close:
        return f"{said}: the sign is turned"
    for other in others:
        swapped = _slopes(known, vertex, vertex.children.index(other))[0]
        if abs(sent - swapped) <= close:
            return f"{said}: {signed(sent)} is the slope in {called(other)}"
    if known.op is not None:
        return f"{said}, which is {Edge(vertex, vertex.children.index(child), known).formula(TEXT)}"
    return said


def _unknown(vertex: Vertex) -> str:
    return (
        f"{called(vertex)}: the operation {vertex.op!r} of {', '.join(map(called, vertex.children))} does not give "
        f"{number(vertex.data)} again, so there is nothing to measure (was a value changed after it was used?)"
    )
