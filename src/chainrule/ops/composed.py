"""Composed of the operations in the book: no gradient rules here, they follow.

Like the book's own, these act on whatever they are given: arrays, or tensors that record.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops import contraction
from chainrule.ops.base import Recording, normal_dim
from chainrule.ops.elementwise import abs, maximum, minimum
from chainrule.ops.movement import as_shape, cat, gather, permute, reshape
from chainrule.ops.reduction import amax, amin, argmax, argmin, sum

# ---------------------------------------------------------------------------------------- shapes


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions swapped.

    >>> chainrule.zeros(2, 3, 4).transpose(0, -1).shape
    (4, 3, 2)
    """
    dims = list(range(input.ndim))
    i, j = normal_dim(dim0, input.ndim, "transpose"), normal_dim(dim1, input.ndim, "transpose")
    if dims:
        dims[i], dims[j] = j, i
    return permute(input, tuple(dims))


def t(input: Any) -> Any:
    """A matrix transposed; a vector or a number as it is."""
    if input.ndim > 2:
        raise ShapeError(f"t() of shape {shape_of(input.shape)}: it is for matrices; write x.mT or x.transpose(0, 1)")
    return transpose(input, 0, 1) if input.ndim == 2 else input


def unsqueeze(input: Any, dim: int) -> Any:
    """A new dimension of size 1 at ``dim``.

    >>> chainrule.zeros(2, 3).unsqueeze(-1).shape
    (2, 3, 1)
    """
    dim = normal_dim(dim, input.ndim + 1, "unsqueeze")
    return reshape(input, (*input.shape[:dim], 1, *input.shape[dim:]))


def squeeze(input: Any, dim: int | tuple[int, ...] | None = None) -> Any:
    """Without the dimensions of size 1: all of them, or those among ``dim``."""
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    gone = {normal_dim(d, input.ndim, "squeeze") for d in dims}
    return reshape(input, tuple(n for i, n in enumerate(input.shape) if n != 1 or i not in gone))


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from ``start_dim`` to ``end_dim`` made one.

    >>> chainrule.zeros(2, 3, 4).flatten(1).shape
    (2, 12)
    """
    first, last = normal_dim(start_dim, input.ndim, "flatten"), normal_dim(end_dim, input.ndim, "flatten")
    if first > last:
        raise ArgumentError(f"flatten from dim {start_dim} to {end_dim}: the first comes after the last")
    n = 1
    for size in input.shape[first : last + 1]:
        n *= size
    return reshape(input, (*input.shape[:first], n, *input.shape[last + 1 :]))


def stack(tensors: Any, dim: int = 0) -> Any:
    """Tensors of one shape side by side along a new dimension.

    >>> chainrule.stack([chainrule.zeros(3), chainrule.ones(3)]).shape
    (2, 3)
    """
    if hasattr(tensors, "ndim"):
        raise OperandError(f"stack takes a list of tensors, and was given one of shape {shape_of(tensors.shape)}")
    parts = tuple(tensors)
    if not parts:
        raise ArgumentError("stack of no tensors: give a list with at least one")
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        given = " and ".join(map(shape_of, sorted(shapes)))
        raise ShapeError(f"stack of shapes {given}: all must be equal; use cat to join along a dimension they have")
    return cat([unsqueeze(part, dim) for part in parts], normal_dim(dim, parts[0].ndim + 1, "stack"))


def view(input: Any, *shape: Any) -> Any:
    """The same numbers in another shape (as ``reshape``: copied where the memory does not allow a view)."""
    return reshape(input, as_shape(shape))


# ---------------------------------------------------------------------------------------- products


def matmul(input: Any, other: Any) -> Any:
    """Matrix product ``input @ other``: vectors (n,), matrices (m, k), and stacks of matrices (..., m, k).

    A vector on the left counts as one row, on the right as one column, and that dimension is gone from the
    result.  Raises ShapeError where the sizes do not fit.

    >>> chainrule.ones(2, 3) @ chainrule.ones(3)
    tensor([3., 3.])
    """
    for x in (input, other):
        if not hasattr(x, "ndim"):
            raise OperandError(f"matmul with {type(x).__name__}: both sides must be tensors; use * for a number")
        if not x.ndim:
            raise ShapeError("matmul with a 0-d tensor: it is one number; use * instead of @")
    if input.ndim > 1 and other.ndim > 1:
        return contraction.matmul(input, other)
    left = unsqueeze(input, 0) if input.ndim == 1 else input
    right = unsqueeze(other, 1) if other.ndim == 1 else other
    out = contraction.matmul(left, right)
    if input.ndim == 1:
        out = squeeze(out, -2)
    return squeeze(out, -1) if other.ndim == 1 else out


# ---------------------------------------------------------------------------------------- extremes


class ValuesIndices(NamedTuple):
    """The extreme values along a dimension, and where they stand."""

    values: Any
    indices: Any


def max(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest number; along ``dim``, (values, indices); with a tensor in place of ``dim``, the larger of two.

    The gradient along ``dim`` goes to the place named by the index; over everything, ties share it.

    >>> chainrule.tensor([[1.0, 5.0], [3.0, 2.0]]).max(dim=1).indices
    tensor([1, 0])
    """
    return _extreme(input, dim, keepdim, amax, argmax, maximum)


def min(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest number; along ``dim``, (values, indices); with a tensor in place of ``dim``, the smaller of two."""
    return _extreme(input, dim, keepdim, amin, argmin, minimum)


def _extreme(input: Any, dim: Any, keepdim: bool, value: Any, place: Any, of_two: Any) -> Any:
    if dim is None:
        return value(input)
    if isinstance(dim, Recording):
        return of_two(input, dim)
    if not input.ndim:
        normal_dim(dim, 0, value.name)
        return ValuesIndices(input, place(input))
    dim = normal_dim(dim, input.ndim, value.name)
    indices = place(input, dim, True)
    values = gather(input, dim, indices)
    return ValuesIndices(values, indices) if keepdim else ValuesIndices(squeeze(values, dim), squeeze(indices, dim))


# ---------------------------------------------------------------------------------------- questions


def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether every number (along ``dim``) is not 0."""
    return sum(input == 0, dim, keepdim) == 0


def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether some number (along ``dim``) is not 0."""
    return sum(input != 0, dim, keepdim) > 0


def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and the same numbers."""
    return input.shape == other.shape and bool(all(input == other))


def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |input - other| ≤ atol + rtol |other| everywhere."""
    error = abs(input - other)
    near = (error <= atol + rtol * abs(other)) & (error < math.inf) | (input == other)
    if equal_nan:
        near = near | ((input != input) & (other != other))
    return bool(all(near))
