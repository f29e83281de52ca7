"""Arrays at an address, arrays told not to overlap, the short way in; and the BLAS of SciPy."""

from __future__ import annotations

import contextlib
import linecache
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import blas, memory
from chainrule.compiler.native.compiling import fast_caller
from chainrule.compiler.native.memory import PLAIN, apart

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
    text, file = MANY.format(names=", ".join(names), body=body, arrays=arrays), f"<{count} arrays>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    exec(compile(text, file, "exec"), space)
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


# ---------------------------------------------------------------------------------------- BLAS


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
