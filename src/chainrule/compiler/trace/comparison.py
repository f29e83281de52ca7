"""Two recordings of one step, held against each other.

What differs between them is what a recording alone cannot know: arrays made anew in each step, numbers that change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.autograd.anomaly import line
from chainrule.compiler.entries import FEW, Entry, Graph


def disagreement(first: Graph, second: Graph) -> str | None:
    """Where two recordings differ, in words; None where they are of the same step."""
    if len(first.entries) != len(second.entries):
        return f"one time it took {len(first.entries)} operations, another time {len(second.entries)}"
    places: dict[Entry, int] = {}
    for i, (x, y) in enumerate(zip(first.entries, second.entries, strict=True)):
        if x.op != y.op or x.shape != y.shape or x.dtype != y.dtype or _written(x) != _written(y):
            return f"{x.op}{x.meta or ''} of {x.shape} became {y.op}{y.meta or ''} of {y.shape}, at {line(y.where)}"
        for a, b in zip(x.inputs, y.inputs, strict=True):
            if isinstance(a, Entry) != isinstance(b, Entry) or (
                places.get(a) != places.get(b, -1) if isinstance(a, Entry) else not _equal(a, b)
            ):
                return f"{x.op} was given {_told(a)}, then {_told(b)}, at {line(y.where)}"
        if (x.op == "buffer" and x.source is not y.source and not _same(_first(x), _first(y))) or (
            x.op == "option" and _owners(x) != _owners(y)
        ):
            return f"an array of shape {x.shape} is made anew each time, with other numbers, at {line(y.where)}"
        places[x], places[y] = i, i
    if first.draws != second.draws:
        return "it draws other random numbers"
    if _marks(first, places) != _marks(second, places):
        return "it leaves its results in different places"
    return None


def settled(first: Graph, second: Graph) -> Graph:
    """The second recording, with arrays made anew each time, of the same numbers, as constants.

    What the step writes over one of them is a value like others: nobody finds it there afterwards.
    """
    for x, y in zip(first.entries, second.entries, strict=True):
        if x.op == "buffer" and x.source is not y.source:
            y.op, y.source = "constant", _first(y)
    second.stores = [(leaf, value) for leaf, value in second.stores if leaf.op != "constant"]
    return second


def _first(leaf: Entry) -> Any:
    """The numbers an array had when the recording met it; of a large one, those it has now."""
    return leaf.data if leaf.data.size <= FEW else leaf.source


def _written(entry: Entry) -> str:
    return repr(entry.meta) if entry.meta else ""


def _owners(entry: Entry) -> list[Any]:
    return [(id(owner), key, path) for owner, key, path in entry.source]


def _marks(graph: Graph, places: dict[Entry, int]) -> Any:
    pairs = [*graph.stores, *graph.options]
    return (
        [(places[a], places[b]) for a, b in pairs],
        [places[x] for x in graph.outputs],
        [(places[x], truth) for x, truth in graph.checks],
    )


def _equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and (a == b or (a != a and b != b))


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def _told(x: Any) -> str:
    return f"the result of {x.op}" if isinstance(x, Entry) else repr(x)
