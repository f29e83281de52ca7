"""Samples and mistakes for every operation in the book, and the helpers the law tests share.

A `Sample` is a call that must work, a `Mistake` one that must be refused; arrays stand where tensors go, and
each test turns them into what it needs (``tensors``, ``torches``).  ``SAMPLES`` and ``MISTAKES`` have an entry
for each operation in ``chainrule.ops.BOOK``: an operation without them fails the suite.

smooth   no kink, tie, pole or undefined number near: there the slope can be measured
orders   how many orders of gradient are compared with PyTorch (fewer only where the label says why)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from chainrule.errors import ArgumentError, ChainruleError, DtypeError, LabelError, OperandError, ShapeError
from chainrule.ops import BOOK
from chainrule.ops.indexing import Indexed
from chainrule.tensor import Tensor

inf, nan = np.inf, np.nan
FLOATS = ("float32", "float64")
DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")


@dataclass(frozen=True)
class Sample:
    """A call ``op(*args, **kwargs)`` that must work."""

    label: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    smooth: bool = True
    orders: int = 2


@dataclass(frozen=True)
class Mistake:
    """A call that must be refused with ``error`` and a text that ``match`` finds."""

    label: str
    error: type[ChainruleError]
    match: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


SAMPLES: dict[str, list[Sample]] = {}
MISTAKES: dict[str, list[Mistake]] = {}


def s(label: str, *args: Any, smooth: bool = True, orders: int = 2, **kwargs: Any) -> Sample:
    return Sample(label, args, kwargs, smooth, orders)


def kink(label: str, *args: Any, orders: int = 2, **kwargs: Any) -> Sample:
    return Sample(label, args, kwargs, False, orders)


def wrong(label: str, error: type[ChainruleError], match: str, *args: Any, **kwargs: Any) -> Mistake:
    return Mistake(label, error, match, args, kwargs)


# ---------------------------------------------------------------------------------------- from arrays to tensors


def over(change: Callable[[Any], Any], data: Any) -> Any:
    """``data`` with ``change`` applied to every array in it."""
    if isinstance(data, np.ndarray):
        return change(data)
    if isinstance(data, list | tuple):
        return type(data)(over(change, x) for x in data)
    if isinstance(data, dict):
        return {key: over(change, x) for key, x in data.items()}
    return data


def arrays(sample: Any, dtype: Any = np.float64) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with every floating array in ``dtype``, layouts as they are."""

    def cast(a: Any) -> Any:
        return a if a.dtype.kind != "f" or a.dtype == dtype else a.astype(dtype)

    return over(cast, list(sample.args)), over(cast, sample.kwargs)


def tensors(sample: Any, dtype: Any = np.float64, copy: bool = False) -> tuple[list[Any], dict[str, Any], list[Tensor]]:
    """The arguments as tensors, and the leaves among them: the floating ones, which want a gradient."""
    leaves: list[Tensor] = []

    def make(a: Any) -> Tensor:
        x = Tensor(a.copy() if copy else a, requires_grad=a.dtype.kind == "f")
        if x.requires_grad:
            leaves.append(x)
        return x

    args, kwargs = arrays(sample, dtype)
    return over(make, args), over(make, kwargs), leaves


def torches(sample: Any, dtype: Any = np.float64) -> tuple[list[Any], dict[str, Any], list[Any]]:
    """The arguments as PyTorch tensors, and the leaves among them."""
    leaves: list[Any] = []

    def make(a: Any) -> Any:
        x = torch.tensor(np.ascontiguousarray(a).reshape(a.shape), requires_grad=a.dtype.kind == "f")
        if x.requires_grad:
            leaves.append(x)
        return x

    args, kwargs = arrays(sample, dtype)
    return over(make, args), over(make, kwargs), leaves


def torch_dtype(dtype: Any) -> Any:
    """The PyTorch dtype of the same name."""
    return getattr(torch, np.dtype(dtype).name)


def as_numpy(x: Any) -> Any:
    """Numbers of whatever kind as a NumPy array."""
    if isinstance(x, torch.Tensor):
        return x.numpy(force=True)
    return x.array if isinstance(x, Tensor) else np.asarray(x)


def same(got: Any, expected: Any, rtol: float = 1e-12, atol: float = 1e-13, signs: bool = False) -> None:
    """Assert equal shapes, dtypes and numbers (nan equal to nan; with ``signs``, -0.0 not to 0.0)."""
    got, expected = as_numpy(got), as_numpy(expected)
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    if got.dtype == np.float32:
        rtol, atol = max(rtol, 3e-6), max(atol, 1e-6)
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)
    if signs and got.dtype.kind == "f":
        zeros = (got == 0) & (expected == 0)
        np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(expected[zeros]))


def exactly(got: Any, expected: Any) -> None:
    """Assert the same numbers to the last bit, nan equal to nan."""
    got, expected = as_numpy(got), as_numpy(expected)
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(got, expected)


# ---------------------------------------------------------------------------------------- numbers to draw from

rng = np.random.default_rng(7)
START = rng.bit_generator.state  # where each test begins to draw


def normal(*shape: int) -> Any:
    """Any numbers, no two near each other and none near 0."""
    n = int(np.prod(shape))
    spaced = (np.arange(n) + 0.5 + rng.uniform(-0.3, 0.3, n)) / max(n, 1) * 4 - 2
    spaced[np.abs(spaced) < 0.02] += 0.05
    return np.asarray(rng.permutation(spaced).reshape(shape))


def positive(*shape: int) -> Any:
    """Numbers in [0.4, 2.4]."""
    return np.asarray(np.abs(normal(*shape)) + 0.4)


def expanded(a: Any, *shape: int) -> Any:
    return np.broadcast_to(a, shape)


def layouts(draw: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """One array in every shape and memory layout that has ever been a special case."""
    yield "matrix", draw(2, 3)
    yield "0-d", draw()
    yield "empty", draw(0, 3)
    yield "sizes 1", draw(1, 3, 1)
    yield "transposed", draw(3, 2).T
    yield "strided", draw(4, 6)[::2, 1::2]
    yield "reversed", draw(4)[::-1]
    yield "expanded", expanded(draw(2, 1), 2, 3)


def pairs(draw: Callable[..., Any], other: Callable[..., Any] | None = None) -> Iterator[tuple[str, Any, Any]]:
    """Two arrays that broadcast, in every way they can."""
    other = other or draw
    yield "same shape", draw(2, 3), other(2, 3)
    yield "row right", draw(2, 3), other(3)
    yield "row left", draw(3), other(2, 3)
    yield "column × row", draw(2, 1), other(1, 3)
    yield "column × row, 3-d", draw(2, 1, 3), other(4, 1)
    yield "0-d right", draw(2, 3), other()
    yield "0-d left", draw(), other(2, 3)
    yield "0-d both", draw(), other()
    yield "sizes 1 stay", draw(1, 1), other(1, 1)
    yield "size 1 grows", draw(1), other(2, 3)
    yield "empty", draw(0, 3), other(0, 3)
    yield "1 becomes 0", draw(2, 1), other(0)
    yield "transposed", draw(3, 2).T, other(2, 3)
    yield "strided", draw(2, 6)[:, ::2], other(4, 3)[1::2]
    yield "expanded", expanded(draw(3), 2, 3), other(2, 3)
    yield "number right", draw(2, 3), 1.25
    yield "number left", 1.25, other(2, 3)


EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, inf, -inf, nan, 1e-310, 800.0, -800.0])
EVERY_PAIR = EDGES[:, None], EDGES[None, :]
TIED = np.array([[2.0, 1.0, 2.0], [0.0, -0.0, -1.0]])
INTEGERS, BOOLS = np.array([[3, -1, 0], [2, 2, 5]]), np.array([[True, False, True], [False, False, True]])
BYTES = np.array([0, 1, 200], np.uint8)


def book(name: str, *samples: Sample) -> None:
    SAMPLES.setdefault(name, []).extend(samples)


def refuse(name: str, *mistakes: Mistake) -> None:
    MISTAKES.setdefault(name, []).extend(mistakes)


def one_input(name: str, draw: Callable[..., Any] = normal, edges: Any = EDGES, orders: int = 2) -> None:
    """The samples and mistakes every elementwise operation of one input has."""
    book(name, *(s(label, x) for label, x in layouts(draw)), kink("edges", edges, orders=orders))
    book(name, kink("integers", INTEGERS), kink("uint8", BYTES))
    refuse(name, wrong("two inputs", ArgumentError, rf"{name} takes 1 arguments? .*was given 2", normal(2), normal(2)))


