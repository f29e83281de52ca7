"""Gradient rules read off from themselves: run one on symbols, and look at what it did.

A `Symbol` is an argument that records (``ops.Recording``): an operation that meets one goes through `Symbol.door`,
which notes the operation instead of computing.  The rule is the one that training runs, so what is shown cannot
drift from the code.

>>> x, out, g = Symbol("x"), Symbol("z"), Symbol("g")
>>> rule_of("tanh", g, out, [x])
[mul(g, sub(1.0, mul(z, z)))]
>>> rule_of("tanh", 1.0, out, [x])
[sub(1.0, mul(z, z))]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, GradientError
from chainrule.ops import matmul
from chainrule.ops.base import BOOK, Op, Recording, Shape


class Symbol(Recording):
    """A name, or an operation on other symbols and numbers, with the shape that the result has."""

    __slots__ = ("dtype", "inputs", "meta", "name", "op", "shape")

    def __init__(self, name: str = "", shape: Shape = (), dtype: Any = np.float64) -> None:
        self.name, self.shape, self.dtype = name, shape, np.dtype(dtype)
        self.op: Op | None = None
        self.inputs: tuple[Any, ...] = ()
        self.meta: dict[str, Any] = {}

    ndim = property(lambda self: len(self.shape))

    @staticmethod
    def door(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Any:
        """Note that ``op`` was applied; what changes nothing is left out, so that formulas stay short."""
        shorter = _simplified(op.name, inputs, meta)
        return _made(op, inputs, meta) if shorter is None else shorter

    def __repr__(self) -> str:
        if self.op is None:
            return self.name
        return f"{self.op.name}({', '.join(map(repr, self.inputs))})"

    def __neg__(self) -> Any:
        return _apply("neg", self)

    def __matmul__(self, other: Any) -> Any:
        return matmul(self, other)

    def __getitem__(self, index: Any) -> Any:
        return BOOK["getitem"](self, index)

    __hash__ = object.__hash__


def _made(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Symbol:
    made = Symbol(shape=_shape(op, inputs, meta))
    made.op, made.inputs, made.meta = op, inputs, meta
    return made


def _shape(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Shape:
    """The shape of a result: what it was asked to be, or what the operation says."""
    asked = meta.get("shape")
    if isinstance(asked, tuple) and all(n >= 0 for n in asked):
        return asked
    try:
        return op.infer(*(getattr(x, "shape", ()) for x in inputs), **meta)
    except ChainruleError as error:
        raise Undecided(f"{op.name}: its shape is decided by numbers, such as those of a mask ({error})") from None


class Undecided(GradientError):
    """A rule that cannot be written without the numbers."""


def _apply(name: str, *inputs: Any) -> Any:
    return Symbol.door(BOOK[name], inputs, {})


def _binary(name: str) -> Any:
    return lambda self, other: _apply(name, self, other)


def _reflected(name: str) -> Any:
    return lambda self, other: _apply(name, other, self)


ARITHMETIC = {"add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "pow": "pow"}
QUESTIONS = {"and": "bitwise_and", "or": "bitwise_or"} | {name: name for name in ("eq", "ne", "lt", "le", "gt", "ge")}
for _sign, _name in (ARITHMETIC | QUESTIONS).items():
    setattr(Symbol, f"__{_sign}__", _binary(_name))
for _sign, _name in ARITHMETIC.items():
    setattr(Symbol, f"__r{_sign}__", _reflected(_name))


def is_op(x: Any, name: str) -> bool:
    """Whether ``x`` is a symbol made by the operation ``name``."""
    return isinstance(x, Symbol) and x.op is not None and x.op.name == name


def _is(x: Any, number: float) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and x == number


def _simplified(name: str, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Any:
    """What the operation comes to where that is shorter, else None."""
    x = inputs[0]
    if name in ("reshape", "expand") and tuple(meta["shape"]) == x.shape:
        return x
    if name == "cast":
        return x
    if name == "neg" and is_op(x, "neg"):
        return x.inputs[0]
    if name in ("mul", "div", "add", "sub", "pow"):
        return _simple_arithmetic(name, x, inputs[1])
    return None


def _simple_arithmetic(name: str, x: Any, y: Any) -> Any:
    if (name in ("mul", "div", "pow") and _is(y, 1)) or (name in ("add", "sub") and _is(y, 0)):
        return x
    if (name == "mul" and _is(x, 1)) or (name == "add" and _is(x, 0)):
        return y
    if name == "mul" and _is(x, -1):
        return _apply("neg", y)
    if name in ("mul", "div") and is_op(x, "neg"):  # -x y is -(x y): the sign to the front
        return _apply("neg", _apply(name, x.inputs[0], y))
    if name in ("mul", "div") and isinstance(x, float) and x < 0:
        return _apply("neg", _apply(name, -x, y))
    if name == "mul" and is_op(y, "neg"):
        return _apply("neg", _apply("mul", x, y.inputs[0]))
    return None


def rule_of(name: str | Op, g: Any, out: Any, inputs: Sequence[Any], meta: dict[str, Any] | None = None) -> list[Any]:
    """The gradient that an operation sends to each input, as symbols, broadcasting undone."""
    op = BOOK[name] if isinstance(name, str) else name
    wanted = [isinstance(x, Symbol) or None for x in inputs]
    if not isinstance(g, Symbol):  # the rules alone, for numbers: the slope
        return [rule and w and rule(g, out, inputs, meta or {}) for rule, w in zip(op.rules, wanted, strict=False)]
    return op.pull(g, out, inputs, meta or {}, wanted)
