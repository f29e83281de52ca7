"""`Building`: what every rule of lowering builds with: works, axes, operands, values in memory of their own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from chainrule.compiler import refs
from chainrule.compiler.entries import Entry, forgotten
from chainrule.compiler.refs import Affine, Indirect, Ref, along
from chainrule.compiler.works import Axis, Operand, Work


class Building:
    """The works so far, in order, and the reference that each value has become."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.refs: dict[Entry, Ref] = {}
        self.aliases: dict[tuple[int, tuple[int, ...]], Any] = {}

    def work(
        self, kind: str, entry: Entry, axes: list[Axis], operands: list[Operand], out: list[Axis | None],
        how: str = "", target: tuple[Any, ...] | None = None, meta: dict[str, Any] | None = None,
    ) -> Work:  # fmt: skip
        work = Work(kind, entry, axes, operands, out, how, target, meta or {}, len(self.works))
        self.works.append(work)
        return work

    def axes(self, shape: tuple[int, ...]) -> tuple[list[Axis], list[Axis | None]]:
        """An axis for each dimension; and those of size above 1 alone."""
        out = [Axis(n) if n != 1 else None for n in shape]
        return [axis for axis in out if axis is not None], out

    def read(self, ref: Ref, out: list[Axis | None]) -> Operand:
        """The operand for the value ``ref`` (broadcast) at the places ``out``."""
        wide = refs.expanded(ref, tuple(1 if axis is None else axis.size for axis in out)) if ref.shape else ref
        return self.placed(wide, {d: along(axis) if axis is not None else Affine() for d, axis in enumerate(out)})

    def placed(self, ref: Ref, into: dict[Hashable, Affine]) -> Operand:
        index = tuple(
            Indirect(self.placed(i.ref, into), i.size) if isinstance(i, Indirect) else i.put(into)  # type: ignore[arg-type]
            for i in ref.index
        )
        return Operand(ref.source, index, tuple((m.put(into), n) for m, n in ref.masks), ref.fill)

    def given(self, x: Any, out: list[Axis | None]) -> Operand:
        return self.read(self.refs[x], out) if isinstance(x, Entry) else Operand(x)

    def copied(self, ref: Ref, entry: Entry) -> Ref:
        """The value in memory of its own, in order."""
        whole = ref.whole() and source_shape(ref.source) == ref.shape
        if whole and (not isinstance(ref.source, Work) or ref.source.in_order()):
            return ref
        axes, out = self.axes(ref.shape)
        return refs.whole(
            self.work("map", shaped(entry, ref.shape), axes, [self.read(ref, out)], out, "copy"), ref.shape
        )

    def ordered(self, axes: list[Axis], operands: list[Operand]) -> list[Axis]:
        """The axes as they lie in the memory of the operands, the first operand first."""
        order: dict[Axis, None] = {}
        for operand in operands:
            source = operand.source
            for d in source.order() if isinstance(source, Work) else range(len(operand.index)):
                i = operand.index[d]
                if isinstance(i, Affine):
                    order.update((v, None) for v, _ in sorted(i.terms, key=lambda term: -term[1]))  # type: ignore[misc]
        order.update((axis, None) for axis in axes)
        return [axis for axis in order if axis in axes]

    def lying(self, axes: list[Axis], operands: list[Operand]) -> list[Axis]:
        """The axes as they lie in the memory of the first operand that has them all; as they are, if none has."""
        for operand in operands:
            seen = {v for i in operand.index if isinstance(i, Affine) for v, _ in i.terms}
            if not seen.issuperset(axes) or operand.masks:
                continue
            return self.ordered(axes, [operand])
        return axes

    def check(self, entry: Entry, ref: Ref, truth: str) -> None:
        self.work("check", entry, [], [self.read(ref, [])], [], truth)

    def call(self, entry: Entry) -> Ref:
        """Left to NumPy."""
        operands = []
        for x in entry.inputs:
            if isinstance(x, Entry) and not x.weak:
                source = self.copied(self.refs[x], x).source
                if (
                    isinstance(source, Work)
                    and source.kind != "alias"
                    and not source.axes
                    and source.out == []
                    and x.shape
                ):
                    source = self.spread(x)
                operands.append(Operand(source))
            else:
                operands.append(self.given(x, []))
        return refs.whole(
            self.work("call", entry, [], operands, [Axis(n) if n != 1 else None for n in entry.shape], entry.op),
            entry.shape,
        )

    def spread(self, x: Entry) -> Work:
        axes, out = self.axes(x.shape)
        return self.work("map", x, axes, [self.read(self.refs[x], out)], out, "copy")


def at(axis: Axis | None) -> Affine:
    """The place along an axis; 0 where there is none."""
    return Affine() if axis is None else along(axis)


def shaped(entry: Entry, shape: tuple[int, ...]) -> Entry:
    """An entry for a part of one: the same dtype and words, another shape."""
    if shape == entry.shape:
        return entry
    return Entry(entry.op, (), {}, forgotten(entry.dtype, shape), where=entry.where, of=entry.of)


def typed(entry: Entry, dtype: Any) -> Entry:
    """An entry like another, of another dtype."""
    return Entry(entry.op, (), {}, forgotten(np.dtype(dtype), entry.shape), where=entry.where, of=entry.of)


def crosswise(ref: Ref) -> bool:
    """Whether neighbours in the last dimension are far apart in memory: then a copy in order pays."""
    sizes = [d for d, n in enumerate(ref.shape) if n > 1]
    places = [i for i in ref.index if isinstance(i, Affine) and i.terms]
    return bool(sizes and places) and sizes[-1] not in dict(places[-1].terms)


def front(ref: Ref, shape: tuple[int, ...]) -> Ref:
    """A value over the first dimensions of a wider shape."""
    return ref.put(shape, {d: along(d) if n > 1 else Affine() for d, n in enumerate(ref.shape)})


def source_shape(source: Any) -> tuple[int, ...]:
    """The sizes of what is read from."""
    if isinstance(source, Work):
        return tuple(1 if axis is None else axis.size for axis in source.out)
    return source.shape
