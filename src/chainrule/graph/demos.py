"""What goes wrong, and why: each mistake in one call, the wrong result drawn beside the right one.

    order()        backward without a topological order
    accumulate()   = where += belongs
    twice()        a second backward over gradients left from the first
    zero_grad()    training without setting gradients back to zero
    deep()         recursion on a graph that is deeper than Python's stack
    vanishing()    a signal that dies on its way back
    exploding()    a signal that grows on its way back

Nothing here is canned: each demo builds a graph of `Value`, really does the wrong thing, and shows what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chainrule.graph.comparison import Comparison, Side
from chainrule.graph.numbers import number
from chainrule.graph.picture import draw
from chainrule.graph.view import Vertex, View
from chainrule.value import Value

Grads = dict[int, float]


def walk(view: View, order: Iterable[Vertex], start: Grads | None = None, add: bool = True) -> Grads:
    """Visit vertices in ``order``; each sends grad × slope to its children, added (or, wrongly, written over)."""
    grads = dict.fromkeys(range(len(view)), 0.0) | (start or {})
    grads[view.root.id] += 1.0
    for vertex in order:
        for child, slope in zip(vertex.children, vertex.object._slopes, strict=True):
            sent = grads[vertex.id] * slope
            grads[child.id] = grads[child.id] + sent if add else sent
    return grads


def _right(view: View) -> Grads:
    return walk(view, reversed(view.vertices))


def _graph() -> tuple[View, Vertex]:
    """a is used twice: on a short way and on a long one."""
    a = Value(2.0, label="a")
    b = a * 3.0
    b.label = "b"
    c = b + a
    c.label = "c"
    loss = c * b
    loss.label = "L"
    view = View(loss)
    return view, view.find(a)


def _side(what: str, view: View, grads: Grads) -> Side:
    return Side(what, draw(view, level="grads", grads=grads))


def order() -> Comparison:
    """Visiting each node as soon as it is reached: b sends on before c has sent to it.

    >>> order()
    Why a topological order?  b is used by L and by c; it may send on only when both have sent to it.
    wrong  as soon as reached: a.grad = 30.0
    right  users first: a.grad = 48.0
    """
    view, a = _graph()
    reached: dict[int, Vertex] = {}
    waiting = [view.root]
    while waiting:
        vertex = waiting.pop()
        if vertex.id not in reached:
            reached[vertex.id] = vertex
            waiting.extend(vertex.children)  # the last operand first
    return _compare(
        "Why a topological order?  b is used by L and by c; it may send on only when both have sent to it.",
        (view, a),
        ("as soon as reached", walk(view, _with_operands(reached.values()))),
        ("users first", _right(view)),
    )


def _with_operands(vertices: Iterable[Vertex]) -> list[Vertex]:
    return [vertex for vertex in vertices if vertex.children]


def accumulate() -> Comparison:
    """Writing over a gradient: of two users, only the last one is heard.

    >>> accumulate()
    Why += ?  A value with several users has a slope through each; the chain rule adds them up.
    wrong  written over, with =: a.grad = 18.0
    right  added, with +=: a.grad = 48.0
    """
    view, a = _graph()
    return _compare(
        "Why += ?  A value with several users has a slope through each; the chain rule adds them up.",
        (view, a),
        ("written over, with =", walk(view, reversed(view.vertices), add=False)),
        ("added, with +=", _right(view)),
    )


def twice() -> Comparison:
    """A second backward while the results between still hold the first one's gradients: they are sent on again.

    >>> twice()
    Why start from zero?  What is left in b and c from the first backward is sent on a second time.
    wrong  over what was left: a.grad = 162.0
    right  results between from zero, leaves added up: a.grad = 96.0
    """
    view, a = _graph()
    once = _right(view)
    leaves = {v.id: once[v.id] for v in view if not v.children}
    left = once | {view.root.id: 0.0}
    return _compare(
        "Why start from zero?  What is left in b and c from the first backward is sent on a second time.",
        (view, a),
        ("over what was left", walk(view, reversed(view.vertices), left)),
        ("results between from zero, leaves added up", walk(view, reversed(view.vertices), leaves)),
    )


def zero_grad(steps: int = 8, rate: float = 0.3) -> Comparison:
    """Gradient descent on (w - 3)², with and without setting the gradient back to zero before each backward."""

    def train(reset: bool) -> tuple[list[float], Value]:
        w, losses = Value(0.0, label="w"), []
        for _ in range(steps):
            loss = (w - 3.0) ** 2
            loss.label = "loss"
            if reset:
                w.grad = 0.0
            loss.backward()
            losses.append(loss.data)
            w.data -= rate * w.grad
        w.data += rate * w.grad  # as it was when the last loss was computed
        return losses, loss

    sides = []
    for what, reset in (("gradients pile up", False), ("zero_grad before each backward", True)):
        losses, loss = train(reset)
        told = f"{what}: loss {' '.join(map(number, losses))}"
        sides.append(Side(told, draw(loss, level="grads")))
    return Comparison(
        "Why zero_grad?  backward adds to what a parameter holds: each step would follow all earlier slopes too.",
        *sides,
    )


def deep(depth: int = 20_000) -> Comparison:
    """A sum is as deep as it has terms: recursion ends at Python's limit, a stack of one's own does not."""
    total = Value(0.0, label="start")
    first = total
    for _ in range(depth):
        total = total + 1.0
    total.label = "sum"
    seen: set[Value] = set()
    reached = 0

    def visit(value: Value) -> None:
        nonlocal reached
        seen.add(value)
        reached += 1
        for child in value._prev:
            if child not in seen:
                visit(child)

    try:
        visit(total)
        wrong = f"recursion: got through, {reached:,} values"
    except RecursionError:
        wrong = f"recursion: RecursionError after {reached:,} of {2 * depth + 1:,} values"
    top = View(total)
    before = draw(top, level="grads", grads={})
    total.backward()
    after = Side(f"a stack of its own: start.grad = {number(first.grad)}", draw(total, level="grads"))
    return Comparison(
        "Why not recursion?  Each level of the graph would be a level of calls.", Side(wrong, before), after
    )


def vanishing(layers: int = 8) -> Comparison:
    """Layers of tanh that are pushed into saturation: each multiplies the gradient by almost nothing."""
    return _signal(
        "Why do gradients vanish?  Where tanh is flat its slope is near 0, and all the slopes are multiplied.",
        layers,
        [("weights of 3: saturated", 3.0), ("weights of 1", 1.0)],
        lambda h: h.tanh(),
    )


def exploding(layers: int = 8) -> Comparison:
    """Layers with weights above 1: each multiplies the gradient by more than 1."""
    return _signal(
        "Why do gradients explode?  Going back multiplies by every weight on the way: 3 × 3 × 3 × …",
        layers,
        [("weights of 3", 3.0), ("weights of 1", 1.0)],
        lambda h: h.relu(),
    )


def _signal(lesson: str, layers: int, weights: list[tuple[str, float]], bend: Callable[[Value], Value]) -> Comparison:
    sides = []
    for what, weight in weights:
        x = h = Value(0.8, label="x")
        for i in range(layers):
            h = bend(h * weight)
            h.label = f"h{i + 1}"
        h.backward()
        sides.append(Side(f"{what}: x.grad = {number(x.grad)}", draw(h, level="grads", limit=2 * layers)))
    return Comparison(lesson, *sides)


def _compare(lesson: str, where: tuple[View, Vertex], wrong: tuple[str, Grads], right: tuple[str, Grads]) -> Comparison:
    view, vertex = where
    sides: list[Any] = []
    for what, grads in (wrong, right):
        sides.append(_side(f"{what}: {vertex.name}.grad = {number(grads[vertex.id])}", view, grads))
    return Comparison(lesson, *sides)
