"""What is said of many numbers at once, composed of the reductions in the book."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from chainrule.errors import ArgumentError
from chainrule.ops.arithmetic import abs
from chainrule.ops.base import Recording, normal_dim
from chainrule.ops.choosing import maximum, minimum, where
from chainrule.ops.elementwise import cast, detach
from chainrule.ops.functions import exp, log, sqrt
from chainrule.ops.indexing import gather
from chainrule.ops.movement import reshape
from chainrule.ops.parts import narrow
from chainrule.ops.reduction import Dims, amax, amin, argmax, argmin, count, mean, sum
from chainrule.ops.scan import argsort
from chainrule.ops.shaping import squeeze


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


# ---------------------------------------------------------------------------------------- order


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> ValuesIndices:
    """The numbers in rising (or falling) order along ``dim``, and where they stood; equal ones keep their order.

    >>> chainrule.sort(chainrule.tensor([3.0, 1.0, 2.0])).values
    tensor([1., 2., 3.])
    """
    indices = argsort(input, dim, descending)
    return ValuesIndices(gather(input, dim, indices), indices)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The ``k`` largest (or smallest) numbers along ``dim``, in order, and where they stand."""
    n = input.shape[normal_dim(dim, input.ndim, "topk")] if input.ndim else 1
    if not 0 <= k <= n:
        raise ArgumentError(f"topk of {k} along dim {dim}: there are {n}")
    values, indices = sort(input, dim, largest)
    if not input.ndim:
        return ValuesIndices(values, indices)
    return ValuesIndices(narrow(values, dim, 0, k), narrow(indices, dim, 0, k))


# ---------------------------------------------------------------------------------------- spread and size


def var(
    input: Any, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """Mean squared distance from the mean along ``dim``, over n - correction.

    >>> chainrule.var(chainrule.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    if isinstance(dim, bool):  # var(x, False), an older way to say it
        dim, unbiased = None, dim
    correction = 1 if correction is None else correction
    correction = correction if unbiased is None else int(unbiased)
    off = input - mean(input, dim, True)
    n = count(input.shape, _dims(dim, input.ndim))
    return sum(off * off, dim, keepdim) / (n - correction if n > correction else 0.0)


def _dims(dim: Dims, ndim: int) -> tuple[int, ...] | None:
    if dim is None or not ndim:
        return None
    return tuple(normal_dim(d, ndim, "var") for d in ((dim,) if isinstance(dim, int) else dim)) or None


def std(
    input: Any, dim: Dims = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """Square root of `var`.  The slope is taken as 0 where the numbers are all equal."""
    return _root(var(input, dim, unbiased, keepdim, correction=correction))


def _root(x: Any) -> Any:
    """√x with slope 0 at 0, where the true one is infinite."""
    return where(x == 0, 0.0, sqrt(where(x == 0, 1.0, x)))


def norm(input: Any, p: Any = 2, dim: Dims = None, keepdim: bool = False) -> Any:
    """(Σ |x|^p)^(1/p) along ``dim``; p may be inf or -inf (largest, smallest |x|), 0 (how many are not 0) or "fro".

    >>> chainrule.norm(chainrule.tensor([3.0, 4.0]))
    tensor(5.)
    """
    p = 2 if p in ("fro", None) else p
    if isinstance(p, str):
        raise ArgumentError(f"norm with p={p!r}: give a number or 'fro'")
    if p == 2:
        return _root(sum(input * input, dim, keepdim))
    size = abs(input)
    if p in (math.inf, -math.inf):
        return (amax if p > 0 else amin)(size, dim, keepdim)
    if p == 0:
        return sum(cast(input != 0, input.dtype), dim, keepdim)
    if p == 1:
        return sum(size, dim, keepdim)
    total = sum(where(size == 0, 0.0, where(size == 0, 1.0, size) ** p) if p > 0 else size**p, dim, keepdim)
    return where(total == 0, 0.0, where(total == 0, 1.0, total) ** (1.0 / p))


def logsumexp(input: Any, dim: Dims, keepdim: bool = False) -> Any:
    """log Σ e^x along ``dim``, from x - max x, so that nothing overflows.

    >>> chainrule.logsumexp(chainrule.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    if not count(input.shape, _dims(dim, input.ndim)):
        return log(sum(exp(input), dim, keepdim))
    top = detach(amax(input, dim, True))
    top = where(abs(top) == math.inf, 0.0, top)
    out = log(sum(exp(input - top), dim, True)) + top
    return out if keepdim else reshape(out, sum(input, dim).shape)


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
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Where |input - other| ≤ atol + rtol |other|."""
    error = abs(input - other)
    near = (error <= atol + rtol * abs(other)) & (error < math.inf) | (input == other)
    return near | ((input != input) & (other != other)) if equal_nan else near


def isnan(input: Any) -> Any:
    """Where a number is none."""
    return input != input


def isinf(input: Any) -> Any:
    """Where a number is infinite."""
    return abs(input) == math.inf


def isfinite(input: Any) -> Any:
    """Where a number is neither nan nor infinite."""
    return abs(input) < math.inf


def count_nonzero(input: Any, dim: Dims = None) -> Any:
    """How many numbers along ``dim`` are not 0."""
    return sum(input != 0, dim)
