"""Lines of generated code as machine code: the same numbers as the same lines in Python, and what is refused."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit
from numba.core.errors import NumbaError

from chainrule.compiler.native import memory
from chainrule.compiler.native.compiling import fast_caller
from chainrule.compiler.native.memory import PLAIN, apart

SHORT = {"float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "uint8": "u8", "bool": "bool"}
numbers = itertools.count()


def defined(lines: str, names: str, known: bool = True) -> tuple[Any, dict[str, Any]]:
    """A function of some arrays, and the names around it."""
    text = f"def loops({names}):\n" + "\n".join(f"    {line}" for line in lines.strip("\n").splitlines()) + "\n"
    file = f"<lines {next(numbers)}>"
    if known:
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    words = {"np": np, "f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32, "u8": np.uint8}
    exec(compile(text, file, "exec"), words)
    return words["loops"], words


def run(lines: str, known: bool = True, **arrays: Any) -> Any:
    """What the lines return as machine code, working on the arrays."""
    function, _ = defined(lines, ", ".join(arrays), known)
    made = [
        f"{SHORT[array.dtype.name]}_at(table[{i}], {array.shape})".replace(",)", ",)")
        for i, array in enumerate(arrays.values())
    ]
    space = {**vars(memory), "inner": apart(function)}
    exec(f"def front(table, scalars):\n    return inner({', '.join(made)})\n", space)
    table = np.array([array.ctypes.data for array in arrays.values()], np.int64)
    return fast_caller(njit(**PLAIN)(space["front"]), table, np.zeros(1))()


def same(lines: str, **arrays: Any) -> None:
    """The lines do to the arrays what they do in Python."""
    wanted = {name: array.copy() for name, array in arrays.items()}
    function, _ = defined(lines, ", ".join(arrays))
    with np.errstate(all="ignore"):
        result = function(**wanted)
    assert run(lines, **arrays) == (result or 0)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)


def floats(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_loops_sums_and_places() -> None:
    same(
        """
        for i in range(3):
            total = f32(0.0)
            for j in range(4):
                out[2 - i, j] = x[i, j] * f32(0.5) - x[i, 3 - j]
                total = total + x[i, j]
            sums[i] = total
        for i in range(0):
            sums[i] = f32(7.0)
        """.replace("\n        ", "\n"),
        x=floats(3, 4), out=floats(3, 4), sums=floats(3),
    )  # fmt: skip


def test_one_of_two_is_computed_and_the_other_is_not_looked_at() -> None:
    x, out = floats(4), floats(6)
    same("for i in range(6):\n    out[i] = (x[i - 1] if 0 <= i - 1 < 4 else f32(np.inf))", x=x, out=out)
    far = "for i in range(6):\n    out[i] = (x[1000000000000 * i] if i == 0 and x[i] == x[i] or i < 0 else -x[0])"
    same(far, x=x, out=out)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "uint8"])
@pytest.mark.parametrize(
    "text", ["x[i] + y[i]", "x[i] * y[i] - x[i]", "max(x[i], y[i])", "min(x[i], y[i])", "abs(x[i])"]
)
def test_numbers_of_each_kind(dtype: str, text: str) -> None:
    x, y = np.array([1, 2, 30], dtype), np.array([3, 2, 4], dtype)
    kind = SHORT[dtype]
    same(f"for i in range(3):\n    here = {kind}({text})\n    out[i] = here", x=x, y=y, out=np.zeros(3, dtype))


@pytest.mark.parametrize(
    "text", ["x[i] < y[i]", "x[i] == y[i] or x[i] > f32(0.0)", "not x[i] >= y[i]", "(x[i] != y[i]) & (y[i] <= x[i])",
             "(x[i] < y[i]) | (x[i] > f32(1.0))", "(x[i] < y[i]) ^ True", "-x[i] < y[i] < x[i]"],
)  # fmt: skip
def test_truths(text: str) -> None:
    x, y = floats(50), floats(51)[1:].copy()
    y[::7] = x[::7]
    same(f"for i in range(50):\n    truth = {text}\n    out[i] = truth", x=x, y=y, out=np.zeros(50, bool))


def test_what_is_returned() -> None:
    lines = "for i in range(3):\n    if x[i] > f32({}):\n        return 1\n    x[i] = f32(9.0)\nreturn 0"
    same(lines.format(2.0), x=np.array([1, 3, 1], np.float32))
    same(lines.format(4.0), x=np.array([1, 3, 1], np.float32))


def test_an_array_in_another_shape_is_the_same_memory() -> None:
    lines = """
for i in range(6):
    x[i] = f32(1.5) * i
square = x[:4].reshape(2, 2)
line = square.reshape(4)
for i in range(2):
    for j in range(2):
        square[i, j] = square[j, i] + x[5]
for i in range(4):
    x[i] = x[i] - line[3 - i]
"""
    same(lines.replace("* i", "* f32(i)"), x=floats(6))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("while x[0] < f32(1.0):\n    x[0] = f32(2.0)", "generated code cannot have: while"),
        ("n = 3\nfor i in range(n):\n    x[i] = f32(2.0)", "generated code cannot have: for i in range"),
        ("a = 1\na = f32(0.5)", "a was int64 and becomes float32: a variable has one type"),
        ("a = abs('b')", "generated code cannot have: 'b'"),
    ],
)
def test_what_generated_code_never_has_is_refused(lines: str, message: str) -> None:
    with pytest.raises((NumbaError, NotImplementedError, TypeError, AssertionError), match=message):
        run(lines, x=floats(4))


def test_lines_that_nobody_can_read_are_refused() -> None:
    with pytest.raises((NumbaError, ValueError), match="loops: its source is not there to be translated"):
        run("x[0] = f32(1.0)", known=False, x=floats(1))
