"""`Memory`: where a plan keeps its arrays and numbers, and how they get there.

table     the addresses of all arrays, in the order of the plan: buffers where they are, the rest in arrays of our own
scalars   the options of optimizers, and numbers of the call
copies    buffers that do not lie in order: copied in, and back if the step writes them
spares    arrays for results that are handed out without a copy
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getrefcount
from typing import Any

import numpy as np

from chainrule.compiler.build import Plan
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.schedule import root
from chainrule.compiler.trace.numbers import BOX
from chainrule.ops.base import Array

NUMBERS = (float, int, np.float64, np.float32)  # what an option of an optimizer can be
KEPT = 3  # arrays of one result that wait to be used again, at most


class Memory:
    """The arrays of a plan."""

    def __init__(self, plan: Plan, graph: Graph, scalars: Any = None) -> None:
        self.plan = plan
        self.copies: list[tuple[Any, Any, bool]] = []  # (theirs, ours, written)
        stored = {buffer for buffer, _ in graph.stores}
        self.arrays = [self._of(leaf, leaf in stored) for leaf in plan.leaves]
        self.arrays += [np.empty(array.shape, array.dtype) for array in plan.temporary]
        self.table = np.array([array.ctypes.data for array in self.arrays], np.int64)
        self.arguments = [(slot, leaf.source) for slot, leaf in enumerate(plan.leaves) if leaf.op == "argument"]
        drawn = {id(leaf.source): slot for slot, leaf in enumerate(plan.leaves) if leaf.op == "draw"}
        self.draws = [(drawn.get(id(draw)), draw) for draw in plan.draws]  # None: nobody wants them, but they are drawn
        self.results = [
            (self.arrays[slot], value.shape) for slot, value in zip(plan.results, graph.outputs, strict=True)
        ]
        most = max(plan.places.values(), default=0) + 1
        self.scalars = np.zeros(most) if scalars is None else scalars
        left = {option for option, _ in graph.options}
        self.before: Any = None
        self.options = []
        self.given: list[tuple[int, int]] = []  # (place, which of the ``numbers`` of the call)
        self.numbers: tuple[Any, ...] = ()
        for option in plan.options:
            (owner, key, path), *others = option.source
            if owner is BOX:
                self.given.append((plan.places[option], key))
                continue
            self.options.append(
                (plan.places[option], owner, key, path, others, option in left, type(_value(owner, key, path)))
            )

        self.left = [(i, owner, key, others, kind) for i, owner, key, _, others, kept, kind in self.options if kept]
        self.now = _fetcher([(owner, key, path) for _, owner, key, path, _, _, _ in self.options])

    def _of(self, leaf: Entry, written: bool) -> Any:
        """The array of a leaf."""
        theirs = leaf.source
        if leaf.op in ("argument", "draw"):
            return np.empty(leaf.shape, leaf.dtype)
        if theirs.flags.c_contiguous and theirs.flags.aligned and (theirs.flags.writeable or not written):
            return theirs
        ours = np.array(theirs, order="C")
        if leaf.op == "buffer":
            self.copies.append((theirs, ours, written))
        return ours

    def slot(self, source: Any) -> int:
        """The place in the table of something in the plan."""
        return self.plan.slots[root(source)]

    def enter(self, tensors: list[Any]) -> bool:
        """Bring in what this step is given; False if numbers that were equal are no longer so."""
        arrays = self.arrays
        for slot, i in self.arguments:
            arrays[slot][...] = tensors[i].array
        for place, (stream, name, given) in self.draws:
            numbers = getattr(stream, name)(*given)
            if place is not None:
                arrays[place][...] = numbers
        for theirs, ours, _ in self.copies:
            ours[...] = theirs
        return self.load()

    def load(self) -> bool:
        """Bring in the options; False if numbers that were equal are no longer so."""
        now = self.now()
        if now != self.before:  # most are what they were
            for (i, _, _, _, others, _, _), value in zip(self.options, now, strict=True):
                if type(value) not in NUMBERS or any(_value(*other) != value for other in others):
                    return False
                self.scalars[i] = value
            self.before = now
        for i, k in self.given:
            self.scalars[i] = self.numbers[k]
        return True

    def leave(self) -> None:
        """Put back what belongs to others."""
        for theirs, ours, written in self.copies:
            if written:
                theirs[...] = ours
        for i, owner, key, others, kind in self.left:
            value = kind(self.scalars[i])
            owner[key] = value
            for other, k, _ in others:
                other[k] = value

    def give_back(self, written: list[int], tensors: list[Any]) -> None:
        """Put what became of arguments that the step changes into the tensors that were given."""
        for slot, i in self.arguments:
            if i in written:
                np.copyto(tensors[i].array, self.arrays[slot])
                tensors[i].version[0] += 1


class Spares:
    """Arrays of one shape and dtype with their addresses, handed out again when nobody has them any more."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype
        self.kept: list[tuple[Array, int]] = []

    def take(self) -> tuple[Array, int]:
        """An array that belongs to whoever keeps a reference to it (to a view of it, to its buffer)."""
        kept = self.kept
        for spare in kept:
            if getrefcount(spare[0]) == FREE:  # only here
                return spare
        array = np.empty(self.shape, self.dtype)
        if len(kept) == KEPT:
            del kept[0]
        kept.append((array, array.ctypes.data))
        return kept[-1]


def owner(array: Any) -> int:
    """What stands for the memory that an array is a view of."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return id(array)


def _references(kept: list[tuple[Any]]) -> int:
    """How many references are counted to what only a tuple holds."""
    for spare in kept:
        return getrefcount(spare[0])
    return 0


FREE = _references([(object(),)])


def _fetcher(places: list[tuple[Any, Any, Any]]) -> Callable[[], tuple[Any, ...]]:
    """A fast function that looks up numbers in dicts, and in tuples there."""
    names = {f"d{i}": owner for i, (owner, _, _) in enumerate(places)}
    parts = [f"d{i}[{key!r}]{''.join(f'[{p}]' for p in path)}, " for i, (_, key, path) in enumerate(places)]
    return eval(f"lambda: ({''.join(parts)})", names)


def _value(owner: Any, key: Any, path: Any) -> Any:
    value = owner[key]
    for i in path:
        value = value[i]
    return value
