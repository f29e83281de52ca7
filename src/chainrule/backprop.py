"""The graph and the walk back through it.  Knows nodes, not arrays.

A `Node` stands for one value that a gradient may want: an operation, what it was given, what came out.
The nodes *are* the graph (the tape): drawing, explaining and compiling read the same ones.

Backpropagation is the chain rule in the right order:

    visit every node once, after everything that uses it;
    its gradient is then complete: the sum of what its users sent;
    its operation turns that into one gradient for each of its inputs, to be *added* where they came from.

A node is always made after its inputs, so "newest first" is such an order: no recursion, no depth limit.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import count
from operator import attrgetter
from typing import Any
from weakref import ref

from chainrule.errors import GradientError
from chainrule.hooks import GradientHooks
from chainrule.ops.base import Op

_birth, _age = count(), attrgetter("age")

lookouts: list[Any] = []
"""What wants to see every operation and every gradient rule at work (`autograd.detect_anomaly`)."""


class Node:
    """One value in the graph.

    op        the operation that made it; None for a leaf, where gradients end
    inputs    what the operation was given: tensors and numbers
    raw       the same, tensors as NumPy arrays
    parents   the node of each input; None where no gradient is wanted
    out       the result, a NumPy array
    meta      the named arguments of the operation
    seen      the versions of the values that the gradient rule will read, to notice if one is overwritten
    tensor    a weak reference to the tensor whose ``.grad`` collects the gradient, if one does
    hooks     what is called with the gradient (see ``hooks``), or None
    where     the line of the user's that asked for the operation; only there if a lookout put it there
    """

    __slots__ = ("age", "hooks", "inputs", "meta", "op", "out", "parents", "raw", "seen", "spent", "tensor", "where")
    where: tuple[str, int] | None

    def __init__(
        self,
        op: Op | None,
        inputs: tuple[Any, ...],
        raw: list[Any],
        parents: list[Node | None],
        out: Any,
        meta: dict[str, Any],
        seen: list[tuple[list[int], int]],
        tensor: ref[Any] | None = None,
    ) -> None:
        self.op = op  # one by one: tuples on both sides of one "=" take a fifth longer, for every node
        self.inputs = inputs
        self.raw = raw
        self.parents = parents
        self.out = out
        self.meta = meta
        self.seen = seen
        self.tensor = tensor
        self.age = next(_birth)
        self.spent = False
        self.hooks: GradientHooks | None = None

    @classmethod
    def leaf(cls, tensor: Any) -> Node:
        """A node where gradients end: in ``tensor.grad``."""
        return cls(None, (), [], [], tensor.array, {}, [], ref(tensor))

    def moved(self, tensor: Any) -> Node:
        """A leaf for ``tensor``, whose memory is another now; the hooks stay."""
        leaf = Node.leaf(tensor)
        leaf.hooks = self.hooks
        return leaf

    def __repr__(self) -> str:
        return f"<{self.op.name if self.op else 'leaf'} {self.out.shape}>"

    def pull(self, g: Any, lift: Callable[[Any, Node], Any] | None) -> list[Any]:
        """The gradient this node sends to each parent.  ``lift`` makes values that record, for a second derivative."""
        op = self.op
        assert op is not None  # leaves are never pulled
        if self.spent and op.keeps_values:
            raise GradientError(
                f"backward a second time through the same graph (at {op.name}): the first backward was allowed to "
                f"let its values go; run the forward again, or write backward(retain_graph=True) the first time"
            )
        for k, (version, then) in enumerate(self.seen):
            if version[0] != then:
                name, shape = op.reader(k, self.out)
                raise GradientError(
                    f"a value that the gradient of {name} needs (result of shape {shape}) was changed in "
                    f"place after {name} used it (version {version[0]}, used at {then}); "
                    f"write x = x + ... instead of x += ..., or change a copy: x.clone()"
                )
        if lift is None:
            return op.pull(g, self.out, self.raw, self.meta, self.parents)
        return op.pull(g, lift(self.out, self), self.inputs, self.meta, self.parents)


def reachable(roots: list[Node]) -> list[Node]:
    """Every node the roots depend on, themselves included, newest first."""
    found = set(roots)
    stack = list(found)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in found:
                found.add(parent)
                stack.append(parent)
    return sorted(found, key=_age, reverse=True)


def backpropagate(
    seeds: dict[Node, Any],
    lift: Callable[[Any, Node], Any] | None = None,
    retain: bool = False,
    wanted: Container[Node] = (),
) -> dict[Node, Any]:
    """The complete gradient of every node that collects one, newest first; if some are ``wanted``, of these alone.

    ``seeds`` holds the gradient at the roots.  Unless ``retain``, the nodes passed are spent: their
    values may be let go, and a second pass through them is refused.
    """
    grads, collected = dict(seeds), {}
    nodes = reachable(list(seeds))
    for node in _leading_to(wanted, nodes) if wanted else nodes:
        g = grads.pop(node, None)
        if g is None:  # every user sent nothing
            continue
        if node.hooks is not None:
            g = node.hooks.passed(g)
        if node in wanted if wanted else node.tensor is not None:
            collected[node] = g
        if node.op is None:
            continue
        sends = _watched(node, g, lift) if lookouts else node.pull(g, lift)
        for parent, sent in zip(node.parents, sends):  # noqa: B905 (a hot loop)
            if sent is not None and parent is not None:
                others = grads.get(parent)
                grads[parent] = sent if others is None else others + sent
        if not retain:
            node.spent = True
    return collected


def _leading_to(wanted: Container[Node], nodes: list[Node]) -> list[Node]:
    """Those of ``nodes`` (newest first) that are wanted or depend on one that is."""
    leading: dict[Node, None] = {}
    for node in reversed(nodes):
        if node in wanted or any(parent in leading for parent in node.parents):
            leading[node] = None
    return list(leading)[::-1]


def _watched(node: Node, g: Any, lift: Callable[[Any, Node], Any] | None) -> list[Any]:
    """What the node sends, shown to the lookouts."""
    try:
        sends = node.pull(g, lift)
    except Exception as error:
        for lookout in lookouts:
            lookout.failed(node, error)
        raise
    for lookout in lookouts:
        lookout.pulled(node, g, sends)
    return sends
