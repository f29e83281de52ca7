"""From a graph to works: what each operation is when written as loops.

Views become references and cost nothing (``refs``).  What no rule here knows becomes a ``call``: the step is split
there, and NumPy does it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from chainrule.compiler import refs
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.expressions import EXPRESSIONS
from chainrule.compiler.refs import Affine, Indirect, Ref, along
from chainrule.compiler.works import Axis, Operand, Work
from chainrule.ops.base import BOOK

FEW = 16  # one place among up to so many is chosen by asking each
SMALL = 4  # a matrix product with a dimension up to this is multiplied out in loops
REDUCTIONS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min", "argmax": "argmax", "argmin": "argmin"}


class Lowering:
    """The works of a graph, in order."""

    def __init__(self, graph: Graph) -> None:
        self.works: list[Work] = []
        self.refs: dict[Entry, Ref] = {}
        self.aliases: dict[tuple[int, tuple[int, ...]], Any] = {}
        for entry in graph.entries:  # numbers that stand for Python's first: they know nothing of arrays
            if entry.weak:
                self.refs[entry] = self._lowered(entry)
        for value, truth in dict.fromkeys(graph.checks):
            if value.weak:
                self._check(value, self.refs[value], "" if truth else "not ")
        for entry in graph.entries:
            if not entry.weak:
                self.refs[entry] = self._lowered(entry)
        for value, truth in dict.fromkeys(graph.checks):
            if not value.weak:
                self._check(value, self.refs[value], "" if truth else "not ")
        for option, value in graph.options:
            self._work("store", value, [], [self._read(self.refs[value], [])], [], meta={"option": option})
        self.results = [self._result(i, x) for i, x in enumerate(graph.outputs)]  # they may show a buffer as it was
        stored = {buffer for buffer, _ in graph.stores}
        for buffer, value in graph.stores:
            if (
                value is not buffer and self.refs[value].source in stored
            ):  # what a buffer held goes to another one, or elsewhere in it
                self.refs[value] = self._moved(value)
        for buffer, value in graph.stores:
            self._write(buffer, value)

    # ------------------------------------------------------------------------------------ building

    def _work(
        self, kind: str, entry: Entry, axes: list[Axis], operands: list[Operand], out: list[Axis | None],
        how: str = "", target: tuple[Any, ...] | None = None, meta: dict[str, Any] | None = None,
    ) -> Work:  # fmt: skip
        work = Work(kind, entry, axes, operands, out, how, target, meta or {}, len(self.works))
        self.works.append(work)
        return work

    def _axes(self, shape: tuple[int, ...]) -> tuple[list[Axis], list[Axis | None]]:
        """An axis for each dimension; and those of size above 1 alone."""
        out = [Axis(n) if n != 1 else None for n in shape]
        return [axis for axis in out if axis is not None], out

    def _read(self, ref: Ref, out: list[Axis | None]) -> Operand:
        """The operand for the value ``ref`` (broadcast) at the places ``out``."""
        wide = refs.expanded(ref, tuple(1 if axis is None else axis.size for axis in out)) if ref.shape else ref
        return self._placed(wide, {d: along(axis) if axis is not None else Affine() for d, axis in enumerate(out)})

    def _placed(self, ref: Ref, into: dict[Hashable, Affine]) -> Operand:
        index = tuple(
            Indirect(self._placed(i.ref, into), i.size) if isinstance(i, Indirect) else i.put(into)  # type: ignore[arg-type]
            for i in ref.index
        )
        return Operand(ref.source, index, tuple((m.put(into), n) for m, n in ref.masks), ref.fill)

    def _given(self, x: Any, out: list[Axis | None]) -> Operand:
        return self._read(self.refs[x], out) if isinstance(x, Entry) else Operand(x)

    def _copied(self, ref: Ref, entry: Entry) -> Ref:
        """The value in memory of its own, in order."""
        whole = ref.whole() and source_shape(ref.source) == ref.shape
        if whole and (not isinstance(ref.source, Work) or ref.source.in_order()):
            return ref
        axes, out = self._axes(ref.shape)
        return refs.whole(
            self._work("map", _shaped(entry, ref.shape), axes, [self._read(ref, out)], out, "copy"), ref.shape
        )

    # ------------------------------------------------------------------------------------ operations

    def _lowered(self, entry: Entry) -> Ref:
        if entry.weak:
            return refs.whole(self._scalar(entry), ())
        if entry.is_leaf:
            return refs.whole(entry, entry.shape)
        rule = RULES.get(entry.op)
        ref = rule(self, entry) if rule else self._map(entry) if entry.op in EXPRESSIONS else None
        return self._call(entry) if ref is None else ref

    def _scalar(self, entry: Entry) -> Any:
        if entry.is_leaf:
            return entry
        return self._work("map", entry, [], [self._given(x, []) for x in entry.inputs], [], entry.op)

    def _map(self, entry: Entry) -> Ref:
        axes, out = self._axes(entry.shape)
        operands = [self._given(x, out) for x in entry.inputs]
        axes = self._lying(axes, operands)
        return refs.whole(self._work("map", entry, axes, operands, out, entry.op, meta=entry.meta), entry.shape)

    def _full(self, entry: Entry) -> Ref:
        return refs.whole(self._work("map", entry, [], [Operand(entry.inputs[0])], [], "copy"), ()).put(entry.shape, {})

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
        axes, places = self._axes(x.shape)
        kept = [axis for d, axis in enumerate(places) if d not in dims]
        operand = self._read(x, places)
        meta = {"along": _at(places[dims[0]])} if how.startswith("arg") else {}
        plain = tuple(n for d, n in enumerate(x.shape) if d not in dims)
        axes = self._ordered(axes, [operand])
        if meta:  # the best so far is a variable: what is searched is the innermost loop
            axes.sort(key=lambda axis: axis is places[dims[0]])
        work = self._work("reduce", _shaped(entry, plain), axes, [operand], kept, how, meta=meta)
        ref = refs.whole(work, plain)
        return ref if plain == entry.shape else refs.reshaped(ref, entry.shape)

    def _ordered(self, axes: list[Axis], operands: list[Operand]) -> list[Axis]:
        """The axes as they lie in the memory of the operands, the first operand first."""
        order: dict[Axis, None] = {}
        for operand in operands:
            source = operand.source
            for d in source.layout() if isinstance(source, Work) else range(len(operand.index)):
                i = operand.index[d]
                if isinstance(i, Affine):
                    order.update((v, None) for v, _ in sorted(i.terms, key=lambda term: -term[1]))  # type: ignore[misc]
        order.update((axis, None) for axis in axes)
        return [axis for axis in order if axis in axes]

    def _lying(self, axes: list[Axis], operands: list[Operand]) -> list[Axis]:
        """The axes as they lie in the memory of the first operand that has them all; as they are, if none has."""
        for operand in operands:
            seen = {v for i in operand.index if isinstance(i, Affine) for v, _ in i.terms}
            if not seen.issuperset(axes) or operand.masks:
                continue
            return self._ordered(axes, [operand])
        return axes

    def _matmul(self, entry: Entry) -> Ref | None:
        a, b = (self.refs[x] for x in entry.inputs)
        m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
        if 0 in (*entry.shape, k):
            return None
        _, out = self._axes(entry.shape)
        inner = Axis(k) if k > 1 else None
        left = self._read(a, [*out[:-1], inner])
        right = self._read(b, [*out[:-2], inner, out[-1]])
        axes = [axis for axis in (*out, inner) if axis is not None]
        if entry.dtype.kind != "f" or min(m, k, n) <= SMALL:
            return self._multiplied(entry, left, right, axes, out, inner)
        batch = [axis for axis in out[:-2] if axis is not None]
        left, right = (self._matrix(ref, entry, out, side) for ref, side in ((a, 0), (b, 1)))
        meta = {"m": m, "n": n, "k": k}
        return refs.whole(self._work("gemm", entry, batch, [left, right], out, "gemm", meta=meta), entry.shape)

    def _multiplied(
        self, entry: Entry, left: Operand, right: Operand, axes: list[Axis], out: list[Axis | None], inner: Axis | None
    ) -> Ref:
        axes = self._ordered(axes, [left, right])
        if inner is None:
            return refs.whole(self._work("map", entry, axes, [left, right], out, "mul"), entry.shape)
        product = self._work("map", _shaped(entry, (0,) * len(axes)), axes, [left, right], list(axes), "mul")
        again = [Axis(axis.size) for axis in axes]
        swap = dict(zip(axes, again, strict=True))
        operand = Operand(product, tuple(along(axis) for axis in again))
        kept = [None if axis is None else swap[axis] for axis in out]
        return refs.whole(self._work("reduce", entry, again, [operand], kept, "add"), entry.shape)

    def _matrix(self, ref: Ref, entry: Entry, out: list[Axis | None], side: int) -> Operand:
        """A matrix (or one for each place of the batch) as BLAS can read it: in memory of its own, or turned."""
        rows, columns = len(ref.shape) - 2, len(ref.shape) - 1
        turned = refs.permuted(ref, (*range(rows), columns, rows))
        if not _in_rows(ref) and not _in_rows(turned):
            ref = self._copied(ref, entry)
        flip = not _in_rows(ref)
        use = refs.permuted(ref, (*range(rows), columns, rows)) if flip else ref
        into: dict[Hashable, Affine] = {}
        back = len(out) - len(ref.shape)
        for d in range(rows):
            axis = out[d + back]
            into[d] = along(axis) if ref.shape[d] > 1 and axis is not None else Affine()
        into[rows] = into[columns] = Affine()
        operand = self._placed(use, into)
        return Operand(operand.source, operand.index[: len(operand.index) - 2], fill=flip)

    def _reshape(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        split = refs.reshaped(x, entry.shape)
        if split is not None:
            return split
        x = self._copied(x, entry.inputs[0])
        name = (id(x.source), entry.shape)
        if name not in self.aliases:
            self.aliases[name] = self._work(
                "alias", entry, [], [Operand(x.source)], [Axis(n) if n != 1 else None for n in entry.shape]
            )
        return refs.whole(self.aliases[name], entry.shape)

    def _padded(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        ref = refs.padded(x, entry.meta["widths"], entry.meta["value"])
        if ref is None:
            ref = refs.padded(self._copied(x, entry.inputs[0]), entry.meta["widths"], entry.meta["value"])
        assert ref is not None
        return self._copied(ref, entry) if _crosswise(x) else ref

    def _clone(self, entry: Entry) -> Ref:
        x = self.refs[entry.inputs[0]]
        return self._copied(x, entry) if _crosswise(x) else x

    def _getitem(self, entry: Entry) -> Ref | None:
        x, index = self.refs[entry.inputs[0]], entry.meta["index"]
        if len(entry.inputs) == 1:
            return refs.sliced(x, index)
        if len(entry.inputs) != 2 or len(index) != 1 or entry.inputs[1].dtype.kind not in "iu" or x.masks:
            return None
        places = self._looked_up(entry.inputs[1], x.shape[0])
        k = len(places.shape)
        return self._through(x, entry.shape, {0: places}, {d: d - 1 + k for d in range(1, len(x.shape))})

    def _through(self, x: Ref, shape: tuple[int, ...], looked: dict[int, Ref], rest: dict[int, int]) -> Ref | None:
        """``x`` read at places that are values themselves along some dimensions."""
        x = self._copied(x, x.source.entry if isinstance(x.source, Work) else x.source)
        index: list[Any] = []
        for d, n in enumerate(x.shape):
            if d in looked:
                index.append(
                    Indirect(
                        refs.expanded(looked[d], shape)
                        if len(looked[d].shape) == len(shape)
                        else _front(looked[d], shape),
                        n,
                    )
                )
            else:
                index.append(along(rest[d]) if n > 1 and shape[rest[d]] > 1 else Affine())
        return Ref(x.source, shape, tuple(index))

    def _looked_up(self, places: Entry, size: int) -> Ref:
        """Places to read at, with the check that they are there."""
        ref = self.refs[places]
        axes, out = self._axes(ref.shape)
        bad = self._work("map", _typed(places, np.bool_), axes, [self._read(ref, out), Operand(size)], out, "outside")
        seen, again = self._axes(ref.shape)
        whole = self._read(refs.whole(bad, ref.shape), again)
        any_bad = self._work("reduce", _typed(_shaped(places, ()), np.bool_), seen, [whole], [], "or")
        self._check(places, refs.whole(any_bad, ()), "not ")
        return ref

    def _check(self, entry: Entry, ref: Ref, truth: str) -> None:
        self._work("check", entry, [], [self._read(ref, [])], [], truth)

    def _pick(self, entry: Entry) -> Ref | None:
        x, places = self.refs[entry.inputs[0]], self._looked_up(entry.inputs[1], entry.inputs[0].shape[-1])
        if x.masks:
            return None
        last = len(x.shape) - 1
        if 1 < x.shape[-1] <= FEW and entry.dtype.kind == "f":
            return self._chosen(entry, x)
        index: list[Any] = []
        for i in x.index:
            inner: dict[Hashable, Affine] = refs.straight(x.shape[:-1])
            if isinstance(i, Affine) and last in dict(i.terms):
                if i.plain() != last:
                    return self._through(x, entry.shape, {last: places}, {d: d for d in range(last)})
                index.append(Indirect(places, x.shape[-1]))
            elif isinstance(i, Affine):
                index.append(i.put({**inner, last: Affine()}))
            else:
                return None
        return Ref(x.source, entry.shape, tuple(index))

    def _chosen(self, entry: Entry, x: Ref) -> Ref:
        """``pick`` among few: the sum of what is chosen and zeros, which needs no place that is not known."""
        axes, out = self._axes(x.shape)
        places = self._read(_front(self.refs[entry.inputs[1]], x.shape), out)
        chosen = self._work(
            "map",
            _shaped(entry, x.shape),
            axes,
            [self._read(x, out), places],
            out,
            "one_hot",
            meta={"along": _at(out[-1])},
        )
        again, line = self._axes(x.shape)
        whole = self._read(refs.whole(chosen, x.shape), line)
        return refs.whole(self._work("reduce", entry, again, [whole], line[:-1], "add"), entry.shape)

    def _ungather(self, entry: Entry) -> Ref | None:
        source, places = entry.inputs
        dim, shape = entry.meta["dim"], entry.meta["shape"]
        if (
            not shape
            or places.shape[dim] != 1
            or any(n != m for d, (n, m) in enumerate(zip(places.shape, shape, strict=True)) if d != dim)
        ):
            return None
        axes, out = self._axes(shape)
        operands = [self._given(source, out), self._given(places, out)]
        return refs.whole(
            self._work("map", entry, axes, operands, out, "one_hot", meta={"along": _at(out[dim])}), shape
        )

    def _gather(self, entry: Entry) -> Ref | None:
        x, dim = self.refs[entry.inputs[0]], entry.meta["dim"]
        if x.masks or not entry.shape:
            return None
        places = self._looked_up(entry.inputs[1], x.shape[dim])
        return self._through(x, entry.shape, {dim: places}, {d: d for d in range(len(x.shape))})

    def _unindex(self, entry: Entry) -> Ref | None:
        g, index, shape = self.refs[entry.inputs[0]], entry.meta["index"], entry.meta["shape"]
        if not all(g.shape) or not all(shape):
            return None
        if len(entry.inputs) == 1:
            there = refs.sliced(refs.whole(entry, shape), index)
            return None if there is None else self._scattered(entry, g, there, shape)
        if len(entry.inputs) != 2 or len(index) != 1 or entry.inputs[1].dtype.kind not in "iu":
            return None
        places = self._looked_up(entry.inputs[1], shape[0])
        k = len(places.shape)
        rest = tuple(along(d - 1 + k) if shape[d] > 1 else Affine() for d in range(1, len(shape)))
        there = Ref(entry, g.shape, (Indirect(_front(places, g.shape), shape[0]), *rest))
        return self._scattered(entry, g, there, shape)

    def _scattered(self, entry: Entry, g: Ref, there: Ref, shape: tuple[int, ...]) -> Ref:
        """Zeros with ``g`` added at the places ``there``."""
        axes, places = self._axes(g.shape)
        target = self._placed(
            refs.expanded(there, g.shape), {d: along(a) if a is not None else Affine() for d, a in enumerate(places)}
        ).index
        out: list[Axis | None] = []
        for n, i in zip(shape, target, strict=True):
            same = i.plain() if isinstance(i, Affine) else None
            out.append(None if n == 1 else same if same is not None and same.size == n else Axis(n))
        seen = [axis for axis in out if axis is not None]
        if len(set(seen)) < len(seen):
            return self._call(entry)
        read = self._read(g, places)
        work = self._work("reduce", entry, self._lying(axes, [read]), [read], out, "add", target)
        return refs.whole(work, shape)

    def _overlap(self, entry: Entry) -> Ref:
        g, shape = self.refs[entry.inputs[0]], entry.meta["shape"]
        how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
        return self._scattered(entry, g, refs.windowed(refs.whole(entry, shape), g.shape, *how), shape)

    def _at_peak(self, entry: Entry) -> Ref | None:
        if entry.inputs[0] is not entry.inputs[1]:
            return None
        operand, kept, inner, _ = self._windows_of(entry, entry.inputs[1])
        axes = self._ordered([a for a in kept if a is not None], [operand])
        axes += [a for a in inner if a is not None]
        return refs.whole(self._work("reduce", entry, axes, [operand], kept, "max"), entry.shape)

    def _windows_of(
        self, entry: Entry, x: Entry
    ) -> tuple[Operand, list[Axis | None], list[Axis | None], tuple[int, ...]]:
        """``x`` in its windows: the operand, the axes of windows, those inside a window, the shape of both."""
        how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
        shape = BOOK["windows"].infer(x.shape, *how)
        _, places = self._axes(shape)
        k = len(how[0])
        return self._read(refs.windowed(self.refs[x], shape, *how), places), places[:-k], places[-k:], shape

    def _unpeak(self, entry: Entry) -> Ref:
        g, x = entry.inputs
        operand, kept, inner, shape = self._windows_of(entry, x)
        number, size = Affine(), 1
        for axis in reversed(inner):  # the number of a place in its window
            if axis is not None:
                number = Affine(0, ((axis, size), *number.terms))
                size *= axis.size
        axes = self._ordered([a for a in kept if a is not None], [operand])
        axes += [a for a in inner if a is not None]
        peak = _typed(_shaped(entry, g.shape), np.int64)
        first = self._work("reduce", peak, axes, [operand], kept, "argmax", meta={"along": number})
        _, out = self._axes(shape)
        again = dict(zip(inner, out[len(kept) :], strict=True))
        where = number.put({axis: _at(again[axis]) for axis in inner if axis is not None})
        lead = len(kept)
        at = [self._read(_front(ref, shape), out) for ref in (self.refs[g], refs.whole(first, g.shape))]
        order = self._ordered([a for a in out[:lead] if a is not None], [at[1]]) + [
            a for a in out[lead:] if a is not None
        ]
        sent = self._work("map", _shaped(entry, shape), order, at, out, "one_hot", meta={"along": where})
        how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
        there = refs.windowed(refs.whole(entry, entry.shape), shape, *how)
        return self._scattered(entry, refs.whole(sent, shape), there, entry.shape)

    def _cat(self, entry: Entry) -> Ref | None:
        dim, start, parts = entry.meta["dim"], 0, []
        for x in entry.inputs:
            if not isinstance(x, Entry) or x.shape == (0,) or x.dtype != entry.dtype or 0 in entry.shape:
                return None
            ref, n = self.refs[x], x.shape[dim]
            if ref.masks:
                ref = self._copied(ref, x)
            widths = [(start, entry.shape[dim] - start - n) if d == dim else (0, 0) for d in range(len(entry.shape))]
            parts.append((refs.padded(ref, widths, 0), start, n))
            start += n
        axes, out = self._axes(entry.shape)
        operands = [self._read(ref, out) for ref, _, n in parts if n and ref is not None]
        return refs.whole(self._work("map", entry, axes, operands, out, "joined"), entry.shape)

    def _call(self, entry: Entry) -> Ref:
        """Left to NumPy."""
        operands = []
        for x in entry.inputs:
            if isinstance(x, Entry) and not x.weak:
                source = self._copied(self.refs[x], x).source
                if (
                    isinstance(source, Work)
                    and source.kind != "alias"
                    and not source.axes
                    and source.out == []
                    and x.shape
                ):
                    source = self._spread(x)
                operands.append(Operand(source))
            else:
                operands.append(self._given(x, []))
        return refs.whole(
            self._work("call", entry, [], operands, [Axis(n) if n != 1 else None for n in entry.shape], entry.op),
            entry.shape,
        )

    def _spread(self, x: Entry) -> Work:
        axes, out = self._axes(x.shape)
        return self._work("map", x, axes, [self._read(self.refs[x], out)], out, "copy")

    # ------------------------------------------------------------------------------------ what is left behind

    def _moved(self, value: Entry) -> Ref:
        """What a buffer held, in memory of its own."""
        axes, out = self._axes(value.shape)
        return refs.whole(self._work("map", value, axes, [self._read(self.refs[value], out)], out, "copy"), value.shape)

    def _write(self, buffer: Entry, value: Entry) -> None:
        if self.refs[value].source is buffer and self.refs[value].whole():
            return
        axes, out = self._axes(buffer.shape)
        self._work("store", value, axes, [self._read(self.refs[value], out)], out, meta={"buffer": buffer})

    def _result(self, i: int, value: Entry) -> Work:
        axes, out = self._axes(value.shape)
        return self._work("store", value, axes, [self._read(self.refs[value], out)], out, meta={"result": i})


def _at(axis: Axis | None) -> Affine:
    """The place along an axis; 0 where there is none."""
    return Affine() if axis is None else along(axis)


def _shaped(entry: Entry, shape: tuple[int, ...]) -> Entry:
    """An entry for a part of one: the same dtype and words, another shape."""
    data = np.broadcast_to(entry.dtype.type(0), shape)
    return Entry(entry.op, (), {}, data, label="", where=entry.where, of=entry.of) if shape != entry.shape else entry


def _typed(entry: Entry, dtype: Any) -> Entry:
    return Entry(
        entry.op, (), {}, np.broadcast_to(np.dtype(dtype).type(0), entry.shape), where=entry.where, of=entry.of
    )


def _crosswise(ref: Ref) -> bool:
    """Whether neighbours in the last dimension are far apart in memory: then a copy in order pays."""
    sizes = [d for d, n in enumerate(ref.shape) if n > 1]
    places = [i for i in ref.index if isinstance(i, Affine) and i.terms]
    return bool(sizes and places) and sizes[-1] not in dict(places[-1].terms)


def _front(ref: Ref, shape: tuple[int, ...]) -> Ref:
    """A value over the first dimensions of a wider shape."""
    return ref.put(shape, {d: along(d) if n > 1 else Affine() for d, n in enumerate(ref.shape)})


def _in_rows(ref: Ref) -> bool:
    """Whether the last two dimensions are those of the source, in order, and whole."""
    d = len(ref.shape) - 2
    if ref.masks or len(ref.index) < 2 or any(isinstance(i, Indirect) for i in ref.index):
        return False
    if isinstance(ref.source, Work) and not ref.source.in_order():
        return False
    shape = source_shape(ref.source)
    rows, columns = ref.index[-2:]
    whole_rows = rows == along(d) and columns == along(d + 1)
    return (
        whole_rows
        and shape[-2:] == ref.shape[-2:]
        and not any(v in (d, d + 1) for i in ref.index[:-2] for v, _ in i.terms)
    )


def source_shape(source: Any) -> tuple[int, ...]:
    """The sizes of what is read from."""
    if isinstance(source, Work):
        return tuple(1 if axis is None else axis.size for axis in source.out)
    return source.shape


def _windows(self: Lowering, entry: Entry) -> Ref:
    how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
    return refs.windowed(self.refs[entry.inputs[0]], entry.shape, *how)


RULES: dict[str, Callable[[Lowering, Entry], Ref | None]] = {
    "full": Lowering._full,
    "round": lambda self, entry: None if entry.meta["decimals"] else self._map(entry),
    "permute": lambda self, entry: refs.permuted(self.refs[entry.inputs[0]], entry.meta["dims"]),
    "expand": lambda self, entry: refs.expanded(self.refs[entry.inputs[0]], entry.shape),
    "flip": lambda self, entry: refs.flipped(self.refs[entry.inputs[0]], entry.meta["dims"]) if entry.shape else None,
    "reshape": Lowering._reshape,
    "pad_constant": Lowering._padded,
    "clone": Lowering._clone,
    "windows": _windows,
    "overlap": Lowering._overlap,
    "getitem": Lowering._getitem,
    "unindex": Lowering._unindex,
    "gather": Lowering._gather,
    "pick": Lowering._pick,
    "ungather": Lowering._ungather,
    "cat": Lowering._cat,
    "at_peak": Lowering._at_peak,
    "unpeak": Lowering._unpeak,
    "matmul": Lowering._matmul,
    **dict.fromkeys(REDUCTIONS, Lowering._reduce),
}

__all__ = ["Lowering", "math"]
