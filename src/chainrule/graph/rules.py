"""The rule of one operation, as a formula: read off by running it on symbols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.notation import LATEX, PYTHON, TEXT, write
from chainrule.graph.symbols import Symbol, rule_of
from chainrule.ops.base import BOOK, Op, Shape

INTEGERS = ("index", "places")
EXAMPLES: dict[str, tuple[dict[str, Shape], dict[str, Any]]] = {
    "matmul": ({"x": (2, 3), "y": (3, 4)}, {}),
    "linear": ({"x": (5, 3), "weight": (2, 3), "bias": (2,)}, {}),
    "sum": ({}, {"dim": (1,), "keepdim": False}),
    "mean": ({}, {"dim": (1,), "keepdim": False}),
    "amax": ({}, {"dim": (1,), "keepdim": False}),
    "amin": ({}, {"dim": (1,), "keepdim": False}),
    "softmax": ({}, {"dim": 1}),
    "log_softmax": ({}, {"dim": 1}),
    "reshape": ({}, {"shape": (6,)}),
    "permute": ({}, {"dims": (1, 0)}),
    "expand": ({"x": (1, 3)}, {"shape": (2, 3)}),
    "clamp": ({}, {"min": -1, "max": 1}),
    "cast": ({}, {"dtype": np.dtype("float32")}),
    "getitem": ({}, {"index": (0,)}),
    "cat": ({}, {"dim": 0}),
    "gather": ({"index": (2, 1)}, {"dim": 1}),
    "pick": ({"index": (2,)}, {}),
    "scatter_add": ({"src": (2, 1), "index": (2, 1)}, {"shape": (2, 3), "dim": 1}),
    "unindex": ({"x": (3,)}, {"index": (0,), "shape": (2, 3)}),
    "setitem": ({}, {"index": (0,)}),
}
"""Shapes and named arguments on which a rule is shown where 2 × 3 and none will not do."""


@dataclass(frozen=True)
class Rule:
    """An operation and what it sends back: shows itself as LaTeX in a notebook, as text in a terminal.

    ``gradients`` are the formulas of what each input is sent, as symbols; None where nothing is.
    """

    op: Op
    inputs: list[Symbol]
    out: Symbol
    gradients: list[Any]

    @property
    def latex(self) -> str:
        """Forward and backward as aligned LaTeX."""
        lines = [rf"z &= {write(self.out, LATEX)}"]
        lines += [rf"\bar{{{name}}} &= {write(g, LATEX)}" for name, g in self._sent()]
        return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"

    @property
    def python(self) -> dict[str, str]:
        """The gradient for each input as Python, in the names of the inputs, ``z`` and ``g``.

        >>> rule("tanh").python
        {'x': 'g * (1.0 - z * z)'}
        """
        return {name: write(g, PYTHON) for name, g in self._sent()}

    def _sent(self) -> list[tuple[str, Any]]:
        return [(x.name, g) for x, g in zip(self.inputs, self.gradients, strict=False) if g is not None]

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __repr__(self) -> str:
        lines = [f"z = {write(self.out, TEXT)}"]
        return "\n".join(lines + [f"{bar(name)} = {write(g, BARRED)}" for name, g in self._sent()])


BARRED = replace(TEXT, names={"g": "z̄"})


def bar(name: str) -> str:
    """The gradient with respect to ``name``: a letter gets a bar, a word a ∂.

    >>> bar("x"), bar("v7"), bar("weight")
    ('x̄', 'v̄7', '∂weight')
    """
    letter, index = name[:1], name[1:]
    return f"{letter}\u0304{index}" if letter.isalpha() and (not index or index.isdigit()) else f"∂{name}"


def rule(op: Any) -> Rule:
    """The rule of an operation: ``rule(chainrule.tanh)`` or ``rule("tanh")``.

    >>> rule("tanh")
    z = tanh(x)
    x̄ = z̄ ⊙ (1 − z ⊙ z)
    >>> rule(chainrule.ops.linear)
    z = x @ weightᵀ + bias
    x̄ = z̄ @ weight
    ∂weight = z̄ᵀ @ x
    ∂bias = Σ₀(z̄)
    """
    op = _found(op)
    shapes, meta = EXAMPLES.get(op.name, ({}, {}))
    inputs = [_symbol(name, shapes.get(name, (2, 3)), op) for name in _input_names(op)]
    result = Symbol("z", Symbol.door(op, tuple(inputs), meta).shape)
    made = Symbol(shape=result.shape)
    made.op, made.inputs, made.meta = op, tuple(inputs), meta
    return Rule(op, inputs, made, rule_of(op, Symbol("g", result.shape), result, inputs, meta))


def _found(op: Any) -> Op:
    found = BOOK.get(op) if isinstance(op, str) else op
    if not isinstance(found, Op) or found.name not in BOOK:
        raise ArgumentError(f"explain({op!r}): no operation of the book; it has {', '.join(BOOK)}")
    if not found.differentiable:
        raise ArgumentError(f"explain({found.name!r}): {found.name} has no gradient, so there is no rule")
    return found


def _input_names(op: Op) -> list[str]:
    return ["x", "y"] if op.name in ("cat", "setitem") else op.inputs.split()


def _symbol(name: str, shape: Shape, op: Op) -> Symbol:
    dtype: Callable[..., Any] | type = np.int64 if name in INTEGERS else bool if name == "condition" else np.float64
    return Symbol(name, (3,) if op.name == "setitem" and name == "y" else shape, dtype)
