"""The rule of one operation, as a formula: read off by running it on symbols."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.graph.notation import PYTHON, TEXT, write
from chainrule.graph.symbols import Symbol, rule_of
from chainrule.graph.tex import NEW_LINE, TEX_NAMES, tex_bar
from chainrule.ops.base import BOOK, Op, Shape

INTEGERS = ("index", "places")
SHAPES: dict[str, dict[str, Shape]] = {
    "matmul": {"x": (2, 3), "y": (3, 4)},
    "linear": {"x": (5, 3), "weight": (2, 3), "bias": (2,)},
    "expand": {"x": (1, 3)},
    "gather": {"index": (2, 1)},
    "pick": {"index": (2,)},
    "scatter_add": {"src": (2, 1), "index": (2, 1)},
    "unindex": {"x": (3,)},
    "setitem": {"y": (3,)},
}
"""Shapes of the inputs on which a rule is shown, where 2 × 3 will not do."""

ARGUMENTS: dict[str, Any] = {
    "dim": 1, "dims": (0,), "keepdim": False, "shape": (2, 3), "index": (0,), "min": -1, "max": 1,
    "dtype": np.dtype("float32"), "decimals": 0, "widths": ((1, 1), (0, 0)), "value": 0.0,
}  # fmt: skip
"""Named arguments with which a rule is shown; by operation where the operation wants others."""
OWN: dict[str, dict[str, Any]] = {"reshape": {"shape": (6,)}, "permute": {"dims": (1, 0)}, "cat": {"dim": 0}}


def arguments(op: Op) -> dict[str, Any]:
    """Named arguments to show an operation with: those that its rules and its ``run`` ask for.

    >>> arguments(BOOK["sum"]), arguments(BOOK["tanh"])
    ({'dim': (1,), 'keepdim': False}, {})
    """
    given = {name: ARGUMENTS[name] for name in _asked(op) if name in ARGUMENTS} | OWN.get(op.name, {})
    return {**given, "dim": (1,)} if "keepdim" in given else given


def _asked(op: Op) -> list[str]:
    """The named arguments without which an operation does not run: what ``run`` takes besides its inputs."""
    code = type(op).run.__code__
    positions, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    return [*code.co_varnames[1 + len(_input_names(op)) : positions], *code.co_varnames[positions:last]]


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
        lines = [rf"z &= {write(self.out, TEX_NAMES)}"]
        lines += [rf"{tex_bar(name)} &= {write(g, TEX_NAMES)}" for name, g in self._sent()]
        return r"\begin{aligned} " + NEW_LINE.join(lines) + r" \end{aligned}"

    @property
    def python(self) -> dict[str, str]:
        """The gradient for each input as Python, in the names of the inputs, ``z`` and ``g``.

        >>> rule("tanh").python
        {'x': 'g * (1.0 - z * z)'}
        """
        return {name: write(g, IN_PYTHON) for name, g in self._sent()}

    def _sent(self) -> list[tuple[str, Any]]:
        return [(x.name, g) for x, g in zip(self.inputs, self.gradients, strict=False) if g is not None]

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"

    def __repr__(self) -> str:
        lines = [f"z = {write(self.out, TEXT)}"]
        return "\n".join(lines + [f"{bar(name)} = {write(g, BARRED)}" for name, g in self._sent()])


IN_PYTHON = replace(PYTHON, names={"bar z": "g"})
BARRED = replace(TEXT, names={"bar z": "z̄"})


def bar(name: str) -> str:
    """The gradient with respect to ``name``: a letter gets a bar, a word a ∂.

    >>> bar("x"), bar("v7"), bar("weight")
    ('x̄', 'v̄7', '∂weight')
    """
    letter, index = name[:1], name[1:]
    if not letter.isalpha() or (index and not index.isdigit()):
        return f"∂{name}"
    return unicodedata.normalize("NFC", f"{letter}\u0304{index}")


def rule(op: Any, **named: Any) -> Rule:
    """The rule of an operation: ``rule(chainrule.tanh)``, ``rule("tanh")``, ``rule("sum", dim=(0, 1))``.

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
    shapes, meta = SHAPES.get(op.name, {}), arguments(op) | named
    missing = [name for name in _asked(op) if name not in meta]
    if missing:
        raise ArgumentError(
            f"explain({op.name!r}): its named arguments decide what it does; give {', '.join(missing)} too, "
            f"as in explain({op.name!r}, {missing[0]}=...)"
        )
    inputs = [_symbol(name, shapes.get(name, (2, 3))) for name in _input_names(op)]
    result = Symbol("z", Symbol.door(op, tuple(inputs), meta).shape)
    made = Symbol(shape=result.shape)
    made.op, made.inputs, made.meta = op, tuple(inputs), meta
    return Rule(op, inputs, made, rule_of(op, Symbol("bar z", result.shape), result, inputs, meta))


def _found(op: Any) -> Op:
    found = BOOK.get(op) if isinstance(op, str) else op
    if not isinstance(found, Op) or found.name not in BOOK:
        raise ArgumentError(f"explain({op!r}): no operation of the book; it has {', '.join(BOOK)}")
    if not found.differentiable:
        raise ArgumentError(f"explain({found.name!r}): {found.name} has no gradient, so there is no rule")
    return found


def _input_names(op: Op) -> list[str]:
    return ["x", "y"] if op.name in ("cat", "setitem") else op.inputs.split()


def _symbol(name: str, shape: Shape) -> Symbol:
    dtype: Callable[..., Any] | type = np.int64 if name in INTEGERS else bool if name == "condition" else np.float64
    return Symbol(name, shape, dtype)
