"""Gradients used by hand: zeroed, given, left over."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import optim
from styles.judge import program
from styles.shared import always, at, grads, mlp, mse, nothing, problem, update, weights


@program
def gradients_given_from_outside(c: Any) -> Any:
    net, _x, _, opt = problem()

    @c
    def apply_gradients():
        opt.step()
        opt.zero_grad()

    def step(i):
        for p in net.parameters():
            p.grad = torch.full_like(p, 0.1 * i)
        apply_gradients()

    return step, lambda i: (i,), grads(net)


@program
def leftover_gradients_join_in(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss = mse(net(x), y)
        loss.backward()  # nobody has zeroed
        opt.step()
        return loss

    return step, always(), grads(net)


@program
def zero_grad_to_zeros(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        opt.zero_grad(set_to_none=False)
        loss = mse(net(x), y)
        loss.backward()
        opt.step()
        return loss

    return step, always(), weights(net)


@program(compiles=True)
def sgd_by_hand_with_zeroed_gradients(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    w, b = torch.randn(3, 2, requires_grad=True), torch.zeros(2, requires_grad=True)

    @c
    def step():
        loss = mse(x @ w + b, y)
        loss.backward()
        with torch.no_grad():
            w.sub_(0.1 * w.grad)
            b.sub_(0.1 * b.grad)
            w.grad.zero_()
            b.grad.zero_()
        return loss

    return step, always(), lambda: [w, b]


@program
def sgd_by_hand_with_data(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    params = [torch.randn(3, 2, requires_grad=True), torch.zeros(2, requires_grad=True)]

    @c
    def step():
        loss = mse(x @ params[0] + params[1], y)
        for p in params:
            p.grad = None
        loss.backward()
        for p in params:
            p.data -= 0.1 * p.grad
        return loss.data

    return step, always(), lambda: params


@program
def parameters_rebound_by_name(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    w = torch.randn(3, 2, requires_grad=True)

    @c
    def step():
        nonlocal w
        loss = mse(x @ w, y)
        (g,) = torch.autograd.grad(loss, w)
        w = (w - 0.1 * g).detach().requires_grad_()
        return loss.detach()

    return step, always(), lambda: w


@program(compiles=True)
def functional_update(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    params = [torch.randn(3, 2)]

    @c
    def new(w):
        w = w.detach().requires_grad_()
        (g,) = torch.autograd.grad(mse(x @ w, y), w)
        return (w - 0.1 * g).detach()

    def step():
        params[0] = new(params[0])
        return params[0]

    return step, always(), nothing


@program
def frozen_after_the_model_was_compiled(c: Any) -> Any:
    _, x, y, _ = problem()
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)
    model = c(net)

    def step():
        return update(opt, mse(model(x), y))

    return step, at(6, lambda: net[0].requires_grad_(False)), grads(net)
