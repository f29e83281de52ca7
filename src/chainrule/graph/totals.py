"""When every rule is right, is the whole?  ``backward()`` in the right order, and nothing left over from before."""

from __future__ import annotations

import math
from typing import Any

from chainrule.graph.findings import Finding, Report, called, signed
from chainrule.graph.trial import grads, kept_gradients, walk
from chainrule.graph.view import View


def check_totals(view: View, report: Report) -> None:
    """Compare what ``backward()`` gives, and what is stored, with the node-by-node walk."""
    if len(view.roots) != 1 or report.unmeasured:
        return
    stored = grads(view)
    with kept_gradients(view):
        right = walk(view)
    _check_stored(view, report, stored, right)
    if callable(getattr(view.root.object, "backward", None)):
        _check_backward(view, report, right)


def _check_stored(view: View, report: Report, stored: dict[int, Any], right: dict[int, Any]) -> None:
    """A result between whose gradient is not this backward's will be sent on again by the next one."""
    start = stored[view.root.id]
    if not (isinstance(start, int | float) and start >= 1 and float(start).is_integer()):
        return  # no backward was run from here
    for vertex in reversed(view.vertices):
        if vertex.children and not _close(stored[vertex.id], right[vertex.id]):
            has, due = stored[vertex.id], right[vertex.id]
            text = (
                f"{called(vertex)} holds a gradient of {signed(has)}, and one backward from here gives {signed(due)}: "
                f"something was left from an earlier backward, and the next will send it on; start from grad = 0"
            )
            report.append(Finding(vertex, None, has, due, text))
            return


def _check_backward(view: View, report: Report, right: dict[int, Any]) -> None:
    """Run the class's own ``backward()`` from clean gradients."""
    with kept_gradients(view):
        for id in right:
            view[id].object.grad = 0.0
        try:
            view.root.object.backward()
        except RecursionError:
            report.unmeasured.append(
                "backward() itself: it calls itself once per level, and this graph has more levels than Python allows; "
                "find the order with a stack instead of recursion"
            )
            return
        got = grads(view)
    for vertex in reversed(view.vertices):
        if vertex.id in got and not _close(got[vertex.id], right[vertex.id]):
            text = (
                f"backward() leaves {signed(got[vertex.id])} in {called(vertex)}, and its users send it "
                f"{signed(right[vertex.id])} in all: some node was visited before all its users had sent theirs "
                f"(or twice, or never); go through the nodes in topological order, users first"
            )
            report.append(Finding(vertex, None, got[vertex.id], right[vertex.id], text))
            return


def _close(a: Any, b: Any) -> bool:
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
