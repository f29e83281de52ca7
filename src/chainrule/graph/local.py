"""One operation by itself: its result again from other operands, and its slope in each of them.

An operation of a scalar graph is known by its name (``_op``).  Where the book of operations has it, the result and
the slope come from there: the one place where they are stated.  Any other is run by the class's own method or
operator, on copies, and its slope is measured.

    formula(vertex)    the operation of a vertex, as a function of its children; None where nobody knows it
    measured(...)      (f(x + h) - f(x - h)) / 2h, with the slopes to the left and to the right for kinks
"""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from chainrule.graph.view import Vertex
from chainrule.ops.base import BOOK, Op

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
}  # fmt: skip
BY_SYMBOL = {op.symbol: op for op in BOOK.values() if op.arity == 2 and op.symbol}


@dataclass(frozen=True)
class Formula:
    """An operation as a function of its operands.

    places     which child stands at each place: (0, 0) for a * a whose children came as a set
    op, fixed  the operation in the book, and the plain numbers after the children; op is None if it is not there
    """

    run: Callable[..., Any]
    places: tuple[int, ...]
    op: Op | None = None
    fixed: tuple[float, ...] = ()

    def __call__(self, values: Sequence[Any]) -> float:
        """The result for other values of the children."""
        return float(self.run(*(values[place] for place in self.places), *self.fixed))

    def slope(self, values: Sequence[float], out: float, child: int) -> float | None:
        """The slope in one child by the rule in the book (summed over its places), None if it is not there."""
        if self.op is None:
            return None
        inputs = [*(np.float64(values[place]) for place in self.places), *self.fixed]
        rules = [rule for rule, place in zip(self.op.rules, self.places, strict=False) if place == child]
        return float(sum(rule(1.0, np.float64(out), inputs, {}) for rule in rules if rule is not None))


def formula(vertex: Vertex) -> Formula | None:
    """The operation of a vertex of a scalar graph: one that gives the value that the vertex holds."""
    values = [child.data for child in vertex.children]
    for run, op, fixed in _candidates(vertex):
        for places in _places(len(values), op.arity - len(fixed) if op else len(values), vertex):
            made = Formula(run, places, op, fixed)
            if _gives(made, values, vertex.data):
                return made
    return None


def _candidates(vertex: Vertex) -> list[tuple[Callable[..., Any], Op | None, tuple[float, ...]]]:
    """Ways to run the operation: the book's, then the class's own."""
    name, fixed = _exponent(vertex.op)
    found: list[tuple[Callable[..., Any], Op | None, tuple[float, ...]]] = []
    op = BY_SYMBOL.get(name) or BOOK.get(name.lower())
    if op is not None and len(op.rules) == op.arity:
        found.append((op.run, op, fixed))
    own = _own(vertex, name)
    return [*found, (own, None, fixed)] if own else found


def _exponent(name: str) -> tuple[str, tuple[float, ...]]:
    """``**2`` is the power with a fixed second operand.

    >>> _exponent("**2"), _exponent("tanh")
    (('**', (2.0,)), ('tanh', ()))
    """
    for sign in ("**", "^"):
        if name.startswith(sign) and name != sign:
            try:
                return "**", (float(name.removeprefix(sign).strip("() ")),)
            except ValueError:
                return name, ()
    return name, ()


def _own(vertex: Vertex, name: str) -> Callable[..., Any] | None:
    """The class's own operator or method of that name, as a function of numbers."""
    kind = next((type(c.object) for c in vertex.children if hasattr(c.object, "_prev")), None)
    method = OPERATORS.get(name) or getattr(kind, name, None)
    if method is None or not vertex.children:
        return None

    def run(*numbers: float) -> Any:
        return method(
            *(_like(c, x) for c, x in zip(vertex.children, numbers, strict=False)), *numbers[len(vertex.children) :]
        ).data

    return run


def _like(vertex: Vertex, number: float) -> Any:
    """A copy of a vertex's object that holds another number and remembers nothing."""
    twin = copy.copy(vertex.object)
    twin.data = number
    return twin


def _places(children: int, wanted: int, vertex: Vertex) -> list[tuple[int, ...]]:
    """Which child may stand at each place: as given; in any order or twice where the children were a set."""
    if not isinstance(getattr(vertex.object, "_prev", ()), set | frozenset):
        return [tuple(range(children))] if children == wanted else []
    if children == wanted:
        return list(permutations(range(children)))
    return [(0,) * wanted] if children == 1 else []


def _gives(made: Formula, values: Sequence[float], out: float) -> bool:
    try:
        return math.isclose(made(values), out, rel_tol=1e-6, abs_tol=1e-9)
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return False


def measured(f: Callable[[float], float], x: float) -> tuple[float, float, float]:
    """The slope of f at x: in the middle, to the left, to the right; nan where f cannot be computed.

    >>> measured(abs, 0.0)
    (0.0, -1.0, 1.0)
    """
    h = 6e-6 * max(1.0, abs(x))
    left, here, right = _at(f, x - h), _at(f, x), _at(f, x + h)
    if not math.isfinite(left + right):  # outside of what f can take: a smaller step
        h = 6e-6 * abs(x) or h
        left, right = _at(f, x - h), _at(f, x + h)
    return (right - left) / (2 * h), (here - left) / h, (right - here) / h


def _at(f: Callable[[float], float], x: float) -> float:
    try:
        return f(x)
    except (ArithmeticError, ValueError):
        return math.nan


def agrees(sent: float, slopes: tuple[float, float, float]) -> bool:
    """Whether a slope is the one measured; at a kink, whether it lies between those to the left and right."""
    middle, left, right = slopes
    near = 1e-5 * max(1.0, abs(middle), abs(left), abs(right))
    if abs(sent - middle) <= near:
        return True
    kink = abs(left - right) > 20 * near
    return kink and min(left, right) - near <= sent <= max(left, right) + near
