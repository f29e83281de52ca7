"""What a step needs goes away: the error must be that of the step as written."""

from __future__ import annotations

import types
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import at, mse, nothing, problem, update, weights


@program
def key_deleted(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"weight": 1.0}

    @c
    def step():
        return update(opt, mse(net(x), y) * config["weight"])

    return step, at(6, config.clear), weights(net)


@program
def attribute_deleted(c: Any) -> Any:
    net, x, y, opt = problem()
    config = types.SimpleNamespace(weight=1.0)

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: delattr(config, "weight")), weights(net)


@program
def name_deleted(c: Any) -> Any:
    names = {"torch": torch, "k": 2.0}
    exec("def f(x):\n    return torch.sin(x) * k\n", names)
    return c(names["f"]), at(6, lambda: names.pop("k"), (torch.ones(2),)), nothing


@program
def cell_emptied(c: Any) -> Any:
    x, k = torch.ones(3), 2.0

    @c
    def step():
        return torch.sin(x) * k

    def change():
        nonlocal k
        del k

    return step, at(6, change), nothing


@program
def model_becomes_none(c: Any) -> Any:
    net, x, y, opt = problem()
    box = {"net": net}

    @c
    def step():
        return update(opt, mse(box["net"](x), y))

    return step, at(6, lambda: box.update(net=None)), weights(net)


@program
def layer_deleted(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.two(self.one(x))

    torch.manual_seed(1)
    net = Net()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: delattr(net, "one")), lambda: list(net.state_dict())


@program
def list_too_short(c: Any) -> Any:
    x, table = torch.ones(2), [1.0, 2.0, 3.0]

    @c
    def step():
        return torch.sin(x) * table[2]

    return step, at(6, table.pop), nothing


@program
def a_text_in_place_of_a_number(c: Any) -> Any:
    x, config = torch.ones(2), {"k": 2}

    @c
    def step():
        return torch.sin(x) * config["k"]

    return step, at(6, lambda: config.update(k="2")), nothing
