"""Passes: functions graph -> graph.  Each leaves the same numbers to be computed, with less to do.

split    what is several operations in one becomes these (softmax: a maximum, an exponential, …): see `splitting`
fold     what is known now is computed now; what changes nothing goes
share    what is computed twice is computed once
drop     what nobody wants goes (every rebuilt graph is without it)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.entries import FEW, Entry, Graph, remembered
from chainrule.compiler.splitting import Rewrite, split, unchanged
from chainrule.compiler.trace.scalars import ARITHMETIC, QUESTIONS
from chainrule.ops.base import BOOK


@dataclass
class Pass:
    """A pass that was made: the graph after it, how many entries it took away, and how long it took, in seconds."""

    name: str
    graph: Graph
    removed: int
    seconds: float

    def __repr__(self) -> str:
        change = f"{self.removed} fewer" if self.removed >= 0 else f"{-self.removed} more"
        return f"{self.name:6} {len(self.graph):4} values ({change}), {self.seconds * 1e3:.1f} ms"


def simplified(graph: Graph) -> tuple[Graph, list[Pass]]:
    """The graph after all passes, and what each did."""
    done = []
    for name, rewrite in PASSES:
        before, start = len(graph), time.perf_counter()
        graph = graph.rebuilt(rewrite())
        done.append(Pass(name, graph, before - len(graph), time.perf_counter() - start))
    return graph, done


# ---------------------------------------------------------------------------------------- fold


def fold() -> Rewrite:
    """Known things computed, idle things gone."""
    return _folded


def _folded(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    if entry.is_leaf:
        return _uniform(entry) if entry.op == "constant" else entry
    numbers = not any(isinstance(x, Entry) and x.op not in ("constant", "full") for x in inputs)
    if entry.weak:
        return _scalar(entry, inputs)
    if numbers and entry.data.size <= FEW and BOOK.get(entry.op):  # what it came to then, it comes to always
        return _uniform(Entry("constant", data=entry.data, source=entry.data, where=entry.where))
    idle = _idle(entry, inputs)
    return unchanged(entry, inputs) if idle is None else idle


def _uniform(entry: Entry) -> Entry:
    """A constant that is one number everywhere, as such."""
    data = entry.source
    if isinstance(data, np.ndarray) and data.size and (data == data.flat[0]).all():
        return Entry("full", (data.flat[0].item(),), {"shape": data.shape}, remembered(data), where=entry.where)
    return entry


def _scalar(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    if any(isinstance(x, Entry) for x in inputs) or entry.op == "number":
        return unchanged(entry, inputs)
    rule = ARITHMETIC.get(entry.op) or QUESTIONS[entry.op]
    return float(rule(*inputs))  # a question's answer too: 1.0 or 0.0


def _idle(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    """The input the entry only repeats; None if it does something."""
    x = inputs[0]
    if not isinstance(x, Entry):
        x = None
    same = x is not None and not x.weak and x.shape == entry.shape and x.dtype == entry.dtype
    if entry.op in ("cast", "reshape", "expand") and same:
        return x
    if entry.op == "permute" and entry.meta["dims"] == tuple(range(len(entry.shape))):
        return x
    if entry.op == "neg" and x is not None and x.op == "neg":
        return x.inputs[0]
    if entry.op == "mul" and same and _number(inputs[1]) == 1.0:
        return x
    if entry.op == "mul" and _number(inputs[0]) == 1.0:
        y = inputs[1]
        return y if isinstance(y, Entry) and y.shape == entry.shape and y.dtype == entry.dtype else None
    if entry.op == "div" and same and _number(inputs[1]) == 1.0:
        return x
    if entry.op in ELEMENTWISE_TWO:  # one number everywhere is that number, if the shape comes from elsewhere
        plain = tuple(
            y.inputs[0] if isinstance(y, Entry) and y.op == "full" and y.dtype.kind == entry.dtype.kind == "f" else y
            for y in inputs
        )
        shapes = [y.shape for y in plain if isinstance(y, Entry)]
        if plain != inputs and shapes and np.broadcast_shapes(*shapes) == entry.shape:
            return entry.like(plain)
    return None


ELEMENTWISE_TWO = frozenset(("add", "sub", "mul", "div"))


def _number(x: Any) -> float:
    """The number it is everywhere; nan if it is not one."""
    if isinstance(x, Entry):
        return float(x.inputs[0]) if x.op in ("full", "number") else math.nan
    return float(x)


# ---------------------------------------------------------------------------------------- share


def share() -> Rewrite:
    """Equal operations on equal inputs -> one of them."""
    seen: dict[Any, Entry] = {}

    def rewrite(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
        entry = unchanged(entry, inputs)
        if entry.is_leaf:
            return entry
        given = tuple(x if isinstance(x, Entry) else (type(x), repr(x)) for x in inputs)
        return seen.setdefault((entry.op, given, repr(entry.meta), entry.dtype, entry.shape, entry.weak), entry)

    return rewrite


PASSES: tuple[tuple[str, Callable[[], Rewrite]], ...] = (
    ("split", split),
    ("fold", fold),
    ("share", share),
    ("fold", fold),
    ("share", share),
)
