"""A step reads what is replaced as a whole."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any

import chainrule as torch
from chainrule import optim
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights


@program
def order_of_a_dict(c: Any) -> Any:
    torch.manual_seed(0)
    x = torch.randn(4, 3)
    stages = {"double": lambda z: z * 2, "plus": lambda z: z + 1, "root": lambda z: z.abs().sqrt()}

    @c
    def step():
        z = x
        for stage in stages.values():
            z = stage(z)
        return z

    return step, at(6, lambda: stages.update(double=stages.pop("double"))), nothing


@program(compiles=True)
def frozen_dataclass_replaced(c: Any) -> Any:
    @dataclasses.dataclass(frozen=True)
    class Config:
        weight: float = 1.0
        clip: float | None = None

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        loss = mse(net(x), y) * config.weight
        return update(opt, loss if config.clip is None else loss.clamp(max=config.clip))

    def between(i: int) -> tuple[Any, ...]:
        nonlocal config
        if i == 5:
            config = dataclasses.replace(config, weight=3.0)
        if i == 9:
            config = dataclasses.replace(config, clip=0.1)
        return ()

    return step, between, weights(net)


@program(compiles=True)
def namedtuple_config_replaced(c: Any) -> Any:
    Config = collections.namedtuple("Config", "weight power")
    net, x, y, opt = problem()
    box = [Config(1.0, 2)]

    @c
    def step():
        return update(opt, ((net(x) - y).abs() ** box[0].power).mean() * box[0].weight)

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            box[0] = box[0]._replace(power=3)
        return ()

    return step, between, weights(net)


@program(compiles=True)
def empty_cell_filled_before_the_first_call(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(late(net(x)), y))

    def late(z):
        return z * weight

    weight = 1.0

    def change():
        nonlocal weight
        weight = 3.0

    return step, at(6, change), weights(net)


@program(compiles=True)
def two_optimizers_behind_a_name(c: Any) -> Any:
    net, x, y, opt = problem()
    choice = {"now": opt, "later": optim.Adam(net.parameters(), lr=0.05)}

    @c
    def step():
        return update(choice["now"], mse(net(x), y))

    return step, at(6, lambda: choice.update(now=choice["later"])), weights(net)


@program(compiles=True)
def a_function_that_returns_the_config(c: Any) -> Any:
    net, x, y, opt = problem()
    settings = {"weight": 1.0}

    def config():
        return settings

    @c
    def step():
        return update(opt, mse(net(x), y) * config()["weight"])

    def change():
        nonlocal settings
        settings = {"weight": 3.0}

    return step, at(6, change), weights(net)


@program(compiles=True)
def nothing_changes_at_all(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), weights(net)
