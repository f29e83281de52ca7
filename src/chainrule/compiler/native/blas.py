"""The BLAS that SciPy brings, called from compiled code without Python.

The functions are bound under names of ours (``chainrule_sgemm``), which code on disk finds again in another process.
`cython_blas` is loaded by its file: importing `scipy.linalg` around it would take 0.2 s.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import itertools
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils

MODULE = "scipy.linalg.cython_blas"
_FOUND = importlib.util.find_spec("scipy")
if _FOUND is None or _FOUND.origin is None:
    raise ImportError("compiling needs the package scipy: pip install scipy")
SCIPY = Path(_FOUND.origin).parent
INT, LETTER = ir.IntType(32), ir.IntType(8)


def _cython_blas() -> ModuleType:
    """SciPy's table of BLAS functions, without the rest of `scipy.linalg`."""
    if "scipy.linalg" in sys.modules:
        return importlib.import_module(MODULE)
    if sys.platform == "win32":
        importlib.import_module("scipy")  # which says where its libraries are; elsewhere the file itself does
    folder = SCIPY / "linalg"
    path = next(p for suffix in EXTENSION_SUFFIXES if (p := folder / f"cython_blas{suffix}").exists())
    spec = importlib.util.spec_from_file_location(MODULE, path)
    assert spec is not None  # it is a file that exists
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop(MODULE, None)  # it enters itself, and then `import scipy.linalg` would not: leave that to it
    return module


BLAS = _cython_blas()


def _address(name: str) -> int:
    """Where a BLAS function is: what its capsule holds."""
    capsule = BLAS.__pyx_capi__[name]
    get_name, get = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, get_name(capsule)))


for _name in ("sgemm", "dgemm"):
    binding.add_symbol(f"chainrule_{_name}", _address(_name))


class _Call:
    """A call of a Fortran function: every argument is handed over by address."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder
        self.arguments: list[ir.Value] = []

    def pass_(self, value: ir.Value) -> None:
        place = cgutils.alloca_once(self.builder, value.type)
        self.builder.store(value, place)
        self.arguments.append(place)

    def letter(self, transposed: ir.Value) -> None:
        """Fortran's "T" for what is stored transposed, seen from there."""
        yes, no = LETTER(ord("T")), LETTER(ord("N"))
        self.pass_(self.builder.select(self.builder.icmp_unsigned("!=", transposed, transposed.type(0)), yes, no))

    def whole(self, *values: ir.Value) -> None:
        for value in values:
            self.pass_(self.builder.trunc(value, INT))

    def run(self, name: str) -> None:
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in self.arguments])
        self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), self.arguments)


def write_gemm(
    builder: ir.IRBuilder, number: ir.Type, flags: list[ir.Value], sizes: list[ir.Value], alpha: ir.Value,
    arrays: list[ir.Value], beta: ir.Value,
) -> None:  # fmt: skip
    """Write the call ``C = alpha op(A) op(B) + beta C``, everything C-contiguous; with beta = 0, C is only written.

    BLAS counts columns where we count rows, so it is asked for Cᵀ = op(B)ᵀ op(A)ᵀ.
    """
    (ta, tb), (m, n, k), (a, b, c) = flags, sizes, arrays
    call = _Call(builder)
    call.letter(tb)
    call.letter(ta)
    call.whole(n, m, k)
    call.pass_(alpha)
    call.arguments.append(b)
    call.whole(builder.select(tb, k, n))
    call.arguments.append(a)
    call.whole(builder.select(ta, m, k))
    call.pass_(beta)
    call.arguments.append(c)
    call.whole(n)
    call.run("chainrule_sgemm" if isinstance(number, ir.FloatType) else "chainrule_dgemm")


def _thread_functions() -> tuple[Any, Any] | None:
    """How many threads SciPy's OpenBLAS may use, and how to say so; None for another BLAS."""
    assert BLAS.__file__ is not None
    places = [Path(BLAS.__file__), *sorted((SCIPY.parent / "scipy.libs").glob("*openblas*"))]
    for place in places:  # a library's handle finds what it is linked to as well, except on Windows
        library = ctypes.CDLL(str(place))
        for before, after in itertools.product(("scipy_", ""), ("", "64_")):
            names = [f"{before}openblas_{verb}_num_threads{after}" for verb in ("get", "set")]
            with contextlib.suppress(AttributeError):
                return getattr(library, names[0]), getattr(library, names[1])
    return None


_THREADS = _thread_functions()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let compiled products run on one thread: two wait for one another, up to 100 times as long on a busy machine.

    For work with a product of m n k > 2^18, which OpenBLAS would divide; smaller ones have one thread anyway.  Only
    SciPy's OpenBLAS is meant: NumPy's own, which eager operations use, stays as it is.  Another BLAS keeps its rule.
    """
    if _THREADS is None:
        yield
        return
    get, put = _THREADS
    before = get()
    if before > 1:
        put(1)
    try:
        yield
    finally:
        if before > 1:
            put(before)
