"""Shapes, composed of the movements in the book: no gradient rules here, they follow.

Like the book's own, these act on whatever they are given: arrays, or tensors that record.  Parts and wholes,
and places, are in the next two files.
"""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops.base import normal_dim
from chainrule.ops.movement import as_shape, cat, expand, permute, reshape


def own_dim(dim: int, x: Any, name: str) -> int:
    """`normal_dim` of a tensor that has dimensions; a number has none."""
    if not x.ndim:
        raise ShapeError(f"{name} of a 0-d tensor: it is one number, and has no dimension {dim}")
    return normal_dim(dim, x.ndim, name)


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
    gone = [normal_dim(d, input.ndim, "squeeze") for d in dims]
    if len(set(gone)) < len(gone):
        raise ArgumentError(f"squeeze of dim={dim}: a dimension is named twice; name each once")
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


def swapaxes(input: Any, axis0: int, axis1: int) -> Any:
    """Two dimensions swapped: NumPy's name for ``transpose``."""
    return transpose(input, axis0, axis1)


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Dimensions moved to other places; the rest keep their order.

    >>> chainrule.movedim(chainrule.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    given = ((source,), (destination,)) if isinstance(source, int) else (source, destination)
    old, new = ([normal_dim(d, input.ndim, "movedim") for d in dims] for dims in given)
    rest = iter(d for d in range(input.ndim) if d not in old)
    return permute(input, tuple(old[new.index(i)] if i in new else next(rest) for i in range(input.ndim)))


def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension made several; one of the sizes may be -1.

    >>> chainrule.zeros(2, 12).unflatten(1, (3, -1)).shape
    (2, 3, 4)
    """
    dim = own_dim(dim, input, "unflatten")
    sizes = as_shape((sizes,))
    known = 1
    for size in sizes:
        known *= 1 if size == -1 else size
    filled = tuple(input.shape[dim] // known if size == -1 and known else size for size in sizes)
    return reshape(input, (*input.shape[:dim], *filled, *input.shape[dim + 1 :]))


def expand_as(input: Any, other: Any) -> Any:
    """Repeated, without copying, to the shape of ``other``."""
    return expand(input, other.shape)


def broadcast_to(input: Any, size: Any) -> Any:
    """Repeated, without copying, to the shape ``size``."""
    return expand(input, size)
