"""The steps of the player: what happens at each node, forward and backward, in words and numbers.

    Frame   one step: a node, a headline, and what it changes in the picture
    Row     one gradient sent: the local slope as a formula and a number, upstream × local, and the sum it joins

For scalars the learner's own ``_backward`` runs, node by node, and a row says what it wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.backprop import Node
from chainrule.graph.adjoints import adjoint_of
from chainrule.graph.findings import Report
from chainrule.graph.gradients import sent_by
from chainrule.graph.local import Formula, formula
from chainrule.graph.notation import TEXT, write
from chainrule.graph.numbers import gradient, headline, lean, matrix, number, size, summary
from chainrule.graph.paths import Edge, _factor
from chainrule.graph.readers import Constant
from chainrule.graph.symbols import Symbol
from chainrule.graph.trial import kept_gradients, run
from chainrule.graph.view import Vertex, View


@dataclass
class Row:
    """One gradient on its way to one child."""

    child: str
    name: str
    local: str = ""
    product: str = ""
    added: str = ""
    wrong: str = ""


@dataclass
class Frame:
    """One step.  ``data`` and ``grads`` are the texts it changes in the picture: gradients with a signed size."""

    phase: str
    node: str
    title: str
    detail: str = ""
    rows: list[Row] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)
    grads: dict[str, tuple[str, float]] = field(default_factory=dict)


def key(vertex: Vertex) -> str:
    """The name of a vertex's box in the picture."""
    return f"v{vertex.id}"


def forward_frames(view: View) -> list[Frame]:
    """The leaves at once, then each result from its operands."""
    leaves = {key(v): headline(v.data) for v in view if not v.op}
    named = ", ".join(v.name for v in view if not v.op and v.label)
    frames = [Frame("forward", "", "The leaves are given", named, data=leaves)]
    for vertex in view:
        if vertex.op:
            told = _computed(vertex)
            frames.append(
                Frame("forward", key(vertex), f"{vertex.name}  =  {told}", data={key(vertex): headline(vertex.data)})
            )
    return frames


def _computed(vertex: Vertex) -> str:
    """``a·b  =  2.0·(−3.0)  =  −6.0``, or for tensors the operation and the shapes."""
    if isinstance(vertex.object, Node):
        operands = ", ".join(f"{c.name} {np.shape(c.data)}" for c in vertex.children)
        return f"{vertex.op} of {operands}  =  {matrix(vertex.data)}"
    known = formula(vertex)
    if known is None or known.op is None:
        return f"{vertex.op} of {', '.join(c.name for c in vertex.children)}  =  {number(vertex.data)}"
    numbers = [float(c.data) for c in vertex.children]
    names = [
        x if isinstance(c.object, Constant) else Symbol(c.name) for c, x in zip(vertex.children, numbers, strict=True)
    ]
    return f"{_applied(known, names)}  =  {_applied(known, numbers)}  =  {number(vertex.data)}"


def _applied(known: Formula, operands: Sequence[Any]) -> str:
    assert known.op is not None  # the caller asked
    made = Symbol()
    made.op, made.inputs = known.op, tuple([operands[place] for place in known.places] + list(known.fixed))
    return write(made, TEXT)


def scalar_frames(view: View, report: Report) -> list[Frame]:
    """Run every node's own ``_backward``, users first, and note what each wrote."""
    with kept_gradients(view):
        for vertex in view:
            if not isinstance(vertex.object, Constant):
                vertex.object.grad = 0.0
        view.root.object.grad = 1.0
        seed = _seed(view.root, 1.0)
        return [seed, *(_scalar_frame(v, report) for v in reversed(view.vertices) if v.children)]


def _seed(root: Vertex, g: Any) -> Frame:
    title = f"{root.name}.grad  =  1.0"
    detail = f"the slope of {root.name} with respect to itself"
    return Frame("backward", key(root), title, detail, grads={key(root): (summary(g), size(g))})


def _scalar_frame(vertex: Vertex, report: Report) -> Frame:
    children = [c for c in dict.fromkeys(vertex.children) if not isinstance(c.object, Constant)]
    upstream = vertex.object.grad
    before = {c.id: c.object.grad for c in children}
    run(vertex)
    frame = Frame("backward", key(vertex), f"{vertex.name}._backward()", f"{vertex.name}.grad = {number(upstream)}")
    known = formula(vertex)
    for child in children:
        after = child.object.grad
        frame.rows.append(_scalar_row(vertex, child, known, (upstream, before[child.id], after), report))
        frame.grads[key(child)] = (number(after), after)
    return frame


def _scalar_row(
    vertex: Vertex, child: Vertex, known: Formula | None, numbers: tuple[float, float, float], report: Report
) -> Row:
    upstream, before, after = numbers
    row = Row(key(child), child.name, wrong="; ".join(str(f) for f in report if f.vertex is vertex and f.to is child))
    sent = f"{number(before)} + {_factor(number(after - before), 2)}  =  {number(after)}"
    row.added = f"{child.name}.grad  " + (f"{number(before)} → {number(after)}" if row.wrong else sent)
    if known is None:
        row.local = f"nobody knows the operation {vertex.op!r}: no slope to compare with"
        return row
    edges = [Edge(vertex, i, known) for i, c in enumerate(vertex.children) if c is child]
    if edges[0].symbol is not None and len(set(known.places)) < len(known.places):
        edges = edges[:1]
    slope = sum(edge.value for edge in edges)
    formulas = " + ".join(edge.formula(TEXT) for edge in edges)
    again = "" if formulas == number(slope).removesuffix(".0") else f"  =  {number(slope)}"
    row.local = f"∂{vertex.name}/∂{child.name}  =  {formulas}{again}"
    row.product = f"{number(upstream)} × {_factor(number(slope), 2)}  =  {number(upstream * slope)}"
    return row


def tensor_frames(view: View, report: Report) -> list[Frame]:
    """Run every rule, users first, and note what each sent; nobody's ``.grad`` is touched."""
    grads: dict[int, Any] = {view.root.id: np.ones_like(view.root.data)}
    frames = [_seed(view.root, grads[view.root.id])]
    for vertex in reversed(view.vertices):
        node = vertex.object
        if isinstance(node, Node) and node.op is not None and vertex.id in grads:
            frames.append(_tensor_frame(view, vertex, node, grads, report))
    return frames


def _tensor_frame(view: View, vertex: Vertex, node: Node, grads: dict[int, Any], report: Report) -> Frame:
    g = grads[vertex.id]
    frame = Frame("backward", key(vertex), f"{vertex.name} sends its gradient on", matrix(g))
    for i, (parent, sent) in enumerate(zip(node.parents, sent_by(node, g), strict=True)):
        if parent is None or sent is None:
            continue
        child = view.find(parent)
        before = grads.get(child.id)
        grads[child.id] = sent if before is None else before + sent
        told = matrix(sent)
        row = Row(key(child), child.name, adjoint_of(view, vertex, i), told)
        row.added = (
            f"the gradient of {child.name} is {'' if before is None else 'now the sum '}{matrix(grads[child.id])}"
        )
        row.wrong = "; ".join(str(f) for f in report if f.vertex is vertex and f.to is child)
        frame.rows.append(row)
        after = grads[child.id]
        frame.grads[key(child)] = (gradient(after), float(np.copysign(size(after), lean(after))))
    return frame
