"""A step reads numbers: in globals, cells, lists and deep dicts."""

from __future__ import annotations

import types
from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import at, mse, nothing, problem, update, weights

GAIN = 1.0

SETTINGS = {"gain": 1.0, "deep": {"er": [1.0, 2.0]}}


@program(compiles=True, tells="GAIN")
def global_number_rebound(c: Any) -> Any:
    global GAIN
    GAIN = 1.0
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * GAIN)

    def change():
        global GAIN
        GAIN = 3.0

    return step, at(6, change), weights(net)


@program(compiles=True, tells="SETTINGS|deep")
def global_dict_three_levels_down(c: Any) -> Any:
    SETTINGS["deep"]["er"][1] = 2.0
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * SETTINGS["deep"]["er"][1])

    return step, at(7, lambda: SETTINGS["deep"]["er"].__setitem__(1, 0.5)), weights(net)


@program(compiles=True)
def seven_levels_down(c: Any) -> Any:
    net, x, y, opt = problem()
    tree = {"a": [{"b": ({"c": [{"d": 1.0}]},)}]}

    @c
    def step():
        return update(opt, mse(net(x), y) * tree["a"][0]["b"][0]["c"][0]["d"])

    return step, at(6, lambda: tree["a"][0]["b"][0]["c"][0].update(d=4.0)), weights(net)


@program(compiles=True)
def item_number_seventy(c: Any) -> Any:
    net, x, y, opt = problem()
    table = [1.0] * 100

    @c
    def step():
        return update(opt, mse(net(x), y) * table[70])

    return step, at(6, lambda: table.__setitem__(70, 3.0)), weights(net)


@program(compiles=True)
def sum_of_a_list_of_weights(c: Any) -> Any:
    net, x, y, opt = problem()
    shares = [0.25] * 8

    @c
    def step():
        out = net(x)
        return update(opt, sum(share * mse(out[i], y[i]) for i, share in enumerate(shares)))

    return step, at(6, lambda: shares.__setitem__(3, 4.0)), weights(net)


@program(compiles=True)
def tuple_in_a_cell_rebound(c: Any) -> Any:
    net, x, y, opt = problem()
    low, high = limits = (-0.5, 0.5)

    @c
    def step():
        return update(opt, mse(net(x).clamp(*limits), y))

    def change():
        nonlocal limits
        limits = (low * 4, high * 4)

    return step, at(6, change), weights(net)


@program(compiles=True)
def same_number_of_another_type(c: Any) -> Any:
    counts, k = torch.arange(4), [2]

    @c
    def step():
        return (counts * 1.5).sum(), counts * k[0], counts + k[0]

    def between(i: int) -> tuple[Any, ...]:
        k[0] = (2, 2.0)[i >= 6]
        return ()

    return step, between, nothing


@program(compiles=True)
def true_where_one_was(c: Any) -> Any:
    x, box = torch.linspace(0, 1, 5), types.SimpleNamespace(k=1)

    @c
    def step():
        return x * 3 + (10.0 if isinstance(box.k, bool) else 1.0)

    return step, at(6, lambda: setattr(box, "k", True)), nothing


@program(compiles=True)
def minus_zero_where_zero_was(c: Any) -> Any:
    x, zero = torch.ones(3), [0.0]

    @c
    def step():
        return x / (x * zero[0])

    return step, at(6, lambda: zero.__setitem__(0, -0.0)), nothing


@program(compiles=True)
def nan_that_stays_nan(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"fill": float("nan")}

    @c
    def step():
        return update(opt, mse(net(x), y)), torch.full((2,), 1.0) * config["fill"]

    def between(i: int) -> tuple[Any, ...]:
        config["fill"] = float("nan")  # another object each time
        return ()

    return step, between, weights(net)
