"""Parts and wholes, composed of the movements in the book: split and stacked, rolled, repeated, padded."""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.ops.indexing import getitem
from chainrule.ops.movement import as_shape, cat, expand, flip, pad_constant, reshape
from chainrule.ops.shaping import flatten, own_dim, unsqueeze


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """``length`` places along ``dim`` from ``start`` on."""
    dim = own_dim(dim, input, "narrow")
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
    dim = own_dim(dim, tensor, "split")
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
    n = input.shape[own_dim(dim, input, "chunk")]
    return split(input, builtins.max(1, -(-n // chunks)), dim) if n else (input,) * chunks


def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along ``dim``, which is gone from them."""
    dim = own_dim(dim, input, "unbind")
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
        n = input.shape[own_dim(dim, input, "roll")]
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


def repeat_interleave(input: Any, repeats: Any, dim: int | None = None) -> Any:
    """Each place repeated next to itself along ``dim`` (or along everything, flattened).

    ``repeats`` is a number, or a vector with one for each place.
    """
    if dim is None:
        return repeat_interleave(reshape(input, (-1,)), repeats, 0)
    dim = own_dim(dim, input, "repeat_interleave")
    if not isinstance(repeats, int):
        times = np.broadcast_to(getattr(repeats, "array", repeats), input.shape[dim])
        return getitem(input, (*(slice(None),) * dim, np.repeat(np.arange(input.shape[dim]), times)))
    apart = unsqueeze(input, dim + 1)
    wide = expand(apart, (*apart.shape[: dim + 1], repeats, *apart.shape[dim + 2 :]))
    return flatten(wide, dim, dim + 1)


def fliplr(input: Any) -> Any:
    """Left and right swapped."""
    return flip(input, 1)


def flipud(input: Any) -> Any:
    """Up and down swapped."""
    return flip(input, own_dim(0, input, "flipud"))


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Wider at both ends of the last dimensions: (left, right), then (top, bottom), and so on.

    mode is "constant" (``value``, by default 0), "reflect" (mirrored, without the edge), "replicate" (the edge
    again) or "circular" (from the other end).  A negative number, with "constant", cuts off.

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
        if before < 0 or after < 0:
            raise ArgumentError(f"pad by {(before, after)} in mode {mode!r}: to cut off, write x[..., 1:-1]")
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
