"""One shape for every graph: whatever it was built with, the other parts of this package see vertices.

    Vertex    one value: the operation that made it, its children in order, the object of the user's it stands for
    View      all vertices below some roots, children before those made from them; ``id`` is the place in that order

Three kinds of graph are read (see ``readers``): `chainrule.Tensor`, `chainrule.value.Value`, and any class
whose objects have ``data`` and ``_prev``.  Reading changes nothing, recurses nowhere (a sum of 200,000 terms is
200,000 levels deep), and takes the numbers from the user's objects only when asked for them.

The order depends on the graph alone: never on memory addresses or on the seed of Python's hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.graph.readers import Reader, reader_of


class Vertex:
    """One value in a graph."""

    __slots__ = ("children", "id", "label", "object", "op", "reader")

    def __init__(self, id: int, object: Any, reader: Reader, op: str, label: str, children: tuple[Vertex, ...]) -> None:
        self.id, self.object, self.reader = id, object, reader
        self.op, self.label, self.children = op, label, children

    @property
    def data(self) -> Any:
        """The number, or the array."""
        return self.reader.data(self.object)

    @property
    def grad(self) -> Any:
        """The gradient that is stored there now; None where none is."""
        return self.reader.grad(self.object)

    @property
    def name(self) -> str:
        """What to call it in a sentence: its label, or a number of its own."""
        return self.label or f"v{self.id}"

    def __repr__(self) -> str:
        return f"<{self.name}{' = ' if self.op else ''}{self.op}>"


class View:
    """The graph below ``roots``.

    >>> from chainrule.value import Value
    >>> a = Value(2.0, label="a")
    >>> graph = View(a * a + 1.0)
    >>> [(vertex.op, [child.id for child in vertex.children]) for vertex in graph]
    [('', []), ('*', [0, 0]), ('', []), ('+', [1, 2])]
    """

    def __init__(self, roots: Any, names: Any = None) -> None:
        given = list(roots) if isinstance(roots, list | tuple) else [roots]
        if not given:
            raise ArgumentError("a graph of nothing: give a result, or a list with at least one")
        self.reader = reader_of(given)
        self.names = _names(names, self.reader)
        self.vertices: list[Vertex] = []
        self._of: dict[int, Vertex] = {}
        self._kept: list[Any] = []  # objects whose address stands in `_of` must live as long as it
        children = self.reader.prepare(given)
        for root in given:
            self._walk(self.reader.enter(root), children)
        self.roots = [self._of[id(self.reader.enter(root))] for root in given]
        self._users: list[list[int]] | None = None

    @property
    def root(self) -> Vertex:
        """The one result; an ArgumentError where there are several."""
        if len(self.roots) != 1:
            raise ArgumentError(f"this needs one result to start from, and was given {len(self.roots)}")
        return self.roots[0]

    @property
    def users(self) -> list[list[int]]:
        """For each vertex, the ids of those made from it, each once."""
        if self._users is None:
            self._users = [[] for _ in self.vertices]
            for vertex in self.vertices:
                for child in dict.fromkeys(vertex.children):
                    self._users[child.id].append(vertex.id)
        return self._users

    def find(self, x: Any) -> Vertex:
        """The vertex of one of the user's objects; an ArgumentError if it is not in this graph."""
        vertex = self._of.get(id(self.reader.enter(x)))
        if vertex is None:
            raise ArgumentError(f"{x!r} is not in the graph of {self.roots[0].name}: nothing there was made from it")
        return vertex

    def __iter__(self) -> Iterator[Vertex]:
        return iter(self.vertices)

    def __len__(self) -> int:
        return len(self.vertices)

    def __getitem__(self, id: int) -> Vertex:
        return self.vertices[id]

    def _walk(self, root: Any, children_of: Any) -> None:
        """Add everything below ``root``, children first, with a stack of its own."""
        found = self._of
        if id(root) in found:
            return
        open_ids = {id(root)}
        stack = [(root, list(children_of(root)), 0)]
        while stack:
            x, children, at = stack.pop()
            while at < len(children):
                child = children[at]
                at += 1
                if id(child) in found:
                    continue
                if id(child) in open_ids:
                    raise ArgumentError(f"the graph goes round in a circle: {child!r} is made from itself")
                open_ids.add(id(child))
                stack.append((x, children, at))
                x, children, at = child, list(children_of(child)), 0
            open_ids.discard(id(x))
            self._add(x, children)

    def _add(self, x: Any, children: list[Any]) -> None:
        label = self.names.get(id(x)) or self.reader.label(x)
        vertex = Vertex(
            len(self.vertices), x, self.reader, self.reader.op(x), label, tuple(self._of[id(c)] for c in children)
        )
        self.vertices.append(vertex)
        self._of[id(x)] = vertex
        self._kept.append(x)
        self._kept.append(children)


def _names(names: Any, reader: Reader) -> dict[int, str]:
    """Names given from outside: ``{"w": w}``, or anything with ``named_parameters()``."""
    if names is None:
        return {}
    if hasattr(names, "named_parameters"):
        names = dict(names.named_parameters())
    if not isinstance(names, Mapping):
        raise ArgumentError(
            f"names={type(names).__name__}: give a dict from names to values, such as {{'w': w}}, or a module"
        )
    return {id(reader.enter(x)): name for name, x in names.items() if reader.accepts(x)}
