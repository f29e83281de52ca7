"""A step reads functions: their code, attributes, caches, partials."""

from __future__ import annotations

import functools
from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import at, mse, nothing, problem, update, weights


@program(compiles=True)
def code_of_a_helper_changed(c: Any) -> Any:
    net, x, y, opt = problem()

    def shape(z):
        return z * 1.0

    def other(z):
        return z * 0.1

    @c
    def step():
        return update(opt, mse(shape(net(x)), y))

    return step, at(6, lambda: setattr(shape, "__code__", other.__code__)), weights(net)


@program(compiles=True)
def code_of_the_step_itself_changed(c: Any) -> Any:
    x = torch.linspace(-1, 1, 6)

    def f(a):
        return (a * 2).sum()

    def g(a):
        return (a * a * 3).sum()

    step = c(f)
    return step, at(6, lambda: setattr(f, "__code__", g.__code__), (x,)), nothing


@program(compiles=True)
def attribute_of_a_function(c: Any) -> Any:
    net, x, y, opt = problem()

    def loss_of(a, b):
        return mse(a, b) * loss_of.weight

    loss_of.weight = 1.0

    @c
    def step():
        return update(opt, loss_of(net(x), y))

    return step, at(6, lambda: setattr(loss_of, "weight", 3.0)), weights(net)


@program(compiles=True)
def partial_with_a_changed_keyword(c: Any) -> Any:
    net, x, y, opt = problem()

    def scaled(a, b, weight):
        return mse(a, b) * weight

    criterion = functools.partial(scaled, weight=1.0)

    @c
    def step():
        return update(opt, criterion(net(x), y))

    return step, at(6, lambda: criterion.keywords.update(weight=3.0)), weights(net)


@program
def cached_helper(c: Any) -> Any:
    net, x, y, opt = problem()
    strength = [2.0]

    @functools.cache
    def factor(n):
        return n * strength[0]

    @c
    def step():
        return update(opt, mse(net(x), y) * factor(1))

    def between(i: int) -> tuple[Any, ...]:
        if i == 4:
            strength[0] = 0.5  # the cache still says 2
        if i == 8:
            factor.cache_clear()
        return ()

    return step, between, weights(net)
