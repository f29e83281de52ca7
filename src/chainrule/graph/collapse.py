"""Large graphs as few boxes: neurons, layers, parts.  One rule at each size, whatever the graph was built with.

    nodes     every value a box, while there are few
    neurons   a *neuron* is a bend and what is used for it alone.  Going back from the result: the result and every
              function of one value (tanh, relu, ** 2) head a neuron; whatever has all its users in one neuron
              belongs to it; what several neurons use heads its own
    layers    neurons equally far from the result whose heads are the same operation; leaves go with their users,
              or, where these are in several boxes, with other leaves
    parts     whatever is left, cut into equal stretches of distance from the result, and then side by side

A box with parameters of a module, named from outside ("encoder.0.weight"), bears the name of the module.

The first of these that gives at least two boxes and no more than asked for is taken; opening a box applies the
same rule to what is inside.  Arrows between boxes always point towards the result: each step only joins what is
equally far from it, or all used by one box.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from chainrule.graph.view import Vertex, View

PARTS, FEWEST = 16, 8
LINEAR = ("neg", "-", "+", "*", "/")


@dataclass(frozen=True)
class Group:
    """Vertices drawn as one box.  ``heads`` are those that others use."""

    key: str
    members: tuple[int, ...]
    heads: tuple[int, ...]


@dataclass(frozen=True)
class Partition:
    """Boxes that together hold every member once, and the arrows between them."""

    level: str
    groups: list[Group]
    arrows: list[tuple[str, str]]


def collapse(view: View, limit: int, members: Iterable[int] | None = None) -> Partition:
    """Draw ``members`` (all, if not told) as at most ``limit`` boxes (and `FEWEST` at the least)."""
    limit = max(limit, FEWEST)
    ids = range(len(view)) if members is None else sorted(members)
    if len(ids) <= limit:
        return _partition(view, "nodes", {i: i for i in ids})
    neurons = neurons_of(view, ids)
    for level, of in _ladder(view, ids, neurons):
        if 2 <= len(set(of.values())) <= limit:
            return _partition(view, level, of)
    return _partition(view, "parts", _parts(view, ids, {i: i for i in ids}, min(limit // 2, PARTS)))


def _ladder(view: View, ids: Iterable[int], neurons: dict[int, int]) -> Iterable[tuple[str, dict[int, Hashable]]]:
    yield "neurons", dict(neurons)
    far = distances(view, neurons)
    yield "layers", _joined(view, neurons, lambda head: (far[head], view[head].op))
    yield "parts", _parts(view, ids, neurons, PARTS)


def neurons_of(view: View, ids: Iterable[int]) -> dict[int, int]:
    """For each vertex, the head of its neuron."""
    users, of = view.users, dict.fromkeys(ids, -1)
    for i in reversed(of):
        inside = {of[u] for u in users[i] if u in of}
        alone = len(inside) == 1 and all(u in of for u in users[i])
        of[i] = inside.pop() if alone and not bends(view[i]) else i
    return of


def bends(vertex: Vertex) -> bool:
    """Whether this is a function of one value, such as tanh; x + 1 and -x do not bend."""
    if vertex.op.startswith("**"):
        return True
    words = vertex.op.split(" ")
    return len(vertex.children) == 1 and not any(word in LINEAR for word in words)


def distances(view: View, of: dict[int, int]) -> dict[int, int]:
    """How far each head is from the result: the most boxes that a path from it passes."""
    far = dict.fromkeys(of.values(), 0)
    for i in reversed(of):
        for child in view[i].children:
            if child.id in of and of[child.id] != of[i]:
                far[of[child.id]] = max(far[of[child.id]], far[of[i]] + 1)
    return far


def _parts(view: View, ids: Iterable[int], of: dict[int, int], count: int) -> dict[int, Hashable]:
    """Cut by distance into ``count`` stretches; where there are fewer distances, each is cut side by side.

    A single neuron is cut by the distance of its nodes.
    """
    if len(set(of.values())) == 1:
        of = {i: i for i in ids}
    far = distances(view, of)
    most = max(far.values()) + 1
    if most > count:
        return _joined(view, of, lambda head: far[head] * count // most)
    beside = [head for head in far if view[head].children]
    place = {head: i * (count // most) // len(beside) for i, head in enumerate(beside)}
    return _joined(view, of, lambda head: (far[head], place[head]))


def _joined(view: View, of: dict[int, int], kind: Callable[[int], Hashable]) -> dict[int, Hashable]:
    """Heads of one kind become one box; a leaf goes to the box of its users, if they are in one."""
    box: dict[int, Hashable] = {}
    for head in dict.fromkeys(of.values()):
        if view[head].children:
            box[head] = kind(head)
    for head in dict.fromkeys(of.values()):
        if head not in box:
            using = {box[of[u]] for u in view.users[head] if u in of}
            box[head] = using.pop() if len(using) == 1 else ("leaves", max(map(repr, using), default=""))
    return {i: box[of[i]] for i in of}


def _partition(view: View, level: str, of: dict[int, Hashable] | dict[int, int]) -> Partition:
    """Groups in the order in which they are complete, and the arrows between them."""
    members: dict[Hashable, list[int]] = {}
    for i, box in of.items():
        members.setdefault(box, []).append(i)
    ordered = sorted(members.items(), key=lambda item: item[1][-1])
    keys = {box: f"v{ids[0]}" if len(ids) == 1 else f"g{ids[-1]}" for box, ids in ordered}
    pairs = [(of[c.id], box) for i, box in of.items() for c in view[i].children if c.id in of]
    arrows = [(keys[tail], keys[head]) for tail, head in pairs if tail != head]
    groups = [Group(keys[box], tuple(ids), _heads(view, ids, of, box)) for box, ids in ordered]
    return Partition(level, groups, list(arrows if level == "nodes" else dict.fromkeys(arrows)))


def _heads(view: View, ids: list[int], of: dict[int, int] | dict[int, Hashable], box: Hashable) -> tuple[int, ...]:
    """The members that someone outside uses, or nobody."""
    users = view.users
    return tuple(i for i in ids if not users[i] or any(u not in of or of[u] != box for u in users[i]))
