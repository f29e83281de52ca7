"""What a call returns: states, models, closures, generators, truths."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import optim
from styles.judge import program
from styles.shared import always, mlp, mse, nothing, problem, update, weights


@program
def state_dict_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        update(opt, mse(net(x), y))
        return net.state_dict()

    return step, always(), weights(net)


@program
def the_model_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        return update(opt, mse(net(x), y)).detach(), net

    def step():
        loss, model = train()
        return loss, model is net

    return step, always(), weights(net)


@program
def a_closure_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        loss = update(opt, mse(net(x), y)).detach()
        return lambda: loss * 2

    return lambda: train()(), always(), weights(net)


@program
def a_generator_function(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        for half in (slice(0, 4), slice(4, 8)):
            yield update(opt, mse(net(x[half]), y[half])).detach()

    return lambda: list(train()), always(), weights(net)


@program
def a_generator_expression_returned(c: Any) -> Any:
    x = torch.arange(4.0)

    @c
    def rows():
        return (x * k for k in range(3))

    return lambda: list(rows()), always(), nothing


@program(compiles=True)
def integers_and_truths(c: Any) -> Any:
    torch.manual_seed(0)
    net, x = mlp(), torch.randn(8, 3)

    @c
    def evaluate(target):
        with torch.no_grad():
            guess = net(x).argmax(1)
            return guess, guess == target, (guess == target).float().mean(), (guess == target).sum()

    return evaluate, always(torch.tensor([0, 1] * 4)), nothing


@program
def accuracy_by_item(c: Any) -> Any:
    net, x, y, opt = problem()
    target = torch.tensor([0, 1] * 4)

    @c
    def step():
        out = net(x)
        update(opt, mse(out, y))
        correct = (out.argmax(1) == target).sum().item()
        return correct / len(target)

    return step, always(), weights(net)


@program(compiles=True)
def loss_summed_outside(c: Any) -> Any:
    net, x, y, opt = problem()
    totals: list[Any] = [0.0]

    @c
    def train():
        return update(opt, mse(net(x), y))

    def step():
        totals[0] += train().item()
        return totals[0]

    return step, always(), weights(net)


@program
def shape_of_the_result_follows_the_data(c: Any) -> Any:
    @c
    def positive(x):
        return x[x > 0]

    return positive, lambda i: (torch.arange(6.0) - i,), nothing


@program
def device_and_dtype_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        return loss.detach(), tuple(x.shape), str(loss.dtype), x.dim(), x.numel()

    return step, always(), nothing


@program
def optimizer_returned_with_its_state(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.Adam(net.parameters(), lr=0.1)

    @c
    def step():
        update(opt, mse(net(x), y))
        return opt.state_dict()

    return step, always(), nothing
