"""Arrays at an address, arrays told not to overlap, the short way in; and products of BLAS."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import blas, memory
from chainrule.compiler.native.memory import PLAIN, apart, fast_caller

KINDS = {"f32": "f4", "f64": "f8", "i32": "i4", "i64": "i8", "u8": "u1", "u32": "u4", "bool": "?"}


def addresses(*arrays: Any) -> Any:
    return np.array([array.ctypes.data for array in arrays], np.int64)


def test_an_array_at_an_address_is_the_memory_itself() -> None:
    at = [getattr(memory, f"{kind}_at") for kind in KINDS]
    f32, f64, i32, i64, u8, u32, bool_ = at

    @njit(**PLAIN)
    def step(table: Any, scalars: Any) -> Any:
        f32(table[0], (2, 3, 4))[1, 2, 3] = scalars[0]
        f64(table[1], (2, 3, 4))[1, 2, 3] = scalars[0]
        i32(table[2], (2, 3, 4))[1, 2, 3] = 7
        i64(table[3], (2, 3, 4))[1, 2, 3] = 7
        u8(table[4], (2, 3, 4))[1, 2, 3] = 7
        u32(table[5], (2, 3, 4))[1, 2, 3] = 7
        bool_(table[6], (2, 3, 4))[1, 2, 3] = True
        f32(table[0], (24,))[0] = 2.5
        return f64(table[1], (2, 3, 4)).sum() + f64(table[1], ())[()]

    arrays = [np.zeros((2, 3, 4), dtype) for dtype in KINDS.values()]
    run = fast_caller(step, addresses(*arrays), np.array([0.5]))
    assert run() == 0.5
    for array in arrays:
        assert array[1, 2, 3] == (0.5 if array.dtype.kind == "f" else True if array.dtype == bool else 7)
        array[1, 2, 3] = 0
    assert arrays[0][0, 0, 0] == 2.5
    assert not any(array.any() for array in arrays[1:])


@pytest.mark.parametrize(
    ("table", "scalars", "message"),
    [
        (np.zeros(1, np.int32), np.zeros(1), r"int32 array of shape \(1,\): compiled steps take array\(int64, 1d, C\)"),
        (
            np.zeros(1, np.int64),
            np.zeros((1, 1)),
            r"float64 array of shape \(1, 1\): compiled steps take array\(float64",
        ),
        (np.zeros(4, np.int64)[::2], np.zeros(1), r"int64 array of shape \(2,\)"),
    ],
)
def test_the_short_way_in_takes_nothing_else(table: Any, scalars: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fast_caller(njit(lambda table, scalars: None), table, scalars)


MANY = """
def inner({names}):
    for i in range(2048):
        {body}

def outer(table, scalars):
    inner({arrays})
"""


def many_arrays(count: int, decorator: Any) -> Any:
    """A loop that reads 2 count arrays and writes count of them."""
    names = [f"a{i}" for i in range(2 * count)]
    body = "; ".join(f"a{i}[i] = a{i}[i] * np.float32(0.5) + a{count + i}[i]" for i in range(count))
    arrays = ", ".join(f"f32_at(table[{i}], (2048,))" for i in range(2 * count))
    space: dict[str, Any] = {"np": np, "f32_at": memory.f32_at}
    exec(MANY.format(names=", ".join(names), body=body, arrays=arrays), space)
    space["inner"] = decorator(space["inner"])
    return njit(**PLAIN)(space["outer"])


def test_arrays_that_lie_apart_are_worked_on_in_vectors() -> None:
    arrays = [np.full(2048, i + 1.0, np.float32) for i in range(20)]
    table, scalars = addresses(*arrays), np.zeros(1)

    def vectors(dispatcher: Any) -> int:
        fast_caller(dispatcher, table, scalars)()
        (assembly,) = dispatcher.inspect_asm().values()
        return len(re.findall(r"\bv?(?:fmadd\w*|add)ps\b|\bf(?:mla|add)\s+v\d+\.4", assembly))

    assert vectors(many_arrays(10, apart)) > 0 == vectors(many_arrays(10, njit(**PLAIN)))
    for i in range(10):
        assert (arrays[i] == (i + 1) / 4 + 1.5 * (i + 11)).all()


# ---------------------------------------------------------------------------------------- products

TRANSPOSED = list(itertools.product([False, True], repeat=2))


gemm_f32, gemm_f64, gemm_at_f64 = blas.gemm_f32, blas.gemm_f64, blas.gemm_at_f64


@njit(**PLAIN)
def both(ta: Any, tb: Any, k: Any, A: Any, B: Any, C: Any, A2: Any, B2: Any, C2: Any) -> None:
    m, n = C.shape
    gemm_f32(ta, tb, m, n, k, 2.0, A, B, 0.5, C)
    gemm_f64(ta, tb, m, n, k, 2.0, A2, B2, 0.5, C2)


@pytest.mark.parametrize(("m", "k", "n"), [(3, 4, 5), (1, 7, 2), (6, 1, 1), (33, 65, 17)])
@pytest.mark.parametrize(("ta", "tb"), TRANSPOSED)
def test_products(ta: bool, tb: bool, m: int, k: int, n: int) -> None:
    stream = np.random.default_rng(m)
    A, B, C = (stream.standard_normal(shape) for shape in ((k, m) if ta else (m, k), (n, k) if tb else (k, n), (m, n)))
    expected = 2 * (A.T if ta else A) @ (B.T if tb else B) + 0.5 * C
    A4, B4, C4 = (array.astype("f4") for array in (A, B, C))
    both(ta, tb, k, A4, B4, C4, A, B, C)
    np.testing.assert_allclose(C, expected, rtol=1e-12)
    np.testing.assert_allclose(C4, expected, rtol=1e-4, atol=1e-5)


def test_beta_0_only_writes_and_rows_may_be_apart() -> None:
    @njit(**PLAIN)
    def part(A: Any, B: Any, C: Any) -> None:
        gemm_at_f64(False, False, 2, 3, 2, 1.0, A, 5, B, 4, 0.0, C[:, 1:], 6)

    A, B, C = np.arange(10.0).reshape(2, 5), np.arange(8.0).reshape(2, 4), np.full((2, 6), np.nan)
    part(A, B, C)
    assert (C[:, 1:4] == A[:, :2] @ B[:, :3]).all()
    assert np.isnan(C[:, [0, 4, 5]]).all()


def test_a_product_of_the_wrong_type_is_refused_when_compiled() -> None:
    @njit(**PLAIN)
    def wrong(A: Any) -> None:
        gemm_f32(False, False, 2, 2, 2, 1.0, A, A, 0.0, A)

    with pytest.raises(Exception, match="a matrix product of float32 needs arrays of float32"):
        wrong(np.zeros((2, 2)))


def test_one_thread_inside_and_as_before_outside() -> None:
    if blas._THREADS is None:
        pytest.skip("this SciPy uses another BLAS than OpenBLAS")
    get, put = blas._THREADS
    before = get()
    put(2)
    try:
        with blas.one_blas_thread():
            assert get() == 1
        assert get() == 2
        with contextlib.suppress(KeyError), blas.one_blas_thread():
            raise KeyError
        assert get() == 2
    finally:
        put(before)


def test_scipy_is_whole_after_its_blas_was_loaded_alone() -> None:
    code = (
        "import sys, chainrule.compiler.native.blas as ours\n"
        "print('scipy.linalg' in sys.modules)\n"
        "import scipy.linalg.cython_blas as theirs, scipy.linalg\n"
        "print(scipy.linalg.cython_blas is theirs, float(scipy.linalg.det([[2.0]])))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True", "2.0"]