def two_inputs(name: str, draw: Callable[..., Any] = normal, other: Callable[..., Any] | None = None) -> None:
    """The samples and mistakes every elementwise operation of two inputs has."""
    book(name, *(s(label, x, y) for label, x, y in pairs(draw, other)))
    misfits(name)


def misfits(name: str, draw: Callable[..., Any] = normal) -> None:
    refuse(
        name,
        wrong(
            "shapes",
            ShapeError,
            rf"{name} of shapes \(2, 3\) and \(4,\): counted from the right, dimension -1 has sizes 3 and 4.*reshape",
            draw(2, 3),
            draw(4),
        ),
        wrong("shapes in front", ShapeError, r"dimension -2 has sizes 2 and 5", draw(2, 3), draw(5, 1)),
        wrong("text", OperandError, rf"{name} of a tensor and str.*write chainrule\.tensor", draw(2), "two"),
        wrong("None", OperandError, rf"{name} of a tensor and NoneType", draw(2), None),
        wrong("a list", OperandError, rf"{name} of a tensor and list", draw(2), [1.0, 2.0]),
        wrong("one input", ArgumentError, rf"{name} takes 2 arguments \(x y\) and was given 1", draw(2)),
    )


# ---------------------------------------------------------------------------------------- arithmetic

for name in ("add", "sub", "mul"):
    two_inputs(name)
    book(name, kink("every pair of edges", *EVERY_PAIR), kink("integers", INTEGERS, np.array([1, 2, 3])))
    book(name, kink("int + float", INTEGERS, normal(3)), kink("uint8 wraps", BYTES, BYTES[::-1].copy()))
book("add", kink("bools", BOOLS, ~BOOLS), kink("int and a float number", INTEGERS, 0.5))
book("mul", kink("bools", BOOLS, ~BOOLS), kink("int and a bool number", INTEGERS, True))
refuse(
    "sub",
    wrong("bools", DtypeError, r"sub of bool tensors has no meaning; write x \^ y", BOOLS, BOOLS),
    wrong("bool and number", DtypeError, r"sub of bool tensors", BOOLS, True),
)

two_inputs("div", normal, positive)
book("div", kink("every pair of edges", *EVERY_PAIR, orders=1), kink("integers", INTEGERS, np.array([1, 0, 3])))
book("div", s("negative divisor", normal(3), -positive(3)), kink("bools", BOOLS, ~BOOLS))

two_inputs("pow", positive, normal)
book("pow", *(s(f"to the {y}", normal(2, 3), y) for y in (2, 3, 0, 1, -1, -2, 2.0, 3.0, 5, True)))
book("pow", *(s(f"to the {y}", positive(2, 3), y) for y in (0.5, -0.5, 1.5)))
book("pow", *(kink(f"0 to the {y}", np.array([0.0, -0.0, -1.5, 2.0]), y) for y in (0, 1, 2, 3, -1, 4)))
book(
    "pow",
    kink("0 to the 0.5", np.array([0.0, 2.0]), 0.5),
    kink("0 to a tensor", np.zeros(5), np.array([0.0, 1.0, 2.0, 0.5, 3.0]), orders=1),
    kink("0 to a negative tensor", np.zeros(2), np.array([-1.0, -0.5]), orders=1),
    kink("negative base", np.array([-2.0, -2.0, -0.5]), np.array([2.0, 3.0, 0.0]), orders=1),
    kink("every pair of edges", *EVERY_PAIR, orders=0),
    kink("a number to edges", 2.0, EDGES, orders=1),
    kink("0 to a tensor, as a number", 0.0, np.array([0.0, 1.0, 2.5]), orders=1),
    kink("integers", INTEGERS, np.array([2, 0, 3])),
    kink("integers to a float", INTEGERS, 0.5),
    kink("integers squared", INTEGERS, 2),
)
refuse(
    "pow",
    wrong("int to a negative number", DtypeError, r"pow of int64 to -1: integers.*write x\.float\(\)", INTEGERS, -1),
    wrong("int to negative ints", DtypeError, r"integers have no negative powers", INTEGERS, -np.abs(INTEGERS) - 1),
)

one_input("neg")
for name in ("abs", "sign"):
    one_input(name, edges=EDGES[~np.isnan(EDGES)])  # PyTorch's sign(nan) is 0
book("sign", kink("bools", BOOLS))
refuse("neg", wrong("bools", DtypeError, r"neg of a bool tensor has no meaning; write ~x", BOOLS))

# ---------------------------------------------------------------------------------------- functions

for name in ("exp", "sin", "cos", "tanh", "sigmoid", "relu"):
    one_input(name)
one_input("log", positive)
one_input("sqrt", positive, orders=1)
one_input("logsigmoid", orders=1)
SAMPLES["logsigmoid"] = [x for x in SAMPLES["logsigmoid"] if x.label not in ("integers", "uint8")]  # PyTorch has none
for name in ("exp", "sin", "cos", "tanh", "sigmoid", "log", "sqrt"):
    book(name, kink("bools", BOOLS))
book("relu", kink("exactly 0", np.zeros((2, 2))))
book("logsigmoid", s("far out", np.array([-40.0, 40.0, -700.0, 700.0])))
book("sigmoid", kink("far out", np.array([-40.0, 40.0, -700.0, 700.0])))


def inside(*shape: int) -> Any:
    """Numbers in (-0.9, 0.9)."""
    return np.asarray(normal(*shape) * 0.4)


for name in ("expm1", "exp2", "atan", "sinh", "cosh", "asinh", "erf", "erfc"):
    one_input(name, orders=1)
    book(name, kink("bools", BOOLS))
for name in ("log1p", "log2", "log10"):
    one_input(name, positive, orders=1)
for name in ("tan", "asin", "acos", "atanh"):
    one_input(name, inside, EDGES[np.abs(EDGES) < 2], orders=1)
one_input("acosh", lambda *shape: np.asarray(positive(*shape) + 1.0), EDGES[EDGES >= 1], orders=1)
book("expm1", s("near 0", np.array([1e-12, -1e-12, 1e-300])))
book("log1p", s("near 0", np.array([1e-12, -1e-12])))
book("erf", s("every size", np.array([1e-20, 1e-3, 0.6499, 0.6501, 1.0, 2.5, 6.0])))
book(
    "erfc",
    s("every size", np.array([1e-20, 1e-3, 0.6499, 0.6501, 1.0, 2.5, 6.0, -6.0])),
    kink("far", np.array([12.0, 26.0])),
)

for name in ("floor", "ceil", "trunc", "round"):
    one_input(name, inside)
    book(name, kink("halves", np.array([0.5, 1.5, -0.5, -2.5, 2.0, -3.0])))
MISTAKES["round"] = [wrong("decimals", ArgumentError, r"round of float64 \(2,\)", normal(2), decimals="two")]
book(
    "round", kink("to decimals", normal(2, 3), decimals=2), kink("to tens", np.array([15.0, 25.0, 149.0]), decimals=-1)
)

two_inputs("atan2")
book("atan2", kink("every pair of edges", *EVERY_PAIR, orders=0), kink("integers", INTEGERS, np.array([1, 2, 3])))
two_inputs("hypot")
book("hypot", kink("no overflow", np.array([1e20, 3e-20]), np.array([1e20, 4e-20]), orders=1))
for name in ("floor_divide", "remainder", "fmod"):
    two_inputs(name, normal, positive)
    signed = np.array([7.0, -7.0, 7.0, -7.0, 6.0]), np.array([3.0, 3.0, -3.0, -3.0, 3.0])
    book(name, kink("signs", *signed), kink("integers", *(a.astype(int) for a in signed)))
    book(
        name,
        kink("uint8", BYTES, np.array([3, 7, 9], np.uint8)),
        kink("by 0", EDGES[:7], np.zeros((7, 1)), orders=0),
    )
    refuse(
        name,
        wrong(
            "integers by 0",
            ArgumentError,
            rf"{name} of integers by 0 has no result; .*x\.float",
            INTEGERS,
            0 * INTEGERS,
        ),
    )

# ---------------------------------------------------------------------------------------- choosing

for name in ("maximum", "minimum"):
    two_inputs(name)
    book(name, kink("ties", TIED, TIED[:, ::-1].copy()), kink("every pair of edges", *EVERY_PAIR))
    book(name, kink("all tied", np.ones((2, 2)), np.ones(2)), kink("integers", INTEGERS, INTEGERS.T.reshape(2, 3)))
    book(name, kink("bools", BOOLS, ~BOOLS))

