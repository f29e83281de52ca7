"""From a graph to works: what each operation is when written as loops.

Views become references and cost nothing (``refs``).  What no rule here knows becomes a ``call``: the step is split
there, and NumPy does it.  Products of matrices, indexing and sliding windows have modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.compiler import refs
from chainrule.compiler.building import Building, at, crosswise, shaped
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.expressions import EXPRESSIONS
from chainrule.compiler.indexing import cat, gather, getitem, pick, ungather, unindex
from chainrule.compiler.products import matmul, stored_by_columns
from chainrule.compiler.refs import Ref
from chainrule.compiler.sliding import at_peak, overlap, unpeak, windows
from chainrule.compiler.works import Axis, Operand, Work

REDUCTIONS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min", "argmax": "argmax", "argmin": "argmin"}


class Lowering(Building):
    """The works of a graph, in order."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        for entry in graph.entries:  # numbers that stand for Python's first: they know nothing of arrays
            if entry.weak:
                self.refs[entry] = self._lowered(entry)
        for value, truth in dict.fromkeys(graph.checks):
            if value.weak:
                self.check(value, self.refs[value], "" if truth else "not ")
        for entry in graph.entries:
            if not entry.weak:
                self.refs[entry] = self._lowered(entry)
        for value, truth in dict.fromkeys(graph.checks):
            if not value.weak:
                self.check(value, self.refs[value], "" if truth else "not ")
        for option, value in graph.options:
            self.work("store", value, [], [self.read(self.refs[value], [])], [], meta={"option": option})
        self.results = [self._result(i, x) for i, x in enumerate(graph.outputs)]  # they may show a buffer as it was
        stored = {buffer for buffer, _ in graph.stores}
        for buffer, value in graph.stores:
            if (
                value is not buffer and self.refs[value].source in stored
            ):  # what a buffer held goes to another one, or elsewhere in it
                self.refs[value] = self._moved(value)
        for buffer, value in graph.stores:
            self._write(buffer, value)

    def _lowered(self, entry: Entry) -> Ref:
        if entry.weak:
            return refs.whole(self._scalar(entry), ())
        if entry.is_leaf:
            return refs.whole(entry, entry.shape)
        rule = RULES.get(entry.op)
        ref = rule(self, entry) if rule else self._map(entry) if entry.op in EXPRESSIONS else None
        return self.call(entry) if ref is None else ref

    def _scalar(self, entry: Entry) -> Any:
        if entry.is_leaf:
            return entry
        return self.work("map", entry, [], [self.given(x, []) for x in entry.inputs], [], entry.op)

    def _map(self, entry: Entry) -> Ref:
        axes, out = self.axes(entry.shape)
        operands = [self.given(x, out) for x in entry.inputs]
        axes = self.lying(axes, operands)
        work = self.work("map", entry, axes, operands, out, entry.op, meta=entry.meta)
        work.by_columns = any(stored_by_columns(operand, axes) for operand in operands)
        return refs.whole(work, entry.shape)

    def _full(self, entry: Entry) -> Ref:
        return refs.whole(self.work("map", entry, [], [Operand(entry.inputs[0])], [], "copy"), ()).put(entry.shape, {})

    def _reduce(self, entry: Entry) -> Ref | None:
        x = self.refs[entry.inputs[0]]
        dim = entry.meta["dim"]
        dims = tuple(range(len(x.shape))) if dim is None else (dim,) if isinstance(dim, int) else dim
        how = REDUCTIONS[entry.op]
        if entry.dtype.kind == "b":
            how = {"max": "or", "min": "and"}.get(how, how)
        if how in ("argmax", "argmin") and (len(dims) != 1 or not x.shape or x.shape[dims[0]] == 1):
            return None
        if not all(x.shape) or not x.shape:
            return None
        axes, places = self.axes(x.shape)
        kept = [axis for d, axis in enumerate(places) if d not in dims]
        operand = self.read(x, places)
        meta = {"along": at(places[dims[0]])} if how.startswith("arg") else {}
        plain = tuple(n for d, n in enumerate(x.shape) if d not in dims)
        axes = self.ordered(axes, [operand])
        if meta:  # the best so far is a variable: what is searched is the innermost loop
            axes.sort(key=lambda axis: axis is places[dims[0]])
        work = self.work("reduce", shaped(entry, plain), axes, [operand], kept, how, meta=meta)
        ref = refs.whole(work, plain)
        return ref if plain == entry.shape else refs.reshaped(ref, entry.shape)

    def _reshape(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        split = refs.reshaped(x, entry.shape)
        if split is not None:
            return split
        x = self.copied(x, entry.inputs[0])
        name = (id(x.source), entry.shape)
        if name not in self.aliases:
            self.aliases[name] = self.work(
                "alias", entry, [], [Operand(x.source)], [Axis(n) if n != 1 else None for n in entry.shape]
            )
        return refs.whole(self.aliases[name], entry.shape)

    def _padded(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        ref = refs.padded(x, entry.meta["widths"], entry.meta["value"])
        if ref is None:
            ref = refs.padded(self.copied(x, entry.inputs[0]), entry.meta["widths"], entry.meta["value"])
        assert ref is not None
        return self.copied(ref, entry) if crosswise(x) else ref

    def _clone(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        return self.copied(x, entry) if crosswise(x) else x

    def _moved(self, value: Entry) -> Ref:
        """What a buffer held, in memory of its own."""
        axes, out = self.axes(value.shape)
        return refs.whole(self.work("map", value, axes, [self.read(self.refs[value], out)], out, "copy"), value.shape)

    def _write(self, buffer: Entry, value: Entry) -> None:
        if self.refs[value].source is buffer and self.refs[value].whole():
            return
        axes, out = self.axes(buffer.shape)
        self.work("store", value, axes, [self.read(self.refs[value], out)], out, meta={"buffer": buffer})

    def _result(self, i: int, value: Entry) -> Work:
        axes, out = self.axes(value.shape)
        return self.work("store", value, axes, [self.read(self.refs[value], out)], out, meta={"result": i})


RULES: dict[str, Callable[[Lowering, Entry], Ref | None]] = {
    "full": Lowering._full,
    "round": lambda self, entry: None if entry.meta["decimals"] else self._map(entry),
    "permute": lambda self, entry: refs.permuted(self.refs[entry.inputs[0]], entry.meta["dims"]),
    "expand": lambda self, entry: refs.expanded(self.refs[entry.inputs[0]], entry.shape),
    "flip": lambda self, entry: refs.flipped(self.refs[entry.inputs[0]], entry.meta["dims"]) if entry.shape else None,
    "reshape": Lowering._reshape,
    "pad_constant": Lowering._padded,
    "clone": Lowering._clone,
    "windows": windows,
    "overlap": overlap,
    "getitem": getitem,
    "unindex": unindex,
    "gather": gather,
    "pick": pick,
    "ungather": ungather,
    "cat": cat,
    "at_peak": at_peak,
    "unpeak": unpeak,
    "matmul": matmul,
    **dict.fromkeys(REDUCTIONS, Lowering._reduce),
}
