"""Matrix products in compiled code: the BLAS that SciPy brings, called without Python.

    gemm_f32(ta, tb, m, n, k, alpha, A, B, beta, C)     C (m, n) = alpha op(A) op(B) + beta C
    gemm_at_f32(…, A, lda, B, ldb, beta, C, ldc)        with the distance between rows, for columns cut out of more

and ``_f64``.  ``ta`` says that A is stored transposed, as (k, m); everything is C-contiguous.  With beta = 0, C is only
written.  BLAS counts columns where we count rows, so it is asked for Cᵀ = op(B)ᵀ op(A)ᵀ.

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
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

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


def _signature(pattern: str, kind: types.Float, arguments: Any) -> Any:
    """Types by a letter each: t a flag, i a whole number, f a number, a an array (as it comes)."""
    fixed = {"t": types.boolean, "i": types.int64, "f": kind}
    kinds = [fixed.get(letter, given) for letter, given in zip(pattern, arguments, strict=True)]
    for letter, given in zip(pattern, kinds, strict=True):
        if letter == "a" and not (isinstance(given, types.Array) and given.dtype == kind):
            raise TypeError(f"{given}: a matrix product of {kind} needs arrays of {kind}")
    return types.void(*kinds)


def _data(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> list[ir.Value]:
    """Arrays as the addresses of their numbers, all else as it is."""
    return [
        context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args, values, strict=True)
    ]


def _write_gemm(builder: ir.IRBuilder, name: str, values: list[ir.Value]) -> None:
    ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc = values
    call = _Call(builder)
    call.letter(tb)
    call.letter(ta)
    call.whole(n, m, k)
    call.pass_(alpha)
    call.arguments.append(b)
    call.whole(ldb)
    call.arguments.append(a)
    call.whole(lda)
    call.pass_(beta)
    call.arguments.append(c)
    call.whole(ldc)
    call.run(name)


def _gemm_at(name: str, kind: types.Float) -> Any:
    @intrinsic
    def gemm_at(
        typing: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, A: Any, lda: Any, B: Any, ldb: Any,
        beta: Any, C: Any, ldc: Any,
    ) -> Any:  # fmt: skip
        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            _write_gemm(builder, name, _data(context, builder, signature, values))
            return context.get_dummy_value()

        return _signature("ttiiifaiaifai", kind, (ta, tb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc)), write

    return gemm_at


def _gemm(name: str, kind: types.Float) -> Any:
    @intrinsic
    def gemm(
        typing: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, alpha: Any, A: Any, B: Any, beta: Any, C: Any
    ) -> Any:
        def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            ta, tb, m, n, k, alpha, a, b, beta, c = _data(context, builder, signature, values)
            lda, ldb = builder.select(ta, m, k), builder.select(tb, k, n)
            _write_gemm(builder, name, [ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, n])
            return context.get_dummy_value()

        return _signature("ttiiifaafa", kind, (ta, tb, m, n, k, alpha, A, B, beta, C)), write

    return gemm


gemm_f32, gemm_f64 = _gemm("chainrule_sgemm", types.float32), _gemm("chainrule_dgemm", types.float64)
gemm_at_f32, gemm_at_f64 = _gemm_at("chainrule_sgemm", types.float32), _gemm_at("chainrule_dgemm", types.float64)


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
