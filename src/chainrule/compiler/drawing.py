"""A recorded step as `chainrule.graph` reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.compiler.entries import FEW, Entry, Graph, in_order
from chainrule.errors import ArgumentError
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor


def roots(graph: Graph) -> list[Entry]:
    """What the step is for: its results, and what it leaves in buffers, by the names of the buffers."""
    for buffer, value in graph.stores:
        if not value.label and buffer.label:
            value.label = f"{buffer.label} after"
    found = [*graph.outputs, *(value for _, value in graph.stores)]
    return list(dict.fromkeys(found))


def replayed(root: Entry, wrt: Any, names: Any) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """``root`` computed again with tensors that remember, from the numbers it was recorded with.

    wrt   an entry, its name, or the tensor that the step closed over.  Raises ArgumentError if it is not in ``root``.
    """
    made: dict[Entry, Any] = {}
    for entry in in_order([root]):
        if entry.weak:
            made[entry] = entry.data
        elif entry.is_leaf:
            kept = entry.data if entry.data.size <= FEW or not isinstance(entry.source, np.ndarray) else entry.source
            made[entry] = Tensor(np.array(kept), requires_grad=kept.dtype.kind == "f")
        else:
            inputs = tuple(made[x] if isinstance(x, Entry) else x for x in entry.inputs)
            made[entry] = BOOK[entry.op].act(*inputs, **entry.meta)
    found = {entry.label: x for entry, x in made.items() if entry.label and isinstance(x, Tensor)}
    for entry, x in made.items():
        mine = entry is wrt or entry.label == wrt if isinstance(wrt, Entry | str) else _is(entry, wrt)
        if mine and isinstance(x, Tensor):
            return made[root], x, {**found, **(names or {})}
    raise ArgumentError(
        f"explain(..., wrt={wrt!r}): that is no value of the recorded step; its names are {sorted(found)}"
    )


def _is(entry: Entry, x: Any) -> bool:
    return isinstance(x, Tensor) and entry.op == "buffer" and entry.source is x.array
