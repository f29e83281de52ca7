"""Products that become part of an update, and results stored by columns: when, and that the numbers stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from test_compile import both

import chainrule
from chainrule import nn, optim
from chainrule.nn import functional as F
from chainrule.tensor import Tensor


def leaf(*shape: int) -> Tensor:
    return chainrule.randn(shape).requires_grad_()


def linear(W: Tensor, x: Tensor) -> Tensor:
    return x @ W  # its gradient is xᵀ g


def turned(W: Tensor, x: Tensor) -> Tensor:
    return (W.T @ x.T).T  # its gradient is (g xᵀ)ᵀ


def reading(W: Tensor, x: Tensor) -> Tensor:
    return x @ W @ (W.T @ W)  # W is read after its gradient's first part is known


UPDATES = {  # (the result, how W moves) -> whether the product is added to W
    "x W, by hand": (linear, lambda W: 0.1 * W.grad, True),
    "x W, a factor behind": (linear, lambda W: W.grad * 0.1, True),
    "turned": (turned, lambda W: 0.1 * W.grad, True),
    "no factor": (linear, lambda W: W.grad, False),
    "two products": (reading, lambda W: 0.1 * W.grad, False),
    "a matrix of factors": (linear, lambda W: W.detach() * W.grad, False),
    "clipped": (linear, lambda W: 0.1 * W.grad.clamp(-1, 1), False),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_by_a_product(name: str) -> None:
    forward, move, added = UPDATES[name]

    def make() -> tuple[Any, list[Any]]:
        W, x = leaf(6, 7), chainrule.randn((5, 6))

        def step() -> Tensor:
            loss = (forward(W, x) ** 2).mean()
            loss.backward()
            with chainrule.no_grad():
                W.sub_(move(W))
            W.grad = None
            return loss

        return step, [W]

    step = both(make)
    assert ("product_add_f32(" in step.source) == added


def test_a_product_that_reads_what_it_changes_is_made_first() -> None:
    def make() -> tuple[Any, list[Any]]:
        W, A = chainrule.randn((6, 6)), chainrule.randn((6, 6)) / 8

        def step() -> Tensor:
            return W.sub_(0.1 * (A @ W)).sum()

        return step, [W]

    assert "product_add_f32(" not in both(make).source


def test_a_gradient_that_is_returned_is_in_memory() -> None:
    def make() -> tuple[Any, list[Any]]:
        W, x = leaf(6, 7), chainrule.randn((5, 6))

        def step() -> Tensor:
            (g,) = chainrule.autograd.grad((x @ W).sum(), W)
            with chainrule.no_grad():
                W.sub_(0.1 * g)
            return g

        return step, [W]

    assert "product_add_f32(" not in both(make).source


@pytest.mark.parametrize("classes", [3, 10, 16, 17])
def test_short_rows_are_stored_by_columns(classes: int) -> None:
    def make() -> tuple[Any, list[Any]]:
        model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, classes))
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        x = chainrule.randn((32, 8))
        y = chainrule.tensor(np.arange(32) % classes)

        def step() -> Tensor:
            optimizer.zero_grad()
            logits = model(x)
            loss = F.cross_entropy(logits, y) + (F.softmax(logits, dim=0) ** 2).sum()  # across the rows, too
            loss.backward()
            optimizer.step()
            return loss

        return step, list(model.parameters())

    source = both(make).source
    assert (f"@ (24, {classes}) -> (32, {classes})" in source) == (classes == 17)
    assert (f"({classes}, 24) @ (24, 32) -> ({classes}, 32)" in source) == (classes in (10, 16))
