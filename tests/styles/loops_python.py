"""Python's ways of going round and choosing: comprehensions, recursion, `match`."""

from __future__ import annotations

import functools
import itertools
import operator
from typing import Any

import chainrule as torch
from chainrule import nn
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights


@program(compiles=True)
def comprehension_over_layers(c: Any) -> Any:
    net, x, y, opt = problem()
    powers = [1, 2]

    @c
    def step():
        out = net(x)
        return update(opt, sum([mse(out, y) ** p for p in powers]) + max(p for p in powers) * 0.01 * out.abs().mean())

    return step, at(6, lambda: powers.append(3)), weights(net)


@program(compiles=True)
def dict_comprehension(c: Any) -> Any:
    net, x, y, opt = problem()
    wanted = {"mse": True, "mae": False}

    @c
    def step():
        error = net(x) - y
        every = {"mse": (error**2).mean(), "mae": error.abs().mean()}
        chosen = {name: loss for name, loss in every.items() if wanted[name]}
        update(opt, sum(chosen.values()))
        return {name: loss.detach() for name, loss in chosen.items()}

    return step, at(6, lambda: wanted.update(mae=True)), weights(net)


@program(compiles=True)
def zip_and_enumerate(c: Any) -> Any:
    net, x, y, opt = problem()
    shares = (0.2, 0.8)

    @c
    def step():
        out = net(x)
        loss = 0.0
        for k, (column, share) in enumerate(zip(out.unbind(1), shares, strict=True)):
            loss = loss + share * ((column - y[:, k]) ** 2).mean()
        return update(opt, loss)

    def change():
        nonlocal shares
        shares = (0.9, 0.1)

    return step, at(6, change), weights(net)


@program
def itertools_inside(c: Any) -> Any:
    net, x, y, opt = problem()
    pairs = [0, 1, 2]

    @c
    def step():
        out = net(x)
        loss = mse(out, y)
        for a, b in itertools.combinations(pairs, 2):
            loss = loss + 0.1 * (out[a] * out[b]).sum()
        for k in itertools.islice(itertools.count(1), 2):
            loss = loss + 0.01 * k * (out**2).mean()
        return update(opt, loss)

    return step, at(6, lambda: pairs.append(3)), weights(net)


@program
def reduce_and_operators(c: Any) -> Any:
    x = torch.arange(4.0)
    chain = [torch.sin, torch.cos]

    @c
    def step():
        z = functools.reduce(lambda a, f: f(a), chain, x)
        return operator.mul(z, functools.reduce(operator.add, [1, 2, 3])), list(map(operator.neg, [z]))

    return step, at(6, lambda: chain.append(torch.tanh)), nothing


@program(compiles=True)
def sorted_by_a_key(c: Any) -> Any:
    torch.manual_seed(0)
    x = torch.randn(4)
    ranks = {"sin": 2, "square": 1}
    functions = {"sin": torch.sin, "square": torch.square}

    @c
    def step():
        z = x
        for name in sorted(functions, key=lambda name: ranks[name]):
            z = functions[name](z)
        return z

    return step, at(6, lambda: ranks.update(sin=0)), nothing


@program(compiles=True)
def while_loop_with_a_limit(c: Any) -> Any:
    x = torch.linspace(0.1, 1, 4)
    config = {"rounds": 2}

    @c
    def step():
        z, k = x, 0
        while k < config["rounds"]:
            z, k = torch.tanh(z) * 1.5, k + 1
        return z

    return step, at(6, lambda: config.update(rounds=5)), nothing


@program
def while_the_loss_is_large(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss, rounds = mse(net(x), y), 0
        while loss > 0.5 and rounds < 5:
            loss, rounds = update(opt, mse(net(x), y)), rounds + 1
        return loss.detach(), rounds

    return step, always(), weights(net)


@program(compiles=True)
def recursion_over_a_tree(c: Any) -> Any:
    torch.manual_seed(0)
    join, leaves = nn.Linear(4, 2), torch.randn(4, 2)
    tree: list[Any] = [[0, 1], [2, 3]]
    opt = torch.optim.SGD(join.parameters(), lr=0.1)

    def encode(node):
        if isinstance(node, int):
            return leaves[node]
        return torch.tanh(join(torch.cat([encode(child) for child in node])))

    @c
    def step():
        return update(opt, (encode(tree) ** 2).sum())

    return step, at(6, lambda: tree.__setitem__(1, [3, [2, 0]])), weights(join)


@program
def recursion_of_the_compiled_function(c: Any) -> Any:
    @c
    def power(x, n):
        return x if n == 0 else torch.sin(power(x, n - 1))

    return power, lambda i: (torch.arange(3.0), 2 + i // 6), nothing


@program
def walrus_and_unpacking(c: Any) -> Any:
    net, x, y, opt = problem()
    first, *rest = [1.0, 2.0, 3.0]

    @c
    def step():
        if (n := len(rest)) > 2:
            return update(opt, mse(net(x), y) * n)
        head, *tail = rest
        return update(opt, mse(net(x), y) * (first + head + sum(tail)))

    return step, at(6, lambda: rest.append(1.0)), weights(net)


@program(compiles=True)
def match_statement(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"loss": "huber", "delta": 1.0}

    @c
    def step():
        error = net(x) - y
        match config:
            case {"loss": "huber", "delta": delta}:
                loss = torch.where(error.abs() < delta, 0.5 * error**2, delta * (error.abs() - 0.5 * delta)).mean()
            case {"loss": "l1"}:
                loss = error.abs().mean()
            case _:
                loss = (error**2).mean()
        return update(opt, loss)

    def between(i: int) -> tuple[Any, ...]:
        if i == 4:
            config["delta"] = 0.1
        if i == 8:
            config["loss"] = "l1"
        return ()

    return step, between, weights(net)