book("clamp", *(s(label, x, -0.777, 0.777) for label, x in layouts(normal)))
book(
    "clamp",
    s("min alone", normal(2, 3), min=-0.111),
    s("max alone", normal(2, 3), max=0.111),
    s("by position", normal(2, 3), -0.111),
    s("nothing between", normal(2, 3), 5, 6),
    kink("on the bounds", np.array([-1.0, 0.0, 1.0, -2.0, 2.0]), -1.0, 1.0),
    kink("at zero", np.array([-0.0, 0.0]), min=0.0),
    kink("min above max", normal(2, 3), 1.0, -1.0, orders=0),
    kink("edges", EDGES, -0.5, 0.5),
    kink("integers", INTEGERS, 0, 2),
    kink("integers, float bound", INTEGERS, min=0.5),
    kink("uint8", BYTES, max=100),
)
refuse(
    "clamp",
    wrong("no bound", ArgumentError, r"clamp needs a bound: write clamp\(x, min=", normal(2)),
    wrong("text for a bound", OperandError, r"clamp with min='low'.*number", normal(2), min="low"),
)

HALF = np.array([[True, False, True], [False, True, False]])
book(
    "where",
    s("same shape", HALF, normal(2, 3), normal(2, 3)),
    s("all broadcast", HALF[:, :1], normal(3), normal(1, 1, 3)),
    s("condition grows", np.array([True, False, True]), normal(2, 3), normal(2, 1)),
    s("0-d", np.array(True), normal(), normal()),
    s("empty", np.zeros((0, 3), bool), normal(0, 3), normal(3)),
    s("numbers left", HALF, 1.5, normal(2, 3)),
    s("numbers right", HALF, normal(2, 3), 0.0),
    s("two numbers", HALF, 1.0, 0.0),
    s("two whole numbers", HALF, 1, 0),
    s("transposed", HALF.T, normal(2, 3).T, normal(3, 2)),
    s("expanded", expanded(HALF[:1], 2, 3), expanded(normal(3), 2, 3), normal(2, 3)),
    kink("edges not taken", np.array([True, False]), np.array([1.0, nan]), np.array([inf, 2.0])),
    kink("int and float", HALF, INTEGERS, normal(3)),
    kink("bools", HALF, BOOLS, ~BOOLS),
)
refuse(
    "where",
    wrong(
        "shapes", ShapeError, r"where of shapes \(2, 3\) and \(4,\) and \(3,\): .*3 and 4", HALF, normal(4), normal(3)
    ),
    wrong("text", OperandError, r"where of a tensor and str", HALF, normal(2, 3), "else"),
    wrong("one choice", ArgumentError, r"where takes 3 arguments \(condition x y\) and was given 2", HALF, normal(3)),
    wrong("float condition", DtypeError, r"where.*condition.*float64.*x > 0", normal(3), normal(3), normal(3)),
)

# ---------------------------------------------------------------------------------------- asking

for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    two_inputs(name)
    book(name, kink("every pair of edges", *EVERY_PAIR), kink("integers", INTEGERS, np.array([3, 2, 0])))
    book(name, kink("bools", BOOLS, ~BOOLS), kink("int and a float number", INTEGERS, 2.5))

for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    book(
        name,
        s("bools", BOOLS, HALF),
        s("integers", INTEGERS, np.array([1, 2, 3])),
        s("uint8", BYTES, BYTES[::-1].copy()),
        s("int and bool", INTEGERS, HALF),
        s("0-d", np.array(5), np.array(3)),
        s("0-d left", np.array(True), BOOLS),
        s("column × row", BOOLS[:, :1], BOOLS[:1]),
        s("empty", np.zeros((0, 3), bool), np.zeros((1, 3), bool)),
        s("number", INTEGERS, 6),
        s("transposed", BOOLS.T, HALF.T),
        s("expanded", expanded(BOOLS[:1], 2, 3), HALF),
    )
    misfits(name, lambda *shape: np.ones(shape, bool))
    refuse(
        name, wrong("floats", DtypeError, rf"{name} of dtype float64: .*whole numbers or bools", normal(2), normal(2))
    )
book(
    "bitwise_not",
    s("bools", BOOLS),
    s("integers", INTEGERS),
    s("uint8", BYTES),
    s("0-d", np.array(True)),
    s("empty", np.zeros((0, 1), bool)),
    s("transposed", BOOLS.T),
    s("expanded", expanded(BOOLS[:1], 2, 3)),
)
refuse(
    "bitwise_not",
    wrong("floats", DtypeError, r"bitwise_not of dtype float64: .*whole numbers or bools", normal(2)),
    wrong("two inputs", ArgumentError, r"bitwise_not takes 1 arguments? .*was given 2", BOOLS, BOOLS),
)

# ---------------------------------------------------------------------------------------- the same number

book("cast", *(s(label, x, np.float64) for label, x in layouts(normal)))
book(
    "cast",
    *(kink(f"{a} to {b}", np.array([0, 1, 2, 1]).astype(a), np.dtype(b)) for a in DTYPES for b in DTYPES),
    kink("rounds toward 0", np.array([-1.7, -0.5, 0.5, 2.9]), np.int64),
    kink("nan is true", np.array([nan, 0.0, -0.0]), np.bool_),
)
refuse(
    "cast",
    wrong("no such dtype", DtypeError, r"dtype complex128: chainrule has float32", normal(2), np.complex128),
    wrong("no dtype", DtypeError, r"'fast' is not a dtype; choose one of float32", normal(2), "fast"),
)

one_input("flush")
book("flush", kink("negligible", np.array([1e-320, -1e-301, 1e-290, -0.0])))
for name in ("clone", "detach"):
    one_input(name)
    book(name, kink("bools", BOOLS))

# ---------------------------------------------------------------------------------------- movement

book(
    "reshape",
    s("to a matrix", normal(6), (2, 3)),
    s("sizes one by one", normal(6), 3, 2),
    s("what is left", normal(2, 3), (-1,)),
    s("what is left, between", normal(2, 3, 4), (4, -1, 2)),
    s("0-d to 1-d", normal(), (1,)),
    s("1 number to 0-d", normal(1, 1), ()),
    s("empty", normal(0, 3), (3, 0)),
    s("empty, what is left", normal(0, 3), (-1, 3)),
    s("sizes 1", normal(1, 3, 1), (3,)),
    s("transposed", normal(3, 2).T, (6,)),
    s("strided", normal(4, 6)[::2, ::2], (3, 2)),
    s("expanded", expanded(normal(2, 1), 2, 3), (6,)),
    s("a list of sizes", normal(4), [2, 2]),
    kink("integers", INTEGERS, (3, 2)),
    kink("bools", BOOLS, (-1,)),
)
refuse(
    "reshape",
    wrong("count", ShapeError, r"reshape of \(2, 3\) to \(4,\): 6 numbers do not fit into 4", normal(2, 3), (4,)),
    wrong("remainder", ShapeError, r"6 numbers do not fit into 4 times a whole number", normal(2, 3), (4, -1)),
    wrong("two -1", ShapeError, r"reshape to \(-1, -1\): at most one size can be -1", normal(4), (-1, -1)),
    wrong("below -1", ShapeError, r"at most one size can be -1, and none below", normal(4), (-2, 2)),
    wrong("0 and -1", ShapeError, r"reshape of \(0, 3\) to \(0, -1\)", normal(0, 3), (0, -1)),
    wrong("a float size", OperandError, r"the shape \(2\.0, 2\): sizes are whole numbers", normal(4), (2.0, 2)),
)

book(
    "permute",
    s("swap", normal(2, 3), (1, 0)),
    s("a cycle", normal(2, 3, 4), (2, 0, 1)),
    s("one by one", normal(2, 3, 4), 1, 2, 0),
    s("negative dims", normal(2, 3, 4), (-1, 0, -2)),
    s("nothing moves", normal(2, 3), (0, 1)),
    s("0-d", normal(), ()),
    s("1-d", normal(3), (0,)),
    s("empty", normal(0, 3), (1, 0)),
    s("sizes 1", normal(1, 3, 1), (2, 1, 0)),
    s("transposed", normal(3, 2).T, (1, 0)),
    s("expanded", expanded(normal(2, 1), 2, 3), (1, 0)),
    kink("integers", INTEGERS, (1, 0)),
)
refuse(
    "permute",
    wrong("too few", ShapeError, r"permute of shape \(2, 3\) with dims=\(0,\): name each of the 2", normal(2, 3), (0,)),
    wrong("twice", ShapeError, r"with dims=\(0, 0\): name each of the 2 dimensions once", normal(2, 3), (0, 0)),
    wrong(
        "not there",
        LabelError,
        r"permute: dim=2 does not exist .* 2 dimensions; it can be -2 to 1",
        normal(2, 3),
        (0, 2),
    ),
)

