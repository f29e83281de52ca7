"""Memory shared with NumPy, gradients of middle values, own functions."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as torch
from chainrule import nn
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights


@program
def strict_identity_of_buffers(c: Any) -> Any:
    net, x, y, opt = problem()
    before = [id(p) for p in net.parameters()]

    @c
    def step():
        return update(opt, mse(net(x), y)).detach()

    def watched() -> Any:
        return [p.is_leaf and p.requires_grad and id(p) in before for p in net.parameters()], net.weight

    return step, always(), watched


@program(compiles=True)
def numpy_view_of_a_weight(c: Any) -> Any:
    net, x, y, opt = problem()
    view = net.weight.detach().numpy()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            view[0] = 0.0
        return ()

    return step, between, lambda: view


@program(compiles=True)
def from_numpy_shares_memory(c: Any) -> Any:
    net, _, y, opt = problem()
    data = np.ones((8, 3), np.float32)
    x = torch.from_numpy(data)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        data[:, i % 3] += 1
        return ()

    return step, between, weights(net)


@program
def from_numpy_inside(c: Any) -> Any:
    net, _, y, opt = problem()
    data = np.ones((8, 3), np.float32)

    @c
    def step():
        return update(opt, mse(net(torch.from_numpy(data)), y))

    def between(i: int) -> tuple[Any, ...]:
        nonlocal data
        data[:, i % 3] += 1
        if i == 8:
            data = data * 0.5
        return ()

    return step, between, weights(net)


@program
def large_numpy_array_sliced_inside(c: Any) -> Any:
    net, _, y, opt = problem()
    data = np.random.default_rng(0).normal(size=(30000, 3)).astype(np.float32)

    @c
    def step():
        return update(opt, mse(net(torch.tensor(data[:8])), y))

    def change():
        data[:8] = 1.0

    return step, at(6, change), weights(net)


@program
def requires_grad_switched_on_a_tensor(c: Any) -> Any:
    torch.manual_seed(0)
    w, b, x = torch.randn(3, requires_grad=True), torch.randn(3), torch.randn(3)

    @c
    def step():
        loss = ((w * x + b) ** 2).sum()
        w.grad = b.grad = None
        loss.backward()
        with torch.no_grad():
            for p in (w, b):
                if p.grad is not None:
                    p -= 0.1 * p.grad
        w.grad = b.grad = None
        return loss.detach()

    return step, at(6, lambda: b.requires_grad_()), lambda: [w, b]


@program
def retained_gradient_of_a_middle_value(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        out = net(x)
        out.retain_grad()
        update(opt, mse(out, y))
        return out.grad.norm()

    return step, always(), weights(net)


@program
def gradient_read_and_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        opt.zero_grad()
        mse(net(x), y).backward()
        norms = [p.grad.norm() for p in net.parameters()]
        opt.step()
        return norms, net.weight.grad.clone()

    return step, always(), weights(net)


@program(compiles=True)
def detached_part_of_the_loss(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        out = net(x)
        share = (out - y).abs().detach()
        return update(opt, (share / share.sum() * (out - y) ** 2).sum())

    return step, always(), weights(net)


@program(compiles=True)
def own_autograd_function(c: Any) -> Any:
    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x)

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(Straight.apply(net(x) * 4) / 4, y))

    return step, always(), weights(net)


@program
def own_autograd_function_that_counts(c: Any) -> Any:
    calls = {"forward": 0, "backward": 0}

    class Counting(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            calls["forward"] += 1
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            calls["backward"] += 1
            return gradient * 0.5

    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(Counting.apply(net(x)), y))

    return step, always(), lambda: [calls, dict(net.state_dict())]


@program
def deep_copy_of_the_model_inside(c: Any) -> Any:
    import copy

    net, x, y, opt = problem()

    @c
    def step():
        frozen = copy.deepcopy(net)
        loss = update(opt, mse(net(x), y))
        return loss.detach(), mse(frozen(x), net(x)).detach()

    return step, always(), weights(net)


@program
def a_model_made_inside(c: Any) -> Any:
    _, x, y, _ = problem()

    @c
    def step():
        torch.manual_seed(4)
        fresh = nn.Linear(3, 2)
        return mse(fresh(x), y).detach()

    return step, always(), nothing


@program
def repr_and_shape_text(c: Any) -> Any:
    x = torch.arange(3.0)
    texts: list[str] = []

    @c
    def step():
        texts.append(f"{tuple(x.shape)} {x.dtype}")
        return x * 2

    return step, always(), lambda: texts
