"""What a recorded step is made of.

entry    one value of the step: what made it, from what, and the numbers it had when it was recorded
leaf     an entry that the step did not make: an argument, a buffer that lives on (a parameter, a running mean), an
         option of an optimizer, freshly drawn random numbers, or an array of constants
graph    the entries in the order in which they were made, and what is to become of them
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import shape_of

FEW = 4096  # a value of so many numbers is remembered with them
LEAVES = ("argument", "buffer", "option", "draw", "constant")
WEAK = np.dtype(np.float64)  # how a Python number is computed with, before it meets an array


class Entry:
    """One value of a recorded step.

    op       the name of the operation, or of the kind of leaf
    inputs   entries and Python numbers
    meta     the named arguments of the operation
    data     the numbers it had when it was recorded; a float for a scalar
    weak     whether it stands for a Python number (an option of an optimizer, or what was computed from some)
    label    the user's name for it, or ""
    where    (file, number) of the user's line that asked for it, or None
    of       for a gradient: the entry whose rule computed it
    source   for a leaf: where its numbers come from (see `Tape`)
    """

    __slots__ = ("data", "grad", "inputs", "label", "meta", "of", "op", "source", "weak", "where")

    def __init__(
        self, op: str, inputs: tuple[Any, ...] = (), meta: dict[str, Any] | None = None, data: Any = None, *,
        weak: bool = False, label: str = "", where: Any = None, of: Entry | None = None, source: Any = None,
    ) -> None:  # fmt: skip
        self.op, self.inputs, self.meta, self.data, self.weak = op, inputs, meta or {}, data, weak
        self.label, self.where, self.of, self.source, self.grad = label, where, of, source, None

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the dimensions."""
        return () if self.weak else tuple(self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of number."""
        return WEAK if self.weak else self.data.dtype

    @property
    def is_leaf(self) -> bool:
        """Whether the step did not make it."""
        return self.op in LEAVES

    # what `chainrule.graph` reads of any graph
    @property
    def _prev(self) -> tuple[Any, ...]:
        return self.inputs

    @property
    def _op(self) -> str:
        return "" if self.is_leaf else self.op

    def like(self, inputs: tuple[Any, ...]) -> Entry:
        """The same entry made from other inputs."""
        return Entry(
            self.op, inputs, self.meta, self.data,
            weak=self.weak, label=self.label, where=self.where, of=self.of, source=self.source,
        )  # fmt: skip

    def __repr__(self) -> str:
        given = ", ".join(x.label or x.op if isinstance(x, Entry) else repr(x) for x in self.inputs)
        what = "number" if self.weak else f"{self.dtype} {shape_of(self.shape)}"
        return f"<{self.label + ' = ' if self.label else ''}{self.op}({given}): {what}>"


@dataclass
class Graph:
    """A recorded step.

    entries   every value, each after what it was made from
    stores    (buffer, value): what the step leaves in a buffer
    options   (option, value): what the step leaves in a number an optimizer keeps
    outputs   the values it returns
    checks    (value, truth): what was asked on the way, with the answer that the recording relied on
    draws     what was drawn at random, in order, used or not: (generator, the name of its method, arguments)
    """

    entries: list[Entry]
    stores: list[tuple[Entry, Entry]] = field(default_factory=list)
    options: list[tuple[Entry, Entry]] = field(default_factory=list)
    outputs: list[Entry] = field(default_factory=list)
    checks: list[tuple[Entry, bool]] = field(default_factory=list)
    draws: list[tuple[Any, str, tuple[Any, ...]]] = field(default_factory=list)

    def roots(self) -> Iterable[Entry]:
        """The entries that are wanted for themselves."""
        yield from (value for value, _ in self.checks)
        yield from (value for _, value in self.options)
        yield from (value for _, value in self.stores)
        yield from self.outputs

    def rebuilt(self, rewrite: Callable[[Entry, tuple[Any, ...]], Any]) -> Graph:
        """A graph with every entry replaced by ``rewrite(entry, its new inputs)``, in order; what nothing uses is gone.

        ``rewrite`` answers with an entry (an old or a new one; new ones in between are found by themselves), or with
        a Python number.
        """
        new: dict[Entry, Any] = {}
        for entry in self.entries:
            inputs = tuple(new[x] if isinstance(x, Entry) else x for x in entry.inputs)
            new[entry] = rewrite(entry, inputs)

        def root(x: Entry) -> Entry:
            y = new[x]
            return y if isinstance(y, Entry) else as_entry(y, x)

        graph = Graph(
            [],
            [
                (root(b) if b in new else b, root(v)) for b, v in self.stores
            ],  # a buffer that is only written is no value
            [(root(o), root(v)) for o, v in self.options],
            [root(x) for x in self.outputs],
            [(root(x), truth) for x, truth in self.checks if isinstance(new[x], Entry)],  # else it is known
            self.draws,
        )
        wanted = reached(graph.roots())
        recorded = (y for x in self.entries if isinstance(y := new[x], Entry) and y in wanted)
        graph.entries = in_order((*recorded, *graph.roots()))
        return graph

    def __len__(self) -> int:
        return len(self.entries)


def as_entry(number: Any, like: Entry) -> Entry:
    """A Python number as a value with the shape and dtype of ``like``."""
    if like.weak:
        return Entry("number", (number,), {}, float(number), weak=True)
    return Entry("full", (number,), {"shape": like.shape}, np.full(like.shape, number, like.dtype))


def remembered(array: Any) -> Any:
    """A copy of the numbers; of more than ``FEW``, only their shape and dtype."""
    array = np.asarray(array)
    return array.copy() if array.size <= FEW else forgotten(array.dtype, array.shape)


def forgotten(dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """Numbers of which only shape and dtype are known: zeros that take no memory."""
    return np.broadcast_to(dtype.type(0), shape)


def in_order(roots: Iterable[Entry]) -> list[Entry]:
    """Every entry the roots are made of, each after what it is made from."""
    done: dict[Entry, None] = {}
    for start in roots:
        if start in done:
            continue
        if all(x in done for x in start.inputs if isinstance(x, Entry)):  # as in what was recorded in order
            done[start] = None
            continue
        stack: list[tuple[Entry, bool]] = [(start, False)]
        while stack:
            entry, ready = stack.pop()
            if entry in done:
                continue
            if ready:
                done[entry] = None
                continue
            stack.append((entry, True))
            stack += [(x, False) for x in reversed(entry.inputs) if isinstance(x, Entry) and x not in done]
    return list(done)


def reached(roots: Iterable[Entry]) -> set[Entry]:
    """Every entry the roots are made of, and they themselves."""
    found = set(roots)
    todo = list(found)
    while todo:
        for x in todo.pop().inputs:
            if isinstance(x, Entry) and x not in found:
                found.add(x)
                todo.append(x)
    return found


def checked(graph: Graph) -> Graph:
    """The graph itself, if it is sound; an AssertionError that names the entry if a pass broke it (for tests)."""
    seen: set[Entry] = set()
    for entry in graph.entries:
        for x in entry.inputs:
            if isinstance(x, Entry) and x not in seen:
                raise AssertionError(f"{entry} is made from {x}, which comes after it or is not there")
        if not entry.weak and not isinstance(entry.data, np.ndarray):
            raise AssertionError(f"{entry} has no numbers")
        seen.add(entry)
    for root in graph.roots():
        if root not in seen:
            raise AssertionError(f"{root} is wanted, and not there")
    for buffer, value in graph.stores:
        if buffer.shape != value.shape or buffer.dtype != value.dtype:
            raise AssertionError(f"{value} does not fit into {buffer}")
    return graph
