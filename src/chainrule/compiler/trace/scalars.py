"""`Scalar`: a Python number that remembers how it was made, while a step is recorded.

The options of an optimizer (a learning rate, a number of steps) change from step to step.  During a recording they
are given out as scalars, so that the recorded step computes with what they are then, and not with what they were.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from chainrule.compiler.entries import Entry
from chainrule.compiler.trace.symbols import Symbol

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
QUESTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}


class Scalar:
    """A number with its place in the recording.

    Arithmetic with it is recorded.  Asking about it (``if lr > 0``) answers with a bool, and the recording notes a
    check: the compiled step makes sure that the answer is still the same.
    """

    __slots__ = ("entry", "tape", "value")
    __array_ufunc__ = None  # NumPy leaves arithmetic with it to these methods

    def __init__(self, tape: Any, entry: Entry, value: Any) -> None:
        self.tape, self.entry, self.value = tape, entry, value

    def __bool__(self) -> bool:
        return bool(_asked("ne", self, 0))

    def __float__(self) -> float:
        self.tape.spoil("float(...) takes an option of the optimizer out of the recording")
        return float(self.value)

    def __index__(self) -> int:
        self.tape.spoil("an option of the optimizer is used as a whole number")
        return operator.index(self.value)

    def __neg__(self) -> Any:
        return _made("sub", 0.0, self)

    def __repr__(self) -> str:
        return f"Scalar({self.value!r})"

    __hash__ = None  # type: ignore[assignment]


def _known(tape: Any, x: Any) -> Any:
    """A symbol that meets a scalar becomes one."""
    entry = x.symbols.leaf(tape, x) if type(x) is Symbol else None
    return x if type(x) is not Symbol else x.value if entry is None else Scalar(tape, entry, x.value)


def _plain(x: Any) -> Any:
    return x.value if isinstance(x, Scalar) else x


def _made(name: str, x: Any, y: Any) -> Any:
    if not all(isinstance(operand, Scalar | int | float) for operand in (x, y)):
        return NotImplemented  # a tensor: it knows what to do
    tape = x.tape if isinstance(x, Scalar) else y.tape
    x, y = _known(tape, x), _known(tape, y)
    value = ARITHMETIC[name](_plain(x), _plain(y))
    inputs = tuple(operand.entry if isinstance(operand, Scalar) else operand for operand in (x, y))
    entry = Entry(name, inputs, {}, float(value), weak=True, where=tape.place())
    tape.entries.append(entry)
    return Scalar(tape, entry, value)


def _asked(name: str, x: Scalar, y: Any) -> Any:
    if not isinstance(y, Scalar | int | float):
        return NotImplemented
    y = _known(x.tape, y)
    truth = bool(QUESTIONS[name](x.value, _plain(y)))
    entry = Entry(name, (x.entry, y.entry if isinstance(y, Scalar) else y), {}, float(truth), weak=True)
    x.tape.entries.append(entry)
    x.tape.checks.append((entry, truth))
    return truth


def _arithmetic(name: str) -> tuple[Any, Any]:
    return lambda self, other: _made(name, self, other), lambda self, other: _made(name, other, self)


for _name, _method in {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow"}.items():
    for _prefix, _function in zip(("__", "__r"), _arithmetic(_name), strict=True):
        setattr(Scalar, f"{_prefix}{_method}__", _function)
for _name in QUESTIONS:
    setattr(Scalar, f"__{_name}__", lambda self, other, _name=_name: _asked(_name, self, other))
