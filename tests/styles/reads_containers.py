"""A step reads containers and arrays."""

from __future__ import annotations

import collections
import os
from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import at, mse, nothing, problem, update, weights


@program(compiles=True)
def chain_map_of_settings(c: Any) -> Any:
    net, x, y, opt = problem()
    own: dict[str, Any] = {}
    settings = collections.ChainMap(own, {"weight": 1.0})

    @c
    def step():
        return update(opt, mse(net(x), y) * settings["weight"])

    return step, at(6, lambda: own.update(weight=3.0)), weights(net)


@program(compiles=True)
def defaultdict_that_is_read(c: Any) -> Any:
    net, x, y, opt = problem()
    weight = collections.defaultdict(lambda: 1.0, {"main": 1.0})

    @c
    def step():
        return update(opt, mse(net(x), y) * weight["main"])

    return step, at(6, lambda: weight.update(main=3.0)), lambda: [dict(net.state_dict()), dict(weight)]


@program
def counter_of_classes_read(c: Any) -> Any:
    net, x, y, opt = problem()
    counts = collections.Counter({0: 4, 1: 4})

    @c
    def step():
        share = torch.tensor([counts[0] / counts.total(), counts[1] / counts.total()])
        return update(opt, ((net(x) - y) ** 2 * share).mean())

    return step, at(6, lambda: counts.update({1: 8})), weights(net)


@program
def deque_read_and_grown_outside(c: Any) -> Any:
    net, x, y, opt = problem()
    recent = collections.deque([1.0], maxlen=3)

    @c
    def step():
        return update(opt, mse(net(x), y) * sum(recent) / len(recent))

    def between(i: int) -> tuple[Any, ...]:
        if i >= 5:
            recent.append(float(i))
        return ()

    return step, between, weights(net)


@program(compiles=True)
def numpy_array_in_a_closure_changed_in_place(c: Any) -> Any:
    net, x, y, opt = problem()
    share = np.ones(2, np.float32)

    @c
    def step():
        return update(opt, ((net(x) - y) ** 2 * torch.tensor(share)).mean())

    def change():
        share[1] = 4

    return step, at(6, change), weights(net)


@program
def list_made_a_tensor_each_time(c: Any) -> Any:
    net, x, y, opt = problem()
    rows = y.tolist()

    @c
    def step():
        return update(opt, mse(net(x), torch.tensor(rows)))

    return step, at(6, lambda: rows[2].__setitem__(0, 9.0)), weights(net)


@program
def numpy_scalar_read(c: Any) -> Any:
    net, x, y, opt = problem()
    table = np.array([1.0, 2.0, 3.0])

    @c
    def step():
        return update(opt, mse(net(x), y) * float(table[1]) * table.mean())

    def change():
        table[1] = 0.25

    return step, at(6, change), weights(net)


@program(tells="environ|getenv|FACTOR")
def environment_variable_read(c: Any) -> Any:
    net, x, y, opt = problem()
    os.environ["STYLES_FACTOR"] = "1.0"

    @c
    def step():
        return update(opt, mse(net(x), y) * float(os.environ["STYLES_FACTOR"]))

    return step, at(6, lambda: os.environ.update(STYLES_FACTOR="3.0")), weights(net)


@program(compiles=True)
def builtin_shadowed_later(c: Any) -> Any:
    names = {"__builtins__": __builtins__, "torch": torch}
    exec("def f(x):\n    return x * len(x.shape) + sum([1.0, 2.0])\n", names)
    step, x = c(names["f"]), torch.ones(2, 2)
    return step, at(6, lambda: names.update(len=lambda shape: 5), (x,)), nothing


@program(compiles=True)
def name_missing_at_first(c: Any) -> Any:
    net, x, y, opt = problem()
    config: dict[str, float] = {}

    @c
    def step():
        return update(opt, mse(net(x), y) * config.get("weight", 1.0))

    return step, at(6, lambda: config.update(weight=3.0)), weights(net)


@program(compiles=True)
def key_deleted_midway(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"smooth": True, "other": 1}

    @c
    def step():
        loss = (net(x) - y).abs().mean() if "smooth" in config else mse(net(x), y)
        return update(opt, loss)

    return step, at(6, lambda: config.pop("smooth")), weights(net)
