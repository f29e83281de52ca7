"""A graph as text, for a terminal: the result first, what it was made from indented below.

>>> from chainrule.value import Value
>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> print(text(View(a * b + a)))
+ = −4.0
├─ * = −6.0
│  ├─ a = 2.0
│  └─ b = −3.0
└─ a = 2.0  (above)
"""

from __future__ import annotations

from chainrule.graph.numbers import summary
from chainrule.graph.view import Vertex, View

LINES, DEEPEST = 120, 40


def text(view: View, lines: int = LINES, marks: dict[int, str] | None = None) -> str:
    """The tree below the roots.  A vertex used twice is written out once; ``marks`` adds a remark to some."""
    written: list[str] = []
    shown: set[int] = set()
    stack: list[tuple[Vertex, str, str]] = [(root, "", "") for root in reversed(view.roots)]
    while stack and len(written) < lines:
        vertex, lead, below = stack.pop()
        again = vertex.id in shown and vertex.children
        remark = f"   ← {marks[vertex.id]}" if marks and vertex.id in marks else ""
        written.append(lead + _line(vertex) + ("  (above)" if vertex.id in shown else "") + remark)
        shown.add(vertex.id)
        if again or not vertex.children:
            continue
        if len(below) >= 3 * DEEPEST:
            written.append(f"{below}└─ …")
            continue
        last = len(vertex.children) - 1
        for i in range(last, -1, -1):
            branch, rest = ("└─ ", "   ") if i == last else ("├─ ", "│  ")
            stack.append((vertex.children[i], below + branch, below + rest))
    if len(shown) < len(view):
        written.append(f"… {len(view) - len(shown):,} more of {len(view):,} values")
    return "\n".join(written)


def _line(vertex: Vertex) -> str:
    """One vertex: what it is called, how it was made, its value, its gradient."""
    what = f"{vertex.label}: {vertex.op}" if vertex.label and vertex.op else vertex.label or vertex.op
    grad = vertex.grad
    told = "" if grad is None or (isinstance(grad, int | float) and not grad) else f"   grad {summary(grad)}"
    value = summary(vertex.data)
    return f"{what} = {value}{told}" if what else value + told