book(
    "flip",
    s("rows", normal(2, 3), 0),
    s("both", normal(2, 3), (0, 1)),
    s("one by one", normal(2, 3, 2), -1, 0),
    s("nothing", normal(2, 3), ()),
    s("0-d", normal(), 0),
    s("empty", normal(0, 3), 1),
    s("sizes 1", normal(1, 3, 1), (0, 1)),
    s("transposed", normal(3, 2).T, 0),
    s("expanded", expanded(normal(2, 1), 2, 3), 1),
    kink("integers", INTEGERS, 1),
)
refuse(
    "flip",
    wrong("not there", LabelError, r"flip: dim=2 does not exist .* 2 dimensions", normal(2, 3), 2),
    wrong("twice", ArgumentError, r"flip.*twice", normal(2, 3), (0, -2)),
)

book(
    "pad_constant",
    s("all around", normal(2, 3), ((1, 2), (0, 1))),
    s("with 2.5", normal(3), ((2, 0),), 2.5),
    s("nothing", normal(2, 3), ((0, 0), (0, 0))),
    s("0-d", normal(), ()),
    s("empty", normal(0, 3), ((1, 1), (0, 0))),
    s("sizes 1", normal(1, 1), ((0, 1), (1, 0))),
    s("transposed", normal(3, 2).T, ((1, 0), (0, 1)), -1.0),
    s("expanded", expanded(normal(2, 1), 2, 3), ((0, 0), (1, 1))),
    kink("integers", INTEGERS, ((0, 1), (1, 0)), 7),
)
refuse("pad_constant", wrong("too few widths", ShapeError, r"pad.*\(2, 3\)", normal(2, 3), ((1, 1),)))

book(
    "expand",
    s("column", normal(2, 1), (2, 3)),
    s("row", normal(1, 3), (2, 3)),
    s("new dims", normal(3), (4, 2, 3)),
    s("one by one", normal(3), 2, 3),
    s("-1 keeps", normal(2, 1), (-1, 3)),
    s("-1 keeps, with new dims", normal(2, 1), (4, -1, 3)),
    s("0-d", normal(), (2, 2)),
    s("0-d stays", normal(), ()),
    s("one number", normal(1, 1), (2, 3)),
    s("one number, 1-d", normal(1), (1, 1, 1)),
    s("nothing to do", normal(2, 3), (2, 3)),
    s("1 becomes 0", normal(1, 3), (0, 3)),
    s("one number to none", normal(1), (0,)),
    s("empty", normal(0, 1), (2, 0, 3)),
    s("transposed", normal(1, 2).T, (2, 3)),
    s("strided", normal(4, 1)[::2], (2, 2)),
    s("expanded", expanded(normal(2, 1, 1), 2, 3, 1), (2, 3, 2)),
    kink("bools", BOOLS, (2, 2, 3)),
)
refuse(
    "expand",
    wrong("size", ShapeError, r"expand of \(2, 3\) to \(2, 4\): counted from the right", normal(2, 3), (2, 4)),
    wrong("fewer dims", ShapeError, r"expand of \(2, 3\) to \(3,\)", normal(2, 3), (3,)),
    wrong("-1 in front", ShapeError, r"expand of \(3,\) to \(-1, 3\)", normal(3), (-1, 3)),
    wrong("one number to fewer dims", ShapeError, r"expand of \(1, 1\) to \(1,\)", normal(1, 1), (1,)),
    wrong("one number to -2", ShapeError, r"expand of \(1,\) to \(-2,\)", normal(1), (-2,)),
)

ROWS, REPEATED, NONE = np.array([2, 0, -1]), np.array([[0, 1], [1, 1]]), np.array([], np.int64)
MASK = np.array([True, False, True, False])
INDICES: dict[str, Any] = {
    "int": 1,
    "negative int": -1,
    "two ints": (1, -2),
    "slice": slice(1, 3),
    "negative slice": slice(-3, -1),
    "step": slice(None, None, 2),
    "slice past the end": slice(2, 100),
    "empty slice": slice(3, 1),
    "slices": (slice(1, None), slice(0, 2)),
    "None": None,
    "None between": (slice(None), None, 0),
    "...": ...,
    "... then int": (..., -1),
    "int then ...": (0, ...),
    "... between": (0, ..., None),
    "nothing": (),
    "places": ROWS,
    "places with repeats": REPEATED,
    "places, int32": ROWS.astype(np.int32),
    "a list": [0, 0, 2],
    "an empty list": [],
    "no places": NONE,
    "0-d places": np.array(2),
    "mask over rows": MASK,
    "mask over all": normal(4, 3) > 0,
    "mask of nothing": np.zeros(4, bool),
    "0-d mask": np.array(True),
    "places and slice": (ROWS, slice(0, 2)),
    "slice and places": (slice(0, 2), np.array([0, 0, 1])),
    "places and places": (ROWS, np.array([1, 1, 2])),
    "places broadcast": (ROWS[:, None], np.array([0, 2])),
    "int and places": (1, np.array([0, 0])),
    "places and int": (ROWS, 1),
    "places and None": (ROWS, None),
    "None and places": (None, ROWS),
    "mask and int": (MASK, 1),
    "mask and slice": (MASK, slice(1, None)),
    "mask and places": (MASK, np.array([0, 2])),
    "True": True,
    "False": False,
}
DEEP: dict[str, Any] = {
    "ints": (1, 0, -1),
    "places around a slice": (np.array([0, 1, 1]), slice(None), np.array([0, 2, 2])),
    "int, places, places": (1, np.array([0, 2]), np.array([3, 3])),
    "places, int, places": (np.array([0, 1]), 1, np.array([3, 3])),
    "places, slice, int": (np.array([1, 0, 1]), slice(None), 2),
    "int, places, slice": (0, np.array([2, 2]), slice(None)),
    "slice, int, places": (slice(None), 1, np.array([3, 0])),
    "places, ..., None": (np.array([1, 0]), ..., None),
    "places, None, places": (np.array([1, 0]), None, np.array([1, 2])),
    "mask of two dims": np.array([[True, False, True], [False, True, False]]),
    "slice, mask": (slice(None), np.array([True, False, True])),
    "... and mask": (..., np.array([True, False, True, True])),
}
book("getitem", *(s(label, normal(4, 3), index) for label, index in INDICES.items()))
book("getitem", *(s(f"3-d: {label}", normal(2, 3, 4), index) for label, index in DEEP.items()))
book(
    "getitem",
    s("0-d: nothing", normal(), ()),
    s("0-d: ...", normal(), ...),
    s("0-d: None", normal(), None),
    s("0-d: mask", normal(), np.array(True)),
    s("empty: slice", normal(0, 3), slice(None)),
    s("empty: places", normal(0, 3), NONE),
    s("empty: column", normal(0, 3), (slice(None), 1)),
    s("sizes 1", normal(1, 3, 1), (0, slice(None), 0)),
    s("transposed", normal(3, 4).T, (ROWS, 1)),
    s("strided", normal(4, 6)[::2, ::2], (slice(None), np.array([0, 0]))),
    s("expanded", expanded(normal(3), 4, 3), REPEATED),
    kink("integers", INTEGERS, 1),
    kink("bools", BOOLS, BOOLS),
)
OUTSIDE = r"outside its dimension|out of bounds for axis"
refuse(
    "getitem",
    wrong("past the end", LabelError, r"index \(4,\) into a tensor of shape \(4, 3\).*outside", normal(4, 3), 4),
    wrong("past the start", LabelError, OUTSIDE, normal(4, 3), -5),
    wrong("places past the end", LabelError, OUTSIDE, normal(4, 3), np.array([0, 4])),
    wrong("too many", LabelError, r"more indices than dimensions", normal(4, 3), (0, 0, 0)),
    wrong("0-d", LabelError, r"into a tensor of shape \(\)", normal(), 0),
    wrong(
        "places that do not broadcast", LabelError, r"into a tensor of shape", normal(4, 3), (ROWS, np.array([0, 1]))
    ),
    wrong(
        "mask of another shape",
        LabelError,
        r"index \(\[mask\],\) into a tensor of shape \(4, 3\)",
        normal(4, 3),
        np.ones(3, bool),
    ),
    wrong("a mask that does not pair", LabelError, r"do not fit together", normal(4, 3), (MASK, ROWS)),
    wrong("float places", DtypeError, r"an index of dtype float64: .*write x\[index\.long\(\)\]", normal(4), normal(2)),
    wrong("a float", DtypeError, r"an index of type float: use whole numbers", normal(4), 1.0),
    wrong("text", DtypeError, r"an index of type str", normal(4), "first"),
    wrong("a list of floats", DtypeError, r"an index of dtype float64", normal(4), [0.0, 1.0]),
    wrong(
        "int, slice, places",
        ArgumentError,
        r"\(1, slice\(None, None, None\), \[places\]\): NumPy and PyTorch .* different orders; write it in two steps",
        normal(2, 3, 4),
        (1, slice(None), ROWS),
    ),
    wrong(
        "negative step",
        ArgumentError,
        r"a slice with step -1: steps must be positive",
        normal(4),
        slice(None, None, -1),
    ),
)


