"""More than one walk back: retained graphs, second order, `autograd.grad`."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import always, grads, mlp, mse, problem, update, weights


@program(compiles=True)
def two_forwards_before_one_backward(c: Any) -> Any:
    net, x, y, opt = problem()
    model = c(net)

    def step():
        first, second = model(x), model(x * 2)
        return update(opt, mse(first, y) + mse(second, y))

    return step, always(), grads(net)


@program(compiles=True)
def siamese(c: Any) -> Any:
    _, x, _y, _ = problem()
    net, x = mlp().double(), x.double()  # in float32 rounding decides: the similarity divides by small norms
    encode = c(net)
    opt = optim.SGD(net.parameters(), lr=0.1)

    def step():
        return update(opt, F.cosine_similarity(encode(x), encode(x.flip(0)), dim=1).mean() + encode(x).pow(2).mean())

    return step, always(), grads(net)


@program
def retain_graph_twice(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def loss_of():
        return mse(net(x), y)

    def step():
        opt.zero_grad()
        loss = loss_of()
        loss.backward(retain_graph=True)
        loss.backward()
        opt.step()
        return loss

    return step, always(), grads(net)


@program
def backward_a_second_time(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def loss_of():
        return mse(net(x), y)

    def step():
        opt.zero_grad()
        loss = loss_of()
        loss.backward()
        try:
            loss.backward()
        except RuntimeError:
            return "spent"
        return "not spent"

    return step, always(), grads(net)


@program(compiles=True)
def gradient_of_the_input(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def score(x):
        return torch.tanh(net(x)).sum()

    def step(k):
        image = (x * k).requires_grad_()
        score(image).backward()
        return image.grad

    return step, lambda i: (1 + i,), grads(net)


@program
def fgsm_with_autograd_grad(c: Any) -> Any:
    net, x, y, _ = problem()

    @c
    def attack(x):
        image = x.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(mse(net(image), y), image)
        return x + 0.1 * gradient.sign()

    return attack, always(x), weights(net)


@program(compiles=True)
def autograd_grad_outside(c: Any) -> Any:
    net, x, y, _ = problem()
    model = c(net)

    def step():
        found = torch.autograd.grad(mse(model(x), y), list(net.parameters()))
        with torch.no_grad():
            for p, g in zip(net.parameters(), found, strict=True):
                p -= 0.1 * g
        return found

    return step, always(), grads(net)


@program
def double_backward_outside(c: Any) -> Any:
    net, x, _, opt = problem()

    @c
    def critic(x):
        return torch.tanh(net(x)).sum()

    def step():
        point = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(critic(point), point, create_graph=True)
        return update(opt, ((slope.norm() - 1) ** 2))

    return step, always(), grads(net)


@program
def gradient_penalty_inside(c: Any) -> Any:
    net, x, _, opt = problem()

    @c
    def step():
        point = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(torch.tanh(net(point)).sum(), point, create_graph=True)
        return update(opt, ((slope.norm() - 1) ** 2))

    return step, always(), weights(net)


@program
def graph_carried_to_the_next_call(c: Any) -> Any:
    net, x, y, opt = problem()
    hidden = [torch.zeros(8, 2)]

    @c
    def cell(x, h):
        return torch.tanh(net(x) + h)

    def step(i):
        hidden[0] = cell(x, hidden[0])
        if i % 3 == 2:
            update(opt, mse(hidden[0], y))
            hidden[0] = hidden[0].detach()
        return hidden[0].detach()

    return step, lambda i: (i,), grads(net)
