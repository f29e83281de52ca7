"""`Answer`: what a step of Values returned, to be put together again from other numbers."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from chainrule.compiler.values.form import Arguments, a
from chainrule.compiler.values.number import Number
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.result import Result
from chainrule.compiler.values.tape import EXACT, SLOTS, Tape, Track
from chainrule.value import Value


class Answer:
    """What the function returned, to be put together again from other numbers.

    plain    the answer of the recorded run
    nodes    what it is made of; ``now``: what they were
    shown    the nodes of its numbers alone, without gradients, and their names
    reason   why it cannot be given back by a compiled call
    """

    def __init__(self, returned: Any, tape: Tape, given: Arguments, around: Container[int]) -> None:
        self.nodes: list[int] = []
        self.now: list[Any] = []
        self.shown: list[tuple[int, str]] = []
        self.reason: str | None = None
        self._tape, self._given, self._around = tape, given, around
        self._tracks: dict[int, Any] = {}
        self.plain, self._form = self._apart(returned)
        if self.reason is None and len(self._tracks) > 1 and related(tape, list(self._tracks.values())):
            self.reason = (
                "it returns a Value and another one made from it, whose gradients belong together: return one, or .data"
            )
        del self._tape, self._given, self._around

    def _want(self, node: int, now: Any) -> int:
        self.nodes.append(node)
        self.now.append(now)
        return len(self.nodes) - 1

    def _apart(self, x: Any) -> tuple[Any, Any]:
        """The answer itself, and its form."""
        tape = self._tape
        if type(x) is Number:
            self.shown.append((x.node, ""))
            return x.now, ("number", self._want(x.node, x.now), maker(type(x.now)))
        if isinstance(x, Value):
            known = tape.track(x)
            self.shown.append((known.data, x.label))
            if known.leaf is not None:
                return x, ("leaf", self._want(known.data, SLOTS["data"].__get__(x)), known.leaf)
            if id(x) in self._tracks:
                self.reason = self.reason or "it returns one Value twice: return it once"
            self._tracks[id(x)] = known
            data = tape.read(x, "data")
            grad = tape.read(x, "grad")
            makers = maker(type(data.now)), maker(type(grad.now))
            return x, (
                "value",
                self._want(data.node, data.now),
                self._want(grad.node, grad.now),
                makers,
                known.made_by,
                x.label,
            )
        if id(x) in self._around and type(x) in (list, dict):
            return x, ("same", x)
        real, name = self._given.real(x)
        if name:
            self.reason = self.reason or f"it returns its argument {name} itself: return a copy"
            return real, ("same", real)
        if type(x) in (list, tuple):
            pairs = [self._apart(item) for item in x]
            return type(x)([now for now, _ in pairs]), (type(x), [b for _, b in pairs])
        if type(x) is dict:
            both = {key: self._apart(item) for key, item in x.items()}
            return {key: now for key, (now, _) in both.items()}, (dict, {key: b for key, (_, b) in both.items()})
        if not isinstance(x, int | float | str | bytes | type(None)):
            what = f"it returns {a(type(x).__name__)}: return Values and numbers, or tuples, lists and dicts of them"
            self.reason = self.reason or what
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
                _, data, grad, (as_data, as_grad), made_by, label = form
                return _value(as_data(numbers[data]), as_grad(numbers[grad]), made_by, label, leaves, program, entry)
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
            if kind == "value":
                return form[3][0](row[form[1]])
            if kind == "leaf":
                return row[form[1]]
            if kind == "same":
                return form[1]
            if kind is dict:
                return {key: build(item) for key, item in form[1].items()}
            return kind(build(item) for item in form[1])

        return build(self._form)


def maker(kind: type) -> Callable[[float], Any]:
    """Makes numbers of a kind of what the machine gives."""
    return _whole if kind is int else kind if kind in (bool, np.bool_, np.float64) else _float


def _float(x: float) -> float:
    return x


def _whole(x: float) -> int:
    if not x.is_integer() or abs(x) > EXACT:
        raise OverflowError("more than whole numbers can be as floating ones")
    return int(x)


def related(tape: Tape, tracks: list[Track]) -> bool:
    """Whether one of these Values was made from another."""
    wanted = {track.made_by: track for track in tracks if track.made_by is not None}
    todo, met = list(wanted), set()
    while todo:
        for track in (tape.to_left[node := todo.pop()], tape.to_right[node]):
            if track is None or track.made_by is None:
                continue
            if track.made_by in wanted:
                return True
            if track.made_by not in met:
                met.add(track.made_by)
                todo.append(track.made_by)
    return False


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
