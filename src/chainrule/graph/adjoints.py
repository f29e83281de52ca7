"""The chain rule for tensors: the gradient of each value, from what its users send, added where they meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import GradientError, shape_of
from chainrule.graph.gradients import changed, computed
from chainrule.graph.notation import TEXT, Style, write
from chainrule.graph.numbers import summary
from chainrule.graph.paths import above
from chainrule.graph.rules import bar
from chainrule.graph.symbols import Symbol, Undecided, rule_of
from chainrule.graph.tex import NEW_LINE, TEX_NAMES, tex_bar
from chainrule.graph.view import Vertex, View
from chainrule.tensor import Tensor


class Adjoints:
    """∂root/∂wrt in a graph of tensors.  ``value`` is the gradient, ``lines`` the vertices on the way, root first."""

    def __init__(self, view: View, root: Vertex, wrt: Vertex, most: int) -> None:
        if np.size(root.data) != 1:
            raise GradientError(
                f"explain a tensor of shape {shape_of(root.data.shape)}: a slope is that of one number; reduce it "
                f"first, for example explain(x.sum(), wrt=w)"
            )
        if changed(view):
            raise GradientError(
                "explain a graph whose values were changed in place since it was made (by an optimizer?): "
                "explain it before the change, or run the forward again"
            )
        self.view, self.root, self.wrt = view, root, wrt
        reach = above(view, wrt)
        below = _below(view, root)
        self.lines = [v for v in reversed(view.vertices) if v.id in reach and v.id in below]
        self.grads = computed(view)
        self.value = self.grads.get(wrt.id)

    def terms(self, vertex: Vertex) -> list[Any]:
        """What each user sends to ``vertex``, as symbols."""
        sent: list[Any] = []
        for user in self.lines:
            if vertex in user.children:
                parents = user.object.parents
                pulled = symbols_sent(self.view, user)
                sent += [s for s, parent in zip(pulled, parents, strict=False) if parent is vertex.object]
        return sent

    def _written(self, style: Style, name: Any, plus: str = " + ") -> list[tuple[str, str]]:
        rows = []
        for vertex in self.lines:
            terms = ["1"] if vertex is self.root else [_term(t, style) for t in self.terms(vertex)]
            rows.append((name(vertex.name), plus.join(terms)))
        return rows

    def __repr__(self) -> str:
        if self.value is None:
            return f"grad {self.wrt.name} = 0: {self.root.name} was not made from {self.wrt.name}"
        unnamed = [v for v in self.lines if v.op and not v.label]
        legend = [f"{v.name} = {v.op} of {', '.join(c.name for c in v.children)}" for v in unnamed]
        rows = self._written(_TEXT, bar)
        left, right = (max(len(row[i]) for row in rows) for i in (0, 1))
        lines = [
            f"{a:<{left}} = {b:<{right}}   = {summary(self.grads[v.id])}"
            for (a, b), v in zip(rows, self.lines, strict=True)
        ]
        root, wrt = self.root.name, self.wrt.name
        return "\n".join([f"the gradient of {root} with respect to {wrt}", *lines, *_where(legend)])

    @property
    def latex(self) -> str:
        """The derivation as aligned LaTeX."""
        rows = self._written(TEX_NAMES, tex_bar)
        return r"\begin{aligned} " + NEW_LINE.join(f"{a} &= {b}" for a, b in rows) + r" \end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def symbols_sent(view: View, user: Vertex) -> list[Any]:
    """What a node sends to each of its inputs, as symbols in the names of the graph."""
    node = user.object
    if not hasattr(node.op, "rules"):
        return [f"{node.op.name}.backward({bar(user.name)})"] * len(node.parents)
    inputs = [
        _symbol(view.find(parent or x)) if parent is not None or isinstance(x, Tensor) else x
        for x, parent in zip(node.inputs, node.parents, strict=True)
    ]
    g = Symbol(f"bar {user.name}", np.shape(user.data))
    try:
        return rule_of(node.op, g, _symbol(user), inputs, node.meta)
    except Undecided:
        return [f"{node.op.name}'s rule on {bar(user.name)}"] * len(node.parents)


def adjoint_of(view: View, user: Vertex, place: int) -> str:
    """What a node sends to its input at ``place``, as text."""
    child = view.find(user.object.parents[place])
    return f"{bar(child.name)}  +=  {_term(symbols_sent(view, user)[place], _TEXT)}"


def _symbol(vertex: Vertex) -> Symbol:
    return Symbol(vertex.name, np.shape(vertex.data), np.asarray(vertex.data).dtype)


def _where(legend: list[str]) -> list[str]:
    return [f"where {'; '.join(legend)}"] if legend else []


def _term(term: Any, style: Style) -> str:
    return term if isinstance(term, str) else write(term, style)


def _below(view: View, root: Vertex) -> set[int]:
    """The ids of ``root`` and of everything it was made from."""
    below = {root.id}
    for vertex in reversed(view.vertices):
        if vertex.id in below:
            below |= {child.id for child in vertex.children}
    return below


class _Bars(dict[str, str]):
    """Names in text: ``bar x`` is the gradient of x."""

    def get(self, key: str, default: Any = None) -> Any:
        return bar(key.removeprefix("bar ")) if key.startswith("bar ") else key


_TEXT = replace(TEXT, names=_Bars())
