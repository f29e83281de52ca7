"""Reading and adding at places that are values themselves; and joining end to end.

Places are looked at before they are used: a check stops the step if one of them is not there.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from chainrule.compiler import refs
from chainrule.compiler.building import Building, at, front, shaped, typed
from chainrule.compiler.entries import Entry
from chainrule.compiler.refs import Affine, Indirect, Ref, along
from chainrule.compiler.works import Axis, Operand, Work

FEW = 16  # one place among up to so many is chosen by asking each


def getitem(low: Building, entry: Entry) -> Ref | None:
    """``x[index]``: a view, or places looked up; None for what is left to NumPy."""
    x, index = low.refs[entry.inputs[0]], entry.meta["index"]
    if len(entry.inputs) == 1:
        return refs.sliced(x, index)
    if len(entry.inputs) != 2 or len(index) != 1 or entry.inputs[1].dtype.kind not in "iu" or x.masks:
        return None
    places = _looked_up(low, entry.inputs[1], x.shape[0])
    k = len(places.shape)
    return _through(low, x, entry.shape, {0: places}, {d: d - 1 + k for d in range(1, len(x.shape))})


def _through(low: Building, x: Ref, shape: tuple[int, ...], looked: dict[int, Ref], rest: dict[int, int]) -> Ref | None:
    """``x`` read at places that are values themselves along some dimensions."""
    x = low.copied(x, x.source.entry if isinstance(x.source, Work) else x.source)
    index: list[Any] = []
    for d, n in enumerate(x.shape):
        if d in looked:
            index.append(
                Indirect(
                    refs.expanded(looked[d], shape) if len(looked[d].shape) == len(shape) else front(looked[d], shape),
                    n,
                )
            )
        else:
            index.append(along(rest[d]) if n > 1 and shape[rest[d]] > 1 else Affine())
    return Ref(x.source, shape, tuple(index))


def _looked_up(low: Building, places: Entry, size: int) -> Ref:
    """Places to read at, with the check that they are there."""
    ref = low.refs[places]
    axes, out = low.axes(ref.shape)
    bad = low.work("map", typed(places, np.bool_), axes, [low.read(ref, out), Operand(size)], out, "outside")
    seen, again = low.axes(ref.shape)
    whole = low.read(refs.whole(bad, ref.shape), again)
    any_bad = low.work("reduce", typed(shaped(places, ()), np.bool_), seen, [whole], [], "or")
    low.check(places, refs.whole(any_bad, ()), "not ")
    return ref


def pick(low: Building, entry: Entry) -> Ref | None:
    """From each row the number its index names."""
    x, places = low.refs[entry.inputs[0]], _looked_up(low, entry.inputs[1], entry.inputs[0].shape[-1])
    if x.masks:
        return None
    last = len(x.shape) - 1
    if 1 < x.shape[-1] <= FEW and entry.dtype.kind == "f":
        return _chosen(low, entry, x)
    index: list[Any] = []
    for i in x.index:
        inner: dict[Hashable, Affine] = refs.straight(x.shape[:-1])
        if isinstance(i, Affine) and last in dict(i.terms):
            if i.plain() != last:
                return _through(low, x, entry.shape, {last: places}, {d: d for d in range(last)})
            index.append(Indirect(places, x.shape[-1]))
        elif isinstance(i, Affine):
            index.append(i.put({**inner, last: Affine()}))
        else:
            return None
    return Ref(x.source, entry.shape, tuple(index))


def _chosen(low: Building, entry: Entry, x: Ref) -> Ref:
    """``pick`` among few: the sum of what is chosen and zeros, which needs no place that is not known."""
    axes, out = low.axes(x.shape)
    places = low.read(front(low.refs[entry.inputs[1]], x.shape), out)
    chosen = low.work(
        "map",
        shaped(entry, x.shape),
        axes,
        [low.read(x, out), places],
        out,
        "one_hot",
        meta={"along": at(out[-1])},
    )
    again, line = low.axes(x.shape)
    whole = low.read(refs.whole(chosen, x.shape), line)
    return refs.whole(low.work("reduce", entry, again, [whole], line[:-1], "add"), entry.shape)


def ungather(low: Building, entry: Entry) -> Ref | None:
    """Zeros with one number of each line put at its place: asked at every place."""
    source, places = entry.inputs
    dim, shape = entry.meta["dim"], entry.meta["shape"]
    if (
        not shape
        or places.shape[dim] != 1
        or any(n != m for d, (n, m) in enumerate(zip(places.shape, shape, strict=True)) if d != dim)
    ):
        return None
    axes, out = low.axes(shape)
    operands = [low.given(source, out), low.given(places, out)]
    return refs.whole(low.work("map", entry, axes, operands, out, "one_hot", meta={"along": at(out[dim])}), shape)


def gather(low: Building, entry: Entry) -> Ref | None:
    """Places looked up along one dimension."""
    x, dim = low.refs[entry.inputs[0]], entry.meta["dim"]
    if x.masks or not entry.shape:
        return None
    places = _looked_up(low, entry.inputs[1], x.shape[dim])
    return _through(low, x, entry.shape, {dim: places}, {d: d for d in range(len(x.shape))})


def unindex(low: Building, entry: Entry) -> Ref | None:
    """Zeros with numbers added at the places of an index."""
    g, index, shape = low.refs[entry.inputs[0]], entry.meta["index"], entry.meta["shape"]
    if not all(g.shape) or not all(shape):
        return None
    if len(entry.inputs) == 1:
        there = refs.sliced(refs.whole(entry, shape), index)
        return None if there is None else scattered(low, entry, g, there, shape)
    if len(entry.inputs) != 2 or len(index) != 1 or entry.inputs[1].dtype.kind not in "iu":
        return None
    places = _looked_up(low, entry.inputs[1], shape[0])
    k = len(places.shape)
    rest = tuple(along(d - 1 + k) if shape[d] > 1 else Affine() for d in range(1, len(shape)))
    there = Ref(entry, g.shape, (Indirect(front(places, g.shape), shape[0]), *rest))
    return scattered(low, entry, g, there, shape)


def scattered(low: Building, entry: Entry, g: Ref, there: Ref, shape: tuple[int, ...]) -> Ref:
    """Zeros with ``g`` added at the places ``there``."""
    axes, places = low.axes(g.shape)
    target = low.placed(
        refs.expanded(there, g.shape), {d: along(a) if a is not None else Affine() for d, a in enumerate(places)}
    ).index
    out: list[Axis | None] = []
    for n, i in zip(shape, target, strict=True):
        same = i.plain() if isinstance(i, Affine) else None
        out.append(None if n == 1 else same if same is not None and same.size == n else Axis(n))
    seen = [axis for axis in out if axis is not None]
    if len(set(seen)) < len(seen):
        return low.call(entry)
    read = low.read(g, places)
    work = low.work("reduce", entry, low.lying(axes, [read]), [read], out, "add", target)
    return refs.whole(work, shape)


def cat(low: Building, entry: Entry) -> Ref | None:
    """One after the other: at each place, the part that has it."""
    dim, start, parts = entry.meta["dim"], 0, []
    for x in entry.inputs:
        if not isinstance(x, Entry) or x.shape == (0,) or x.dtype != entry.dtype or 0 in entry.shape:
            return None
        ref, n = low.refs[x], x.shape[dim]
        if ref.masks:
            ref = low.copied(ref, x)
        widths = [(start, entry.shape[dim] - start - n) if d == dim else (0, 0) for d in range(len(entry.shape))]
        parts.append((refs.padded(ref, widths, 0), start, n))
        start += n
    axes, out = low.axes(entry.shape)
    operands = [low.read(ref, out) for ref, _, n in parts if n and ref is not None]
    return refs.whole(low.work("map", entry, axes, operands, out, "joined"), entry.shape)
