"""Shapes and places, composed of the movements in the book: no gradient rules here, they follow.

Like the book's own, these act on whatever they are given: arrays, or tensors that record.
"""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops.base import normal_dim
from chainrule.ops.choosing import where
from chainrule.ops.elementwise import cast
from chainrule.ops.indexing import gather, getitem, setitem, ungather
from chainrule.ops.movement import as_shape, cat, expand, flip, pad_constant, permute, reshape


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
    dim = normal_dim(dim, input.ndim, "unflatten")
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


# ---------------------------------------------------------------------------------------- parts and wholes


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """``length`` places along ``dim`` from ``start`` on."""
    dim = normal_dim(dim, input.ndim, "narrow")
    start = start + input.shape[dim] if start < 0 else start
    if length < 0 or not 0 <= start <= input.shape[dim] - length:
        raise ShapeError(
            f"narrow of {length} places from {start} on along dim {dim} of shape {shape_of(input.shape)}: they are not "
            f"all there"
        )
    return getitem(input, (*(slice(None),) * dim, slice(start, start + length)))


def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """In parts of one size along ``dim`` (the last may be shorter), or of the sizes listed.

    >>> [part.shape for part in chainrule.split(chainrule.zeros(5, 2), 2)]
    [(2, 2), (2, 2), (1, 2)]
    """
    dim = normal_dim(dim, tensor.ndim, "split")
    n, size = tensor.shape[dim], split_size_or_sections
    if isinstance(size, int):
        if size < 1:
            raise ArgumentError(f"split in parts of {size}: a part has at least 1 place")
        sizes = [builtins.min(size, n - start) for start in range(0, n, size)] or [0]
    else:
        sizes = list(size)
        if builtins.sum(sizes) != n:
            raise ShapeError(
                f"split in parts of {sizes} along dim {dim} of shape {shape_of(tensor.shape)}: they add up to "
                f"{builtins.sum(sizes)}, not {n}"
            )
    starts = [builtins.sum(sizes[:i]) for i in range(len(sizes))]
    return tuple(narrow(tensor, dim, start, length) for start, length in zip(starts, sizes, strict=True))


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """In at most ``chunks`` parts of one size (the last may be shorter)."""
    if chunks < 1:
        raise ArgumentError(f"chunk into {chunks} parts: it takes at least 1")
    n = input.shape[normal_dim(dim, input.ndim, "chunk")]
    return split(input, builtins.max(1, -(-n // chunks)), dim) if n else (input,) * chunks


def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along ``dim``, which is gone from them."""
    dim = normal_dim(dim, input.ndim, "unbind")
    return tuple(getitem(input, (*(slice(None),) * dim, i)) for i in range(input.shape[dim]))


def vstack(tensors: Any) -> Any:
    """Rows, or matrices, one below the other."""
    return cat([unsqueeze(reshape(x, (-1,)), 0) if x.ndim < 2 else x for x in tensors])


def hstack(tensors: Any) -> Any:
    """Vectors end to end, or matrices side by side."""
    parts = [reshape(x, (1,)) if x.ndim == 0 else x for x in tensors]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Moved along ``dims`` by ``shifts``; what falls off at one end comes in at the other.

    >>> chainrule.roll(chainrule.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    if dims is None:
        return reshape(roll(reshape(input, (-1,)), shifts, 0), input.shape)
    for shift, dim in zip(*((x,) if isinstance(x, int) else x for x in (shifts, dims)), strict=True):
        n = input.shape[normal_dim(dim, input.ndim, "roll")]
        if n:
            turn = n - shift % n
            input = cat([narrow(input, dim, turn, n - turn), narrow(input, dim, 0, turn)], dim)
    return input


def repeat(input: Any, *sizes: Any) -> Any:
    """The whole repeated along each dimension, and along new ones in front.

    >>> chainrule.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    times = as_shape(sizes)
    if len(times) < input.ndim:
        raise ShapeError(
            f"repeat of a tensor of shape {shape_of(input.shape)} by {times}: give a number for each dimension at least"
        )
    shape = (*(1,) * (len(times) - input.ndim), *input.shape)
    apart = reshape(input, tuple(n for size in shape for n in (1, size)))
    wide = expand(apart, tuple(n for time, size in zip(times, shape, strict=True) for n in (time, size)))
    return reshape(wide, tuple(map(operator.mul, times, shape)))


def tile(input: Any, *dims: Any) -> Any:
    """``repeat`` that takes fewer numbers than dimensions: they are for the last ones."""
    times = as_shape(dims)
    return repeat(input, (*(1,) * (input.ndim - len(times)), *times))


def repeat_interleave(input: Any, repeats: int, dim: int | None = None) -> Any:
    """Each place repeated next to itself along ``dim`` (or along everything, flattened)."""
    if dim is None:
        return repeat_interleave(reshape(input, (-1,)), repeats, 0)
    dim = normal_dim(dim, input.ndim, "repeat_interleave")
    apart = unsqueeze(input, dim + 1)
    wide = expand(apart, (*apart.shape[: dim + 1], repeats, *apart.shape[dim + 2 :]))
    return flatten(wide, dim, dim + 1)


def fliplr(input: Any) -> Any:
    """Left and right swapped."""
    return flip(input, 1)


def flipud(input: Any) -> Any:
    """Up and down swapped."""
    return flip(input, 0)


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Wider at both ends of the last dimensions: (left, right), then (top, bottom), and so on.

    mode is "constant" (``value``, by default 0), "reflect" (mirrored, without the edge), "replicate" (the edge
    again) or "circular" (from the other end).  A negative number cuts off.

    >>> chainrule.nn.functional.pad(chainrule.tensor([[1.0, 2.0]]), (1, 2))
    tensor([[0., 1., 2., 0., 0.]])
    """
    widths = list(pad)
    if len(widths) % 2 or len(widths) // 2 > input.ndim:
        raise ArgumentError(
            f"pad={tuple(widths)} for a tensor with {input.ndim} dimensions: give two numbers a dimension"
        )
    sides = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]  # last dimension first
    if mode == "constant":
        whole = [(0, 0)] * (input.ndim - len(sides)) + sides[::-1]
        for dim, (before, after) in enumerate(whole):
            if before < 0 or after < 0:
                keep = input.shape[dim] + builtins.min(before, 0) + builtins.min(after, 0)
                input = narrow(input, dim, builtins.max(-before, 0), keep)
        grown = tuple((builtins.max(before, 0), builtins.max(after, 0)) for before, after in whole)
        return pad_constant(input, grown, 0.0 if value is None else value)
    if mode not in _BEYOND:
        raise ArgumentError(f"mode={mode!r}: choose 'constant', 'reflect', 'replicate' or 'circular'")
    for i, (before, after) in enumerate(sides):
        dim = input.ndim - 1 - i
        n = input.shape[dim]
        most = {"reflect": n - 1, "circular": n, "replicate": before + after}[mode]
        if builtins.max(before, after) > most:
            raise ShapeError(f"pad by {(before, after)} in mode {mode!r} of a dimension of size {n}: at most {most}")
        places = _BEYOND[mode](np.arange(-before, n + after), n)
        input = getitem(input, (*(slice(None),) * dim, places))
    return input


_BEYOND: dict[str, Any] = {  # which place inside stands for one outside
    "reflect": lambda at, n: (n - 1) - abs((n - 1) - abs(at)),
    "replicate": lambda at, n: np.clip(at, 0, n - 1),
    "circular": lambda at, n: at % n,
}


# ---------------------------------------------------------------------------------------- triangles, diagonals


def tril(input: Any, diagonal: int = 0) -> Any:
    """What stands on and below a diagonal; 0 above."""
    return where(_below(input, diagonal), input, 0)


def triu(input: Any, diagonal: int = 0) -> Any:
    """What stands on and above a diagonal; 0 below."""
    return where(_below(input, diagonal - 1), 0, input)


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
    return where(mask, value if not hasattr(value, "ndim") else cast(value, input.dtype), input)


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
    if most >= n or n < 1:
        raise ArgumentError(f"one_hot of {most} with num_classes={n}: class numbers run from 0 to num_classes - 1")
    return cast(unsqueeze(tensor, -1) == np.arange(n), np.int64)
