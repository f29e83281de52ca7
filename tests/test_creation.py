"""Making tensors: the same values, dtypes and shapes as torch, and refusals in the user's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, ChainruleError, DtypeError, GradientError, OperandError, ShapeError

inf, nan = float("inf"), float("nan")

# each runs with t = chainrule and with t = torch
CALLS = """
tensor(3)                                       tensor(2.5)
tensor(True)                                    tensor([1, 2.5])
tensor([True, 2])                               tensor([True, False])
tensor([[1, 2], [3, 4]])                        tensor(((1.0,), (2.0,)))
tensor([])                                      tensor([[], []])
tensor(range(4))                                tensor([range(2), range(2)])
tensor([nan, inf, -inf])                        tensor([1.9, -1.9], dtype=t.int64)
tensor([0, 1, 2], dtype=t.bool)                 tensor([0, 1], dtype=t.float64)
tensor([1, 2], dtype=t.uint8)                   tensor([1, 2], dtype=t.int32)
tensor(0.1, dtype=t.float64)                    tensor([[0.1], [1 / 3]], dtype=t.float64)
tensor(np.int8(3), dtype=t.float32)             tensor(np.float16([1.5]), dtype=t.float64)
as_tensor([0.1, 2], dtype=t.float64)            full((2,), 0.1, dtype=t.float64)
tensor(2**40)                                   tensor(np.float64(1.5))
tensor(np.int32(3))                             tensor(np.ones((2, 3)))
tensor(np.arange(3))                            tensor(np.array([True]))
tensor([np.float64(1.5), np.float64(2)])        tensor([np.float32(1.5), 2.5])
tensor([np.int32(3)])                           tensor([np.uint8(3)])
tensor([np.int32(3), 2.5])                      tensor([np.float64(1), 2])
tensor([t.tensor(1.0), t.tensor(2.0)])          tensor([t.tensor(1.0, dtype=t.float64)])
tensor([t.tensor(1), t.tensor(2)])              tensor(t.ones(2, dtype=t.float64))
tensor(t.arange(3), dtype=t.float32)            tensor([1.0], device="cpu")
tensor([1.0], device=t.device("cpu"))           as_tensor([1, 2])
as_tensor([1, 2], dtype=t.float64)              as_tensor(np.ones(2), dtype=t.float32)
as_tensor(t.arange(2), dtype=t.float32)         from_numpy(np.ones((2, 2), np.float32))
zeros(2, 3)                                     zeros((2, 3))
zeros([2, 3])                                   zeros(())
zeros(0)                                        zeros(3, 0)
zeros(2, dtype=t.int64)                         zeros(np.int64(2))
zeros(t.tensor(3))                              ones(2, 3)
ones(2, dtype=t.bool)                           ones((), dtype=t.float64)
full((2, 3), 7)                                 full((2,), 7.5)
full((2,), True)                                full((), 3)
full((2,), 3, dtype=t.float64)                  full((2,), t.tensor(2.5))
full((2,), nan)                                 eye(3)
eye(2, 3)                                       eye(3, 2, dtype=t.int64)
eye(0)                                          arange(5)
arange(2, 5)                                    arange(5, 0, -2)
arange(0, 1, 0.1)                               arange(1, 2, 0.1)
arange(0.0, 5)                                  arange(5.0)
arange(-3, 3, 2)                                arange(5, 5)
arange(3, dtype=t.float64)                      arange(0, 1, 0.1, dtype=t.float64)
arange(1, 2, 0.3, dtype=t.float64)              arange(np.int64(3))
arange(-1, 1, 0.25)                             arange(1, 0, -0.1, dtype=t.float64)
arange(10, dtype=t.int32)                       arange(0, 2**40, 2**38)
linspace(0, 1, 5)                               linspace(-3.14159, 3.14159, 2000, dtype=t.float64)
linspace(1, 0, 4)                               linspace(0, 1, 1)
linspace(0, 1, 0)                               linspace(0, 10, 5, dtype=t.int64)
zeros_like(t.ones(2, 3))                        zeros_like(t.arange(3))
zeros_like(t.arange(3), dtype=t.float64)        ones_like(t.zeros(2, dtype=t.float64))
ones_like(t.zeros(2), dtype=t.bool)             full_like(t.ones(2), 7)
full_like(t.arange(2), 7.5)                     full_like(t.ones(2), 3, dtype=t.int64)
"""
EACH = [call.strip() for line in CALLS.strip().splitlines() for call in line.split("    ") if call.strip()]


def run(call: str, t: Any) -> Any:
    return eval(f"t.{call}", {"t": t, "np": np, "nan": nan, "inf": inf})


@pytest.mark.parametrize("call", EACH)
@pytest.mark.filterwarnings("ignore:To copy construct")  # torch would rather have t.clone()
@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy")
def test_torchs_values_dtypes_and_shapes(call: str) -> None:
    mine, theirs = run(call, chainrule), run(call, torch)
    assert isinstance(mine, chainrule.Tensor)
    assert mine.shape == tuple(theirs.shape)
    assert str(mine.dtype) == str(theirs.dtype).removeprefix("torch.")
    # start + i * step: step, product and sum are off by half an eps of the largest number or of the whole way, which is
    # at most twice as long; in both libraries
    numbers = np.asarray(theirs.numpy(), float)
    largest = np.abs(numbers[np.isfinite(numbers)]).max(initial=0)
    atol = 6 * np.finfo(mine.dtype).eps * largest if mine.dtype.kind == "f" else 0
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=0, atol=atol)
    assert not mine.requires_grad


@pytest.mark.parametrize("call", ["empty(2, 3)", "empty((2,), dtype=t.int64)", "empty_like(t.ones(3, 1))"])
def test_empty_has_the_shape_and_dtype(call: str) -> None:
    mine, theirs = run(call, chainrule), run(call, torch)
    assert (mine.shape, str(mine.dtype)) == (tuple(theirs.shape), str(theirs.dtype).removeprefix("torch."))


@pytest.mark.parametrize(
    "call",
    ["tensor([1.0]", "zeros(2", "ones(2", "empty(2", "full((2,), 1.5", "eye(2", "arange(2.0", "linspace(0, 1, 3",
     "rand(2", "randn(2", "zeros_like(t.ones(1)", "ones_like(t.ones(1)", "empty_like(t.ones(1)", "rand_like(t.ones(1)",
     "full_like(t.ones(1), 2", "randn_like(t.ones(1)", "randint(3, (2,), dtype=t.float32"],
)  # fmt: skip
def test_requires_grad_and_device(call: str) -> None:
    made = run(f"{call}, requires_grad=True, device='cpu')", chainrule)
    assert made.requires_grad
    assert made.is_leaf
    with pytest.raises(
        ArgumentError, match=r"device 'cuda': chainrule computes on the CPU; write device\(\"cpu\"\) or"
    ):
        run(f"{call}, device='cuda')", chainrule)


# ---------------------------------------------------------------------------------------- whose memory


def test_tensor_copies() -> None:
    array = np.zeros(2)
    copy = chainrule.tensor(array)
    again = chainrule.tensor(copy)
    array[0] = 1.0
    copy[1] = 5.0
    assert (copy.tolist(), again.tolist()) == ([0.0, 5.0], [0.0, 0.0])
    assert not chainrule.tensor(chainrule.ones(1, requires_grad=True)).requires_grad


@pytest.mark.parametrize("make", [chainrule.from_numpy, chainrule.as_tensor], ids=["from_numpy", "as_tensor"])
def test_shared_memory(make: Callable[[Any], Any]) -> None:
    array = np.zeros(2)
    shared = make(array)
    array[0] = 1.0
    shared[1] = 5.0
    assert shared.tolist() == array.tolist() == [1.0, 5.0]
    assert shared.numpy() is array


def test_as_tensor_copies_only_where_it_must() -> None:
    array, x = np.zeros(2), chainrule.ones(2, requires_grad=True)
    assert chainrule.as_tensor(x) is x
    assert chainrule.as_tensor(array, dtype=chainrule.float64).numpy() is array
    other = chainrule.as_tensor(array, dtype=chainrule.float32)
    array[0] = 1.0
    assert other.tolist() == [0.0, 0.0]
    chainrule.as_tensor(x, dtype=chainrule.float64).sum().backward()  # the graph goes on through it
    assert x.grad.tolist() == [1.0, 1.0]


# ---------------------------------------------------------------------------------------- the default dtype


@pytest.fixture
def _float64() -> Iterator[None]:
    chainrule.set_default_dtype(chainrule.float64)
    yield
    chainrule.set_default_dtype(chainrule.float32)


@pytest.mark.usefixtures("_float64")
def test_the_default_dtype_is_what_floats_become() -> None:
    assert chainrule.get_default_dtype() == np.float64
    for call in ("tensor(1.5)", "tensor([])", "zeros(1)", "rand(1)", "full((1,), 2.0)", "arange(0, 1, 0.5)", "eye(1)"):
        assert run(call, chainrule).dtype == np.float64, call
    assert chainrule.tensor([1]).dtype == chainrule.arange(2).dtype == np.int64
    assert chainrule.nn.Linear(1, 1).weight.dtype == np.float64
    assert (chainrule.tensor([1]) / 2).dtype == np.float64
    assert repr(chainrule.tensor(1.5)) == "tensor(1.5000)"


def test_the_default_dtype_is_float32_again() -> None:
    assert chainrule.get_default_dtype() == np.float32
    assert chainrule.zeros(1).dtype == chainrule.tensor(1.5).dtype == np.float32


def test_the_default_dtype_floats() -> None:
    with pytest.raises(DtypeError, match="the default dtype cannot be int64; choose float32 or float64"):
        chainrule.set_default_dtype(chainrule.int64)


# ---------------------------------------------------------------------------------------- device


def test_device() -> None:
    place = chainrule.device("cpu")
    assert (str(place), repr(place), place.type) == ("cpu", "device(type='cpu')", "cpu")
    assert repr(place) == repr(torch.device("cpu"))
    assert place == chainrule.device(place) == "cpu"
    assert place != "cuda"
    assert len({place, chainrule.device("cpu")}) == 1


# ---------------------------------------------------------------------------------------- refused

REFUSED: list[tuple[str, type[ChainruleError], str]] = [
    ("tensor([[1], [1, 2]])", ShapeError, "the lists given to tensor.. differ in length, so they have no shape"),
    ("tensor([1, [2]])", ShapeError, "the lists given to tensor.. differ in length"),
    ("as_tensor([[1], [1, 2]])", ShapeError, "differ in length"),
    ("tensor('abc')", DtypeError, "data of type str become dtype <U3, which is no tensor dtype; give numbers"),
    ("tensor(['a', 'b'])", DtypeError, "data of type list become dtype <U1"),
    ("tensor(1j)", DtypeError, "data of type complex become dtype complex128"),
    ("tensor([1j])", DtypeError, "data of type list become dtype complex128"),
    ("tensor(None)", DtypeError, "data of type NoneType become dtype object"),
    ("tensor({1})", DtypeError, "data of type set become dtype object"),
    ("tensor(2**70)", DtypeError, "data of type int become dtype object"),
    ("tensor([2**63])", DtypeError, "data of type list become dtype uint64"),
    ("tensor(np.float16(1))", DtypeError, "become dtype float16, which is no tensor dtype"),
    ("from_numpy(np.zeros(2, np.int8))", DtypeError, "a tensor of dtype int8: .* convert with array.astype"),
    ("from_numpy([1])", OperandError, "from_numpy of list: it takes a NumPy array; write tensor"),
    ("tensor(1, dtype='nope')", DtypeError, "dtype='nope' is not a dtype; choose one of float32, float64, int64"),
    ("zeros(2, dtype=np.complex128)", DtypeError, "dtype complex128: chainrule has float32, float64, int64, int32"),
    ("ones_like(t.ones(2), dtype='x')", DtypeError, "dtype='x' is not a dtype"),
    ("device('cuda')", ArgumentError, "device 'cuda': chainrule computes on the CPU; write device"),
    ("device('mps:0')", ArgumentError, "device 'mps:0'"),
    ("as_tensor(t.ones(1), device='cuda')", ArgumentError, "device 'cuda'"),
    ("arange(1, 0)", ArgumentError, "arange from 1 to 0 in steps of 1 never arrives; step must lead to a finite end"),
    ("arange(0, 1, -0.5)", ArgumentError, "arange from 0 to 1 in steps of -0.5 never arrives"),
    ("arange(0, 1, 0)", ArgumentError, "arange from 0 to 1 in steps of 0 never arrives"),
    ("arange(inf)", ArgumentError, "arange from 0 to inf in steps of 1 never arrives"),
    ("arange(nan)", ArgumentError, "arange from 0 to nan in steps of 1 never arrives"),
    ("linspace(0, 1, -1)", ShapeError, r"a tensor of shape \(-1,\): no size can be below 0"),
    ("zeros(2, -3)", ShapeError, r"a tensor of shape \(2, -3\): no size can be below 0"),
    ("randn((2, -3))", ShapeError, r"a tensor of shape \(2, -3\): no size can be below 0"),
    ("eye(-1)", ShapeError, r"a tensor of shape \(-1, -1\): no size can be below 0"),
    ("ones(2.5)", OperandError, r"a tensor of sizes \(2.5,\): sizes are whole numbers, such as 2, 3"),
    ("rand('a')", OperandError, r"a tensor of sizes \('a',\): sizes are whole numbers"),
    ("full((2,), 'a')", OperandError, "full of 'a': fill_value is one number; for several, write tensor"),
    ("full((2,), [1, 2])", OperandError, r"full of \[1, 2\]: fill_value is one number"),
    ("full((2,), 1j)", OperandError, "full of 1j: fill_value is one number"),
    ("tensor([1], requires_grad=True)", GradientError, "requires_grad of a tensor of dtype int64: only floating num"),
    ("ones(2, dtype=t.bool, requires_grad=True)", GradientError, "requires_grad of a tensor of dtype bool"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[call for call, *_ in REFUSED])
def test_refused(call: str, error: type[ChainruleError], text: str) -> None:
    with pytest.raises(error, match=text):
        run(call, chainrule)
