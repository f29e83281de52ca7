"""Tensors filled with random numbers in place, PyTorch's after the same seed; the rules all in-place forms share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, DtypeError, GradientError

DRAWS: dict[str, Callable[[Any, Any], Any]] = {
    "uniform_": lambda lib, x: x.uniform_(),
    "uniform_ between": lambda lib, x: x.uniform_(-2, 3),
    "uniform_ by name": lambda lib, x: x.uniform_(**{"from": 1.0, "to": 2.0}),
    "normal_": lambda lib, x: x.normal_(),
    "normal_ of": lambda lib, x: x.normal_(2.0, std=0.5),
    "bernoulli_": lambda lib, x: x.bernoulli_(),
    "bernoulli_ 0.2": lambda lib, x: x.bernoulli_(0.2),
    "bernoulli_ of a tensor": lambda lib, x: x.bernoulli_(lib.tensor([0.1, 0.5, 0.9, 1.0])),
    "exponential_": lambda lib, x: x.exponential_(),
    "exponential_ 2": lambda lib, x: x.exponential_(2.0),
    "geometric_": lambda lib, x: x.geometric_(0.3),
    "log_normal_": lambda lib, x: x.log_normal_(),
    "log_normal_ of": lambda lib, x: x.log_normal_(0.0, 0.25),
    "cauchy_": lambda lib, x: x.cauchy_(),
    "cauchy_ of": lambda lib, x: x.cauchy_(1.0, 2.0),
    "random_": lambda lib, x: x.random_(),
    "random_ to": lambda lib, x: x.random_(10),
    "random_ from": lambda lib, x: x.random_(-3, 12),
    "own stream": lambda lib, x: x.normal_(generator=lib.Generator().manual_seed(9)),
}


@pytest.mark.parametrize("shape", [(4,), (7, 4), (0, 4)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DRAWS)
def test_pytorchs_numbers(name: str, dtype: str, shape: tuple[int, ...]) -> None:
    drawn = []
    for lib in (chainrule, torch):
        lib.manual_seed(3)
        x = lib.zeros(shape, dtype=getattr(lib, dtype))
        assert DRAWS[name](lib, x) is x
        drawn.append((x.numpy(), lib.rand(3).tolist()))
    np.testing.assert_allclose(drawn[0][0], drawn[1][0], rtol=2e-5 if dtype == "float32" else 1e-12, atol=1e-6)
    assert drawn[0][1] == pytest.approx(drawn[1][1])


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("name", ["random_", "bernoulli_", "geometric_"])
def test_whole_numbers(name: str, dtype: str) -> None:
    if (name, dtype) == ("geometric_", "bool"):
        return  # PyTorch has none
    drawn = []
    for lib in (chainrule, torch):
        lib.manual_seed(3)
        drawn.append(DRAWS[name](lib, lib.zeros(20, dtype=getattr(lib, dtype))).tolist())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda x: x.uniform_(2, 1), ArgumentError, "uniform_ from 2 to 1"),
        (lambda x: x.uniform_(low=1), ArgumentError, "uniform_ from 0.0 to 1.0 and {'low': 1}: write uniform_"),
        (lambda x: x.normal_(std=-1), ArgumentError, "normal_ with std=-1: a standard deviation is 0 or more"),
        (lambda x: x.bernoulli_(1.5), ArgumentError, "bernoulli_ with p outside 0 to 1"),
        (lambda x: x.exponential_(0.0), ArgumentError, "exponential_ with lambd=0.0: a rate is above 0"),
        (lambda x: x.geometric_(1.0), ArgumentError, "geometric_ with p=1.0: the probability lies between"),
        (lambda x: x.log_normal_(0.0, 0.0), ArgumentError, "log_normal_ with std=0.0"),
        (lambda x: x.cauchy_(sigma=0.0), ArgumentError, "cauchy_ with sigma=0.0"),
        (lambda x: x.random_(3, 3), ArgumentError, "there is no whole number in"),
        (lambda x: x.long().normal_(), DtypeError, "normal_ of dtype int64"),
        (lambda x: x.long().exponential_(), DtypeError, "exponential_ of dtype int64"),
    ],
)
def test_what_is_refused(call: Any, error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        call(chainrule.ones(3))
    with pytest.raises((RuntimeError, TypeError)):
        call(torch.ones(3))


# ---------------------------------------------------------------------------------------- the rules of all forms

GIVEN: dict[str, tuple[Any, ...]] = {
    "scatter_": (0, np.array([[0, 1]]), 2.0), "scatter_add_": (0, np.array([[0, 1]]), np.ones((1, 2))),
    "masked_fill_": (np.array([True, False]), 2.0), "lerp_": (np.ones((2, 2)), 0.5), "clamp_": (0.0, 1.0),
    "addcmul_": (np.ones((2, 2)),) * 2, "addcdiv_": (np.ones((2, 2)),) * 2, "addmm_": (np.ones((2, 2)),) * 2,
    "cumsum_": (0,), "cumprod_": (0,), "clip_": (0.0, 1.0), "fill_": (1.0,), "unsqueeze_": (0,),
    "transpose_": (0, 1), "swapaxes_": (0, 1), "geometric_": (0.5,),
}  # fmt: skip
ONE = (
    "add_ sub_ mul_ div_ pow_ floor_divide_ remainder_ fmod_ atan2_ hypot_ eq_ ne_ lt_ le_ gt_ ge_ subtract_ multiply_ "
)
GIVEN |= {
    name: (np.ones((2, 2)),)
    for name in (ONE + "divide_ true_divide_ copy_ logical_and_ logical_or_ logical_xor_").split()
}
FORMS = sorted(n for n in dir(chainrule.Tensor) if n.endswith("_") and n[0] != "_" and hasattr(torch.Tensor, n))
OF_ANYTHING = {"requires_grad_", "detach_"}
BITS = {"bitwise_and_", "bitwise_or_", "bitwise_xor_", "bitwise_not_"}  # of whole numbers, which have no gradient
CHANGED = [name for name in FORMS if name not in OF_ANYTHING | BITS]


def call(lib: Any, x: Any, name: str) -> Any:
    return getattr(x, name)(*(lib.tensor(a) if isinstance(a, np.ndarray) else a for a in GIVEN.get(name, ())))


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
def test_a_leaf_that_requires_grad_is_not_changed(lib: Any, name: str) -> None:
    if lib is torch and name.startswith("logical_"):
        return  # PyTorch changes it without a word
    x = lib.full((2, 2), 0.5, dtype=lib.float64, requires_grad=True)
    before = x.detach().clone()
    with pytest.raises(GradientError if lib is chainrule else RuntimeError):
        call(lib, x, name)
    assert x.shape == (2, 2)
    assert (x.detach() == before).all()
    with lib.no_grad():
        assert call(lib, x, name) is x
    assert x.requires_grad
    assert x.is_leaf
    (x * x).sum().backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize(
    "name", [n for n in CHANGED if n not in ("squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_")]
)
@pytest.mark.parametrize("lib", [chainrule, torch], ids=["chainrule", "torch"])
def test_a_gradient_that_needs_the_old_numbers_says_so(lib: Any, name: str) -> None:
    w = lib.full((2, 2), 0.5, dtype=lib.float64, requires_grad=True)
    x = w * 1.0
    y = (x * x).sum()
    with lib.no_grad():
        call(lib, x, name)
    with pytest.raises(GradientError if lib is chainrule else RuntimeError):
        y.backward()


def test_every_form_was_tried() -> None:
    assert len(FORMS) > 80
    assert {name.partition(" ")[0] for name in DRAWS} - {"own"} <= set(FORMS)
