"""Generated source run as plain Python: what the compiler made of a step, without Numba.

Within ``plainly()`` nothing is compiled: `njit` is left out, arrays at addresses are NumPy's, ``exp_f32`` is NumPy's.
A step takes milliseconds instead of a second to get ready, so a thousand programs can be tried; and it is stricter than
machine code: a place outside an array is an error.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import linecache
import types
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

from chainrule.ops import BOOK

pointed: dict[str, Any] = {
    "f32": ctypes.c_float, "f64": ctypes.c_double, "i64": ctypes.c_int64, "i32": ctypes.c_int32,
    "u8": ctypes.c_uint8, "bool": ctypes.c_bool,
}  # fmt: skip


class Strict:
    """An array in which only places that are there can be read and written."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def _checked(self, places: Any) -> Any:
        places = places if isinstance(places, tuple) else (places,)
        for place, n in zip(places, self.array.shape, strict=False):
            if not 0 <= place < n:
                raise IndexError(f"{places} in an array of shape {self.array.shape}")
        return places

    def reshape(self, *shape: int) -> Strict:
        """The same memory."""
        array = self.array.view()
        array.shape = shape  # an error where that would take a copy
        return Strict(array)

    def __getitem__(self, places: Any) -> Any:
        if isinstance(places, slice) and places.stop <= self.array.size:  # memory changes hands: what was there is gone
            self.array[places] = np.nan if self.array.dtype.kind == "f" else 77
            return Strict(self.array[places])
        places = self._checked(places)
        found = self.array[places]
        return Strict(found) if len(places) < self.array.ndim else found

    def __setitem__(self, places: Any, value: Any) -> None:
        if len(places := self._checked(places)) != self.array.ndim:
            raise IndexError(f"{places} is not one place in an array of shape {self.array.shape}")
        kind = np.asarray(value).dtype
        if kind != self.array.dtype and not isinstance(value, int | float):
            raise TypeError(f"{kind} {value!r} is put into an array of {self.array.dtype}")
        self.array[places] = value


def _array_at(kind: str) -> Callable[[Any, Any], Strict]:
    def at(address: Any, shape: tuple[int, ...]) -> Strict:
        size = int(np.prod(shape))
        return Strict(np.ctypeslib.as_array((pointed[kind] * size).from_address(int(address))).reshape(shape))

    return at


def _product(ta: Any, tb: Any, m: int, n: int, k: int, A: Any, B: Any, C: Any) -> None:
    C.array.reshape(m, n)[...] = 0
    _product_add(ta, tb, m, n, k, 1, A, B, C)


def _product_add(ta: Any, tb: Any, m: int, n: int, k: int, alpha: Any, A: Any, B: Any, C: Any) -> None:
    a = A.array.reshape(-1)[: m * k].reshape((k, m) if ta else (m, k))
    b = B.array.reshape(-1)[: k * n].reshape((n, k) if tb else (k, n))
    c = C.array.reshape(m, n)
    c += alpha * (a.T if ta else a) @ (b.T if tb else b)


def _uniform(stream: Any, out: Any) -> None:
    raise NotImplementedError("random numbers inside of native loops need Numba")


NAMES: dict[str, Any] = {
    "np": np,
    "apart": lambda function: function,
    "native": lambda function: function,
    "add_r": lambda a, b: a + b,
    "mul_r": lambda a, b: a * b,
    "widest": lambda: None,
    "max_r": np.maximum,
    "min_r": np.minimum,
    "uniform_f32": _uniform,
    "uniform_f64": _uniform,
    **{f"product_{t}": _product for t in ("f32", "f64")},
    **{f"product_add_{t}": _product_add for t in ("f32", "f64")},
    **{f"{kind}_at": _array_at(kind) for kind in pointed},
    **{
        f"{name}_{t}": (lambda op: lambda x: np.asarray(op.run(np.asarray(x)))[()])(BOOK[name])
        for name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "logsigmoid", "expm1", "log1p", "erf")
        for t in ("f32", "f64")
    },
}


def load(source: str) -> types.ModuleType:
    """The generated module as plain Python."""
    tree = ast.parse(source)
    tree.body = [part for part in tree.body if not isinstance(part, ast.Import | ast.ImportFrom)]
    module = types.ModuleType("plain_step")
    vars(module).update(NAMES)
    name = f"<plain step {id(module)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(tree, name, "exec"), vars(module))
    for word, value in list(vars(module).items()):
        if isinstance(value, types.FunctionType) and word in ("repeat", "epochs"):
            setattr(module, word, _quiet(value))
    return module


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    def quiet(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return quiet


def caller(function: Callable[..., Any], table: Any, scalars: Any) -> Callable[[], Any]:
    """As `fast_caller`."""
    return lambda: _quiet(function)(table, scalars)


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Steps that get compiled within this run as plain Python."""
    with (
        mock.patch("chainrule.compiler.cache.load", load),
        mock.patch("chainrule.compiler.native.compiling.fast_caller", caller),
        mock.patch("chainrule.compiler.native.compiling.compiled", lambda function, *arguments: function),
    ):
        yield
