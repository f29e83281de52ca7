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

from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops.base import Op, Shape, normal_dim


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

    def bind(self, input: Any, *sizes: Any, shape: Any = ()) -> Any:
        sizes = as_shape(sizes or (shape,))
        if min(sizes, default=0) < -1:  # NumPy would take it for -1
            self.infer(input.shape, sizes)
        return (input,), {"shape": sizes}

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

    def bind(self, input: Any, *given: Any, dims: Any = None) -> Any:
        dims = as_shape(given or (dims,))
        order = tuple(normal_dim(d, input.ndim, self.name) for d in dims)
        if sorted(order) != list(range(input.ndim)):
            raise ShapeError(
                f"permute of shape {shape_of(input.shape)} with dims={dims}: "
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


class Flip(Movement):
    """The places along ``dims`` in reverse order; its own gradient.

    >>> chainrule.flip(chainrule.tensor([1, 2, 3]), 0)
    tensor([3, 2, 1])
    """

    shares_memory, vjp = False, (lambda g, dims: flip.act(g, dims=dims),)

    def bind(self, input: Any, *given: Any, dims: Any = None) -> Any:
        dims = as_shape(given or (dims,))
        order = tuple(normal_dim(d, input.ndim, self.name) for d in dims)
        if len(set(order)) < len(order):
            raise ArgumentError(f"flip along dims={dims}: a dimension is named twice; name each once")
        return (input,), {"dims": order}

    def run(self, x: Any, dims: Shape) -> Any:
        return np.flip(x, tuple(d for d in dims if d < x.ndim)).copy()

    def infer(self, shape: Shape, dims: Shape) -> Shape:
        return shape


class PadConstant(Movement):
    """Wider by ``widths`` (before, after) along each dimension, filled with ``value``: the reverse of a slice."""

    shares_memory = False
    vjp = (lambda g, x_shape, widths: g[tuple(slice(b, b + n) for (b, _), n in zip(widths, x_shape, strict=True))],)

    def bind(self, input: Any, widths: Any, value: float = 0.0) -> Any:
        if len(widths) != input.ndim:
            raise ShapeError(
                f"pad_constant of shape {shape_of(input.shape)} with {len(widths)} widths: give (before, after) for "
                f"each of the {input.ndim} dimensions"
            )
        return (input,), {"widths": widths, "value": value}

    def run(self, x: Any, widths: Any, value: float) -> Any:
        out = np.full(self.infer(x.shape, widths, value), value, x.dtype)
        out[tuple(slice(b, b + n) for (b, _), n in zip(widths, x.shape, strict=True))] = x
        return out

    def infer(self, shape: Shape, widths: Any, value: float) -> Shape:
        return tuple(before + n + after for n, (before, after) in zip(shape, widths, strict=True))


class Cat(Movement):
    """Tensors one after the other along ``dim``.

    >>> chainrule.cat([chainrule.zeros(1, 2), chainrule.ones(2, 2)])
    tensor([[0., 0.],
            [1., 1.],
            [1., 1.]])
    """

    kind, shares_memory, vjp = "keep", False, (lambda g: g,)

    def bind(self, tensors: Any, dim: int = 0) -> Any:
        if hasattr(tensors, "ndim"):
            raise OperandError(f"cat takes a list of tensors, and was given one of shape {shape_of(tensors.shape)}")
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
    try:
        return tuple(map(operator.index, sizes))
    except TypeError:
        raise OperandError(f"the shape {sizes}: sizes are whole numbers, one by one or in a tuple") from None


reshape: Op = Reshape()
permute: Op = Permute()
expand: Op = Expand()
flip: Op = Flip()
pad_constant: Op = PadConstant()
cat: Op = Cat()
