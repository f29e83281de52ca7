"""Gradients of several calls, gradients that are kept, gradients that are read."""

from __future__ import annotations

import functools
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, grads, mlp, mse, problem, update, weights


@program(compiles=True)
def accumulated_over_four_calls(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def loss_of(x, y):
        return mse(net(x), y) / 4

    def step(i):
        loss = loss_of(x * (i % 3), y)
        loss.backward()
        if i % 4 == 3:
            opt.step()
            opt.zero_grad()
        return loss

    return step, lambda i: (i,), grads(net)


@program
def accumulated_inside_the_step(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(last):
        loss = mse(net(x), y) / 3
        loss.backward()
        if last:
            opt.step()
            opt.zero_grad()
        return loss

    return step, lambda i: (i % 3 == 2,), grads(net)


@program(compiles=True)
def micro_batches_inside_one_step(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        opt.zero_grad()
        total = torch.zeros(())
        for xs, ys in zip(x.chunk(4), y.chunk(4), strict=True):
            loss = mse(net(xs), ys) / 4
            loss.backward()
            total = total + loss.detach()
        opt.step()
        return total

    return step, always(), weights(net)


@program
def backward_inside_step_outside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def forward_backward():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        return loss

    def step():
        loss = forward_backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        opt.step()
        return loss

    return step, always(), grads(net)


@program(compiles=True)
def keep_grads_after_a_whole_step(c: Any) -> Any:
    net, x, y, opt = problem()

    @functools.partial(c, keep_grads=True)
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), grads(net)


@program(compiles=True)
def keep_grads_with_adam_and_clipping(c: Any) -> Any:
    _, x, y, _ = problem()
    net = mlp()
    opt = optim.Adam(net.parameters(), lr=0.05)

    @functools.partial(c, keep_grads=True)
    def step():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        opt.step()
        return loss, norm

    return step, always(), grads(net)
