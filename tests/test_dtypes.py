"""In which dtype a result comes out: as in PyTorch, for every pair of operands; the differences are in a table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from samples import DTYPES, same, torch_dtype

import chainrule
from chainrule.errors import DtypeError, GradientError
from chainrule.ops import BOOK
from chainrule.ops.dtypes import as_dtype, result_type, wider
from chainrule.ops.elementwise import Elementwise

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

NUMBERS = {"float number": 1.5, "int number": 2, "bool number": True}
KINDS = [*DTYPES, *(f"0-d {dtype}" for dtype in DTYPES), *NUMBERS]

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
NOT_ALIKE = ("clamp", "detach", "logsigmoid")  # with arguments, or not there, in PyTorch
ONE_INPUT = [
    name for name, op in BOOK.items() if isinstance(op, Elementwise) and op.inputs == "x" and hasattr(torch, name)
]
ONE_INPUT = [name for name in ONE_INPUT if name not in NOT_ALIKE]
REDUCTIONS = ["sum", "prod", "mean", "amax", "amin", "argmax", "argmin", "all", "any"]

REFUSED_HERE = {
    "pow of whole numbers to a negative one": "no whole number is the answer (PyTorch answers 0)",
}
ALLOWED_HERE = {
    "-: a bool with another kind": "its meaning is plain once the other side is a number",
    "**: bools": "PyTorch has no kernel for it; 0 and 1 have powers",
    "hypot: whole numbers": "PyTorch has no kernel for it",
    "abs: bool": "PyTorch has no kernel for it",
    "relu: bool": "PyTorch refuses; max(x, 0) of a bool is the bool",
    "argmax: bool": "PyTorch has no kernel for it",
    "argmin: bool": "PyTorch has no kernel for it",
}


def operand(lib: Any, kind: str, data: Any = (2, 1, 0)) -> Any:
    """One operand of that kind; ``lib`` is chainrule or torch."""
    if kind in NUMBERS:
        return NUMBERS[kind]
    dtype = kind.removeprefix("0-d ")
    return lib.tensor(3 if kind.startswith("0-d ") else data, dtype=getattr(lib, dtype))


def attempt(run: Callable[[], Any], refusal: type[Exception]) -> Any:
    """The result, or None if it is refused."""
    try:
        return run()
    except refusal:
        return None


def compare(ours: Any, theirs: Any, allowed: bool = False) -> None:
    """The same dtype and numbers; or both refuse; or it is ``allowed`` here alone."""
    if theirs is None:
        assert allowed or ours is None, f"PyTorch refuses, and here comes out {ours!r}"
    else:
        assert ours is not None, f"refused, and PyTorch gives {theirs!r}"
        same(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("right", KINDS)
@pytest.mark.parametrize("left", KINDS)
def test_two_operands_meet_as_in_pytorch(left: str, right: str) -> None:
    if left in NUMBERS and right in NUMBERS:
        return
    for symbol, function in ARITHMETIC.items():
        other = (2, 1, 3) if symbol in ("//", "%") else (2, 1, 0)  # integers are not divided by 0
        (a, b), (x, y) = ((operand(lib, left), operand(lib, right, other)) for lib in (chainrule, torch))
        theirs = attempt(lambda f=function, x=x, y=y: f(x, y), (RuntimeError, TypeError))
        ours = attempt(lambda f=function, a=a, b=b: f(a, b), DtypeError)
        bools = ["bool" in kind for kind in (left, right)]
        allowed = (symbol == "-" and any(bools) and not all(bools)) or (symbol == "**" and all(bools))
        compare(ours, theirs, allowed)


@pytest.mark.parametrize("name", ["maximum", "minimum", "where", "cat", "atan2", "hypot", "fmod"])
def test_functions_of_two_meet_as_in_pytorch(name: str) -> None:
    for left, right in product(KINDS, KINDS):
        numbers = [kind in NUMBERS for kind in (left, right)]
        flat = ["0-d" in kind for kind in (left, right)]
        if (any(numbers) and name != "where") or all(numbers) or (any(flat) and name == "cat"):
            continue  # PyTorch takes no numbers there
        results = []
        for lib, refusal in ((chainrule, DtypeError), (torch, RuntimeError)):
            pair = [operand(lib, left), operand(lib, right, (2, 1, 3))]
            call = {
                "where": lambda lib=lib, pair=pair: lib.where(lib.tensor([True, False, True]), *pair),
                "cat": lambda lib=lib, pair=pair: lib.cat(pair),
            }.get(name, lambda lib=lib, pair=pair: getattr(lib, name)(*pair))
            results.append(attempt(call, refusal))
        whole = not any("float" in kind for kind in (left, right))
        compare(*results, name == "hypot" and whole)


@pytest.mark.parametrize("dtype", [*DTYPES, *(f"0-d {dtype}" for dtype in DTYPES)])
@pytest.mark.parametrize("name", ONE_INPUT)
def test_one_operand_keeps_or_becomes_floating_as_in_pytorch(name: str, dtype: str) -> None:
    theirs = attempt(lambda: getattr(torch, name)(operand(torch, dtype)), (RuntimeError, TypeError))
    ours = attempt(lambda: getattr(chainrule.ops, name)(operand(chainrule, dtype)), DtypeError)
    compare(ours, theirs, f"{name}: {dtype.removeprefix('0-d ')}" in ALLOWED_HERE)


@pytest.mark.parametrize("dtype", [*DTYPES, *(f"0-d {dtype}" for dtype in DTYPES)])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_answer_in_pytorchs_dtype(name: str, dtype: str) -> None:
    def run(lib: Any) -> Any:
        x = operand(lib, dtype)
        return getattr(lib, name)(x, dim=()) if lib is torch and name in ("amax", "amin") else getattr(lib, name)(x)

    theirs, ours = attempt(lambda: run(torch), RuntimeError), attempt(lambda: run(chainrule), DtypeError)
    if name in ("all", "any") and ours is not None and theirs.dtype == torch.uint8:
        theirs = theirs.bool()  # PyTorch's all and any of uint8 are uint8, for old times' sake
    compare(ours, theirs, f"{name}: {dtype.removeprefix('0-d ')}" in ALLOWED_HERE)


@pytest.mark.parametrize("bounds", [(0, 1), (0.5, None), (None, 1.5), (0, 1.5), (True, None)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8"])
def test_clamp_meets_its_bounds(dtype: str, bounds: tuple[Any, Any]) -> None:
    compare(chainrule.clamp(operand(chainrule, dtype), *bounds), torch.clamp(operand(torch, dtype), *bounds))


@pytest.mark.parametrize("target", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_conversions(dtype: str, target: str) -> None:
    numbers = [0, 1, 2, 100] if dtype not in ("float32", "float64") else [0.0, -0.0, 0.4, 1.9, 100.2]
    ours = chainrule.tensor(numbers, dtype=getattr(chainrule, dtype))
    theirs = torch.tensor(numbers, dtype=getattr(torch, dtype))
    same(ours.to(getattr(chainrule, target)), theirs.to(getattr(torch, target)))
    assert ours.to(ours.dtype) is ours
    assert ours.to("cpu") is ours
    assert ours.to(ours) is ours


@pytest.mark.parametrize(
    ("method", "dtype"),
    [("float", "float32"), ("double", "float64"), ("long", "int64"), ("int", "int32"), ("bool", "bool")],
)
def test_conversions_by_name(method: str, dtype: str) -> None:
    x = chainrule.tensor([1.5, 0.0])
    assert getattr(x, method)().dtype == dtype
    assert getattr(chainrule, method) == dtype


DATA: dict[str, Any] = {
    "a float": 1.5,
    "an int": 3,
    "a bool": True,
    "floats": [1.0, 2.0],
    "ints": [1, 2],
    "bools": [True, False],
    "int and float": [1, 2.5],
    "bool and int": [True, 2],
    "bool and float": [True, 2.5],
    "nothing": [],
    "nested nothing": [[], []],
    "float64 array": np.zeros(2),
    "float32 array": np.zeros(2, np.float32),
    "int32 array": np.zeros(2, np.int32),
    "uint8 array": np.zeros((2, 1), np.uint8),
    "bool array": np.zeros(2, bool),
    "a list of arrays": [np.zeros(2, np.float32), np.ones(2, np.float32)],
}


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy:UserWarning")
@pytest.mark.parametrize("data", DATA)
def test_the_dtype_of_data(data: str) -> None:
    same(chainrule.tensor(DATA[data]), torch.tensor(DATA[data]))


def creations(lib: Any) -> Iterator[tuple[str, Any]]:
    like = lib.zeros(2, dtype=lib.int32)
    yield "zeros", lib.zeros(2, 3)
    yield "ones", lib.ones((2, 3))
    yield "zeros, no size", lib.zeros(())
    yield "full of float", lib.full((2,), 1.5)
    yield "full of int", lib.full((2,), 3)
    yield "full of bool", lib.full((2,), True)
    yield "eye", lib.eye(3)
    yield "eye, wide", lib.eye(2, 3)
    yield "arange of ints", lib.arange(5)
    yield "arange from to", lib.arange(2, 11, 3)
    yield "arange of floats", lib.arange(0, 1, 0.25)
    yield "arange down", lib.arange(5, 0, -2)
    yield "arange of nothing", lib.arange(0)
    yield "arange in float64", lib.arange(3, dtype=lib.float64)
    yield "linspace", lib.linspace(-1, 1, 5)
    yield "linspace, one", lib.linspace(0, 1, 1)
    yield "linspace, none", lib.linspace(0, 1, 0)
    yield "zeros like", lib.zeros_like(like)
    yield "ones like", lib.ones_like(like)
    yield "full like", lib.full_like(like, 7)
    yield "ones like, in another", lib.ones_like(like, dtype=lib.float32)


@pytest.mark.parametrize("case", [name for name, _ in creations(chainrule)])
def test_creation(case: str) -> None:
    same(dict(creations(chainrule))[case], dict(creations(torch))[case], rtol=1e-6)


def test_the_default_dtype() -> None:
    assert chainrule.get_default_dtype() == np.float32
    try:
        chainrule.set_default_dtype(chainrule.float64)
        torch.set_default_dtype(torch.float64)
        for ours, theirs in [
            (chainrule.tensor([1.0]), torch.tensor([1.0])),
            (chainrule.zeros(2), torch.zeros(2)),
            (chainrule.tensor([1, 2]) / 2, torch.tensor([1, 2]) / 2),
            (chainrule.tensor([1, 2]) * 0.5, torch.tensor([1, 2]) * 0.5),
            (chainrule.tensor([1, 2]).exp(), torch.tensor([1, 2]).exp()),
            (chainrule.tensor([1, 2]).float() * 0.5, torch.tensor([1, 2]).float() * 0.5),
        ]:
            same(ours, theirs)
        assert repr(chainrule.tensor([1.5])) == repr(torch.tensor([1.5]))
    finally:
        chainrule.set_default_dtype(chainrule.float32)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16"])
def test_a_default_that_is_not_floating_is_refused(dtype: str) -> None:
    with pytest.raises(DtypeError, match=rf"the default dtype cannot be {dtype}; choose float32 or float64"):
        chainrule.set_default_dtype(dtype)


def test_gradients_come_in_the_dtype_of_their_input() -> None:
    """Where operands of two dtypes met, each gradient goes back in its own."""
    for lib in (chainrule, torch):
        x = lib.tensor([1.0, 2.0], dtype=lib.float32, requires_grad=True)
        y = lib.tensor([3.0, 4.0], dtype=lib.float64, requires_grad=True)
        k = lib.tensor([1, 2])
        (x * y * k).sum().backward()
        assert (x.grad.dtype, y.grad.dtype) == (lib.float32, lib.float64)
        assert (x.grad.tolist(), y.grad.tolist()) == ([3.0, 8.0], [1.0, 4.0])


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_no_gradient_through_whole_numbers(dtype: str) -> None:
    x = chainrule.tensor([1.0, 2.0], requires_grad=True)
    assert not x.to(getattr(chainrule, dtype)).requires_grad
    with pytest.raises(GradientError, match=rf"requires_grad of a tensor of dtype {dtype}: .*write x\.float\(\) first"):
        chainrule.zeros(2, dtype=dtype, requires_grad=True)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: chainrule.tensor([1 + 2j]), r"data of type list become dtype complex128"),
        (lambda: chainrule.tensor("text"), r"data of type str become dtype <U4, which is no tensor dtype"),
        (lambda: chainrule.tensor(None), r"data of type NoneType become dtype object"),
        (lambda: chainrule.tensor(np.zeros(2, np.float16)), r"data of type ndarray become dtype float16"),
        (lambda: chainrule.tensor([1.0], dtype="fast"), r"dtype='fast' is not a dtype; choose one of float32"),
        (lambda: chainrule.zeros(2, dtype=np.complex64), r"dtype complex64: chainrule has float32, float64"),
        (lambda: chainrule.Tensor(np.zeros(2, np.int16)), r"a tensor of dtype int16: .*convert with array\.astype"),
        (lambda: chainrule.randn(2, dtype=chainrule.int64), r"randn of dtype int64: random numbers between whole ones"),
        (lambda: result_type([]), r"there is no operand to take a dtype from"),
        (lambda: chainrule.ones(2) @ chainrule.ones(2).double(), r"matmul of dtypes float32 and .*x\.to\(float64\)"),
    ],
)
def test_what_is_no_dtype_is_refused(make: Callable[[], Any], match: str) -> None:
    with pytest.raises(DtypeError, match=match):
        make()


def test_wider_and_as_dtype() -> None:
    for a, b in product(DTYPES, DTYPES):
        assert wider(np.dtype(a), np.dtype(b)) == wider(np.dtype(b), np.dtype(a))
        expected = torch.promote_types(torch_dtype(a), torch_dtype(b))
        assert torch_dtype(wider(np.dtype(a), np.dtype(b))) == expected
    assert as_dtype("float32") is chainrule.float32
    assert as_dtype(np.int64) is chainrule.int64


def test_the_table_of_differences_is_real() -> None:
    """What it says is refused here is, and what it says is allowed here is."""
    for x, y in [([2], -1), ([2], chainrule.tensor([-1]))]:
        with pytest.raises(DtypeError, match="integers have no negative powers"):
            chainrule.tensor(x) ** y
    assert (chainrule.tensor([True]) - chainrule.tensor([0.25])).tolist() == [0.75]
    assert (chainrule.tensor([True, False]) ** chainrule.tensor([False, False])).tolist() == [True, True]
    for entry in ALLOWED_HERE:
        name, _, dtype = entry.partition(": ")
        if dtype == "bool":
            assert getattr(chainrule, name)(chainrule.tensor([True, False])) is not None
