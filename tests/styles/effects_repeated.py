"""A step writes what is there already, until it is not."""

from __future__ import annotations

import os
import random
import types
from typing import Any

import numpy as np

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, at, does, mlp, mse, problem, update, weights

MODE = "train"


@program
def dict_item_set_to_what_it_is(c: Any) -> Any:
    state = {"mode": "train"}
    return does(c, lambda: state.update(mode="train"), lambda: state, at(6, lambda: state.update(mode="eval")))


@program
def attribute_set_to_what_it_is(c: Any) -> Any:
    state = types.SimpleNamespace(mode="train")

    def effect():
        state.mode = "train"

    return does(c, effect, lambda: state.mode, at(6, lambda: setattr(state, "mode", "eval")))


@program
def global_set_to_what_it_is(c: Any) -> Any:
    def effect():
        global MODE
        MODE = "train"

    def change():
        global MODE
        MODE = "eval"

    return does(c, effect, lambda: MODE, at(6, change))


@program
def list_item_set_to_what_it_is(c: Any) -> Any:
    state = [1, 2]
    return does(c, lambda: state.__setitem__(0, 1), lambda: state, at(6, lambda: state.__setitem__(0, 5)))


@program
def cell_set_to_what_it_is(c: Any) -> Any:
    mode = "train"

    def effect():
        nonlocal mode
        mode = "train"

    def change():
        nonlocal mode
        mode = "eval"

    return does(c, effect, lambda: mode, at(6, change))


@program
def member_added_that_is_there(c: Any) -> Any:
    met = {1}
    return does(c, lambda: met.add(1), lambda: met, at(6, met.clear))


@program
def setdefault(c: Any) -> Any:
    state: dict[str, int] = {}
    return does(c, lambda: state.setdefault("k", 1), lambda: state, at(6, state.clear))


@program
def list_sorted_again(c: Any) -> Any:
    order = [1, 2, 3]
    return does(c, order.sort, lambda: order, at(6, lambda: order.insert(0, 9)))


@program
def list_cleared(c: Any) -> Any:
    pending: list[int] = []
    return does(c, pending.clear, lambda: pending, at(6, lambda: pending.append(1)))


@program
def array_filled_with_what_is_there(c: Any) -> Any:
    total = np.zeros(3)
    return does(c, lambda: total.fill(0.0), lambda: total, at(6, lambda: total.fill(7.0)))


@program
def train_mode_switched_on(c: Any) -> Any:
    net = mlp(nn.Dropout(0.5))
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        net.train()
        return update(opt, mse(net(x), y))

    return step, at(6, net.eval), lambda: [net.training, dict(net.state_dict())]


@program
def eval_and_back(c: Any) -> Any:
    net = mlp(nn.Dropout(0.5))
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        net.eval()
        with torch.no_grad():
            score = mse(net(x), y)
        net.train()
        update(opt, mse(net(x), y))
        return score

    return step, at(6, net.eval), lambda: [net.training, dict(net.state_dict())]


@program
def unfrozen_inside(c: Any) -> Any:
    net = mlp()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        net.requires_grad_(True)
        return update(opt, mse(net(x), y))

    def watched() -> Any:
        return [p.requires_grad for p in net.parameters()], dict(net.state_dict())

    return step, at(6, lambda: net.requires_grad_(False)), watched


@program
def frozen_and_thawed_inside(c: Any) -> Any:
    torch.manual_seed(0)
    gen, critic, x = nn.Linear(3, 3), nn.Linear(3, 1), torch.randn(8, 3)
    opt = optim.SGD(gen.parameters(), lr=0.1)

    @c
    def step():
        for p in critic.parameters():
            p.requires_grad = False
        loss = update(opt, -critic(gen(x)).mean())
        for p in critic.parameters():
            p.requires_grad = True
        return loss

    return step, always(), lambda: [[p.requires_grad for p in critic.parameters()], weights(gen, critic)()]


@program
def default_dtype_set_again(c: Any) -> Any:
    def effect():
        torch.set_default_dtype(torch.float32)

    return does(c, effect, torch.get_default_dtype, at(6, lambda: torch.set_default_dtype(torch.float64)))


@program
def seeded_again_before_the_draw(c: Any) -> Any:
    def effect():
        random.seed(3)

    return does(c, effect, lambda: random.getstate()[1][:3], lambda i: (random.random(), ())[1])


@program
def numpy_seeded_again(c: Any) -> Any:
    return does(c, lambda: np.random.seed(3), lambda: np.random.get_state()[1][:3], lambda i: (np.random.rand(), ())[1])


@program
def environment_set_again(c: Any) -> Any:
    def effect():
        os.environ["STYLES_MODE"] = "train"

    def change():
        os.environ["STYLES_MODE"] = "eval"

    return does(c, effect, lambda: os.environ["STYLES_MODE"], at(6, change))


@program
def gradient_removed_inside(c: Any) -> Any:
    extra = torch.ones(2, requires_grad=True)

    def effect():
        extra.grad = None

    def change():
        extra.grad = torch.ones(2)

    return does(c, effect, lambda: extra.grad, at(6, change))
