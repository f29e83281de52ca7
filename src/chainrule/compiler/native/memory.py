"""Arrays at a known address, arrays that do not overlap, and the fastest call from Python.

A compiled step takes two arrays, whatever it works on: ``table`` (int64) with the addresses of its buffers, and
``scalars`` (float64).  Handing over 20 arrays would cost more than a small network takes.

    W = f32_at(table[3], (64, 32))      a C-contiguous array that owns nothing

`apart` compiles a function whose array arguments do not overlap.  Without it LLVM compares addresses before each loop,
up to 8 pairs; a loop over more arrays is not vectorised at all (10 read and 10 written: 10.1 µs against 2.7).  So a
step has a front that makes the arrays and an inner function, made with `apart`, that works on them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chainrule.compiler.native.emitting import as_intrinsic
from chainrule.compiler.native.translating import translate

PLAIN = {"error_model": "numpy", "fastmath": {"contract"}}


def _array_at(kind: types.Type) -> Any:
    """The intrinsic ``(address, shape) -> array`` for numbers of one type."""

    @intrinsic
    def array_at(typing_context: Any, address: Any, shape: Any) -> Any:
        array = types.Array(kind, len(shape), "C")

        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]) -> ir.Value:
            from numba.np.arrayobj import make_array, populate_array  # 30 ms, when compiling only

            numbers = context.get_data_type(kind)
            size = context.get_abi_sizeof(numbers)
            sizes = [
                context.cast(builder, value, size_type, types.intp)
                for value, size_type in zip(cgutils.unpack_tuple(builder, values[1]), shape, strict=True)
            ]
            strides = [context.get_constant(types.intp, size)]
            for length in reversed(sizes[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            result = make_array(array)(context, builder)
            populate_array(
                result, data=builder.inttoptr(values[0], numbers.as_pointer()), shape=sizes,
                strides=strides[: len(sizes)], itemsize=size, meminfo=None,
            )  # fmt: skip
            return result._getvalue()

        return array(types.int64, shape), write

    return array_at


f32_at, f64_at = _array_at(types.float32), _array_at(types.float64)
i32_at, i64_at = _array_at(types.int32), _array_at(types.int64)
u8_at, u32_at, bool_at = _array_at(types.uint8), _array_at(types.uint32), _array_at(types.boolean)


def apart(function: Callable[..., Any]) -> Any:
    """Generated code (see `translating`) as a function for compiled code to call, of arrays of which no two overlap.

    Wrong results if they do: the caller answers for it.
    """
    name = function.__name__

    def loops(typing_context: Any, *arguments: Any) -> Any:
        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]) -> ir.Value:
            if name not in builder.module.globals:
                translate(context, builder.module, function, signature)
            written, convention = builder.module.globals[name], context.call_conv
            status, result = convention.call_function(builder, written, types.int64, arguments, values)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return result

        return types.int64(*arguments), write

    return as_intrinsic(loops, name, list(inspect.signature(function).parameters))
