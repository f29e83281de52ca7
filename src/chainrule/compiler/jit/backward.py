"""The backward of a recorded function whose results still want gradients, recorded behind it.

walk        the walk back from the results, recorded on the tape of the forward; its cotangents (the gradients of the
            results) are further arguments
end         a tensor of outside to which a gradient flows: an argument, or one that the function closes over
read        memory of outside that the backward reads where it is: the eager gradient rules look at its version, so that
            a change of it between the two is an error, and no copy is needed
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from chainrule.autograd.function import Call
from chainrule.backprop import Node
from chainrule.compiler.entries import Entry, Graph, remembered
from chainrule.compiler.memory import owner
from chainrule.compiler.trace.tracer import Tape
from chainrule.grad_mode import no_grad
from chainrule.tensor import Tensor, wrap

Lift = Callable[[Any, Node], Any]


@dataclass
class Walk:
    """A forward and the walk back from its results, as one recording.

    graph      its outputs are the results, then a gradient for each end
    cut        how many of its entries belong to the forward
    results    how many results there are
    wanting    which of them want a gradient: their cotangents follow the arguments, in this order
    ends       what each gradient is of: the number of an argument, or a tensor
    arguments  how many arguments the function has
    read       arguments (by number) and tensors whose version the eager gradient rules look at
    seen       results (by number) of which the same is true
    readers    for each of both: the name of the operation whose rule looks at it, and the shape of its result
    outside    every tensor the function closes over, with its leaf
    alike      (number, leaf): results that lie in the memory of something else
    """

    graph: Graph
    cut: int
    results: int
    wanting: list[int]
    ends: list[int | Tensor]
    arguments: int
    read: list[int | Tensor]
    seen: list[int]
    readers: list[tuple[str, Any]]
    outside: list[tuple[Tensor, Entry]]
    alike: list[tuple[int, Entry]]


def wants_backward(outputs: list[Tensor]) -> bool:
    """Whether the walk back from some of these can still be made, and leads to a leaf."""
    return any(x.node is not None and x.node.op is not None and _open(x.node) for x in outputs)


def _open(root: Node) -> bool:
    found, todo, leads = {root}, [root], False
    while todo:
        node = todo.pop()
        if node.op is None:
            leads = True
            continue
        if node.spent and node.op.keeps_values:
            return False  # backward() a second time
        new = {parent for parent in node.parents if parent is not None} - found
        found |= new
        todo += new
    return leads


def walked(tape: Tape, outputs: list[Tensor]) -> Walk | str:
    """Record the walk back from ``outputs`` on the tape that has recorded how they were made; or why it cannot be.

    Nobody sees it: ``.grad``, versions and the graph are as they were.
    """
    if tape.reason:
        return tape.reason
    outside = [(x, cell.leaf) for x, cell in _closed_over(tape)]
    ends: dict[Node, int | Tensor] = {x.node: x for x, _ in outside if x.node is not None}
    ends |= {x.node: i for i, x in enumerate(tape.arguments) if x.node is not None}
    wanting = [k for k, x in enumerate(outputs) if x.node is not None]
    nodes = inside([outputs[k].node for k in wanting], ends)  # type: ignore[misc]
    if reason := _unfit(nodes) or _left_with_a_graph(tape):
        return reason
    cut, marks = len(tape.entries), _marks(tape)
    with tape, no_grad():
        cotangents: list[Tensor] = []
        for k in wanting:
            ones = wrap(np.ones_like(outputs[k].array))
            leaf = Entry("argument", data=remembered(ones.array), source=len(tape.arguments) + len(cotangents))
            leaf.label = "gradient" if len(outputs) == 1 else f"gradient{k}"
            tape._leaf(ones, leaf)
            cotangents.append(ones)
        tape.walking()
        seeds = dict(zip([outputs[k].node for k in wanting], cotangents, strict=True))
        if len(seeds) < len(cotangents):
            return "two of its results are one value"
        try:
            found = gradients(seeds, nodes, ends, lifted, tape.pulled)  # type: ignore[arg-type]
        except Exception as error:
            return f"its walk back ends in an error: {error}"
        graph = tape.graph([*outputs, *found.values()])
    if tape.reason or marks != _marks(tape):
        return tape.reason or "its gradient rules change something, or decide by what they compute"
    if any(entry.weak for entry in graph.entries):
        return "gradients are wanted of a function that moves parameters itself"
    versions: dict[int, tuple[str, Any]] = {}  # and who reads it first on the way back
    for node in nodes:
        kept = [x.version for x in node.op.kept()] if isinstance(node.op, Call) else []
        for version in (*(version for version, _ in node.seen), *kept):
            versions.setdefault(id(version), (node.op.name, node.out.shape))  # type: ignore[union-attr]
    read: list[int | Tensor] = [x for x, _ in outside if id(x.version) in versions]
    read += [i for i, x in enumerate(tape.arguments) if id(x.version) in versions]
    seen = [k for k, x in enumerate(outputs) if id(x.version) in versions]
    alike = [(k, leaf) for k, x in enumerate(outputs) for leaf in _sharing(x, tape.entries, tape.arguments)]
    of = [ends[node] for node in found]
    for i, k in enumerate(wanting):
        if any(owner(outputs[k].array) == owner(x.array) for x in (*outputs[:k], *outputs[k + 1 :])):
            return f"results {wanting[i] + 1} and another share memory"
    everyone = [*(tape.arguments[x] if isinstance(x, int) else x for x in read), *(outputs[k] for k in seen)]
    readers = [versions[id(x.version)] for x in everyone]
    return Walk(graph, cut, len(outputs), wanting, of, len(tape.arguments), read, seen, readers, outside, alike)


def inside(roots: list[Node], ends: Container[Node]) -> list[Node]:
    """The nodes that ``roots`` depend on, newest first, up to the ends."""
    found: set[Node] = set()
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node not in found and node.op is not None and node not in ends:
            found.add(node)
            todo += [parent for parent in node.parents if parent is not None]
    return sorted(found, key=attrgetter("age"), reverse=True)


def gradients(
    seeds: dict[Node, Any], nodes: list[Node], ends: Container[Node], lift: Lift | None,
    pulled: Callable[[Node, Any, list[Any]], None] | None = None,
) -> dict[Node, Any]:  # fmt: skip
    """The walk back through ``nodes``, newest first: the gradient of each end that gets one.  It spends no node."""
    grads = dict(seeds)
    for node in nodes:
        g = grads.pop(node, None)
        if g is None:
            continue
        sends = node.pull(g, lift)
        if pulled is not None:
            pulled(node, g, sends)
        for parent, sent in zip(node.parents, sends, strict=True):
            if sent is not None and parent is not None:
                grads[parent] = grads[parent] + sent if parent in grads else sent
    return {node: g for node, g in grads.items() if node in ends}


def lifted(array: Any, node: Node) -> Tensor:
    """The tensor of a node, for rules that are recorded or differentiated."""
    tensor = wrap(array)
    tensor.node = node
    return tensor


def _closed_over(tape: Tape) -> list[tuple[Tensor, Any]]:
    owned = {id(x): x for x, key, _ in tape.owners if isinstance(x, Tensor) and key == "array"}
    return [(x, cell) for x in owned.values() if (cell := tape.cells.get(id(x.array))) is not None and cell.leaf]


def _unfit(nodes: list[Node]) -> str | None:
    """Why the walk back through these cannot be native."""
    for node in nodes:
        assert node.op is not None
        if node.spent and node.op.keeps_values:
            return "it walks back through a part of what it returns itself"
        if node.tensor is not None or (node.hooks is not None and (node.hooks.before or node.hooks.after)):
            return f"a gradient inside of it (of the result of {node.op.name}) is kept, or a hook is called with it"
    return None


def _left_with_a_graph(tape: Tape) -> str | None:
    """What the function leaves behind that gradients could flow through."""
    for x, cell in _closed_over(tape):
        if cell in tape.stored and x.node is not None and x.node.op is not None:
            return f"it leaves a value that gradients flow through in a tensor of shape {x.shape}"
    return None


def _marks(tape: Tape) -> Any:
    """What a walk back must leave as it is."""
    return len(tape.checks), len(tape.draws), [(cell.leaf, cell.entry) for cell in tape.stored], dict(tape.left_in)


def _sharing(x: Tensor, entries: list[Entry], arguments: list[Tensor]) -> list[Entry]:
    """The leaves in whose memory a result lies."""
    mine = owner(x.array)
    theirs = {"buffer": lambda leaf: leaf.source, "argument": lambda leaf: arguments[leaf.source].array}
    return [
        leaf
        for leaf in entries
        if leaf.op in theirs
        and (leaf.op == "buffer" or leaf.source < len(arguments))
        and owner(theirs[leaf.op](leaf)) == mine
    ]
