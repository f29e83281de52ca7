"""Batches: slices by counters, data that is bound anew, indices that are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import always, at, mlp, mse, problem, update, weights


@program
def python_arithmetic_on_numpy(c: Any) -> Any:
    net, x, y, opt = problem()
    table = np.linspace(0, 1, 5)

    @c
    def step():
        share = float(np.clip(table, 0.2, 0.8).sum()) / np.sqrt(4.0)
        return update(opt, mse(net(x), y) * share)

    return step, at(6, lambda: table.__imul__(2)), weights(net)


@program(compiles=True)
def slices_by_an_attribute_counter(c: Any) -> Any:
    class Loader:
        def __init__(self, x, y, size):
            self.x, self.y, self.size, self.at = x, y, size, 0

        def batch(self):
            rows = slice(self.at * self.size, (self.at + 1) * self.size)
            return self.x[rows], self.y[rows]

    net, x, y, opt = problem(rows=48)
    loader = Loader(x, y, 4)

    @c
    def step():
        inputs, targets = loader.batch()
        return update(opt, mse(net(inputs), targets))

    def between(i: int) -> tuple[Any, ...]:
        loader.at = i
        return ()

    return step, between, weights(net)


@program(compiles=True)
def slices_by_its_own_counter(c: Any) -> Any:
    net, x, y, opt = problem(rows=64)
    at_row = 0

    @c
    def step():
        nonlocal at_row
        rows = slice(at_row, at_row + 4)
        at_row += 4
        return update(opt, mse(net(x[rows]), y[rows]))

    return step, always(), lambda: [at_row, dict(net.state_dict())]


@program
def slices_wrap_around(c: Any) -> Any:
    net, x, y, opt = problem(rows=10)
    state = {"k": 0}

    @c
    def step():
        k = state["k"]
        state["k"] = (k + 4) % 12
        return update(opt, mse(net(x[k : k + 4]), y[k : k + 4]))

    return step, always(), lambda: [state, dict(net.state_dict())]


@program(compiles=True)
def data_rebound_in_a_dict(c: Any) -> Any:
    net, x, y, opt = problem()
    batch = {"x": x, "y": y}

    @c
    def step():
        return update(opt, mse(net(batch["x"]), batch["y"]))

    def between(i: int) -> tuple[Any, ...]:
        batch.update(x=x * i, y=y + i)
        return ()

    return step, between, weights(net)


@program(compiles=True)
def data_rebound_in_an_attribute(c: Any) -> Any:
    class Trainer:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()

        def train(self):
            return update(self.opt, mse(self.net(self.x), self.y))

    trainer = Trainer()
    step = c(trainer.train)

    def between(i: int) -> tuple[Any, ...]:
        trainer.x = trainer.x.roll(1, 0)
        return ()

    return step, between, weights(trainer.net)


@program(compiles=True)
def data_written_in_place(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        x.copy_(x.roll(1, 0))
        return ()

    return step, between, weights(net)


@program
def data_list_by_index_drawn(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        rows = torch.randint(0, 8, (4,))
        return update(opt, mse(net(x[rows]), y[rows]))

    return step, always(), weights(net)


@program
def generator_that_remembers(c: Any) -> Any:
    net, x, y, opt = problem()

    def averages():
        total, n = 0.0, 0
        while True:
            n += 1
            total = total + (yield total / max(1, n))

    running = averages()
    next(running)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        return running.send(loss.detach())

    return step, always(), weights(net)


@program
def drop_blocks_by_a_coin(c: Any) -> Any:
    net, x, y, opt = problem()
    extra = mlp()

    @c
    def step():
        out = net(x)
        if torch.rand(()).item() < 0.3:
            out = out + extra(x)
        return update(opt, mse(out, y))

    return step, always(), weights(net)
