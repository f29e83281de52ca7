"""Numbers by their places, composed of the book's operations: triangles and diagonals, scatter and masks."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.ops.base import normal_dim
from chainrule.ops.choosing import where
from chainrule.ops.elementwise import cast
from chainrule.ops.indexing import gather, getitem, setitem, ungather
from chainrule.ops.movement import expand, reshape
from chainrule.ops.reduction import amax
from chainrule.ops.shaping import movedim, unsqueeze
from chainrule.tracing import found, left, tracer


def tril(input: Any, diagonal: int = 0) -> Any:
    """What stands on and below a diagonal; 0 above."""
    return where(_below(input, diagonal), input, False)  # 0 in any dtype


def triu(input: Any, diagonal: int = 0) -> Any:
    """What stands on and above a diagonal; 0 below."""
    return where(_below(input, diagonal - 1), False, input)


def _below(input: Any, diagonal: int) -> Any:
    """True on and below a diagonal."""
    if input.ndim < 2:
        raise ShapeError(f"a triangle of a tensor of shape {shape_of(input.shape)}: it takes matrices")
    rows, columns = input.shape[-2:]
    return np.tri(rows, columns, diagonal, dtype=bool)


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The numbers on a diagonal of two dimensions, as the last dimension."""
    x = movedim(input, (dim1, dim2), (-2, -1))
    n = builtins.max(0, builtins.min(x.shape[-2] + builtins.min(offset, 0), x.shape[-1] - builtins.max(offset, 0)))
    rows = np.arange(n) + builtins.max(-offset, 0)
    return getitem(x, (..., rows, rows + offset))


def diag(input: Any, diagonal: int = 0) -> Any:
    """The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal.

    >>> chainrule.diag(chainrule.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    if input.ndim not in (1, 2):
        raise ShapeError(f"diag of shape {shape_of(input.shape)}: it takes a vector or a matrix; see diagonal")
    if input.ndim == 2:
        return _diagonal(input, diagonal)
    n = len(input) + builtins.abs(diagonal)
    rows = np.arange(len(input)) + builtins.max(-diagonal, 0)
    return setitem(_zeros(input, (n, n)), (rows, rows + diagonal), input)


_diagonal = diagonal  # `diag` has an argument of that name


def _zeros(like: Any, shape: tuple[int, ...]) -> Any:
    return np.zeros(shape, like.dtype)


# ---------------------------------------------------------------------------------------- by index


def index_select(input: Any, dim: int, index: Any) -> Any:
    """The places along ``dim`` that ``index``, a vector, names."""
    return getitem(input, (*(slice(None),) * normal_dim(dim, input.ndim, "index_select"), index))


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """``gather`` in which the other dimensions broadcast."""
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    dim = normal_dim(dim, input.ndim, "take_along_dim")
    together = np.broadcast_shapes(_without(input.shape, dim), _without(indices.shape, dim))
    fitted = [expand(x, (*together[:dim], x.shape[dim], *together[dim + 1 :])) for x in (input, indices)]
    return gather(fitted[0], dim, fitted[1])


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


def scatter(input: Any, dim: int, index: Any, src: Any) -> Any:
    """``input`` with ``src`` (a tensor or a number) written along ``dim`` at the places ``index`` names."""
    dim = normal_dim(dim, input.ndim, "scatter")
    if hasattr(src, "ndim"):
        src = getitem(src, tuple(slice(n) for n in index.shape))
    return setitem(input, _grid(index, dim), src)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """``input`` with ``src`` added along ``dim`` at the places ``index`` names: the reverse of ``gather``."""
    dim = normal_dim(dim, input.ndim, "scatter_add")
    return input + ungather(input.shape, dim, index, getitem(src, tuple(slice(n) for n in index.shape)))


def _grid(index: Any, dim: int) -> tuple[Any, ...]:
    """The index that has ``index`` along ``dim`` and counts along the others."""
    return tuple(
        index if i == dim else np.arange(n).reshape((n,) + (1,) * (index.ndim - i - 1))
        for i, n in enumerate(index.shape)
    )


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """``value``, one number, where the mask is True."""
    value = cast(value, input.dtype) if hasattr(value, "ndim") else np.array(value).astype(input.dtype).item()
    return where(mask, value, input)


def masked_select(input: Any, mask: Any) -> Any:
    """The numbers where the mask is True, as a vector."""
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return getitem(expand(input, shape), expand(mask, shape))


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """Class numbers as rows of 0 with a 1 at that place.

    >>> chainrule.nn.functional.one_hot(chainrule.tensor([0, 2]), 3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    labels = getattr(tensor, "array", tensor)
    most = int(labels.max()) if labels.size else -1
    if labels.size and labels.min() < 0:
        raise ArgumentError(f"one_hot of {labels.min()}: class numbers run from 0 on")
    n = most + 1 if num_classes == -1 else num_classes
    if tracer() and labels is not tensor:
        if num_classes == -1:
            left(tensor, "one_hot() without num_classes")
        else:
            found(amax((tensor < 0) | (tensor >= n)) if labels.size else False)
    if most >= n or n < 1:
        raise ArgumentError(f"one_hot of {most} with num_classes={n}: class numbers run from 0 to num_classes - 1")
    return cast(unsqueeze(tensor, -1) == np.arange(n), np.int64)