def _unindexed(x: Any, index: Any) -> tuple[Any, ...]:
    """The arguments of ``unindex`` for the gradient of x[index]."""
    parts, places = Indexed.split(index)
    return normal(*BOOK["getitem"](x, index).shape), parts, x.shape, *places


book("unindex", *(s(label, *_unindexed(normal(4, 3), index)) for label, index in INDICES.items()))
book("unindex", *(s(f"3-d: {label}", *_unindexed(normal(2, 3, 4), index)) for label, index in DEEP.items()))
book(
    "unindex",
    s("0-d", *_unindexed(normal(), ...)),
    s("empty", *_unindexed(normal(0, 3), slice(None))),
    s("transposed", normal(2, 3).T, *_unindexed(normal(4, 2), np.array([3, 3, 0]))[1:]),
    s("expanded", expanded(normal(2), 3, 2), *_unindexed(normal(4, 2), np.array([3, 3, 0]))[1:]),
)
refuse(
    "unindex",
    wrong("past the end", LabelError, OUTSIDE, normal(), (4,), (4,)),
    wrong("gradient of another shape", ShapeError, r"\(3,\)", normal(3), (slice(0, 2),), (4,)),
)


def _written(x: Any, index: Any) -> tuple[Any, Any, Any]:
    return x, index, normal(*x[index].shape)


TWICE = ("places with repeats", "a list", "int and places", "slice and places")  # written twice: which one stays?
book("setitem", *(s(label, *_written(normal(4, 3), INDICES[label])) for label in INDICES if label not in TWICE))
book(
    "setitem",
    s("a number", normal(4, 3), slice(1, 3), 2.5),
    s("a number at places", normal(4, 3), np.array([0, 2]), 0.0),
    s("a 0-d value", normal(4, 3), (slice(None), 1), normal()),
    s("a row into rows", normal(4, 3), slice(1, 3), normal(3)),
    s("a column into columns", normal(4, 3), (slice(None), slice(0, 2)), normal(4, 1)),
    s("leading 1s", normal(4, 3), 0, normal(1, 3)),
    s("a value at a mask", normal(4, 3), MASK, normal(2, 3)),
    s("3-d: places around a slice", normal(2, 3, 4), (np.array([0, 1]), slice(None), np.array([0, 2])), normal(2, 3)),
    s("0-d", normal(), (), normal()),
    s("empty", normal(0, 3), slice(None), normal(3)),
    s("transposed", normal(3, 4).T, 1, normal(3)),
    s("expanded value", normal(4, 3), slice(None), expanded(normal(3), 4, 3)),
    kink("integers", INTEGERS, 0, np.array([1, 2, 3])),
)
refuse(
    "setitem",
    wrong("value too long", ShapeError, r"x of shape \(4, 3\) and value of shape \(2,\)", normal(4, 3), 0, normal(2)),
    wrong("more dims than the place", ShapeError, r"value of shape \(2, 3\)", normal(4, 3), 0, normal(2, 3)),
    wrong("past the end", LabelError, OUTSIDE, normal(4, 3), 4, normal(3)),
    wrong("places past the end", LabelError, OUTSIDE, normal(4, 3), np.array([0, 4]), 1.0),
    wrong(
        "as many as the mask", ShapeError, r"x\[\(\[mask\],\)\] = value .* \(3, 3\)", normal(4, 3), MASK, normal(3, 3)
    ),
    wrong("a float", DtypeError, r"an index of type float", normal(4), 1.0, normal()),
)

book(
    "cat",
    s("rows", [normal(2, 3), normal(1, 3)]),
    s("columns", [normal(2, 3), normal(2, 1)], 1),
    s("dim -1", [normal(2, 3), normal(2, 1)], dim=-1),
    s("three", [normal(1), normal(2), normal(3)]),
    s("one", [normal(2, 3)]),
    s("with an empty one", [normal(2, 3), normal(0, 3)]),
    s("all empty", [normal(0, 3), normal(0, 3)]),
    s("a tuple", (normal(2), normal(2))),
    s("transposed", [normal(3, 2).T, normal(2, 3)]),
    s("expanded", [expanded(normal(3), 2, 3), normal(2, 3)], 1),
    s("3-d, middle", [normal(1, 2, 3), normal(1, 1, 3)], -2),
    kink("int and float", [INTEGERS, normal(1, 3)]),
    kink("bools", [BOOLS, BOOLS]),
)
refuse(
    "cat",
    wrong("nothing", ArgumentError, r"cat of no tensors: give a list with at least one", []),
    wrong(
        "sizes",
        ShapeError,
        r"cat along dim 0 of shapes \(2, 3\) and \(2, 4\): every size but",
        [normal(2, 3), normal(2, 4)],
    ),
    wrong("dims", ShapeError, r"cat along dim 0 of shapes \(2, 3\) and \(3,\)", [normal(2, 3), normal(3)]),
    wrong("0-d", ShapeError, r"0-d tensors go through stack", [normal(), normal()]),
    wrong("dim", LabelError, r"cat: dim=2 does not exist", [normal(2, 3), normal(2, 3)], 2),
    wrong("a number", ShapeError, r"cat along dim 0 of shapes \(2,\) and \(\)", [normal(2), 1.0]),
    wrong("0 numbers of 1 dim", ShapeError, r"of shapes \(0,\) and \(2, 3\)", [normal(0), normal(2, 3)]),
    wrong("a tensor", OperandError, r"cat takes a list of tensors", normal(2, 3)),
)

PICK = np.array([[0, 1, 1], [2, 2, 0]])
book(
    "gather",
    s("dim 0", normal(3, 3), 0, PICK),
    s("dim 1", normal(2, 3), 1, PICK),
    s("dim -1", normal(2, 3), -1, PICK),
    s("one each", normal(2, 3), 1, PICK[:, :1]),
    s("repeats", normal(2, 3), 1, np.zeros((2, 5), np.int64)),
    s("smaller index", normal(3, 3), 0, PICK[:, :2]),
    s("1-d", normal(4), 0, np.array([3, 3, 0])),
    s("0-d", normal(), 0, np.array(0)),
    s("0-d index into 1-d", normal(1), 0, np.array([0, 0])),
    s("empty index", normal(2, 3), 1, np.zeros((2, 0), np.int64)),
    s("empty", normal(0, 3), 0, np.zeros((0, 3), np.int64)),
    s("3-d", normal(2, 3, 2), 1, np.array([[[0, 2]], [[1, 1]]])),
    s("transposed", normal(3, 2).T, 1, PICK),
    s("expanded", expanded(normal(3), 2, 3), 1, PICK),
    kink("integers", INTEGERS, 1, PICK),
)
refuse(
    "gather",
    wrong(
        "dims", ShapeError, r"gather of \(2, 3\) with an index of \(2,\) along dim 1", normal(2, 3), 1, np.array([0, 1])
    ),
    wrong("longer index", ShapeError, r"no size larger than the input's outside dim 1", normal(1, 3), 1, PICK),
    wrong("past the end", LabelError, r"gather.*3.*from 0 to 2", normal(2, 3), 1, PICK + 1),
    wrong("negative", LabelError, r"gather with index -1 .*counted from 0 to 2", normal(2, 3), 1, PICK - 1),
    wrong("dim", LabelError, r"gather: dim=2 does not exist", normal(2, 3), 2, PICK),
    wrong("float index", DtypeError, r"gather.*index of dtype float64.*long", normal(2, 3), 1, PICK.astype(float)),
)
book(
    "ungather",
    s("dim 0", (3, 3), 0, PICK, normal(2, 3)),
    s("dim 1", (2, 3), 1, PICK, normal(2, 3)),
    s("one each", (2, 3), 1, PICK[:, :1], normal(2, 1)),
    s("repeats", (2, 3), 1, np.zeros((2, 5), np.int64), normal(2, 5)),
    s("smaller index", (3, 3), 0, PICK[:, :2], normal(2, 2)),
    s("1-d", (4,), 0, np.array([3, 3, 0]), normal(3)),
    s("0-d", (), 0, np.array(0), normal()),
    s("empty", (2, 3), 1, np.zeros((2, 0), np.int64), normal(2, 0)),
    s("transposed", (2, 3), 1, PICK, normal(3, 2).T),
    s("expanded", (2, 3), 1, PICK, expanded(normal(2, 1), 2, 3)),
)
refuse(
    "ungather",
    wrong("past the end", LabelError, r"ungather.*3.*from 0 to 2", (2, 3), 1, PICK + 1, normal(2, 3)),
    wrong("shapes", ShapeError, r"ungather.*\(2, 4\)", (2, 3), 1, PICK, normal(2, 4)),
)

