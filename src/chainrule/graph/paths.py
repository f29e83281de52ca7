"""The chain rule path by path: every way from a result down to a value, a product of local slopes, and their sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chainrule.errors import GradientError
from chainrule.graph.local import Formula, formula, measured
from chainrule.graph.notation import TEXT, Style, write
from chainrule.graph.numbers import number, tex_number
from chainrule.graph.symbols import Symbol, rule_of
from chainrule.graph.tex import NEW_LINE, TEX_NAMES, tex_name
from chainrule.graph.view import Vertex, View

Path = list[Vertex]


class Edge:
    """The local slope of a vertex in one of its children: a formula and a number."""

    def __init__(self, vertex: Vertex, place: int, known: Formula | None = None) -> None:
        self.vertex, self.child, self.place = vertex, vertex.children[place], place
        known = known or formula(vertex)
        if known is None:
            raise GradientError(
                f"the slope of {vertex.name} in {self.child.name}: nobody knows the operation {vertex.op!r}, or it "
                f"does not give {vertex.data!r} again (was a value changed after it was used?)"
            )
        self.value = _slope(known, vertex, place)
        self.symbol = _symbolic(known, vertex, place)

    def formula(self, style: Style) -> str:
        """The slope as a formula in the names of the graph; where it is only measured, its number."""
        return number(self.value) if self.symbol is None else write(self.symbol, style)


def _slope(known: Formula, vertex: Vertex, place: int) -> float:
    """The slope in one place alone, by the book's rule, or else measured."""
    values = [float(c.data) for c in vertex.children]
    by_rule = known.slope(values, float(vertex.data), place)
    if by_rule is not None:
        return by_rule
    return measured(lambda x: known([*values[:place], x, *values[place + 1 :]]), values[place])[0]


def _symbolic(known: Formula, vertex: Vertex, place: int) -> Any:
    if known.op is None:
        return None
    out = Symbol(vertex.name)
    inputs = [*(Symbol(vertex.children[at].name) for at in known.places), *known.fixed]
    sent = rule_of(known.op, 1.0, out, inputs)
    return sum((s for s, at in zip(sent, known.places, strict=False) if at == place), 0.0)


