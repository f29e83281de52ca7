"""Matrix products in compiled code.

    product_f32(ta, tb, m, n, k, A, B, C)              C (m, n) = op(A) op(B)
    product_add_f32(ta, tb, m, n, k, alpha, A, B, C)   C += alpha op(A) op(B)

and ``_f64``.  ``ta`` says that A is stored transposed, as (k, m); everything is C-contiguous, and C overlaps neither A
nor B.  Sizes and flags that stand in the source as literals and fit the caches become a function for just these
(`tiles`); all others are left to BLAS.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from chainrule.compiler.native import blas, tiles
from chainrule.compiler.native.emitting import as_intrinsic


def _kinds(kind: types.Float, alpha: bool, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The types of the arguments of a product of numbers of one type."""
    for array in given[-3:]:
        if not (isinstance(array, types.Array) and array.dtype == kind):
            raise TypeError(f"{array}: a matrix product of {kind} needs arrays of {kind}")
    flags = [x if isinstance(x, types.BooleanLiteral) else types.boolean for x in given[:2]]
    sizes = [x if isinstance(x, types.IntegerLiteral) else types.int64 for x in given[2:5]]
    return (*flags, *sizes, *([kind] if alpha else []), *given[-3:])


def _addresses(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> list[ir.Value]:
    """Arrays as the addresses of their numbers."""
    arrays = zip(signature.args[-3:], values[-3:], strict=True)
    return [context.make_array(kind)(context, builder, value).data for kind, value in arrays]


def _product(kind: types.Float, name: str, add: bool) -> Any:
    parameters = ["ta", "tb", "m", "n", "k", *(["alpha"] if add else []), "A", "B", "C"]
    number: ir.Type = ir.FloatType() if kind.bitwidth == 32 else ir.DoubleType()
    size = kind.bitwidth // 8

    def function(typing_context: Any, *given: Any) -> Any:
        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]) -> Any:
            arrays = _addresses(context, builder, signature, values)
            alpha = values[5] if add else number(1)
            known = [x.literal_value for x in signature.args[:5] if isinstance(x, types.Literal)]
            ta, tb, m, n, k = known if len(known) == 5 else (False, False, 0, 0, 0)
            if m and tiles.fits(m, k, size):
                call = tiles.written(builder.module, number, size, (ta, tb), (m, n, k), add)
                builder.call(call, [alpha, *arrays])
            else:
                given = zip(values[:5], signature.args[:5], [types.boolean] * 2 + [types.int64] * 3, strict=True)
                flags_and_sizes = [context.cast(builder, value, kind, wanted) for value, kind, wanted in given]
                flags, sizes = flags_and_sizes[:2], flags_and_sizes[2:]
                blas.write_gemm(builder, number, flags, sizes, alpha, arrays, number(1 if add else 0))
            return context.get_dummy_value()

        return types.void(*_kinds(kind, add, given)), write

    return as_intrinsic(function, name, parameters, prefer_literal=True)


product_f32, product_f64 = (_product(kind, f"product_{kind}", add=False) for kind in (types.float32, types.float64))
product_add_f32, product_add_f64 = (
    _product(kind, f"product_add_{kind}", add=True) for kind in (types.float32, types.float64)
)
