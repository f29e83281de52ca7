"""A recording of a forward and its backward, cut in two.

saved    a value of the forward that the backward reads: a result of the one, an argument of the other
here     memory of outside that the backward reads where it is, for a change of it since is an error (see `backward`)
again    what only looks at such memory in another way: the backward does so itself
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compiler.entries import Entry, Graph, reached
from chainrule.compiler.jit.backward import Walk
from chainrule.ops.base import BOOK
from chainrule.tensor import Tensor


@dataclass
class Halves:
    """The recording of a walk as two graphs.

    forward    its outputs are the results, then the rest of what is saved
    backward   its arguments are the cotangents, then the ``given`` arguments of the function, then the ``saved`` values
    saved      what the backward is given of the outputs of the forward, by number
    ends       what the gradients are of
    of         the cotangents each gradient depends on, by number
    """

    forward: Graph
    backward: Graph
    given: list[int]
    saved: list[int]
    ends: list[int | Tensor]
    of: list[set[int]]


def halved(walk: Walk) -> Halves | str:
    """Cut a (settled) recording in two; or why its results cannot be handed out."""
    for k, leaf in walk.alike:
        if leaf.op != "constant":
            what = f"argument {leaf.source + 1}" if leaf.op == "argument" else f"a tensor of shape {leaf.shape}"
            return f"result {k + 1} lies in the memory of {leaf.label or what}: return a copy, x.clone()"
    graph, leaves = walk.graph, {id(x): leaf for x, leaf in walk.outside}
    kept = [
        (end, g)
        for end, g in zip(walk.ends, graph.outputs[walk.results :], strict=True)
        if isinstance(end, int) or leaves[id(end)].op == "buffer"
    ]
    if not kept:
        return "no gradient leaves it: what it returns depends on tensors of its own alone"
    saved, needed = _reads(walk, [g for _, g in kept])
    outputs = graph.outputs[: walk.results]
    places = {outputs[k]: k for k in walk.seen}  # a result that is saved is so where it is: its version is looked at
    for x in saved:
        if x not in places:
            places[x] = len(outputs)
            outputs.append(x)
    forward = Graph(graph.entries[: walk.cut], graph.stores, [], outputs, graph.checks, graph.draws)

    n, cotangents = walk.arguments, len(walk.wanting)
    given = sorted(x.source for x in needed if x.op == "argument" and x.source < n)
    numbers = {n + k: k for k in range(cotangents)} | {i: cotangents + k for k, i in enumerate(given)}
    first = cotangents + len(given)
    new = {x: Entry("argument", data=x.data, source=first + k, label=x.label or "saved") for k, x in enumerate(saved)}
    entries = list(new.values())
    for entry in graph.entries:
        if entry in needed:
            made = entry.like(tuple(new[x] if isinstance(x, Entry) else x for x in entry.inputs))
            if entry.op == "argument":
                made.source = numbers[entry.source]
            new[entry] = made
            entries.append(made)
    backward = Graph(entries, [], [], [new[g] for _, g in kept])
    of = [{x.source for x in reached([g]) if x.op == "argument"} & set(range(cotangents)) for g in backward.outputs]
    return Halves(forward, backward, given, [places[x] for x in saved], [end for end, _ in kept], of)


def _reads(walk: Walk, gradients: list[Entry]) -> tuple[list[Entry], set[Entry]]:
    """What of the forward is saved for these gradients, and the entries of the backward."""
    graph = walk.graph
    leaves = {id(x): leaf for x, leaf in walk.outside}
    here = {leaves[id(x)] for x in walk.read if isinstance(x, Tensor)} - {buffer for buffer, _ in graph.stores}
    taken = {i for i in walk.read if isinstance(i, int)}
    forward = graph.entries[: walk.cut]
    again: set[Entry] = set()
    for entry in forward:
        if (
            (entry.op == "constant" or entry in here or (entry.op == "argument" and entry.source in taken))
            if entry.is_leaf
            else _looks(entry) and all(x in again for x in entry.inputs if isinstance(x, Entry))
        ):
            again.add(entry)
    computed = set(forward) - again
    saved: dict[Entry, None] = {}
    needed: set[Entry] = set()
    todo = list(gradients)
    while todo:
        entry = todo.pop()
        if entry in computed:
            saved[entry] = None
        elif entry not in needed:
            needed.add(entry)
            todo += [x for x in entry.inputs if isinstance(x, Entry)]
    return list(saved), needed


def _looks(entry: Entry) -> bool:
    """Whether the operation moves no numbers, only looks at them in another way."""
    op = BOOK.get(entry.op)
    return op is not None and op.shares_memory
