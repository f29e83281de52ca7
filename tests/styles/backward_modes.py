"""Hooks, grad mode and changes between the two halves."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, grads, mse, problem, update, weights


@program
def weights_changed_between_forward_and_backward(c: Any) -> Any:
    net, x, _y, opt = problem()

    @c
    def loss_of():
        return (net(x).sigmoid() @ net.weight).sum()

    def step(i):
        loss = loss_of()
        if i == 7:
            with torch.no_grad():
                net.weight.mul_(0.5)
        opt.zero_grad()
        loss.backward()
        opt.step()
        return loss

    return step, lambda i: (i,), grads(net)


@program
def the_loss_is_scaled_outside(c: Any) -> Any:
    net, x, y, opt = problem()
    model = c(net)
    scale = torch.tensor(8.0)

    def step():
        opt.zero_grad()
        loss = mse(model(x), y)
        (loss * scale).backward()
        with torch.no_grad():
            for p in net.parameters():
                p.grad /= scale
        opt.step()
        return loss

    return step, always(), grads(net)


@program
def gradient_hook_sees_the_outside_backward(c: Any) -> Any:
    net, x, y, opt = problem()
    norms: list[Any] = []
    net.weight.register_hook(lambda g: norms.append(g.norm()))
    model = c(net)

    def step():
        return update(opt, mse(model(x), y))

    return step, always(), lambda: [norms, grads(net)()]


@program
def hook_on_the_output(c: Any) -> Any:
    net, x, y, opt = problem()
    model, kept = c(net), []

    def step():
        out = model(x)
        out.register_hook(lambda g: kept.append(g.clone()))
        out.retain_grad()
        loss = update(opt, mse(out, y))
        return loss, out.grad

    return step, always(), lambda: kept


@program
def result_without_a_backward(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def forward(x):
        return net(x)

    def step():
        out = forward(x)
        return out.requires_grad, out.is_leaf, out

    return step, always(), grads(net)


@program
def no_grad_around_every_other_call(c: Any) -> Any:
    net, x, y, opt = problem()
    model = c(net)

    def step(i):
        if i % 3 == 2:
            with torch.no_grad():
                out = model(x)
            return out, out.requires_grad
        out = model(x)
        return update(opt, mse(out, y)), out.requires_grad

    return step, lambda i: (i,), grads(net)


@program
def enable_grad_inside_no_grad(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        with torch.enable_grad():
            return update(opt, mse(net(x), y))

    def step(i):
        if i % 2:
            with torch.no_grad():
                return train()
        return train()

    return step, lambda i: (i,), weights(net)


@program
def whole_step_under_no_grad_once(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        loss = mse(net(x), y)
        if torch.is_grad_enabled():
            update(opt, loss)
        return loss.detach()

    def step(i):
        if i in (4, 8):
            with torch.no_grad():
                return train()
        return train()

    return step, lambda i: (i,), weights(net)
