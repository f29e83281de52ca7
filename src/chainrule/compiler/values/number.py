"""`Number`: what ``.data`` and ``.grad`` are while a step is recorded: a number that remembers how it was made.

It computes as the number it stands for (``now``), so the recorded run is a real run of the step; its arithmetic is
written down on the tape beside it. Whatever takes the number out of the recording (a question ``if v.data > 0``, an
index, a text, a function of `math`) still gets its answer, but the tape notices, and the step is not compiled.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
UFUNCS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "less": "<", "less_equal": "<=",
    "equal": "==", "not_equal": "!=",
}  # fmt: skip
METHODS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}
QUESTIONS = {  # method -> (symbol, whether the operands change places)
    "lt": ("<", False), "le": ("<=", False), "gt": ("<", True), "ge": ("<=", True),
    "eq": ("==", False), "ne": ("!=", False),
}  # fmt: skip
LEAVING = {  # method -> what the user does when it is called
    "bool": "decides by a number (if, while, and, or, min, max)",
    "float": "takes a number out (float, math, numpy)",
    "int": "makes a number whole",
    "index": "uses a number as an index",
    "round": "rounds a number",
    "str": "writes a number as text",
    "repr": "writes a number as text",
    "format": "writes a number as text",
    "hash": "looks a number up",
    "floordiv": "divides with //",
    "rfloordiv": "divides with //",
    "mod": "divides with %",
    "rmod": "divides with %",
    "divmod": "divides with divmod",
    "trunc": "makes a number whole",
    "floor": "makes a number whole",
    "ceil": "makes a number whole",
}


class Number:
    """A number ``now``, and its ``node`` on the ``tape``."""

    __slots__ = ("node", "now", "tape")

    def __init__(self, tape: Any, node: int, now: Any) -> None:
        self.tape, self.node, self.now = tape, node, now

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # `isinstance(x, float)` is to be answered as for the number
        return type(self.now)

    def __neg__(self) -> Any:
        return self.tape.computed("neg", -self.now, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.tape.computed("abs", abs(self.now), self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        """Arithmetic with numbers of NumPy is arithmetic; its other functions take the number out."""
        symbol = UFUNCS.get(ufunc.__name__)
        if symbol and method == "__call__" and not how and all(isinstance(x, int | float) for x in inputs):
            return self.tape.computed(symbol, BINARY[symbol](*map(plain, inputs)), *inputs)
        self.tape.notice("takes a number out (float, math, numpy)")
        return getattr(ufunc, method)(*map(plain, inputs), **how)

    def __getattr__(self, name: str) -> Any:
        self.tape.notice(f"reads .{name} of a number")
        return getattr(self.now, name)


def plain(x: Any) -> Any:
    """The number itself."""
    return x.now if type(x) is Number else x


def _binary(symbol: str, swapped: bool) -> Callable[[Number, Any], Any]:
    function = BINARY[symbol]

    def method(self: Number, other: Any) -> Any:
        if type(other) is not Number and not isinstance(other, int | float):
            return NotImplemented  # a Value or an array: it knows what to do
        pair = (other, self) if swapped else (self, other)
        now = function(plain(pair[0]), plain(pair[1]))
        if not isinstance(now, int | float):
            self.tape.notice(f"makes {type(now).__name__} of numbers")
            return now
        return self.tape.computed(symbol, now, *pair)

    return method


def _leaving(name: str, what: str) -> Callable[..., Any]:
    def method(self: Number, *others: Any) -> Any:
        self.tape.notice(what)
        return getattr(type(self.now), f"__{name}__")(self.now, *map(plain, others))

    return method


for _name, _symbol in METHODS.items():
    setattr(Number, f"__{_name}__", _binary(_symbol, False))
    setattr(Number, f"__r{_name}__", _binary(_symbol, True))
for _name, (_symbol, _swapped) in QUESTIONS.items():
    setattr(Number, f"__{_name}__", _binary(_symbol, _swapped))
for _name, _what in LEAVING.items():
    setattr(Number, f"__{_name}__", _leaving(_name, _what))
