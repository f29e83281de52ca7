"""`Symbols`: what a recording does with numbers that may be others in each call, as the body of one Python function.

input      a number of the call: an argument, or one that stands in a place
check      an answer that the recording relies on
leaf       a symbol that met a tensor: its number is an operand of native code
window     a part of a tensor that symbols choose, ``X[i * b : (i + 1) * b]``: another argument of the step

The arithmetic is Python's own, so it is exact for whole numbers of any size, and an error in it is an error of the step
as written.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from chainrule.compiler.entries import Entry, remembered
from chainrule.compiler.trace.symbols import Symbol, number, plain, symbolic
from chainrule.tensor import wrap

EXACT = 2**53  # whole numbers up to here are exact as floats
WEAK_OPS = frozenset(("add", "sub", "mul", "div", "lt", "le", "gt", "ge"))  # take a symbol next to floats
WHOLE_OPS = frozenset(("add", "sub", "mul"))  # ... next to whole numbers


class Box:
    """Stands for the numbers of a call, where the source of an option is wanted."""


BOX = Box()


class Symbols:
    """What a recording does with the numbers of a call.

    lines     the body of the function that computes them again; a check in it that fails returns None
    space     the objects its names stand for
    leaves    names of those that native code is given;  ``further``: names of the tensors it is given
    sources   arrays that windows look at;  ``lent``: whether some look at arguments
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.space: dict[str, Any] = {"nan": float("nan"), "inf": float("inf")}
        self.leaves: list[str] = []
        self.further: list[str] = []
        self.sources: dict[str, Any] = {}
        self.lent = False
        self.open = True
        self.alive: list[ref[Symbol]] = []
        self._noted: set[str] = set()
        self._entries: dict[Any, Entry] = {}
        self._tensors: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    # ------------------------------------------------------------------------------------ numbers

    def named(self, x: Any) -> str:
        """The text of an operand."""
        if type(x) is Symbol:
            return x.name
        if type(x) is int and x.bit_length() > 64:
            name = f"c{len(self.space)}"
            self.space[name] = x
            return name
        return f"({x!r})"

    def input(self, value: Any, text: str) -> Symbol:
        """A number of the call, read by the expression ``text``."""
        symbol = self.computed(text, value)
        self.check(f"type({symbol.name}) is {type(value).__name__}")
        return symbol

    def computed(self, text: str, value: Any) -> Symbol:
        """The number that the expression ``text`` gives."""
        name = self._names.get(text)
        if name is None:
            name = self._names[text] = f"t{len(self._names)}"
            self.lines.append(f"{name} = {text}")
        return Symbol(self, name, value)

    def check(self, condition: str) -> None:
        """The recording relies on it."""
        if condition not in self._noted:
            self._noted.add(condition)
            self.lines.append(f"if not ({condition}): return None")

    def asked(self, question: str, answer: bool) -> bool:
        """The answer, which the recording relies on."""
        if self.open:
            self.check(f"({question}) is {answer}")
        return answer

    def pinned(self, symbol: Symbol) -> Any:
        """The number itself, which the recording relies on."""
        if self.open:
            self.check(f"same({symbol.name}, {self.named(symbol.value)})")
        return symbol.value

    # ------------------------------------------------------------------------------------ operands of tensors

    def operand(self, tape: Any, op: Any, x: Symbol, inputs: tuple[Any, ...]) -> Entry | None:
        """The entry of a symbol next to tensors; None if the recording relies on its number instead."""
        dtypes = {y.dtype for y in inputs if hasattr(y, "array")}
        kinds = {dtype.kind for dtype in dtypes}
        if self.open and kinds == {"f"} and op.name in WEAK_OPS:
            return self.leaf(tape, x)
        if self.open and kinds == {"i"} and len(dtypes) == 1 and type(x.value) is int and op.name in WHOLE_OPS:
            (dtype,) = dtypes
            try:
                array = np.array(x.value, dtype)
            except OverflowError:
                pass  # as written, that is an error
            else:
                name = self.space.setdefault(f"d{dtype.name}", dtype) and f"array({x.name}, d{dtype.name})"
                return self._argument(tape, name, array, [0])[1]
        self.pinned(x)
        return None

    def leaf(self, tape: Any, x: Symbol) -> Entry | None:
        """The entry of a symbol among floats, or None."""
        if not self.open:
            return None
        if type(x.value) is int:
            if not -EXACT <= x.value <= EXACT:
                self.pinned(x)
                return None
            self.check(f"{-EXACT} <= {x.name} <= {EXACT}")
        if x.name not in self._entries:
            entry = Entry("option", data=float(x.value), weak=True, source=[(BOX, len(self.leaves), ())])
            entry.where = tape.place()
            self._entries[x.name] = entry
            self.leaves.append(x.name)
            tape.entries.append(entry)
        return self._entries[x.name]

    def _argument(self, tape: Any, text: str, array: Any, version: list[int]) -> tuple[Any, Entry]:
        """A further argument of the step, whose array the expression ``text`` gives."""
        if text not in self._tensors:
            tensor = wrap(array)
            tensor.version, tensor.made = version, version[0]
            name = f"w{len(self.further)}"
            self.lines.append(f"{name} = {text}")
            self.check(f"{name}.shape == {array.shape!r}")
            leaf = Entry("argument", data=remembered(array), source=len(tape.arguments), where=tape.place())
            tape.arguments.append(tensor)
            tape.inherited.append(self)
            tape._leaf(tensor, leaf)
            self.further.append(name)
            self._tensors[text] = tensor, leaf
        return self._tensors[text]

    def indexed(self, tape: Any, x: Any, index: Any) -> tuple[Any, Any]:
        """The tensor and the index to take instead of ``x[index]``."""
        if not symbolic(index):
            return x, index
        parts = index if type(index) is tuple else (index,)
        if self.open and tape.reason is None and all(map(_fixed, parts)) and (source := self._source(tape, x)):
            try:
                whole = parts if any(part is Ellipsis for part in parts) else (*parts, Ellipsis)
                array = x.array[tuple(map(_numbers, whole))]
            except (IndexError, TypeError):
                return x, plain(index)  # the error is told there
            text = f"{source}[{', '.join(_text(self, part) for part in whole)}]"
            return self._argument(tape, text, array, x.version)[0], ()
        return x, plain(index)

    def _source(self, tape: Any, x: Any) -> str | None:
        """The text of the array of a tensor that was there before the step, and not changed by it so far."""
        if x.node is not None or id(x.array) in tape.draws:
            return None
        cell = tape.cells.get(id(x.array))
        if cell is not None and (cell.leaf is not cell.entry or cell.leaf.op not in ("buffer", "argument")):
            return None
        if cell is None:
            array = x.array
        elif cell.leaf.op == "buffer":
            array = cell.leaf.source
        elif cell.leaf.source < tape.given + len(tape.places):
            self.lent = True
            return f"tensors[{cell.leaf.source}].array"
        else:
            return None
        name = next((name for name, known in self.sources.items() if known is array), f"a{len(self.sources)}")
        self.sources[name] = self.space[name] = array
        return name

    def close(self) -> None:
        """The recording has ended: symbols are numbers like others from here on."""
        self.open = False


def _fixed(part: Any) -> bool:
    if type(part) is slice:
        return (
            type(part.step) in (int, type(None)) and (part.step or 1) > 0 and _whole(part.start) and _whole(part.stop)
        )
    return part is None or part is Ellipsis or (_whole(part) and part is not None)


def _whole(x: Any) -> bool:
    return x is None or type(number(x)) is int


def _numbers(part: Any) -> Any:
    return slice(number(part.start), number(part.stop), part.step) if type(part) is slice else number(part)


def _text(symbols: Symbols, part: Any) -> str:
    if type(part) is slice:
        ends = ("" if x is None else symbols.named(x) for x in (part.start, part.stop, part.step))
        return ":".join(ends)
    return "..." if part is Ellipsis else symbols.named(part)