class Paths:
    """∂root/∂wrt in a graph of scalars.  ``value`` is the number, ``count`` how many paths there are."""

    def __init__(self, view: View, root: Vertex, wrt: Vertex, most: int) -> None:
        self.view, self.root, self.wrt = view, root, wrt
        self._edges: dict[int, list[Edge]] = {}
        self.reach = above(view, wrt)
        self.value, self.count = self._totals()
        self.paths = [path for path, _ in zip(self._walk(), range(most), strict=False)]

    def _totals(self) -> tuple[float, int]:
        """Sum and number of all paths, without writing them out."""
        slope, count = {self.root.id: 1.0}, {self.root.id: 1}
        for vertex in reversed(self.view.vertices):
            if vertex.id in slope and vertex.id in self.reach and vertex is not self.wrt:
                for edge in self.edges(vertex):
                    below = edge.child.id
                    slope[below] = slope.get(below, 0.0) + slope[vertex.id] * edge.value
                    count[below] = count.get(below, 0) + count[vertex.id]
        return slope.get(self.wrt.id, 0.0), count.get(self.wrt.id, 0)

    def edges(self, vertex: Vertex) -> list[Edge]:
        """The slopes of a vertex in those children that lead to ``wrt``."""
        if vertex.id not in self._edges:
            known = formula(vertex)
            places = [i for i, child in enumerate(vertex.children) if child.id in self.reach]
            self._edges[vertex.id] = [Edge(vertex, place, known) for place in places]
        return self._edges[vertex.id]

    def _walk(self) -> Iterator[list[Edge]]:
        """Every path from the root to ``wrt``, as the edges on it, in the order of the operands."""
        if self.root is self.wrt:
            yield []
            return
        if self.root.id not in self.reach:
            return
        stack = [iter(self.edges(self.root))]
        path: list[Edge] = []
        while stack:
            edge = next(stack[-1], None)
            if edge is None:
                stack.pop()
                continue
            path = [*path[: len(stack) - 1], edge]
            if edge.child is self.wrt:
                yield path
            else:
                stack.append(iter(self.edges(edge.child)))

    def __repr__(self) -> str:
        what = f"∂{self.root.name}/∂{self.wrt.name}"
        if not self.count:
            return f"{what} = 0: {self.root.name} was not made from {self.wrt.name}"
        paths = "along one path" if self.count == 1 else f"summed over {self.count:,} paths"
        ways = [" ← ".join([self.root.name, *(e.child.name for e in path)]) for path in self.paths]
        width = max(map(len, ways))
        lines = [f"{what}, {paths}:"]
        lines += [
            f"{n}  {way:<{width}}    {self._product(p)}"
            for n, (way, p) in enumerate(zip(ways, self.paths, strict=True), 1)
        ]
        return "\n".join([*lines, f"{what} = {self._sum()}"])

    def _product(self, path: list[Edge]) -> str:
        if not path:
            return "1"
        chain = " · ".join(f"∂{e.vertex.name}/∂{e.child.name}" for e in path)
        formulas = " · ".join(_factor(e.formula(TEXT), len(path)) for e in path)
        numbers = " · ".join(_factor(number(e.value), len(path)) for e in path)
        product = number(_product(path))
        return f"{chain} = {formulas} = {numbers}" + (f" = {product}" if len(path) > 1 else "")

    def _sum(self) -> str:
        """The products added up; those that were not written out as one number."""
        products = [_product(path) for path in self.paths]
        if len(products) == self.count == 1:
            return number(self.value)
        rest = self.count - len(products)
        terms = [_factor(number(p), 2) if i else number(p) for i, p in enumerate(products)]
        told = f" + {_factor(number(self.value - sum(products)), 2)} (the other {rest:,} paths)" if rest else ""
        return f"{' + '.join(terms)}{told} = {number(self.value)}"

    @property
    def latex(self) -> str:
        """The derivation as aligned LaTeX."""
        root, wrt = tex_name(self.root.name), tex_name(self.wrt.name)
        what = rf"\frac{{\partial {root}}}{{\partial {wrt}}}"
        if not self.count:
            return rf"{what} = 0"
        rest = self.count - len(self.paths)
        more = rf" + \text{{({rest:,} more paths)}}" if rest else ""
        chains = [r"\,".join(_partial(e) for e in path) for path in self.paths]
        formulas = _terms(self.paths, lambda edge: edge.formula(TEX_NAMES))
        numbers = _terms(self.paths, lambda edge: tex_number(edge.value))
        lines = [what + " &= " + " + ".join(chains) + more]
        lines += ["&= " + " + ".join(terms) + more for terms in (formulas, numbers)]
        return r"\begin{aligned} " + NEW_LINE.join([*lines, f"&= {tex_number(self.value)}"]) + r" \end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex}$"


def above(view: View, wrt: Vertex) -> set[int]:
    """The ids of ``wrt`` and of everything made from it."""
    reach = {wrt.id}
    for vertex in view:
        if any(child.id in reach for child in vertex.children):
            reach.add(vertex.id)
    return reach


def _product(path: list[Edge]) -> float:
    product = 1.0
    for edge in path:
        product *= edge.value
    return product


def _factor(text: str, among: int) -> str:
    """A factor of a product, in parentheses where it needs them."""
    plain = all(c.isalnum() or c in "._\\{}" for c in text)
    return text if among == 1 or plain else f"({text})"


def _terms(paths: list[list[Edge]], written: Callable[[Edge], str]) -> list[str]:
    """Each path as a product; a lone factor that is added to others is in parentheses like any other."""
    among = [2 if n else len(path) for n, path in enumerate(paths)]
    return [
        r" \cdot ".join(_factor(written(edge), max(len(path), n)) for edge in path)
        for n, path in zip(among, paths, strict=True)
    ]


def _partial(edge: Edge) -> str:
    return rf"\frac{{\partial {tex_name(edge.vertex.name)}}}{{\partial {tex_name(edge.child.name)}}}"
