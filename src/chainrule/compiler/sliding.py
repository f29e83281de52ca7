"""Sliding windows as works: adding windows back, the largest of each, and what is sent to where it stood."""

from __future__ import annotations

import numpy as np

from chainrule.compiler import refs
from chainrule.compiler.building import Building, at, front, shaped, typed
from chainrule.compiler.entries import Entry
from chainrule.compiler.indexing import scattered
from chainrule.compiler.refs import Affine, Ref
from chainrule.compiler.works import Axis, Operand
from chainrule.ops.base import BOOK


def windows(low: Building, entry: Entry) -> Ref:
    """Every window: a view."""
    how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
    return refs.windowed(low.refs[entry.inputs[0]], entry.shape, *how)


def overlap(low: Building, entry: Entry) -> Ref:
    """Every window added back where it was taken from."""
    g, shape = low.refs[entry.inputs[0]], entry.meta["shape"]
    how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
    return scattered(low, entry, g, refs.windowed(refs.whole(entry, shape), g.shape, *how), shape)


def at_peak(low: Building, entry: Entry) -> Ref | None:
    """The largest of every window."""
    if entry.inputs[0] is not entry.inputs[1]:
        return None
    operand, kept, inner, _ = _windows_of(low, entry, entry.inputs[1])
    axes = low.ordered([a for a in kept if a is not None], [operand])
    axes += [a for a in inner if a is not None]
    return refs.whole(low.work("reduce", entry, axes, [operand], kept, "max"), entry.shape)


def _windows_of(
    low: Building, entry: Entry, x: Entry
) -> tuple[Operand, list[Axis | None], list[Axis | None], tuple[int, ...]]:
    """``x`` in its windows: the operand, the axes of windows, those inside a window, the shape of both."""
    how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
    shape = BOOK["windows"].infer(x.shape, *how)
    _, places = low.axes(shape)
    k = len(how[0])
    return low.read(refs.windowed(low.refs[x], shape, *how), places), places[:-k], places[-k:], shape


def unpeak(low: Building, entry: Entry) -> Ref:
    """A number for every window, put where the window is largest."""
    g, x = entry.inputs
    operand, kept, inner, shape = _windows_of(low, entry, x)
    number, size = Affine(), 1
    for axis in reversed(inner):  # the number of a place in its window
        if axis is not None:
            number = Affine(0, ((axis, size), *number.terms))
            size *= axis.size
    axes = low.ordered([a for a in kept if a is not None], [operand])
    axes += [a for a in inner if a is not None]
    peak = typed(shaped(entry, g.shape), np.int64)
    first = low.work("reduce", peak, axes, [operand], kept, "argmax", meta={"along": number})
    _, out = low.axes(shape)
    again = dict(zip(inner, out[len(kept) :], strict=True))
    where = number.put({axis: at(again[axis]) for axis in inner if axis is not None})
    lead = len(kept)
    read = [low.read(front(ref, shape), out) for ref in (low.refs[g], refs.whole(first, g.shape))]
    order = low.ordered([a for a in out[:lead] if a is not None], [read[1]]) + [a for a in out[lead:] if a is not None]
    sent = low.work("map", shaped(entry, shape), order, read, out, "one_hot", meta={"along": where})
    how = (entry.meta["kernel"], entry.meta["stride"], entry.meta["dilation"])
    there = refs.windowed(refs.whole(entry, entry.shape), shape, *how)
    return scattered(low, entry, refs.whole(sent, shape), there, entry.shape)
