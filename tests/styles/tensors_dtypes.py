"""Dtypes, the default dtype, numbers that are none."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, mse, nothing, problem, update, weights


@program(compiles=True)
def double_precision_throughout(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3, dtype=torch.float64), torch.randn(8, 2, dtype=torch.float64)
    net = nn.Linear(3, 2).double()
    opt = optim.Adam(net.parameters(), lr=0.05)

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), weights(net)


@program
def default_dtype_switched(c: Any) -> Any:
    @c
    def step(x):
        return x * torch.tensor(0.1), torch.zeros(2), torch.full((2,), 1 / 3), torch.arange(3.0)

    def between(i: int) -> tuple[Any, ...]:
        torch.set_default_dtype(torch.float64 if i // 4 == 1 else torch.float32)
        return (torch.ones(2, dtype=torch.float32),)

    return step, between, nothing


@program
def default_dtype_switched_inside(c: Any) -> Any:
    @c
    def step():
        torch.set_default_dtype(torch.float64)
        z = torch.full((2,), 0.1)
        torch.set_default_dtype(torch.float32)
        return z, torch.full((2,), 0.1)

    return step, always(), nothing


@program(compiles=True)
def model_moved_to_double(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x, y):
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            net.double()
        return (x.double(), y.double()) if i >= 6 else (x, y)

    return step, between, weights(net)


@program
def integer_arithmetic(c: Any) -> Any:
    counts = torch.arange(5)

    @c
    def step(k):
        return counts // 2, counts % 3, counts * k, (counts > 2).sum(), -counts // 2, counts.float() / k

    return step, lambda i: (torch.tensor(i + 1),), nothing


@program
def division_by_zero(c: Any) -> Any:
    @c
    def step(x):
        return x / 0.0, 0.0 / x, torch.log(x), torch.sqrt(x - 1), x // torch.zeros(3)

    return step, lambda i: (torch.tensor([0.0, -0.0, 1.0]),), nothing


@program
def infinities_and_nan_in_the_data(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def step(x):
        with torch.no_grad():
            out = net(x)
            return out, out.max(), out.amin(1), torch.isnan(out).sum(), out.clamp(-1, 1), torch.softmax(out, 1)

    def between(i: int) -> tuple[Any, ...]:
        z = x.clone()
        z[i % 8, i % 3] = (float("inf"), float("nan"), -float("inf"), 0.0)[i % 4]
        return (z,)

    return step, between, nothing


@program
def negative_zeros_in_the_data(c: Any) -> Any:
    @c
    def step(x):
        return 1 / x, 1 / (x * 1.0), 1 / (-x), 1 / x.abs(), 1 / torch.relu(x), torch.atan2(x, x)

    return step, lambda i: (torch.tensor([0.0, -0.0] if i % 2 else [-0.0, 0.0]),), nothing


@program
def overflow_of_float32(c: Any) -> Any:
    @c
    def step(x):
        return torch.exp(x), torch.sigmoid(-x), torch.logsumexp(x, 0), (x * 1e38) * 10 - x

    return step, lambda i: (torch.tensor([1.0, 80.0, 100.0 + i]),), nothing
