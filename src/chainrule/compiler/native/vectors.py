"""How wide the vectors of this processor are, and how wide those of a compiled function should be."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic


class Width(NamedTuple):
    """How many numbers a vector of this machine has, and how many vectors it has registers for."""

    lanes: int
    registers: int


@functools.cache
def _features() -> dict[str, bool]:
    return dict(binding.get_host_cpu_features())


@functools.cache
def width(size: int) -> Width:
    """The widest vectors of this processor, for numbers of ``size`` bytes."""
    features = _features()
    if features.get("avx512f"):
        return Width(64 // size, 32)
    if features.get("avx2"):
        return Width(32 // size, 16)
    return Width(16 // size, 32 if features.get("neon") else 16)


@intrinsic
def widest(typing_context: Any) -> Any:
    """In a compiled function: its loops become vectors of 64 bytes where that is no disadvantage.

    LLVM takes 32 bytes on all processors of Intel, because the first ones with wider vectors ran at a lower clock while
    they used them.  Those that know float16 vectors (Sapphire Rapids, 2023, and later) do not.
    """

    def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        if _features().get("avx512fp16"):
            # an attribute of LLVM's that llvmlite has not in its list, so its own `add` refuses it
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), write
