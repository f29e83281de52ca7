"""`Arguments`: what goes into a compiled function of Values: nested lists of numbers and Values, taken apart.

key      the form of the arguments: how they are nested, and whatever is neither a number nor a Value. Arguments of one
         form share a recording
mixed    which argument Values are one and the same, or are also seen by the function around it
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import numpy as np

from chainrule.compiler.trace.labels import parameter_names
from chainrule.compiler.values.number import Number, plain
from chainrule.compiler.values.tape import EXACT, Tape
from chainrule.compiler.values.thawing import thawed
from chainrule.value import Value

TEXTS = (str, bytes, bool, type(None), int)  # whole numbers: those that are too large to compute with


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
        self.copies: list[tuple[Any, Any, list[Any], str]] = []  # a list or an array, what was given for it, its items
        form: list[Any] = []
        for x in args:
            self._take(x, form)
        for name, x in kwargs.items():
            form.append(name)
            self._take(x, form)
        self.key = tuple(form)

    def _take(self, x: Any, form: list[Any]) -> None:
        kind = type(x)
        if kind is float or (kind is int and -EXACT <= x <= EXACT) or kind is np.float64:
            self.numbers.append(x)
            form.append(kind)
        elif kind is list or kind is tuple:
            form += (kind, len(x))
            for item in x:
                self._take(item, form)
        elif isinstance(x, Value):
            self.values.append(x)
            form += (Value, type(x.data))
        elif kind is np.ndarray and x.dtype in (np.float64, np.int64):
            self.numbers += x.ravel().tolist()
            form += (x.dtype.char, x.shape)
        elif kind in TEXTS:
            form += ("is", kind, x)
        else:
            self.fixed.append(x)
            form += ("the", id(x))

    def roots(self, function: Any) -> list[tuple[Any, str]]:
        """Where the search for what a call can read begins: (thing, name)."""
        found: list[tuple[Any, str]] = [(function, getattr(function, "__name__", type(function).__name__))]
        fixed = {id(x) for x in self.fixed}
        for name, x in [*zip(parameter_names(function, len(self.args)), self.args, strict=True), *self.kwargs.items()]:
            inside = [x] if id(x) in fixed else [thing for thing in _within(x) if id(thing) in fixed]
            found += [(thing, name if thing is x else f"{name}'s {type(thing).__name__}") for thing in inside]
        return found

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
            elif type(x) in (float, np.float64) or (type(x) is int and -EXACT <= x <= EXACT):
                numbers.append(name)

        for name, x in zip(parameter_names(function, len(self.args)), self.args, strict=True):
            look(x, name)
        for name, x in self.kwargs.items():
            look(x, name)
        return numbers, values

    def row(self) -> Any:
        """The numbers as the machine takes them: one step."""
        return np.array([self.numbers], np.float64)

    def mixed(self, around: Container[int]) -> tuple[int, ...]:
        """For each Value: its own id where it is also seen around, else the place where it comes first."""
        first = {id(value): k for k, value in reversed(list(enumerate(self.values)))}
        return tuple(-id(value) if id(value) in around else first[id(value)] for value in self.values)

    def place_of(self, leaf: Value) -> int | None:
        """Which of the argument Values this is."""
        return next((k for k, value in enumerate(self.values) if value is leaf), None)

    def recorded(self, tape: Tape, function: Any) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with recorded numbers for the plain ones."""
        nodes = iter([tape.node("argument") for _ in self.numbers])
        numbers = iter(self.numbers)

        def give(x: Any, name: str) -> Any:
            kind = type(x)
            if kind is tuple:
                return tuple([give(item, f"{name}[{i}]") for i, item in enumerate(x)])
            if kind is list:
                out = [give(item, f"{name}[{i}]") for i, item in enumerate(x)]
                self.copies.append((x, out, list(out), name))
                return out
            if kind is np.ndarray and x.dtype in (np.float64, np.int64):
                array = np.empty(x.shape, object)
                flat = array.reshape(-1)
                for i in range(x.size):
                    flat[i] = Number(tape, next(nodes), x.dtype.type(next(numbers)))
                self.copies.append((x, array, list(flat), name))
                return array
            if kind is float or (kind is int and -EXACT <= x <= EXACT) or kind is np.float64:
                return Number(tape, next(nodes), next(numbers))
            return x

        names = parameter_names(function, len(self.args))
        args = [give(x, name) for x, name in zip(self.args, names, strict=True)]
        return args, {name: give(x, name) for name, x in self.kwargs.items()}

    def changed(self) -> str | None:
        """What a recorded step did to lists and arrays that it was given, in words; it is done to the real ones."""
        found = None
        for real, copy, items, name in self.copies:
            now = list(copy.reshape(-1)) if isinstance(copy, np.ndarray) else copy
            if len(now) != len(items) or any(a is not b for a, b in zip(now, items, strict=True)):
                found = found or f"the step itself changes its argument {name}: change a copy, and return it"
                if isinstance(real, list):
                    given = {id(item): old for item, old in zip(items, list(real), strict=True)}
                    real[:] = [given.get(id(item), thawed(item)) for item in now]
                else:
                    real[...] = np.array([plain(x) for x in now], real.dtype).reshape(real.shape)
        return found

    def real(self, x: Any) -> tuple[Any, str]:
        """What was given, for what a recorded step was given in its place, and its name; "" if it was not."""
        return next(((real, name) for real, copy, _, name in self.copies if copy is x), (x, ""))


def _within(x: Any) -> Iterator[Any]:
    """What lists and tuples hold, at any depth."""
    if type(x) in (list, tuple):
        for item in x:
            yield from _within(item)
    else:
        yield x


def a(name: str) -> str:
    """The name with its article."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
