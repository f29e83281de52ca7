"""Tensors of all kinds are given to a call: shapes, dtypes, views, errors."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import nn
from styles.judge import program
from styles.shared import always, mse, nothing, problem, update, weights


@program(compiles=True)
def shapes_grow(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x, y):
        return update(opt, mse(net(x), y))

    return step, lambda i: (x[: 4 + i // 6], y[: 4 + i // 6]), weights(net)


@program
def a_shape_for_each_call(c: Any) -> Any:
    net, x, y, opt = problem(rows=14)

    @c
    def step(x, y):
        return update(opt, mse(net(x), y))

    return step, lambda i: (x[: 2 + i], y[: 2 + i]), weights(net)


@program
def a_batch_of_one_broadcasts(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x, y):
        return update(opt, ((net(x) - y) ** 2).sum())

    return step, lambda i: (x, y) if i % 3 else (x[:1], y), weights(net)


@program
def empty_batches(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def step(x):
        with torch.no_grad():
            return net(x), net(x).sum()

    return step, lambda i: (x[: 0 if i % 3 == 2 else 4],), nothing


@program
def scalars_of_no_dimension(c: Any) -> Any:
    @c
    def step(a, b):
        return a * b + 1, a.reshape(1) / b

    return step, lambda i: (torch.tensor(float(i)), torch.tensor(2.0)), nothing


@program
def dtypes_of_all_kinds(c: Any) -> Any:
    @c
    def step(x):
        return x + 1, x * 2.5, x.sum(), x == 2

    kinds = [torch.float32, torch.float64, torch.int64, torch.int32]
    return step, lambda i: (torch.arange(4).to(kinds[i // 3]),), nothing


@program
def boolean_masks(c: Any) -> Any:
    @c
    def step(x, mask):
        return torch.where(mask, x, torch.zeros(())), (x * mask).sum(), mask.float().mean()

    return step, lambda i: (torch.arange(4.0), torch.arange(4) > i % 4), nothing


@program
def requires_grad_of_an_argument(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def step(x):
        if x.requires_grad:
            return torch.autograd.grad(net(x).sum(), x)[0]
        return net(x).detach()

    return step, lambda i: (x.clone().requires_grad_(i // 3 % 2 == 1),), weights(net)


@program
def parameter_given(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(weight):
        return update(opt, mse(x @ weight.t(), y))

    return step, lambda i: (net.weight,), weights(net)


@program
def the_same_tensor_for_both(c: Any) -> Any:
    @c
    def step(a, b):
        a.add_(1)
        return a * b

    x = torch.zeros(3)
    return step, lambda i: (x, x) if i % 4 == 3 else (x, torch.ones(3)), lambda: x


@program
def views_of_one_another(c: Any) -> Any:
    x = torch.zeros(4)

    @c
    def step(a, b):
        a += 1
        return (a + b).sum()

    return step, lambda i: (x[:2], x[1:3]) if i % 3 == 2 else (x[:2], x[2:]), lambda: x


@program
def an_argument_changed_in_place(c: Any) -> Any:
    x = torch.zeros(3)

    @c
    def step(x):
        x.mul_(0.5).add_(1)
        return x.sum()

    return step, always(x), lambda: x


@program
def an_argument_made_a_leaf(c: Any) -> Any:
    @c
    def step(x):
        x.requires_grad_(True)
        loss = (x**2).sum()
        loss.backward()
        return loss.detach(), x.grad

    return step, lambda i: (torch.arange(3.0) * i,), nothing


@program
def not_contiguous(c: Any) -> Any:
    x = torch.arange(12.0).reshape(3, 4)

    @c
    def step(a):
        return a @ a.t(), a.sum(0), a.reshape(-1)

    views = [x, x.t(), x.flip(0), x[:, ::2], x[::2], x[1:2].expand(3, 4) if hasattr(x, "expand") else x]
    return step, lambda i: (views[i % 6],), nothing


@program
def wrong_shapes_now_and_then(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x):
        return update(opt, mse(net(x), y))

    return step, lambda i: (torch.ones(8, 4) if i in (2, 7) else x,), weights(net)


@program
def labels_out_of_range(c: Any) -> Any:
    net, x, _, opt = problem()
    criterion = nn.CrossEntropyLoss()

    @c
    def step(target):
        return update(opt, criterion(net(x), target))

    def between(i: int) -> tuple[Any, ...]:
        target = torch.arange(8) % 2
        if i == 7:
            target[0] = 5
        return (target,)

    return step, between, weights(net)


@program
def too_many_arguments(c: Any) -> Any:
    @c
    def step(a, b):
        return a + b

    x = torch.ones(2)
    return step, lambda i: (x, x, x) if i == 7 else (x, x), nothing


@program
def an_iterator_given(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(batches):
        inputs, targets = next(batches)
        return update(opt, mse(net(inputs), targets))

    batches = iter([(x * k, y) for k in range(20)])
    return step, always(batches), weights(net)
