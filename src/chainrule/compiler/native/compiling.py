"""Generated functions compiled, and the fastest call from Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, typeof, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from chainrule.compiler.native.memory import PLAIN


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """The code of one function, optimised once: Numba's own does so three times, to find counts of references that it
    can leave out, and generated loops have none.  LeNet's step: 2.7 s became 2.0.

    LLVM may do equal operations on neighbours (lanes written out) as one vector, which Numba does not let it: the ten
    exponentials of a row of digits take half the time.
    """

    def _optimize_functions(self, module: Any) -> None:
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager(
            opt=2, loop_vectorize=True, slp_vectorize=True, cost="cheap"
        )
        passes.run(self._final_module, builder)


class _Native(Compiler):  # type: ignore[misc]
    """Numba's compiler, with that library."""

    def compile_extra(self, function: Any) -> Any:
        self.state.library = _Library(self.state.targetctx.codegen(), function.__qualname__)
        self.state.library.enable_object_caching()
        return super().compile_extra(function)


def native(function: Callable[..., Any]) -> Any:
    """Compile a generated function that Python calls."""
    return njit(pipeline_class=_Native, **PLAIN)(function)


def compiled(dispatcher: Any, *arguments: Any) -> Any:
    """The dispatcher, compiled for these arguments."""
    dispatcher.compile(tuple(map(typeof, arguments)))
    return dispatcher


def fast_caller(dispatcher: Any, table: Any, scalars: Any) -> Callable[[], Any]:
    """The shortest way from Python into ``dispatcher(table, scalars)``: about 0.15 µs, the dispatcher itself 0.28.

    The compiled code is called directly, for these two arrays only, which stay alive with the caller.

    >>> double = native(lambda table, scalars: scalars[0] * 2)
    >>> fast_caller(double, np.zeros(1, np.int64), np.array([21.0]))()
    42.0
    """
    kinds = (types.Array(types.int64, 1, "C"), types.Array(types.float64, 1, "C"))
    for array, kind in zip((table, scalars), kinds, strict=True):
        if array.dtype != np.dtype(str(kind.dtype)) or array.ndim != 1 or not array.flags.carray:
            raise TypeError(f"{array.dtype} array of shape {array.shape}: compiled steps take {kind}")
    dispatcher.compile(kinds)
    return functools.partial(dispatcher.overloads[kinds].entry_point, table, scalars)
