"""Operations that move numbers and change none; each is the other half of a pair.

forward     gradient
reshape     reshape
permute     permute
expand      sum (the engine's unbroadcast)
getitem     unindex: put the gradient back where the values came from
gather      scatter_add
cat         a slice for each part
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DtypeError, LabelError, ShapeError, shape_of
from chainrule.ops.base import Op, Recording, Shape, normal_dim, unbroadcast


class Movement(Op):
    """Moves numbers; the result may share the memory of the input."""

    kind, shares_memory = "any", True


class Reshape(Movement):
    """The same numbers in another shape; one size may be -1, for 'what is left'.

    >>> chainrule.reshape(chainrule.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """

    vjp = (lambda g, x_shape: reshape.act(g, shape=x_shape),)

    def bind(self, input: Any, *shape: Any) -> Any:
        return (input,), {"shape": as_shape(shape)}

    def run(self, x: Any, shape: Shape) -> Any:
        return x.reshape(shape)

    def infer(self, given: Shape, shape: Shape) -> Shape:
        known, n = math.prod(size for size in shape if size != -1), math.prod(given)
        open_sizes = shape.count(-1)
        if open_sizes > 1 or any(size < -1 for size in shape):
            raise ShapeError(f"reshape to {shape_of(shape)}: at most one size can be -1, and none below")
        if open_sizes and known and n % known == 0:
            return tuple(n // known if size == -1 else size for size in shape)
        if open_sizes or known != n:
            raise ShapeError(
                f"reshape of {shape_of(given)} to {shape_of(shape)}: {n} numbers do not fit into {known}"
                f"{' times a whole number' if open_sizes else ''}"
            )
        return shape


class Permute(Movement):
    """The dimensions in another order.

    >>> chainrule.permute(chainrule.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """

    vjp = (lambda g, dims: permute.act(g, dims=tuple(int(i) for i in np.argsort(dims))),)

    def bind(self, input: Any, *dims: Any) -> Any:
        order = tuple(normal_dim(d, input.ndim, self.name) for d in as_shape(dims))
        if sorted(order) != list(range(input.ndim)):
            raise ShapeError(
                f"permute of shape {shape_of(input.shape)} with dims={as_shape(dims)}: "
                f"name each of the {input.ndim} dimensions once"
            )
        return (input,), {"dims": order}

    def run(self, x: Any, dims: Shape) -> Any:
        return x.transpose(dims)

    def infer(self, shape: Shape, dims: Shape) -> Shape:
        return tuple(shape[d] for d in dims)


class Expand(Movement):
    """Repeat along dimensions of size 1, and new ones in front, without copying; -1 keeps a size.

    >>> chainrule.tensor([[1.0], [2.0]]).expand(2, 3)
    tensor([[1., 1., 1.],
            [2., 2., 2.]])
    """

    vjp = (lambda g: g,)

    def bind(self, input: Any, *shape: Any) -> Any:
        sizes = as_shape(shape)
        back = len(sizes) - input.ndim
        filled = tuple(input.shape[i - back] if n == -1 and i >= back else n for i, n in enumerate(sizes))
        return (input,), {"shape": filled}

    def run(self, x: Any, shape: Shape) -> Any:
        if x.size == 1 and len(shape) >= x.ndim:  # one number everywhere: np.broadcast_to takes seven times as long
            out = np.ndarray(shape, x.dtype, x, strides=(0,) * len(shape))
            out.flags.writeable = False
            return out
        return np.broadcast_to(x, shape)

    def infer(self, given: Shape, shape: Shape) -> Shape:
        back = len(shape) - len(given)
        if back < 0 or any(n not in (1, shape[i + back]) for i, n in enumerate(given)) or min(shape, default=0) < 0:
            raise ShapeError(
                f"expand of {shape_of(given)} to {shape_of(shape)}: counted from the right, each size must be "
                f"1 or already what it is to become; reshape or unsqueeze first"
            )
        return shape


class _Slot:
    """Stands in an index for an array, which is an input of the operation."""

    def __repr__(self) -> str:
        return "[...]"


SLOT = _Slot()


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
                part = SLOT
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
        return tuple(parts), tuple(arrays)

    @staticmethod
    def fill(index: tuple[Any, ...], arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        """The NumPy index: slots filled, and an Ellipsis at the end so that the result is always an array."""
        filled = iter(arrays)
        whole = tuple(next(filled) if part is SLOT else part for part in index)
        return whole if any(part is Ellipsis for part in index) or arrays else (*whole, Ellipsis)


class Getitem(Indexed):
    """x[index]: numbers, slices, None and ... give a view; arrays of places or of True/False give a copy.

    >>> chainrule.tensor([[1.0, 2.0], [3.0, 4.0]])[:, 1]
    tensor([2., 4.])
    """

    vjp = (lambda g: g,)  # replaced by `pull`: the number of inputs depends on the index

    def bind(self, input: Any, index: Any) -> Any:
        parts, arrays = self.split(index)
        return (input, *arrays), {"index": parts}

    def run(self, x: Any, *arrays: Any, index: Any) -> Any:
        return x[self.fill(index, arrays)]

    def infer(self, shape: Shape, *arrays: Any, index: Any) -> Shape:
        raise LabelError(
            f"index {index} into a tensor of shape {shape_of(shape)}: a place is outside its dimension, "
            f"or there are more indices than dimensions"
        )

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        x, *arrays = inputs
        return [unindex(g, meta["index"], x.shape, *arrays), *(None for _ in arrays)]


class Unindex(Indexed):
    """The gradient of x[index]: zeros, with g added at the places the index named (twice if named twice)."""

    vjp = (lambda g: g,)

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
        return shape

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        _, *arrays = inputs
        return [g[self.fill(meta["index"], tuple(arrays))], *(None for _ in arrays)]


class Setitem(Indexed):
    """x with ``value`` written at the places the index names: what ``x[index] = value`` means to the graph."""

    shares_memory, vjp = False, (lambda g: g,)

    def bind(self, input: Any, index: Any, value: Any) -> Any:
        parts, arrays = self.split(index)
        return (input, value, *arrays), {"index": parts}

    def run(self, x: Any, value: Any, *arrays: Any, index: Any) -> Any:
        out = x.copy()
        out[self.fill(index, arrays)] = value
        return out

    def infer(self, shape: Shape, value: Shape, *arrays: Any, index: Any) -> Shape:
        raise ShapeError(
            f"x[{index}] = value with x of shape {shape_of(shape)} and value of shape {shape_of(value)}: the place "
            f"does not exist, or the value does not broadcast to it"
        )

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
    vjp = (lambda g, index, x_shape, dim: scatter_add.act(g, index, shape=x_shape, dim=dim), None)

    def bind(self, input: Any, dim: int, index: Any) -> Any:
        return (input, index), {"dim": normal_dim(dim, input.ndim, self.name)}

    def run(self, x: Any, index: Any, dim: int) -> Any:
        self.check(x.shape, index.shape, dim)
        if index.size and index.min() < 0:
            raise LabelError(f"gather with index {index.min()}: places are counted from 0 to {x.shape[dim] - 1}")
        return x[self.places(index, dim)] if x.ndim else x.reshape(1)[index]

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
    return scatter_add.act(
        reshape.act(g, shape=column), reshape.act(index, shape=column), shape=shape, dim=len(shape) - 1
    )


class ScatterAdd(AlongIndex):
    """Zeros of ``shape`` with ``src`` added at the places ``index`` names along ``dim``: the reverse of gather."""

    inputs = "src index"
    vjp = (lambda g, index, dim: gather.act(g, index, dim=dim), None)

    def bind(self, shape: Shape, dim: int, index: Any, src: Any) -> Any:
        return (src, index), {"shape": tuple(shape), "dim": dim}

    def run(self, src: Any, index: Any, shape: Shape, dim: int) -> Any:
        out = np.zeros(shape, src.dtype)
        places = self.places(index, dim)
        if shape and index.shape[dim] == 1:  # no place is named twice
            out[places] = src
        else:
            np.add.at(out if shape else out.reshape(1), places or index, src)
        return out

    def infer(self, src: Shape, index: Shape, shape: Shape, dim: int) -> Shape:
        return shape


class Cat(Movement):
    """Tensors one after the other along ``dim``.

    >>> chainrule.cat([chainrule.zeros(1, 2), chainrule.ones(2, 2)])
    tensor([[0., 0.],
            [1., 1.],
            [1., 1.]])
    """

    kind, shares_memory, vjp = "keep", False, (lambda g: g,)

    def bind(self, tensors: Any, dim: int = 0) -> Any:
        parts = tuple(tensors)
        if not parts:
            raise ArgumentError("cat of no tensors: give a list with at least one")
        return parts, {"dim": normal_dim(dim, parts[0].ndim, self.name)}

    def run(self, *parts: Any, dim: int) -> Any:
        return np.concatenate(parts, axis=dim)

    def infer(self, *shapes: Shape, dim: int) -> Shape:
        first = shapes[0]
        for shape in shapes:
            if (
                not first
                or len(shape) != len(first)
                or any(i != dim and m != n for i, (m, n) in enumerate(zip(shape, first, strict=True)))
            ):
                raise ShapeError(
                    f"cat along dim {dim} of shapes {' and '.join(map(shape_of, shapes))}: every size but the one "
                    f"along dim {dim} must be equal (0-d tensors go through stack)"
                )
        return (*first[:dim], sum(shape[dim] for shape in shapes), *first[dim + 1 :])

    def pull(self, g: Any, out: Any, inputs: Any, meta: Any, wanted: Any) -> list[Any]:
        pulled, start, dim = [], 0, meta["dim"]
        for x, want in zip(inputs, wanted, strict=True):
            part = (*(slice(None),) * dim, slice(start, start := start + x.shape[dim]))
            pulled.append(None if want is None else g[part])
        return pulled


def as_shape(sizes: tuple[Any, ...]) -> Shape:
    """``f(2, 3)`` and ``f((2, 3))`` both mean the shape (2, 3)."""
    if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
        sizes = tuple(sizes[0])
    if all(type(size) is int for size in sizes):
        return sizes
    return tuple(map(operator.index, sizes))


reshape: Op = Reshape()
permute: Op = Permute()
expand: Op = Expand()
getitem: Op = Getitem()
unindex: Op = Unindex()
setitem: Op = Setitem()
cat: Op = Cat()
gather: Op = Gather()
pick: Op = Pick()
scatter_add: Op = ScatterAdd()
