"""Models, functions and configurations are given to a call."""

from __future__ import annotations

import types
from typing import Any

from chainrule import nn, optim
from styles.judge import program
from styles.shared import mlp, mse, problem, update, weights


@program(compiles=True)
def model_and_optimizer_given(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train(model, optimizer, data, criterion):
        model.train()
        inputs, targets = data
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss

    criterion = nn.MSELoss()
    return train, lambda i: (net, opt, (x * i, y), criterion), weights(net)


@program
def model_given_in_eval_mode(c: Any) -> Any:
    _, x, y, _ = problem()
    net = mlp(nn.Dropout(0.5))
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step(model):
        loss = mse(model(x), y)
        return update(opt, loss) if model.training else loss.detach()

    def between(i: int) -> tuple[Any, ...]:
        return (net.train(i % 4 != 3),)

    return step, between, weights(net)


@program
def a_function_given(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(criterion):
        return update(opt, criterion(net(x), y))

    return step, lambda i: (mse if i < 6 else lambda a, b: (a - b).abs().mean(),), weights(net)


@program
def a_fresh_lambda_each_time(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(criterion):
        return update(opt, criterion(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        return (lambda a, b: mse(a, b) * i,)

    return step, between, weights(net)


@program
def config_changed_between(c: Any) -> Any:
    class Config:
        weight = 1.0

    net, x, y, opt = problem()
    config = Config()

    @c
    def step(x, y, config):
        return update(opt, mse(net(x), y) * config.weight)

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            config.weight = 3.0
        return x, y, config

    return step, between, weights(net)


@program
def config_made_anew_each_time(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(config):
        return update(opt, mse(net(x), y) * config.weight)

    return step, lambda i: (types.SimpleNamespace(weight=1.0 + i // 6),), weights(net)
