"""Reading and writing by index; each operation is the other half of a pair.

forward     gradient
getitem     unindex: put the gradient back where the values came from
gather      ungather
pick        ungather
setitem     what was overwritten gets none; the value gets what came to its places
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DtypeError, LabelError, ShapeError, shape_of
from chainrule.ops.base import Op, Recording, Shape, normal_dim, unbroadcast
from chainrule.ops.movement import Movement, reshape
from chainrule.tracing import tracer, tracers


class _Slot:
    """Stands in an index for an array, which is an input of the operation."""

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


PLACES, MASK = _Slot("[places]"), _Slot("[mask]")


class Indexed(Movement):
    """An operation whose index has fixed parts (numbers, slices, None, ...) and arrays, which are inputs."""

    @staticmethod
    def split(index: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """An index as written -> (fixed parts with slots, the arrays for the slots)."""
        parts, arrays = [], []
        for part in index if isinstance(index, tuple) else (index,):
            if isinstance(part, list):
                part = np.asarray(part, None if part else np.int64)
            if isinstance(part, (Recording, np.ndarray)):
                if part.dtype.kind == "f":
                    raise DtypeError(
                        f"an index of dtype {part.dtype}: places are counted in whole numbers; write x[index.long()]"
                    )
                arrays.append(part)
                part = MASK if part.dtype == bool else PLACES
            elif isinstance(part, slice):
                part = slice(*(None if at is None else operator.index(at) for at in (part.start, part.stop, part.step)))
                if part.step is not None and part.step < 0:
                    raise ArgumentError(f"a slice with step {part.step}: steps must be positive; write x.flip(dim)")
            elif part is not None and part is not Ellipsis and not isinstance(part, bool):
                try:
                    part = operator.index(part)
                except TypeError:
                    raise DtypeError(
                        f"an index of type {type(part).__name__}: use whole numbers, slices, None, ..., or tensors"
                    ) from None
            parts.append(part)
        if arrays and _order_disputed(parts):
            raise ArgumentError(
                f"an index {tuple(parts)}: NumPy and PyTorch put the dimensions of such a result in different orders; "
                f"write it in two steps, the whole numbers first: x[1, :][:, places]"
            )
        return tuple(parts), tuple(arrays)

    @staticmethod
    def fill(index: tuple[Any, ...], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        """The NumPy index: slots filled, and an Ellipsis at the end so that the result is always an array."""
        filled = iter(arrays)
        whole = tuple(next(filled) if isinstance(part, _Slot) else part for part in index)
        return whole if any(part is Ellipsis for part in index) or arrays else (*whole, Ellipsis)

    def selected(self, shape: Shape, arrays: tuple[Shape, ...], index: Any) -> Shape | None:
        """The shape of x[index], or None where a mask decides it; a LabelError where there is none."""
        slots = [part for part in index if isinstance(part, _Slot)]
        anywhere = tuple(np.zeros(n, bool if slot is MASK else int) for n, slot in zip(arrays, slots, strict=True))
        for mask, slot in zip(anywhere, slots, strict=True):
            if slot is MASK and mask.size:
                mask.flat[0] = True  # one place, so that it goes with any other array
        try:
            place = np.broadcast_to(np.empty(()), shape)[self.fill(index, anywhere)].shape
        except IndexError:
            raise LabelError(
                f"index {index} into a tensor of shape {shape_of(shape)}: a place is outside its dimension, "
                f"or there are more indices than dimensions"
            ) from None
        return None if MASK in slots else place

    def check(self, value: Shape, shape: Shape, arrays: tuple[Shape, ...], index: Any) -> None:
        """Refuse to write a value where it does not fit."""
        place = self.selected(shape, arrays, index)
        back = 0 if place is None else max(len(value) - len(place), 0)
        rest = value[back:]
        fits = place is not None and all(n in (1, m) for n, m in zip(rest[::-1], place[::-1], strict=False))
        if not fits or any(n != 1 for n in value[:back]):
            raise ShapeError(
                f"x[{index}] = value with x of shape {shape_of(shape)} and value of shape {shape_of(value)}: the value "
                f"must broadcast to the place{'' if place is None else f', which has shape {shape_of(place)}'}"
            )


def _order_disputed(parts: list[Any]) -> bool:
    """Whether whole numbers stand apart from the arrays, and something else before them.

    NumPy counts the numbers among the arrays and so puts their dimension first; PyTorch takes them out before.
    """
    plain = [not isinstance(part, _Slot | int) for part in parts]
    arrays = [i for i, part in enumerate(parts) if isinstance(part, _Slot | bool)]
    chosen = [i for i, other in enumerate(plain) if not other]
    apart, together = any(plain[chosen[0] : chosen[-1]]), not any(plain[arrays[0] : arrays[-1]])
    return apart and together and any(plain[: arrays[0]])


class Getitem(Indexed):
    """x[index]: numbers, slices, None and ... give a view; arrays of places or of True/False give a copy.

    >>> chainrule.tensor([[1.0, 2.0], [3.0, 4.0]])[:, 1]
    tensor([2., 4.])
    """

    index_from = 1
    vjp = (lambda g: g,)  # replaced by `pull`: the number of inputs depends on the index

    def bind(self, input: Any, index: Any) -> Any:
        if tracers and (recording := tracer()):
            input, index = recording.indexed(input, index)
        parts, arrays = self.split(index)
        return (input, *arrays), {"index": parts}

    def run(self, x: Any, *arrays: Any, index: Any) -> Any:
        return x[self.fill(index, arrays)]

    def infer(self, shape: Shape, *arrays: Any, index: Any) -> Shape:
        place = self.selected(shape, arrays, index)
        if place is None:
            raise LabelError(f"index {index} into a tensor of shape {shape_of(shape)}: its arrays do not fit together")
        return place

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        x, *arrays = inputs
        return [unindex(g, meta["index"], x.shape, *arrays), *(None for _ in arrays)]


class Unindex(Indexed):
    """The gradient of x[index]: zeros, with g added at the places the index named (twice if named twice)."""

    shares_memory, index_from, vjp = False, 1, (lambda g: g,)

    def bind(self, g: Any, index: Any, shape: Shape, *arrays: Any) -> Any:
        return (g, *arrays), {"index": index, "shape": tuple(shape)}

    def run(self, g: Any, *arrays: Any, index: Any, shape: Shape) -> Any:
        out = np.zeros(shape, g.dtype)
        where = self.fill(index, arrays)
        if arrays:
            np.add.at(out, where, g)
        else:
            out[where] = g
        return out

    def infer(self, given: Shape, *arrays: Any, index: Any, shape: Shape) -> Shape:
        self.check(given, shape, arrays, index)
        return shape

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        _, *arrays = inputs
        return [g[self.fill(meta["index"], tuple(arrays))], *(None for _ in arrays)]


class Setitem(Indexed):
    """x with ``value`` written at the places the index names: what ``x[index] = value`` means to the graph."""

    shares_memory, index_from, vjp = False, 2, (lambda g: g,)

    def bind(self, input: Any, index: Any, value: Any) -> Any:
        parts, arrays = self.split(index)
        return (input, value, *arrays), {"index": parts}

    def run(self, x: Any, value: Any, *arrays: Any, index: Any) -> Any:
        out = np.array(x)
        out[self.fill(index, arrays)] = value
        return out

    def infer(self, shape: Shape, value: Shape, *arrays: Any, index: Any) -> Shape:
        self.check(value, shape, arrays, index)
        return shape

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        _, value, *arrays = inputs
        index = self.fill(meta["index"], tuple(arrays))
        to_x = None if wanted[0] is None else setitem(g, index, 0.0)
        to_value = None if wanted[1] is None else unbroadcast(g[index], value.shape)
        return [to_x, to_value, *(None for _ in arrays)]


class AlongIndex(Movement):
    """An operation that walks ``index`` along ``dim``."""

    shares_memory = False

    def check(self, x: Shape, index: Shape, dim: int) -> None:
        """``index`` may differ from the input in size along ``dim`` alone."""
        fits = len(x) == len(index) and all(i == dim or n <= m for i, (m, n) in enumerate(zip(x, index, strict=True)))
        if not fits:
            raise ShapeError(
                f"{self.name} of {shape_of(x)} with an index of {shape_of(index)} along dim {dim}: the index needs "
                f"the same number of dimensions, and no size larger than the input's outside dim {dim}"
            )

    def outside(self, place: int, shape: Shape, dim: int) -> LabelError:
        """What to say of a place that is not there."""
        last = (shape[dim] if shape else 1) - 1
        return LabelError(f"{self.name} with index {place} along dim {dim}: places are counted from 0 to {last}")

    @staticmethod
    def places(index: Any, dim: int) -> tuple[Any, ...]:
        """The NumPy index that has ``index`` along ``dim`` and counts along the others."""
        return tuple(
            index if i == dim else np.arange(n).reshape((n,) + (1,) * (index.ndim - i - 1))
            for i, n in enumerate(index.shape)
        )


class Gather(AlongIndex):
    """out[i][j] = x[i][index[i][j]] for dim=1: pick one place along ``dim`` for each entry of ``index``.

    >>> chainrule.gather(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, chainrule.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """

    inputs = "x index"
    vjp = (lambda g, index, x_shape, dim: ungather.act(g, index, shape=x_shape, dim=dim), None)

    def bind(self, input: Any, dim: int, index: Any) -> Any:
        if index.dtype.kind not in "iu":
            raise DtypeError(
                f"gather with an index of dtype {index.dtype}: places are counted in whole numbers; write index.long()"
            )
        return (input, index), {"dim": normal_dim(dim, input.ndim, self.name)}

    def run(self, x: Any, index: Any, dim: int) -> Any:
        self.check(x.shape, index.shape, dim)
        if index.size and index.min() < 0:
            raise self.outside(index.min(), x.shape, dim)
        try:
            return x[self.places(index, dim)] if x.ndim else x.reshape(1)[index]
        except IndexError:
            raise self.outside(index.max(), x.shape, dim) from None

    def infer(self, x: Shape, index: Shape, dim: int) -> Shape:
        self.check(x, index, dim)
        return index


class Pick(AlongIndex):
    """From each row, the number that its index names: out[i] = x[i][index[i]]; x (..., n), index (...).

    >>> chainrule.ops.pick(chainrule.tensor([[1.0, 2.0], [3.0, 4.0]]), chainrule.tensor([1, 0]))
    tensor([2., 3.])
    """

    inputs = "x index"
    vjp = (lambda g, index, x_shape: _place(g, index, x_shape), None)

    def run(self, x: Any, index: Any) -> Any:
        if index.shape != x.shape[:-1] or not x.ndim:  # what NumPy would broadcast
            self.infer(x.shape, index.shape)
        if x.ndim == 2 and index.ndim == 1 and len(x) == len(index):
            return x[np.arange(len(x)), index]
        return np.take_along_axis(x, index[..., None], -1)[..., 0]

    def infer(self, x: Shape, index: Shape) -> Shape:
        if not x or index != x[:-1]:
            raise ShapeError(
                f"pick from {shape_of(x)} with an index of {shape_of(index)}: the index has one place for each row, "
                f"so its shape must be {shape_of(x[:-1])}"
            )
        return index


def _place(g: Any, index: Any, shape: Shape) -> Any:
    column = (*shape[:-1], 1)
    return ungather.act(reshape.act(g, shape=column), reshape.act(index, shape=column), shape=shape, dim=len(shape) - 1)


class Ungather(AlongIndex):
    """Zeros of ``shape`` with ``src`` added at the places ``index`` names along ``dim``: the reverse of gather."""

    inputs = "src index"
    vjp = (lambda g, index, dim: gather.act(g, index, dim=dim), None)

    def bind(self, shape: Shape, dim: int, index: Any, src: Any) -> Any:
        return (src, index), {"shape": tuple(shape), "dim": dim}

    def run(self, src: Any, index: Any, shape: Shape, dim: int) -> Any:
        out = np.zeros(shape, src.dtype)
        places = self.places(index, dim)
        try:
            if shape and index.shape[dim] == 1:  # no place is named twice
                out[places] = src
            else:
                np.add.at(out if shape else out.reshape(1), places or index, src)
        except IndexError:
            raise self.outside(index.max(), shape, dim) from None
        return out

    def infer(self, src: Shape, index: Shape, shape: Shape, dim: int) -> Shape:
        self.check(shape, index, dim)
        if src != index:
            raise ShapeError(f"ungather of {shape_of(src)} with an index of {shape_of(index)}: they must be equal")
        return shape


getitem: Op = Getitem()
unindex: Op = Unindex()
setitem: Op = Setitem()
gather: Op = Gather()
pick: Op = Pick()
ungather: Op = Ungather()
