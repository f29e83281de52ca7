"""`Symbol`: a Python number that may be another in each call, while a step is recorded.

symbol     stands for a number; arithmetic with it gives another symbol, computed again in each call, by Python
question   whoever needs the number itself (a comparison, an index, a text) gets it, and the answer becomes a check

What becomes of it is written down by `numbers.Symbols`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

INFIX: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("+", operator.add), "sub": ("-", operator.sub), "mul": ("*", operator.mul), "pow": ("**", operator.pow),
    "truediv": ("/", operator.truediv), "floordiv": ("//", operator.floordiv), "mod": ("%", operator.mod),
    "and": ("&", operator.and_), "or": ("|", operator.or_), "xor": ("^", operator.xor),
    "lshift": ("<<", operator.lshift), "rshift": (">>", operator.rshift),
}  # fmt: skip
QUESTIONS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "lt": ("<", operator.lt), "le": ("<=", operator.le), "gt": (">", operator.gt), "ge": (">=", operator.ge),
    "eq": ("==", operator.eq), "ne": ("!=", operator.ne),
}  # fmt: skip
PREFIX: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "neg": ("-", operator.neg), "pos": ("+", operator.pos), "abs": ("abs", abs), "invert": ("~", operator.invert),
}  # fmt: skip
ASKING = (  # methods that need the number itself
    "float", "int", "index", "complex", "hash", "str", "repr", "format", "round", "trunc", "floor", "ceil", "reduce_ex",
    "sizeof",
)  # fmt: skip
BUILT_IN = ("builtins", "decimal", "fractions", "datetime", "numpy")  # operands from there want the number itself
NUMBERS = (int, float)


class Symbol:
    """A number: its ``value`` now, and the ``name`` under which ``symbols`` computes it."""

    __slots__ = ("__weakref__", "name", "symbols", "value")

    def __init__(self, symbols: Any, name: str, value: Any) -> None:
        self.symbols, self.name, self.value = symbols, name, value
        symbols.alive.append(ref(self))

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # `isinstance(x, float)` is to be answered as for the number
        return type(self.value)

    def __bool__(self) -> bool:
        return self.symbols.asked(f"bool({self.name})", bool(self.value))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.value, name)
        plain(self)
        return found

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(plain(self), dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*map(plain, inputs), **options)

    def __copy__(self) -> Any:
        return plain(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return plain(self)


def plain(x: Any) -> Any:
    """What stands for symbols as they are now: the recording relies on these numbers from here on."""
    if type(x) is Symbol:
        return x.symbols.pinned(x)
    if type(x) is slice:
        return slice(plain(x.start), plain(x.stop), plain(x.step))
    if isinstance(x, tuple | list) and (type(x) in (tuple, list) or hasattr(x, "_fields")):
        parts = map(plain, x)
        return x if not symbolic(x) else type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if type(x) is dict:
        return {key: plain(item) for key, item in x.items()} if any(map(symbolic, x.values())) else x
    return x


def symbolic(x: Any) -> bool:
    """Whether there is a symbol in it."""
    if type(x) is slice:
        return type(x.start) is Symbol or type(x.stop) is Symbol or type(x.step) is Symbol
    if type(x) in (tuple, list) or (isinstance(x, tuple) and hasattr(x, "_fields")):
        return any(map(symbolic, x))
    return any(map(symbolic, x.values())) if type(x) is dict else type(x) is Symbol


def number(x: Any) -> Any:
    """The number a symbol stands for now; anything else as it is.  Notes nothing."""
    return x.value if type(x) is Symbol else x


# ---------------------------------------------------------------------------------------- arithmetic


def _infix(name: str, swapped: bool) -> Callable[..., Any]:
    text, function = INFIX[name]

    def method(self: Symbol, other: Any, *more: Any) -> Any:
        if more:  # pow(x, y, modulus)
            return pow(plain(self), plain(other), *map(plain, more))
        if type(other) is not Symbol and type(other) not in (int, float, bool):
            if type(other).__module__.partition(".")[0] not in BUILT_IN:
                return NotImplemented  # a tensor, an object: it knows what to do
            return function(other, plain(self)) if swapped else function(plain(self), other)
        symbols = self.symbols
        x, y = (other, self) if swapped else (self, other)
        value = function(number(x), number(y))
        if not symbols.open:
            return value
        if type(value) not in NUMBERS:
            plain(self), plain(other)
            return value
        made = symbols.computed(f"{symbols.named(x)} {text} {symbols.named(y)}", value)
        if text == "**":  # the kind depends on the numbers
            symbols.check(f"type({made.name}) is {type(value).__name__}")
        return made

    return method


def _question(name: str) -> Callable[[Symbol, Any], Any]:
    text, function = QUESTIONS[name]

    def method(self: Symbol, other: Any) -> Any:
        if type(other) is Symbol or type(other) in (int, float, bool):
            answer = function(self.value, number(other))
            return self.symbols.asked(f"{self.name} {text} {self.symbols.named(other)}", answer)
        if type(other).__module__.partition(".")[0] in BUILT_IN:
            return function(plain(self), other)
        return NotImplemented

    return method


def _prefix(name: str) -> Callable[[Symbol], Any]:
    text, function = PREFIX[name]

    def method(self: Symbol) -> Any:
        value = function(self.value)
        return self.symbols.computed(f"{text}({self.name})", value) if self.symbols.open else value

    return method


def _asking(name: str) -> Callable[..., Any]:
    functions: dict[str, Any] = {
        "index": operator.index,
        "float": float,
        "int": int,
        "complex": complex,
        "hash": hash,
        "round": round,
    }
    function: Callable[..., Any] | None = functions.get(name)

    def method(self: Symbol, *more: Any) -> Any:
        value = plain(self)
        return function(value, *more) if function else getattr(value, f"__{name}__")(*map(plain, more))

    return method


for _name in INFIX:
    setattr(Symbol, f"__{_name}__", _infix(_name, False))
    setattr(Symbol, f"__r{_name}__", _infix(_name, True))
for _name in QUESTIONS:
    setattr(Symbol, f"__{_name}__", _question(_name))
for _name in PREFIX:
    setattr(Symbol, f"__{_name}__", _prefix(_name))
for _name in ASKING:
    setattr(Symbol, f"__{_name}__", _asking(_name))
