"""A recorded step as `chainrule.graph` reads it."""

from __future__ import annotations

from chainrule.compiler.entries import Entry, Graph


def roots(graph: Graph) -> list[Entry]:
    """What the step is for: its results, and what it leaves in buffers, by the names of the buffers."""
    for buffer, value in graph.stores:
        if not value.label and buffer.label:
            value.label = f"{buffer.label} after"
    found = [*graph.outputs, *(value for _, value in graph.stores)]
    return list(dict.fromkeys(found))
