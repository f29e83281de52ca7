"""Numbers, strings and None are given to a call."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import mse, nothing, problem, update, weights


@program(compiles=True)
def slices_by_an_int_argument(c: Any) -> Any:
    net, x, y, opt = problem(rows=48)

    @c
    def step(i):
        rows = slice(i * 4, (i + 1) * 4)
        return update(opt, mse(net(x[rows]), y[rows]))

    return step, lambda i: (i,), weights(net)


@program(compiles=True)
def start_and_end_given(c: Any) -> Any:
    net, x, y, opt = problem(rows=30)

    @c
    def step(start, end):
        return update(opt, mse(net(x[start:end]), y[start:end]))

    def between(i: int) -> tuple[Any, ...]:
        start = i * 8 % 32
        return start, min(start + 8, 30)  # the last batch is short

    return step, between, weights(net)


@program
def one_row_at_a_time(c: Any) -> Any:
    net, x, y, opt = problem(rows=12)

    @c
    def step(i):
        return update(opt, mse(net(x[i]), y[i]))

    return step, lambda i: (i,), weights(net)


@program(compiles=True)
def learning_rate_given(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    w = torch.randn(3, 2, requires_grad=True)

    @c
    def step(lr):
        loss = mse(x @ w, y)
        w.grad = None
        loss.backward()
        with torch.no_grad():
            w.sub_(lr * w.grad)
        return loss

    return step, lambda i: (0.1 / (1 + i),), lambda: w


@program
def epoch_given_and_compared(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(epoch):
        weight = 0.0 if epoch < 3 else min(1.0, epoch / 6)
        return update(opt, mse(net(x), y) + weight * net.weight.abs().sum())

    return step, lambda i: (i,), weights(net)


@program
def a_number_that_selects(c: Any) -> Any:
    net, x, y, opt = problem()
    losses = [mse, lambda a, b: (a - b).abs().mean()]

    @c
    def step(k):
        return update(opt, losses[k](net(x), y))

    return step, lambda i: (i // 3 % 2,), weights(net)


@program
def one_true_and_one_point_zero(c: Any) -> Any:
    counts = torch.arange(4)

    @c
    def step(k):
        return counts * k, counts + k

    return step, lambda i: ((1, True, 1.0)[i // 4],), nothing


@program
def zeros_with_signs(c: Any) -> Any:
    x = torch.ones(2)

    @c
    def step(k):
        return x / (x * k)

    return step, lambda i: ((0.0, -0.0)[i // 3 % 2],), nothing


@program
def nan_given(c: Any) -> Any:
    x = torch.ones(2)

    @c
    def step(k):
        return torch.where(x > 0, x * k, x), x + k

    return step, lambda i: (float("nan"),), nothing


@program
def large_integers_given(c: Any) -> Any:
    counts = torch.arange(4)

    @c
    def step(k):
        return counts * k

    return step, lambda i: (2 ** (10 + 4 * i),), nothing


@program
def strings_given(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(mode):
        loss = mse(net(x), y)
        return update(opt, loss) if mode == "train" else loss.detach()

    return step, lambda i: ("eval" if i % 4 == 3 else "train",), weights(net)


@program
def none_or_a_tensor(c: Any) -> Any:
    net, x, y, opt = problem()
    mask = (torch.arange(8) % 2).float().unsqueeze(1)

    @c
    def step(mask=None):
        loss = (net(x) - y) ** 2
        return update(opt, loss.mean() if mask is None else (loss * mask).sum() / mask.sum())

    return step, lambda i: (mask,) if i // 3 % 2 else (), weights(net)
