"""An order for children that come as a set: by what they are and where they stand, never by their address.

Python's sets forget in which order things were put in, and list objects by memory address, so a drawing made
from them differs from run to run.  Each object gets a *rank* that anyone who looks at the graph would give it:
a digest of what can be seen of it and of what lies below it (the digests of its children), and then of who
uses it.  Objects with equal digests can be exchanged without anybody seeing a difference.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any


def ranks(roots: list[Any]) -> dict[int, tuple[bytes, bytes]]:
    """The rank of every object below ``roots``, by its id().  Equal ranks mean indistinguishable."""
    order = children_first(roots)
    below: dict[int, bytes] = {}
    for x in order:
        below[id(x)] = _digest(str(getattr(x, "_op", "")), str(getattr(x, "label", "")), repr(x.data), _of(below, x))
    users: dict[int, list[bytes]] = {id(x): [] for x in order}
    above: dict[int, bytes] = {}
    for x in reversed(order):
        above[id(x)] = _digest(below[id(x)], sorted(users[id(x)]))
        for child in linked(x):
            users[id(child)].append(above[id(x)])
    return {key: (below[key], above[key]) for key in below}


def children_first(roots: list[Any]) -> list[Any]:
    """Every object below ``roots``, children before those made from them (siblings in any order)."""
    order: list[Any] = []
    seen: set[int] = set()
    stack = [(root, False) for root in roots]
    while stack:
        x, done = stack.pop()
        if done:
            order.append(x)
        elif id(x) not in seen:
            seen.add(id(x))
            stack.append((x, True))
            stack.extend((child, False) for child in linked(x))
    return order


def linked(x: Any) -> list[Any]:
    """The children of an object that are objects of the graph themselves."""
    return [child for child in (x._prev or ()) if hasattr(child, "_prev")]


def _of(below: dict[int, bytes], x: Any) -> list[bytes]:
    plain = [repr(child).encode() for child in (x._prev or ()) if not hasattr(child, "_prev")]
    return sorted(plain + [below[id(child)] for child in linked(x)])


def _digest(*parts: Any) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()