ONE_EACH = np.array([2, 0])
book(
    "pick",
    s("one of each row", normal(2, 3), ONE_EACH),
    s("1-d", normal(3), np.array(2)),
    s("stacks of rows", normal(2, 2, 3), np.array([[0, 2], [1, 1]])),
    s("int32", normal(2, 3), ONE_EACH.astype(np.int32)),
    s("no rows", normal(0, 3), NONE),
    s("sizes 1", normal(1, 1), np.array([0])),
    s("transposed", normal(3, 2).T, ONE_EACH),
    s("expanded", expanded(normal(3), 2, 3), ONE_EACH),
)
refuse(
    "pick",
    wrong("shapes", ShapeError, r"pick from \(2, 3\) with an index of \(3,\): .*must be \(2,\)", normal(2, 3), ROWS),
    wrong("an index of 1", ShapeError, r"pick from \(2, 3\) with an index of \(1,\)", normal(2, 3), ONE_EACH[:1]),
    wrong("one dim too many", ShapeError, r"pick from \(2, 3\) with an index of \(2, 1\)", normal(2, 3), PICK[:, :1]),
    wrong("0-d", ShapeError, r"pick from \(\)", normal(), np.array(0)),
    wrong("past the end", LabelError, r"pick.*3", normal(2, 3), ONE_EACH + 1),
)

# ---------------------------------------------------------------------------------------- reductions

DIMS: dict[str, dict[str, Any]] = {
    "all": {},
    "all kept": {"keepdim": True},
    "dim 0": {"dim": 0},
    "dim -1": {"dim": -1},
    "dim 1 kept": {"dim": 1, "keepdim": True},
    "two dims": {"dim": (0, 2)},
    "two dims kept": {"dim": [-1, 0], "keepdim": True},
    "no dims": {"dim": ()},
}
for name in ("sum", "sum_squares", "mean", "amax", "amin"):
    book(name, *(s(label, normal(2, 3, 2), **dims) for label, dims in DIMS.items()))
    book(name, *(s(label, x) for label, x in layouts(normal) if label not in ("empty", "expanded")))
    book(
        name,
        s("0-d, dim 0", normal(), 0),
        s("0-d, dim -1 kept", normal(), -1, True),
        s("sizes 1, dim 1", normal(1, 1, 3), 1),
        s("transposed, dim 0", normal(3, 2).T, 0),
        kink("expanded", expanded(normal(2, 1), 2, 3)),  # to an extreme, all tied
        kink("expanded, dim 1", expanded(normal(2, 1), 2, 3), 1),
        s("empty, a dim that is not", normal(0, 3), 1),
        kink("nan", np.array([[1.0, nan], [2.0, 3.0]]), 1, orders=0),
        kink("infinities", np.array([[1.0, inf], [-inf, 3.0]]), 1, orders=0),
    )
    refuse(
        name,
        wrong(
            "dim", LabelError, rf"{name}: dim=2 does not exist in a tensor with 2 dim.*can be -2 to 1", normal(2, 3), 2
        ),
        wrong("dim of 0-d", LabelError, rf"{name}: dim=1 does not exist in a tensor with 0 dim", normal(), 1),
        wrong("a dim twice", ArgumentError, rf"{name}.*dim.*twice", normal(2, 3), (0, 0)),
    )
for name, orders in (
    ("sum", 2),
    ("sum_squares", 2),
    ("mean", 1),
):  # nan: nothing to average, and nothing to say of its slope
    for label, x, dims in (
        ("empty", normal(0, 3), ()),
        ("empty dim", normal(0, 3), (0,)),
        ("kept", normal(2, 0), (1, True)),
    ):
        book(name, Sample(label, (x, *dims), smooth=orders == 2, orders=orders))
for name in ("amax", "amin"):
    book(
        name,
        kink("ties", TIED, 1),
        kink("ties over all", np.ones((2, 3))),
        kink("two zeros", np.array([0.0, -0.0])),
        kink("ties kept", np.array([[1.0, 1.0], [0.0, 1.0]]), 0, True),
        kink("integers", INTEGERS, 1),
        kink("bools", BOOLS, 0),
    )
    word = "largest" if name == "amax" else "smallest"
    text = rf"{name} of a tensor of shape \(0, 3\): nothing is the {word} of nothing"
    refuse(name, wrong("empty", ShapeError, text, normal(0, 3)), wrong("empty dim", ShapeError, text, normal(0, 3), 0))
book(
    "sum",
    kink("integers", INTEGERS, 1),
    kink("bools", BOOLS),
    kink("uint8", BYTES),
    kink("int32", INTEGERS.astype(np.int32), 0),
)
for name in ("mean", "sum_squares"):
    refuse(name, wrong("integers", DtypeError, rf"{name} of dtype int64: .*write {name}\(x\.float\(\)\)", INTEGERS))

book(
    "standardize",
    s("rows", normal(4, 3), normal(3), normal(3), (1,), 1e-5),
    s("a batch", normal(4, 3), normal(1, 3), normal(1, 3), (0,), 0.1),
    s("channels", normal(2, 3, 4), normal(3, 1), normal(3, 1), (0, 2), 1e-5),
    s("groups", normal(2, 2, 2, 3), normal(2, 2, 1), normal(2, 2, 1), (2, 3), 1e-5),
    s("weight for all, bias for each", normal(2, 3), normal(), normal(3), (1,), 1e-5),
    s("weight of one", normal(2, 3), normal(1, 1), normal(2, 1), (0, 1), 1e-5),
    s("plain", normal(2, 3), 1.0, 0.0, (1,), 1e-5),
    s("all equal", np.ones((2, 3)), normal(3), normal(3), (1,), 0.5),
    s("one number each", normal(3, 1), normal(1), normal(1), (1,), 0.5),
    s("empty", normal(0, 3), normal(3), normal(3), (1,), 1e-5),
    s("transposed", normal(3, 4).T, normal(3), normal(3), (1,), 1e-5),
    s("far from 0", normal(2, 5) + 4.0, normal(5), normal(5), (1,), 1e-5),
    kink("expanded", expanded(normal(2, 1), 2, 3), normal(3), expanded(normal(1), 3), (1,), 0.5),
)
refuse(
    "standardize",
    wrong("integers", DtypeError, r"standardize of dtype int64", INTEGERS, 1.0, 0.0, (0,), 0.0),
    wrong("weight", ShapeError, r"standardize of shapes .*sizes 2 and 3", normal(2, 3), normal(2), 0.0, (1,), 0.0),
    wrong("more weights than numbers", ShapeError, r"but not the input", normal(3), normal(2, 3), 0.0, (0,), 0.0),
)

for name in ("cumsum", "cumprod"):
    book(
        name,
        *(s(label, x, -1) for label, x in layouts(normal)),
        s("dim 0", normal(3, 2), 0),
        s("middle dim", normal(2, 3, 2), 1),
        s("empty dim", normal(2, 0), 1),
        s("a zero", np.array([1.5, 0.0, 2.5, -1.0]), 0),
        s("two zeros", np.array([[1.5, 0.0, 2.5, 0.0, 3.0]]), 1),
        kink("integers", INTEGERS, 0),
        kink("bools", BOOLS, 1),
        kink("nan stays", np.array([1.0, nan, 2.0]), 0, orders=0),
    )
    refuse(name, wrong("dim", LabelError, rf"{name}: dim=2 does not exist", normal(2, 3), 2))

