"""What a call returns: containers, numbers, texts."""

from __future__ import annotations

import collections
import dataclasses
from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights

Output = collections.namedtuple("Output", "loss logits")


@program(compiles=True)
def namedtuple_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        out = net(x)
        return Output(update(opt, mse(out, y)), out.detach())

    return step, always(), weights(net)


@program
def dataclass_returned(c: Any) -> Any:
    @dataclasses.dataclass
    class Result:
        loss: Any
        out: Any
        rows: int = 8

    net, x, y, opt = problem()

    @c
    def step():
        out = net(x)
        return Result(update(opt, mse(out, y)).detach(), out.detach())

    return step, always(), nothing


@program(compiles=True)
def nested_dicts_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        out = net(x)
        loss = update(opt, mse(out, y))
        return {"loss": loss, "metrics": {"mae": (out - y).abs().mean().detach(), "n": 8}, "tags": ["train", None]}

    return step, always(), nothing


@program(compiles=True)
def none_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        update(opt, mse(net(x), y))

    return step, always(), weights(net)


@program(tells="item|float")
def python_number_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y)).item()

    return step, always(), weights(net)


@program
def numpy_array_returned(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def predict():
        with torch.no_grad():
            return net(x).numpy()

    return predict, always(), nothing


@program
def list_of_numbers_returned(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def predict():
        return net(x).argmax(1).tolist()

    return predict, always(), nothing


@program
def string_returned(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return f"loss {update(opt, mse(net(x), y)).item():.2f}"

    return step, always(), weights(net)


@program(compiles=True)
def constant_returned_beside(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"name": "first"}

    @c
    def step():
        return config["name"], update(opt, mse(net(x), y)), 3, 2.5, True

    return step, at(6, lambda: config.update(name="second")), nothing
