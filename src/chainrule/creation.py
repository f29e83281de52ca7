"""Making tensors: from data and from a rule (from chance: see ``sampling``).

All take ``dtype`` and ``requires_grad``; Python floats become the default dtype (float32), Python integers
int64, NumPy arrays keep theirs.  ``device`` may be "cpu", the only one there is.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from chainrule.devices import device as device
from chainrule.errors import ArgumentError, DtypeError, OperandError, ShapeError, shape_of
from chainrule.ops.base import Array, Shape
from chainrule.ops.dtypes import SUPPORTED, DType, as_dtype, get_default_dtype, number_dtype, wider
from chainrule.ops.movement import as_shape
from chainrule.tensor import Tensor
from chainrule.tracing import left, tracer, tracers


def only_here(place: Any) -> None:
    """Refuse any device but the CPU."""
    if place is not None:
        device(place)


def made(array: Array, requires_grad: bool, place: Any = None) -> Tensor:
    """A tensor around an array made here."""
    only_here(place)
    if tracers and (recording := tracer()):
        recording.wrapped(array)
    return Tensor(array, requires_grad)


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor with a copy of ``data``: a number, nested lists, a NumPy array, a tensor.

    Raises DtypeError for data that are no numbers, ShapeError for ragged lists.

    >>> chainrule.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> chainrule.tensor([1.5, 2]).dtype, chainrule.tensor(np.zeros(1)).dtype
    (dtype('float32'), dtype('float64'))
    """
    array = as_array(data, dtype)
    copy = array.copy()
    if tracers and (recording := tracer()) and isinstance(data, Tensor) and array is data.array:
        recording.same(copy, data)
    return made(copy, requires_grad, device)


def as_array(data: Any, dtype: Any = None) -> Array:
    """Data as a NumPy array of ``dtype``, or of the one a tensor of them has; not copied where it need not be."""
    if isinstance(data, Tensor):
        array = data.array
        if dtype is not None and array.dtype != as_dtype(dtype):
            left(data, "tensor(..., dtype=...)")
    elif hasattr(data, "__array__"):  # NumPy's arrays and numbers, and what can become one
        array = np.asarray(data)
    else:
        dtypes: set[DType] = set()
        try:
            array = np.array(_plain(data, dtypes))
        except ValueError:
            raise ShapeError("the lists given to tensor() differ in length, so they have no shape") from None
        if not array.size:
            array = array.astype(get_default_dtype())
        elif array.dtype.kind in "fi" and dtype is None:
            array = array.astype(reduce(wider, dtypes))
    if array.dtype not in SUPPORTED and (dtype is None or array.dtype.kind not in "fiu"):
        raise DtypeError(
            f"data of type {type(data).__name__} become dtype {array.dtype}, which is no tensor dtype; "
            f"give numbers ({', '.join(map(str, SUPPORTED))})"
        )
    return array if dtype is None else array.astype(as_dtype(dtype), copy=False)


def _plain(data: Any, dtypes: set[DType]) -> Any:
    """Nested lists with the tensors in them unpacked; the dtypes of what they hold are added to ``dtypes``."""
    if isinstance(data, list | tuple | range):
        return [_plain(x, dtypes) for x in data]
    dtypes.add(data.dtype if hasattr(data, "dtype") else number_dtype(data))
    if isinstance(data, Tensor):
        left(data, "tensor([...]) of tensors")
        return data.array
    return data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, without a copy where it already is an array or a tensor of that dtype."""
    if isinstance(data, Tensor):
        only_here(device)
        return data if dtype is None else data.to(as_dtype(dtype))
    return made(as_array(data, dtype), False, device)


def from_numpy(array: Array) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise OperandError(f"from_numpy of {type(array).__name__}: it takes a NumPy array; write tensor(...)")
    return Tensor(array)


# ---------------------------------------------------------------------------------------- from a rule


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """``fill_value`` everywhere.

    >>> chainrule.full((2,), 7.0)
    tensor([7., 7.])
    """
    value = fill_value.item() if isinstance(fill_value, Tensor | np.generic) else fill_value
    if not isinstance(value, bool | int | float):
        raise OperandError(f"full of {value!r}: fill_value is one number; for several, write tensor(...).expand(...)")
    wanted = number_dtype(value) if dtype is None else as_dtype(dtype)
    return made(np.full(made_shape((size,)), value, wanted), requires_grad, device)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 everywhere, in the default dtype unless told.

    >>> chainrule.zeros(2, 3).shape
    (2, 3)
    """
    return made(np.zeros(made_shape(size), floating_dtype(dtype)), requires_grad, device)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 everywhere, in the default dtype unless told."""
    return made(np.ones(made_shape(size), floating_dtype(dtype)), requires_grad, device)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Whatever the memory held: write to it before you read it."""
    return made(np.empty(made_shape(size), floating_dtype(dtype)), requires_grad, device)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 on the diagonal, else 0."""
    return made(np.eye(*made_shape((n, n if m is None else m)), dtype=floating_dtype(dtype)), requires_grad, device)


def arange(
    start: float, end: float | None = None, step: float = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, … up to but without ``end``: int64 where all three are integers.

    >>> chainrule.arange(3), chainrule.arange(0, 1, 0.25)
    (tensor([0, 1, 2]), tensor([0.0000, 0.2500, 0.5000, 0.7500]))
    """
    if end is None:
        start, end = 0, start
    if step == 0 or not 0 <= (end - start) / step < math.inf:
        raise ArgumentError(
            f"arange from {start} to {end} in steps of {step} never arrives; step must lead to a finite end"
        )
    whole = all(isinstance(x, int | np.integer) for x in (start, end, step))
    wanted = (np.dtype(np.int64) if whole else get_default_dtype()) if dtype is None else as_dtype(dtype)
    steps: Any = np.arange(math.ceil((end - start) / step), dtype=np.int64 if whole else np.float64)
    return made((start + step * steps).astype(wanted), requires_grad, device)


def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers from ``start`` to ``end``, both included, equally far apart."""
    made_shape((steps,))
    return made(np.linspace(start, end, steps, dtype=np.float64).astype(floating_dtype(dtype)), requires_grad, device)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """``steps`` powers of ``base`` whose exponents go from ``start`` to ``end`` in equal steps."""
    exponents = np.linspace(start, end, steps, dtype=np.float64)
    return made((float(base) ** exponents).astype(floating_dtype(dtype)), requires_grad, device)


# ---------------------------------------------------------------------------------------- like another


def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """0 everywhere, in the shape and dtype of ``input``."""
    return zeros(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """1 everywhere, in the shape and dtype of ``input``."""
    return ones(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Whatever the memory held, in the shape and dtype of ``input``."""
    return empty(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``fill_value`` everywhere, in the shape and dtype of ``input``."""
    return full(input.shape, fill_value, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def floating_dtype(dtype: Any) -> DType:
    """The dtype named, or the default one where none is."""
    return get_default_dtype() if dtype is None else as_dtype(dtype)


def made_shape(sizes: tuple[Any, ...]) -> Shape:
    """Sizes as written, ``2, 3`` or ``(2, 3)``, as a shape."""
    try:
        shape = as_shape(sizes)
    except TypeError:
        raise OperandError(f"a tensor of sizes {sizes}: sizes are whole numbers, such as 2, 3") from None
    if any(size < 0 for size in shape):
        raise ShapeError(f"a tensor of shape {shape_of(shape)}: no size can be below 0")
    return shape