book(
    "prod",
    *(s(label, x) for label, x in layouts(normal)),
    *(s(label, normal(2, 3, 2), **dims) for label, dims in DIMS.items() if "two" not in label),
    s("two dims", normal(2, 3, 2), (0, 2)),
    s("two dims, kept", normal(2, 3, 2), (2, 1), True),
    s("0-d, dim 0", normal(), 0),
    s("empty dim", normal(0, 3), 0),
    s("transposed, dim 0", normal(3, 2).T, 0),
    s("a zero", np.array([1.5, 0.0, 2.5])),
    s("two zeros", np.array([1.5, 0.0, 0.0])),
    s("zeros in some rows", np.array([[1.5, 0.0, 2.5], [1.0, 2.0, 3.0], [0.0, 0.0, 2.0]]), 1),
    s("zeros over two dims", np.array([[[1.5, 0.0]], [[2.0, 3.0]]]), (0, 2)),
    kink("integers", INTEGERS, 1),
    kink("bools", BOOLS),
    kink("uint8", BYTES),
)
refuse(
    "prod",
    wrong("dim", LabelError, r"prod: dim=2 does not exist", normal(2, 3), 2),
    wrong("a dim twice", ArgumentError, r"prod.*dim.*twice", normal(2, 3), (0, 0)),
)

book(
    "argsort",
    *(s(label, x) for label, x in layouts(normal)),
    s("dim 0", normal(3, 2), 0),
    s("falling", normal(2, 3), 1, True),
    kink("ties", TIED, 1, stable=True),
    kink("ties, falling", TIED, 1, True, stable=True),
    kink("integers", INTEGERS, 0, stable=True),
    kink("nan comes last", np.array([2.0, nan, -inf, inf])),
)
refuse("argsort", wrong("dim", LabelError, r"argsort: dim=2 does not exist", normal(2, 3), 2))

WINDOWS: dict[str, tuple[Any, Any]] = {
    "1-d": (normal(5), ((2,), (1,), (1,))),
    "with a stride": (normal(2, 7), ((3,), (2,), (1,))),
    "with gaps": (normal(7), ((3,), (1,), (2,))),
    "apart": (normal(7), ((2,), (3,), (1,))),
    "2-d": (normal(2, 4, 5), ((2, 3), (1, 2), (1, 1))),
    "2-d, with gaps": (normal(5, 5), ((2, 2), (2, 1), (2, 3))),
    "one window": (normal(1, 3), ((3,), (1,), (1,))),
    "empty": (normal(0, 4), ((2,), (2,), (1,))),
    "transposed": (normal(4, 2).T, ((2,), (1,), (1,))),
    "expanded": (expanded(normal(2, 1), 2, 4), ((2,), (1,), (1,))),
}


