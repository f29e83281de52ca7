"""Draws with parameters: after the same seed, PyTorch's; and what cannot be drawn is refused."""

from typing import Any

import numpy as np
import pytest
import torch

import chainrule
from chainrule.errors import ArgumentError, DtypeError

WEIGHTS = np.random.default_rng(0).random((3, 7))

DRAWS = {
    "bernoulli": lambda lib, w: lib.bernoulli(w),
    "normal, means": lambda lib, w: lib.normal(w, 0.5),
    "normal, deviations": lambda lib, w: lib.normal(0.0, w),
    "normal, both": lambda lib, w: lib.normal(w, w),
    "normal, a size": lambda lib, w: lib.normal(1.0, 2.0, (20,)),
    "multinomial, one": lambda lib, w: lib.multinomial(w, 1),
    "multinomial, without replacement": lambda lib, w: lib.multinomial(w, 5),
    "multinomial, with replacement": lambda lib, w: lib.multinomial(w, 9, replacement=True),
    "multinomial, a vector": lambda lib, w: lib.multinomial(w[0], 9, replacement=True),
    "multinomial, zeros among them": lambda lib, w: lib.multinomial(w * (w > 0.3), 2),
    "own generator": lambda lib, w: lib.bernoulli(w, generator=lib.Generator().manual_seed(9)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_pytorchs(name: str, dtype: str) -> None:
    results = []
    for lib in (chainrule, torch):
        lib.manual_seed(3)
        out = DRAWS[name](lib, lib.tensor(WEIGHTS.astype(dtype)))
        results.append((out, lib.rand(2)))  # what is drawn next is PyTorch's too
    (ours, after), (theirs, torch_after) = results
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(after.numpy(), torch_after.numpy())


def test_multinomial_follows_the_weights() -> None:
    chainrule.manual_seed(0)
    drawn = chainrule.multinomial(chainrule.tensor([1.0, 0.0, 3.0]), 4000, replacement=True).numpy()
    shares = np.bincount(drawn, minlength=3) / 4000
    np.testing.assert_allclose(shares, [0.25, 0.0, 0.75], atol=0.03)


@pytest.mark.parametrize(("start", "end", "steps", "base"), [(-2, 3, 7, 10.0), (0, 8, 9, 2.0), (1, 1, 1, 10.0)])
def test_logspace(start: float, end: float, steps: int, base: float) -> None:
    for dtype in ("float32", "float64"):
        ours = chainrule.logspace(start, end, steps, base, dtype=dtype)
        theirs = torch.logspace(start, end, steps, base, dtype=getattr(torch, dtype))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize(
    ("draw", "error", "text"),
    [
        (lambda: chainrule.bernoulli(chainrule.tensor([1.5])), ArgumentError, "outside 0 to 1"),
        (lambda: chainrule.bernoulli(chainrule.tensor([1])), DtypeError, "bernoulli of dtype int64"),
        (lambda: chainrule.normal(0.0, -1.0, (2,)), ArgumentError, "negative standard deviation"),
        (lambda: chainrule.normal(0.0, 1.0), ArgumentError, "give the size too"),
        (lambda: chainrule.multinomial(chainrule.tensor([1.0, -1.0]), 1), ArgumentError, "none below 0"),
        (lambda: chainrule.multinomial(chainrule.zeros(3), 1), ArgumentError, "add up to 0"),
        (lambda: chainrule.multinomial(chainrule.ones(3), 4), ArgumentError, "multinomial of 4 from 3"),
    ],
)
def test_refused(draw: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        draw()
