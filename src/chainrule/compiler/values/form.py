"""What goes into a compiled function and what comes out: nested lists of numbers and Values, apart and together.

key      the form of the arguments: how they are nested, and whatever is neither a number nor a Value. Arguments of one
         form share a recording
mixed    which argument Values are one and the same, or are also seen by the function around it
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.names import parameter_names
from chainrule.compiler.values.number import Number
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.result import Result
from chainrule.compiler.values.tape import SLOTS, Tape
from chainrule.value import Value

TEXTS = (str, bytes, bool, type(None))


class Arguments:
    """The arguments of a call.

    numbers   the numbers in them, in order
    values    the Values in them, in order
    fixed     other objects: taken as they are
    key       their form
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs = args, kwargs
        self.numbers: list[Any] = []
        self.values: list[Value] = []
        self.fixed: list[Any] = []
        form: list[Any] = []
        for x in args:
            self._take(x, form)
        for name in sorted(kwargs):
            form.append(name)
            self._take(kwargs[name], form)
        self.key = tuple(form)

    def _take(self, x: Any, form: list[Any]) -> None:
        kind = type(x)
        if kind is float or kind is int:
            self.numbers.append(x)
            form.append(kind)
        elif kind is list or kind is tuple:
            form += (kind, len(x))
            for item in x:
                self._take(item, form)
        elif isinstance(x, Value):
            self.values.append(x)
            form.append(Value)
        elif kind is np.ndarray and x.dtype in (np.float64, np.int64):
            self.numbers += x.ravel().tolist()
            form += (x.dtype.char, x.shape)
        elif isinstance(x, float):  # NumPy's
            self.numbers.append(float(x))
            form.append(float)
        elif isinstance(x, TEXTS):
            form += ("is", kind, x)
        else:
            self.fixed.append(x)
            form += ("the", id(x))

    def names(self, function: Any) -> tuple[list[str], list[str]]:
        """What the function calls the numbers and the Values in them, in order."""
        numbers: list[str] = []
        values: list[str] = []

        def look(x: Any, name: str) -> None:
            if type(x) in (list, tuple):
                for i, item in enumerate(x):
                    look(item, f"{name}_{i}")
            elif isinstance(x, Value):
                values.append(name)
            elif type(x) is np.ndarray and x.dtype in (np.float64, np.int64):
                numbers.extend(f"{name}_{'_'.join(map(str, at))}" if at else name for at in np.ndindex(x.shape))
            elif isinstance(x, int | float) and type(x) is not bool:
                numbers.append(name)

        for name, x in zip(parameter_names(function, len(self.args)), self.args, strict=True):
            look(x, name)
        for name in sorted(self.kwargs):
            look(self.kwargs[name], name)
        return numbers, values

    def row(self) -> Any:
        """The numbers as the machine takes them: one step."""
        return np.array([self.numbers], np.float64)

    def mixed(self, around: set[int]) -> tuple[int, ...]:
        """For each Value: its own id where it is also seen around, else the place where it comes first."""
        first = {id(value): k for k, value in reversed(list(enumerate(self.values)))}
        return tuple(-id(value) if id(value) in around else first[id(value)] for value in self.values)

    def place_of(self, leaf: Value) -> int | None:
        """Which of the argument Values this is."""
        return next((k for k, value in enumerate(self.values) if value is leaf), None)

    def recorded(self, tape: Tape) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with recorded numbers for the plain ones."""
        nodes = iter([tape.node("argument") for _ in self.numbers])
        numbers = iter(self.numbers)

        def give(x: Any) -> Any:
            kind = type(x)
            if kind is list or kind is tuple:
                return kind(give(item) for item in x)
            if kind is np.ndarray and x.dtype in (np.float64, np.int64):
                out = np.empty(x.shape, object)
                flat = out.reshape(-1)
                for i in range(x.size):
                    flat[i] = Number(tape, next(nodes), next(numbers))
                return out
            if kind is int or (isinstance(x, float) and kind is not bool):
                return Number(tape, next(nodes), next(numbers))
            return x

        return [give(x) for x in self.args], {name: give(self.kwargs[name]) for name in sorted(self.kwargs)}


class Answer:
    """What the function returned, to be put together again from other numbers.

    plain   the answer of the recorded run
    nodes   what it is made of; ``now``: what they were
    shown   the nodes of its numbers alone, without gradients, and their names
    """

    def __init__(self, returned: Any, tape: Tape, given: Arguments, mixed: tuple[int, ...]) -> None:
        self.mixed = mixed
        self.nodes: list[int] = []
        self.now: list[Any] = []
        self.shown: list[tuple[int, str]] = []
        self.plain, self._form = self._apart(returned, tape)

    def _want(self, node: int, now: Any) -> int:
        self.nodes.append(node)
        self.now.append(now)
        return len(self.nodes) - 1

    def _apart(self, x: Any, tape: Tape) -> tuple[Any, Any]:
        """The answer itself, and its form."""
        if type(x) is Number:
            self.shown.append((x.node, ""))
            return x.now, ("number", self._want(x.node, x.now), type(x.now))
        if isinstance(x, Value):
            known = tape.track(x)
            self.shown.append((known.data, x.label))
            if known.leaf is not None:
                return x, ("leaf", self._want(known.data, SLOTS["data"].__get__(x)), known.leaf)
            data = tape.read(x, "data")
            grad = tape.read(x, "grad")
            places = self._want(data.node, data.now), self._want(grad.node, grad.now)
            return x, ("value", *places, known.made_by, x.label)
        if type(x) in (list, tuple):
            pairs = [self._apart(item, tape) for item in x]
            return type(x)(a for a, _ in pairs), (type(x), [b for _, b in pairs])
        if type(x) is dict:
            both = {key: self._apart(item, tape) for key, item in x.items()}
            return {key: a for key, (a, _) in both.items()}, (dict, {key: b for key, (_, b) in both.items()})
        if not isinstance(x, int | float | str | type(None)):
            tape.notice(f"returns a {type(x).__name__}")
        return x, ("same", x)

    def of(self, numbers: list[float], leaves: list[Value], program: Program, entry: Any) -> Any:
        """The answer with these numbers; Values can still be asked for their slopes."""

        def build(form: Any) -> Any:
            kind = form[0]
            if kind == "number":
                return form[2](numbers[form[1]])
            if kind == "leaf":
                return leaves[form[2]]
            if kind == "value":
                _, data, grad, made_by, label = form
                return _value(numbers[data], numbers[grad], made_by, label, leaves, program, entry)
            if kind == "same":
                return form[1]
            if kind is dict:
                return {key: build(item) for key, item in form[1].items()}
            return kind(build(item) for item in form[1])

        return build(self._form)

    def numbers(self, row: list[float]) -> Any:
        """The answer with numbers for Values."""

        def build(form: Any) -> Any:
            kind = form[0]
            if kind == "number":
                return form[2](row[form[1]])
            if kind in ("value", "leaf"):
                return row[form[1]]
            if kind == "same":
                return form[1]
            if kind is dict:
                return {key: build(item) for key, item in form[1].items()}
            return kind(build(item) for item in form[1])

        return build(self._form)


def _value(
    data: float, grad: float, made_by: int | None, label: str, leaves: list[Value], program: Program, entry: Any
) -> Value:
    """A Value of the answer."""
    if made_by is None:
        value = Value(data, label=label)
        value.grad = grad
        return value

    def derive() -> tuple[tuple[Value, ...], tuple[float, ...]]:
        slopes = program.slopes(made_by, entry)
        return tuple(leaves[k] for k in slopes), tuple(slopes.values())

    return Result(data, grad, label, derive)
