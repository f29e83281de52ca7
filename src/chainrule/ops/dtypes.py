"""In which dtype operands of different kinds meet: PyTorch's rules, which are not NumPy's.

Kinds rank bool < integer < floating.  Tensors with dimensions outrank 0-d tensors, which outrank Python
numbers: the lower rank can raise the *kind* of the result but not its width, so ``0.5 * float32_tensor``
stays float32 and ``int64_tensor + 0.5`` is of the default dtype, float32.  (NumPy would say float64 to
``int64 + 0.5`` and to ``int64 / int64``.)  Source: PyTorch, "Tensor Attributes", type promotion.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np

from chainrule.errors import DtypeError
from chainrule.tracing import edition, tracers

DType = np.dtype[Any]
float32, float64 = np.dtype("float32"), np.dtype("float64")
int32, int64 = np.dtype("int32"), np.dtype("int64")
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")
SUPPORTED = (float32, float64, int64, int32, uint8, bool_)
NEGLIGIBLE = {dtype: 1e8 * float(np.finfo(dtype).tiny) for dtype in (float32, float64)}
"""What is smaller counts as 0 in gradients and running means: 1e8 times the smallest normal number (1e-30 in float32).

So far from the subnormal numbers, the product with a rate or a weight is still a normal one; see decision 14.
"""

_default = [float32]


def get_default_dtype() -> DType:
    """The dtype of a tensor made from Python floats: float32 until set otherwise."""
    return _default[0]


def set_default_dtype(dtype: Any) -> None:
    """Make tensors built from Python floats, and parameters, ``dtype`` (float32 or float64).

    Raises DtypeError for anything that is not a floating dtype.
    """
    known: dict[Any, DType] = {
        name: found for found in (float32, float64) for name in (found, found.name, found.type, found.char)
    }
    if dtype not in known:
        raise DtypeError(f"the default dtype cannot be {dtype}; choose float32 or float64")
    if tracers:
        tracers[-1].spoil("it sets the default dtype")
    edition[0] += 1
    _default[0] = known[dtype]


def as_dtype(dtype: Any) -> DType:
    """Any way to name a dtype -> the NumPy dtype; a DtypeError for those chainrule does not have."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise DtypeError(f"dtype={dtype!r} is not a dtype; choose one of {', '.join(map(str, SUPPORTED))}") from None
    if found not in SUPPORTED:
        raise DtypeError(f"dtype {found}: chainrule has {', '.join(map(str, SUPPORTED))}")
    return found


def wider(a: DType, b: DType) -> DType:
    """The smallest dtype that holds both: floating wins over integer at its own width.

    >>> wider(np.dtype("int64"), np.dtype("float32"))
    dtype('float32')
    """
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def number_dtype(number: Any) -> DType:
    """The dtype a Python number becomes as a tensor."""
    return bool_ if isinstance(number, bool) else int64 if isinstance(number, int) else _default[0]


def result_type(operands: Iterable[Any]) -> DType:
    """The dtype in which arrays and Python numbers meet.

    >>> result_type([np.ones(2, np.int64), 0.5]), result_type([np.ones(2, np.float32), np.float64(2).reshape(())])
    (dtype('float32'), dtype('float32'))
    """
    ranks: list[DType | None] = [None, None, None]  # with dimensions, 0-d, Python numbers
    for x in operands:
        if hasattr(x, "ndim"):
            rank, dtype = (0 if x.ndim else 1), x.dtype
        else:
            rank, dtype = 2, number_dtype(x)
        seen = ranks[rank]
        ranks[rank] = dtype if seen is None else wider(seen, dtype)
    result = ranks[0]
    for lower in ranks[1:]:
        if result is None:
            result = lower
        elif lower is not None and result.kind != "f" and (result.kind == "b" or lower.kind == "f"):
            result = wider(result, lower)
    if result is None:
        raise DtypeError("there is no operand to take a dtype from")
    return result


def meeting_dtype(kind: str, name: str, operands: Iterable[Any]) -> DType | None:
    """The dtype the operands of an operation are cast to before it runs; None leaves them alone.

    kind    meets in                         for example
    keep    the promoted dtype               add, maximum, neg
    float   promoted, integers made float    div, exp, tanh
    same    one dtype, never mixed           matmul
    real    floating only                    mean, softmax
    any     whatever comes                   getitem, argmax
    """
    if kind == "any":
        return None
    if kind in ("same", "real"):
        dtypes = {x.dtype for x in operands if hasattr(x, "ndim")}
        if len(dtypes) > 1:
            raise DtypeError(
                f"{name} of dtypes {' and '.join(sorted(map(str, dtypes)))}: both sides must have one dtype; "
                f"convert one of them, for example x.to({reduce(wider, dtypes)})"
            )
        if kind == "real" and (dtype := dtypes.pop()).kind != "f":
            raise DtypeError(f"{name} of dtype {dtype}: it needs floating numbers; write {name}(x.float())")
        return None
    dtype = result_type(operands)
    return _default[0] if kind == "float" and dtype.kind != "f" else dtype
