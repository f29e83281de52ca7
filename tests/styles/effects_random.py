"""A step draws numbers or asks the clock."""

from __future__ import annotations

import random
import secrets
import time
from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import always, mse, problem, update, weights


@program(tells="random")
def augmentation_by_random(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x * random.uniform(0.5, 1.5)), y))

    return step, always(), weights(net)


@program(tells="random|rand")
def augmentation_by_numpy_random(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        noise = torch.from_numpy(np.random.randn(8, 3).astype(np.float32))
        return update(opt, mse(net(x + 0.1 * noise), y))

    return step, always(), weights(net)


@program(tells="rng|Generator|random|flip")
def flip_one_time_in_ten(c: Any) -> Any:
    net, x, y, opt = problem()
    rng = np.random.default_rng(3)

    @c
    def step():
        flip = rng.random() < 0.1
        return update(opt, mse(net(x.flip(1) if flip else x), y))

    return step, always(), weights(net)


@program
def shuffle_of_a_list(c: Any) -> Any:
    net, x, y, opt = problem()
    order = list(range(8))
    rng = random.Random(4)

    @c
    def step():
        rng.shuffle(order)
        return update(opt, mse(net(x[order[:4]]), y[order[:4]]))

    return step, always(), lambda: [order, dict(net.state_dict())]


@program(tells="secrets|token|random")
def a_token_in_each_record(c: Any) -> Any:
    net, x, y, opt = problem()
    tokens: list[str] = []

    @c
    def step():
        tokens.append(secrets.token_hex(4))
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [len(tokens), len(set(tokens))]


@program(tells="time|clock|perf_counter|spent")
def times_itself(c: Any) -> Any:
    net, x, y, opt = problem()
    spent: list[float] = []

    @c
    def step():
        start = time.perf_counter()
        loss = update(opt, mse(net(x), y))
        spent.append(time.perf_counter() - start)
        return loss

    return step, always(), lambda: len(spent)


@program
def clock_of_its_own(c: Any) -> Any:
    net, x, y, opt = problem()
    now = [0.0]

    def clock():
        now[0] += 1.0
        return now[0]

    @c
    def step():
        return update(opt, mse(net(x), y) / clock())

    return step, always(), lambda: [now, dict(net.state_dict())]
