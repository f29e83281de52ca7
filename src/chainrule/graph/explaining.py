"""`explain`: the derivation of a gradient, as formulas and as numbers; or the rule of one operation."""

from __future__ import annotations

from typing import Any

from chainrule.compiler.drawing import replayed
from chainrule.compiler.entries import Entry
from chainrule.errors import ArgumentError
from chainrule.graph.adjoints import Adjoints
from chainrule.graph.paths import Paths
from chainrule.graph.readers import ScalarReader, TensorReader
from chainrule.graph.rules import Rule, rule
from chainrule.graph.view import View


def explain(x: Any, wrt: Any = None, names: Any = None, most: int = 8, **named: Any) -> Rule | Paths | Adjoints:
    """How the gradient of ``x`` with respect to ``wrt`` comes about.

    In a graph of scalars: path by path, each a product of local slopes, summed where paths meet (at most ``most``
    paths are written out).  In a graph of tensors: the gradient of each value between, from what its users send.
    Of a recorded step (``chainrule.compile(...).graph[0]``), ``wrt`` may also be the name of a value in it.
    Without ``wrt``, ``x`` is an operation, such as ``chainrule.tanh`` or "tanh", and its rule is shown
    (``named`` are its named arguments, as in ``explain("sum", dim=(0, 1))``).

    >>> from chainrule.value import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> L = a * b + a
    >>> L.label = "L"
    >>> explain(L, wrt=a)
    ∂L/∂a, summed over 2 paths:
    1  L ← v2 ← a    ∂L/∂v2 · ∂v2/∂a = 1 · b = 1.0 · (−3.0) = −3.0
    2  L ← a         ∂L/∂a = 1 = 1.0
    ∂L/∂a = −3.0 + 1.0 = −2.0
    """
    if wrt is None:
        if ScalarReader.accepts(x) or TensorReader.accepts(x):
            raise ArgumentError("explain(result) of what? write explain(result, wrt=w): the slope with respect to w")
        return rule(x, **named)
    if isinstance(x, Entry):  # a value of a recorded step
        x, wrt, names = replayed(x, wrt, names)
    view = View(x, names)
    kind = Adjoints if isinstance(view.reader, TensorReader) else Paths
    return kind(view, view.root, view.find(wrt), most)