def _windows_of(x: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    """The same in PyTorch, one dimension after the other."""
    for k, s, d in zip(kernel, stride, dilation, strict=True):
        dim = x.ndim - len(kernel)  # a dimension is appended each time, so this is the next one
        x = x.unfold(dim, d * (k - 1) + 1, s)[..., ::d]
    return x


def _at_peak(v: Any, x: Any, *how: Any) -> Any:
    """By indices: the first of the largest in each window."""
    dims = range(-len(how[0]), 0)
    places = _windows_of(x, *how).flatten(dims[0]).argmax(-1, keepdim=True)
    return _windows_of(v, *how).flatten(dims[0]).gather(-1, places).squeeze(-1)


def _unpeak(g: Any, x: Any, *how: Any) -> Any:
    v = torch.zeros_like(x, requires_grad=True)
    return torch.autograd.grad(_at_peak(v, x, *how), v, g, create_graph=True)[0]


def _overlapped(g: Any, shape: Any, *how: Any) -> Any:
    x = torch.zeros(shape, dtype=g.dtype, requires_grad=True)
    return torch.autograd.grad(_windows_of(x, *how), x, g, create_graph=True)[0]


book(
    "windows", *(s(label, x, *how) for label, (x, how) in WINDOWS.items()), kink("integers", INTEGERS, (2,), (1,), (1,))
)
for label, (x, how) in WINDOWS.items():
    book("overlap", s(label, normal(*BOOK["windows"](x, *how).shape), x.shape, *how))
book(
    "overlap",
    s("transposed g", normal(2, 4).T, (5,), (2,), (1,), (1,)),
    s("expanded g", expanded(normal(2), 4, 2), (5,), (2,), (1,), (1,)),
)
for label, (x, how) in WINDOWS.items():
    smooth = label != "expanded"  # there all are tied
    book("at_peak", s(label, normal(*x.shape), x, *how, smooth=smooth))
    book("unpeak", s(label, normal(*BOOK["windows"](x, *how).shape[: x.ndim]), x, *how, smooth=smooth))
TOPS = np.array([[1.0, 1.0, 2.0, 2.0, 2.0, 0.0]])
for name, given in (("at_peak", normal(1, 6)), ("unpeak", normal(1, 5))):
    book(
        name,
        kink("ties", given, TOPS, (2,), (1,), (1,)),
        kink("all tied", given, np.zeros((1, 6)), (2,), (1,), (1,)),
        kink("nan", given, np.array([[1.0, nan, 0.0, 2.0, 1.0, 3.0]]), (2,), (1,), (1,)),
        kink("-inf", given, np.full((1, 6), -inf), (2,), (1,), (1,)),
        kink("expanded first", expanded(given[:, :1], *given.shape), TOPS, (2,), (1,), (1,)),
    )
    refuse(
        name,
        wrong(
            "shape",
            ShapeError,
            rf"{name} of \(4,\): here it must have the shape \(\d,\)",
            normal(4),
            normal(9),
            (2,),
            (1,),
            (1,),
        ),
        wrong("larger", ShapeError, r"windows of size \(4,\) .* larger than", normal(1), normal(3), (4,), (1,), (1,)),
    )
refuse(
    "windows",
    wrong(
        "larger", ShapeError, r"windows of size \(4,\) .* over \(3,\): they are larger", normal(2, 3), (4,), (1,), (1,)
    ),
    wrong("larger by its gaps", ShapeError, r"\(dilation \(3,\)\)", normal(3), (2,), (1,), (3,)),
    wrong(
        "too few dims",
        ShapeError,
        r"windows over 2 dimensions of a tensor of shape \(3,\)",
        normal(3),
        (1, 1),
        (1, 1),
        (1, 1),
    ),
    wrong("stride 0", ArgumentError, r"stride \(0,\).*none may be below 1", normal(3), (1,), (0,), (1,)),
)
refuse(
    "overlap",
    wrong("larger", ShapeError, r"windows of size \(4,\)", normal(1, 4), (3,), (4,), (1,), (1,)),
    wrong("too many", ShapeError, r"overlap of \(4, 2\) into \(3,\): .*\(2, 2\)", normal(4, 2), (3,), (2,), (1,), (1,)),
)

for name in ("argmax", "argmin"):
    book(
        name,
        *(s(label, x) for label, x in layouts(normal) if "empty" not in label),
        s("dim 0", normal(2, 3), 0),
        s("dim -1 kept", normal(2, 3), -1, True),
        s("over all, kept", normal(2, 3), None, True),
        s("0-d, dim 0", normal(), 0),
        s("empty, a dim that is not", normal(0, 3), 1),
        s("transposed, dim 1", normal(3, 2).T, 1),
        kink("ties", TIED, 1),
        kink("all tied", np.ones((2, 3))),
        kink("nan", np.array([[1.0, nan, nan], [2.0, 3.0, inf]]), 1),
        kink("integers", INTEGERS, 0),
    )
    refuse(
        name,
        wrong(
            "empty", ShapeError, rf"{name} of a tensor of shape \(0, 3\): there is nothing to point at", normal(0, 3)
        ),
        wrong("empty dim", ShapeError, r"nothing to point at", normal(0, 3), 0),
        wrong("dim", LabelError, rf"{name}: dim=-3 does not exist", normal(2, 3), -3),
        wrong("two dims", ArgumentError, rf"{name}.*one dim", normal(2, 3), (0, 1)),
    )

for name in ("softmax", "log_softmax"):
    book(
        name,
        *(s(label, x, -1) for label, x in layouts(normal)),
        s("dim 0", normal(2, 3), 0),
        s("middle dim", normal(2, 3, 2), 1),
        s("0-d, dim 0", normal(), 0),
        s("empty dim", normal(2, 0), 1),
        s("ties", np.ones((2, 3)), 1),
        s("far apart", np.array([[0.0, 300.0, -300.0], [1e4, 1e4, -1e4]]), 1),
        kink("-inf hides", np.array([[0.0, -inf, 1.0]]), 1, orders=1),
        kink("all hidden", np.array([[-inf, -inf]]), 1, orders=0),
        kink("inf", np.array([[inf, 0.0]]), 1, orders=0),
        kink("nan", np.array([[nan, 0.0], [1.0, 2.0]]), 1, orders=1),
    )
    refuse(
        name,
        wrong("dim", LabelError, rf"{name}: dim=2 does not exist", normal(2, 3), 2),
        wrong("integers", DtypeError, rf"{name} of dtype int64: .*write {name}\(x\.float\(\)\)", INTEGERS, 1),
    )

# ---------------------------------------------------------------------------------------- contractions

book(
    "matmul",
    s("matrices", normal(2, 3), normal(3, 4)),
    s("sizes 1", normal(1, 1), normal(1, 1)),
    s("stacks", normal(2, 2, 3), normal(2, 3, 2)),
    s("a stack left", normal(2, 2, 3), normal(3, 2)),
    s("a stack right", normal(2, 3), normal(2, 3, 2)),
    s("stacks broadcast", normal(2, 1, 2, 2), normal(3, 2, 2)),
    s("empty batch", normal(0, 3), normal(3, 2)),
    s("nothing shared", normal(2, 0), normal(0, 3)),
    s("empty stack", normal(0, 2, 3), normal(3, 2)),
    s("transposed left", normal(3, 2).T, normal(3, 2)),
    s("transposed right", normal(2, 3), normal(4, 3).T),
    s("strided", normal(4, 6)[::2, ::2], normal(3, 2)),
    s("expanded", expanded(normal(3), 2, 3), expanded(normal(3, 1), 3, 2)),
    kink("integers", INTEGERS, INTEGERS.T),
    kink("nan stays in its row", np.array([[nan, 1.0], [2.0, 3.0]]), normal(2, 2), orders=0),
)
refuse(
    "matmul",
    wrong(
        "sizes",
        ShapeError,
        r"matmul of \(2, 3\) and \(4, 5\): the last size of the left \(3\) must equal .*right \(4\); check which",
        normal(2, 3),
        normal(4, 5),
    ),
    wrong("right wants turning", ShapeError, r"transpose the right one: x @ y\.mT", normal(2, 3), normal(5, 3)),
    wrong("left wants turning", ShapeError, r"transpose the left one: x\.mT @ y", normal(2, 3), normal(2, 5)),
    wrong(
        "stacks",
        ShapeError,
        r"matmul, in the dimensions in front, of shapes \(2,\) and \(3,\)",
        normal(2, 4, 4),
        normal(3, 4, 4),
    ),
    wrong("dtypes", DtypeError, r"matmul of dtypes float64 and int64: .*one dtype.*float64", normal(2, 3), INTEGERS.T),
)

book(
    "linear",
    s("a batch", normal(4, 3), normal(2, 3), normal(2)),
    s("one example", normal(3), normal(2, 3), normal(2)),
    s("a batch of batches", normal(2, 2, 3), normal(2, 3), normal(2)),
    s("empty batch", normal(0, 3), normal(2, 3), normal(2)),
    s("no inputs", normal(4, 0), normal(2, 0), normal(2)),
    s("sizes 1", normal(1, 1), normal(1, 1), normal(1)),
    s("transposed", normal(3, 4).T, normal(3, 2).T, normal(4)[::2]),
    s("expanded", expanded(normal(3), 4, 3), normal(2, 3), expanded(normal(1), 2)),
)
refuse(
    "linear",
    wrong(
        "features",
        ShapeError,
        r"linear of an input of shape \(4, 5\) with a weight of shape \(2, 3\): .*\(out, in\), .*\(5\).*\(3\)",
        normal(4, 5),
        normal(2, 3),
        normal(2),
    ),
    wrong(
        "bias",
        ShapeError,
        r"linear with a bias of shape \(3,\): it must be \(2,\)",
        normal(4, 3),
        normal(2, 3),
        normal(3),
    ),
    wrong(
        "bias of 1",
        ShapeError,
        r"linear with a bias of shape \(1,\): it must be \(2,\)",
        normal(4, 3),
        normal(2, 3),
        normal(1),
    ),
    wrong("0-d input", ShapeError, r"input of shape \(\).*\(none\)", normal(), normal(2, 3), normal(2)),
    wrong(
        "1-d weight",
        ShapeError,
        r"a weight of shape \(3,\): the weight is \(out, in\)",
        normal(4, 3),
        normal(3),
        normal(1),
    ),
    wrong("dtypes", DtypeError, r"linear of dtypes float64 and int64", normal(4, 3), INTEGERS, normal(2)),
)

# ---------------------------------------------------------------------------------------- the same in PyTorch

EITHER_ZERO = {"relu", "clamp", "maximum", "minimum", "amax", "amin"}
"""Of 0.0 and -0.0, which are equal, these may give back either."""


def _as_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """A PyTorch function that takes no plain numbers, made to."""
    return lambda x, y: function(torch.as_tensor(x), torch.as_tensor(y))


def _unindex(g: Any, index: Any, shape: Any, *places: Any) -> Any:
    x = torch.zeros(shape, dtype=g.dtype, requires_grad=True)
    return torch.autograd.grad(x[Indexed.fill(index, places)], x, g, create_graph=True)[0]


def _setitem(x: Any, index: Any, value: Any) -> Any:
    out = x.clone()
    out[index] = value
    return out


def _in(name: str) -> Callable[..., Any]:
    """A reduction: PyTorch says ``dim=()`` where ours says None, and wants its own dtypes."""

    def reduce(x: Any, dim: Any = None, keepdim: bool = False, **dtype: Any) -> Any:
        dtype = {key: torch_dtype(value) for key, value in dtype.items()}
        return getattr(torch, name)(x, dim=() if dim is None else dim, keepdim=keepdim, **dtype)

    return reduce


def _prod(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """PyTorch's takes one dimension."""
    dims = [d % max(x.ndim, 1) for d in ((dim,) if isinstance(dim, int) else dim or range(x.ndim))]
    if not keepdim and len(dims) == x.ndim:
        return x.prod()
    for d in sorted(dims, reverse=True):
        x = x.prod(d, keepdim)
    return x


def _standardized(x: Any, weight: Any, bias: Any, dim: Any, eps: float) -> Any:
    off = x - x.mean(dim, True)
    return off / ((off**2).mean(dim, True) + eps).sqrt() * weight + bias


REFERENCE: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "maximum": _as_tensors(torch.maximum),
    "minimum": _as_tensors(torch.minimum),
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "logsigmoid": torch.nn.functional.logsigmoid,
    "flush": lambda x: x * ~(x.abs() < 1e8 * torch.finfo((0.5 * x).dtype).tiny) * 1.0,
    "cast": lambda x, dtype: x.to(torch_dtype(dtype)),
    "reshape": lambda x, *shape: x.reshape(*shape),
    "permute": lambda x, *dims: x.permute(*dims),
    "expand": lambda x, *shape: x.expand(*shape),
    "getitem": lambda x, index: x[index],
    "unindex": _unindex,
    "setitem": _setitem,
    "cat": lambda parts, dim=0: torch.cat(parts, dim),
    "pick": lambda x, index: x.gather(-1, index.long().unsqueeze(-1)).squeeze(-1),
    "ungather": lambda shape, dim, index, src: torch.zeros(shape, dtype=src.dtype).scatter_add(dim, index, src),
    "sum": _in("sum"),
    "mean": _in("mean"),
    "sum_squares": lambda x, *how, **more: _in("sum")(x * x, *how, **more),
    "standardize": _standardized,
    "amax": _in("amax"),
    "amin": _in("amin"),
    "linear": torch.nn.functional.linear,
    "atan2": _as_tensors(torch.atan2),
    "hypot": _as_tensors(torch.hypot),
    "floor_divide": lambda x, y: torch.floor_divide(torch.as_tensor(x), torch.as_tensor(y)).detach(),
    "remainder": _as_tensors(torch.remainder),
    "argsort": lambda x, dim=-1, descending=False, stable=True: torch.argsort(
        x, dim=dim, descending=descending, stable=True
    ),
    "fmod": _as_tensors(torch.fmod),
    "flip": lambda x, *dims: torch.flip(x, dims if isinstance(dims[0], int) else dims[0]),
    "pad_constant": lambda x, widths, value=0.0: torch.nn.functional.pad(
        x, [n for pair in widths[::-1] for n in pair], value=value
    ),
    "prod": _prod,
    "windows": _windows_of,
    "overlap": _overlapped,
    "at_peak": _at_peak,
    "unpeak": _unpeak,
}


def reference(name: str) -> Callable[..., Any]:
    """What the operation is in PyTorch."""
    return REFERENCE.get(name) or getattr(torch, name)
