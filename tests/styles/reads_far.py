"""Reads far away: large containers, deep chains, caches, patched libraries."""

from __future__ import annotations

import functools
import re
import types
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import AFTERWARDS, program
from styles.shared import at, mlp, mse, nothing, problem, scaled_by, update, weights


@program
def a_list_of_seventy_thousand(c: Any) -> Any:
    table = [1.0] * 70_000
    return scaled_by(c, lambda: table[65_000], lambda: table.__setitem__(65_000, 3.0))


@program
def length_of_a_large_set(c: Any) -> Any:
    met = set(range(70_000))
    return scaled_by(c, lambda: len(met) / 70_000, lambda: met.update(range(70_000, 210_000)))


@program
def a_dict_of_fifty_thousand(c: Any) -> Any:
    table = {f"word {i}": 1.0 for i in range(50_000)}
    word = ["word 7"]
    return scaled_by(c, lambda: table[word[0]], lambda: table.update({"word 7": 3.0}))


@program
def a_linked_list_forty_deep(c: Any) -> Any:
    class Node:
        def __init__(self, weight, rest):
            self.weight, self.rest = weight, rest

    last = chain = Node(0.025, None)
    for _ in range(39):
        chain = Node(0.025, chain)

    def total():
        node, found = chain, 0.0
        while node is not None:
            node, found = node.rest, found + node.weight
        return found

    return scaled_by(c, total, lambda: setattr(last, "weight", 3.0))


@program(compiles=True)
def an_object_that_knows_itself(c: Any) -> Any:
    class Node:
        def __init__(self):
            self.me, self.children, self.weight = self, [self], 1.0

    node = Node()
    return scaled_by(c, lambda: node.me.children[0].me.weight, lambda: setattr(node, "weight", 3.0))


@program
def memo_by_identity(c: Any) -> Any:
    memo: dict[str, Any] = {"x": None, "y": None}

    @c
    def step(x):
        if memo["x"] is not x:
            memo["x"], memo["y"] = x, torch.sin(x)
        return memo["y"] * 2

    xs = [torch.arange(3.0), torch.arange(3.0) + 1]
    return step, lambda i: (xs[i // 5 % 2],), nothing


@program
def lru_cache_over_tensors(c: Any) -> Any:
    calls: list[int] = []

    @functools.lru_cache
    def positions(n):
        calls.append(n)
        return torch.arange(float(n))

    @c
    def step(x):
        return x + positions(len(x))

    return step, lambda i: (torch.ones(3 + i // 6),), lambda: calls


@program
def type_of_an_argument(c: Any) -> Any:
    class Left:
        pass

    class Right(Left):
        pass

    x, thing = torch.arange(3.0), Left()

    @c
    def step():
        return x * (3.0 if isinstance(thing, Right) else 1.0)

    return step, at(6, lambda: setattr(thing, "__class__", Right)), nothing


@program(compiles=True)
def functional_patched(c: Any) -> Any:
    net, x, y, opt = problem()
    original = F.relu
    AFTERWARDS.append(lambda: setattr(F, "relu", original))

    @c
    def step():
        return update(opt, mse(F.relu(net(x)), y))

    return step, at(6, lambda: setattr(F, "relu", torch.tanh)), weights(net)


@program
def forward_of_a_library_layer_patched(c: Any) -> Any:
    net, x, y, opt = problem()
    original = nn.Linear.forward
    AFTERWARDS.append(lambda: setattr(nn.Linear, "forward", original))

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: setattr(nn.Linear, "forward", lambda self, z: original(self, z) * 2)), weights(net)


@program
def step_of_a_library_optimizer_patched(c: Any) -> Any:
    net, x, y, opt = problem()
    original = optim.SGD.step
    AFTERWARDS.append(lambda: setattr(optim.SGD, "step", original))

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: setattr(optim.SGD, "step", lambda self, closure=None: None)), weights(net)


@program
def optimizer_step_replaced_on_the_instance(c: Any) -> Any:
    net, x, y, opt = problem()
    original, calls = opt.step, []

    def counted(closure=None):
        calls.append(1)
        return original()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: setattr(opt, "step", counted)), lambda: [calls, dict(net.state_dict())]


@program
def module_dict_written_directly(c: Any) -> Any:
    net = mlp()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            net._modules["1"] = nn.ReLU()
        if i == 9:
            net[2]._parameters["bias"] = None
        return ()

    return step, between, weights(net)


@program
def attribute_written_past_the_module(c: Any) -> Any:
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.scale = nn.Linear(3, 2), 1.0

        def forward(self, x):
            return self.fc(x) * self.scale

    torch.manual_seed(1)
    net = Scaled()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            object.__setattr__(net, "scale", 3.0)
        if i == 9:
            vars(net)["scale"] = 0.5
        return ()

    return step, between, weights(net)


@program
def asked_whether_a_hook_is_there(c: Any) -> Any:
    net, x, y, opt = problem()
    config = types.SimpleNamespace()

    @c
    def step():
        loss = mse(net(x), y)
        if hasattr(config, "scale"):
            loss = loss * config.scale
        return update(opt, loss)

    return step, at(6, lambda: setattr(config, "scale", 3.0)), weights(net)


@program
def named_parameters_filtered_by_a_pattern(c: Any) -> Any:
    net = mlp()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)
    pattern = [r"weight$"]

    @c
    def step():
        chosen = [p for name, p in net.named_parameters() if re.search(pattern[0], name)]
        return update(opt, mse(net(x), y) + 0.05 * sum((p**2).sum() for p in chosen))

    return step, at(6, lambda: pattern.__setitem__(0, r"bias$")), weights(net)


@program(compiles=True)
def nothing_around_it_at_all(c: Any) -> Any:
    return c(lambda x: torch.sin(x) * 2), lambda i: (torch.arange(3.0) + i,), nothing
