"""A step reads objects that also grow: containers, trainers, own optimizers."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import at, mse, problem, update, weights


@program
def length_and_items_of_an_own_container(c: Any) -> Any:
    class Bank:
        def __init__(self):
            self.rows = [1.0, 2.0]

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, i):
            return self.rows[i]

        def __iter__(self):
            return iter(self.rows)

        def __contains__(self, value):
            return value in self.rows

    net, x, y, opt = problem()
    bank = Bank()

    @c
    def step():
        weight = sum(bank) / len(bank) + bank[0] + (5.0 in bank)
        return update(opt, mse(net(x), y) * weight)

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            bank.rows[0] = 0.5
        if i == 8:
            bank.rows.append(5.0)
        return ()

    return step, between, weights(net)


@program(compiles=True)
def truth_of_an_own_object(c: Any) -> Any:
    class Switch:
        on = False

        def __bool__(self):
            return self.on

    net, x, y, opt = problem()
    switch = Switch()

    @c
    def step():
        loss = mse(net(x), y)
        return update(opt, loss * 3 if switch else loss)

    return step, at(6, lambda: setattr(switch, "on", True)), weights(net)


@program
def numpy_array_in_an_object(c: Any) -> Any:
    class Data:
        def __init__(self, x):
            self.mean = x.numpy().mean(axis=0)
            self.std = x.numpy().std(axis=0)

        def normal(self, x):
            return (x - torch.from_numpy(self.mean)) / torch.from_numpy(self.std)

    net, x, y, opt = problem()
    data = Data(x)

    @c
    def step():
        return update(opt, mse(net(data.normal(x)), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            data.mean += 1.0
        if i == 8:
            data.std = np.full(3, 2.0, np.float32)
        return ()

    return step, between, weights(net)


@program
def weak_reference_to_the_config(c: Any) -> Any:
    class Config:
        weight = 1.0

    net, x, y, opt = problem()
    config = Config()
    reference = weakref.ref(config)

    @c
    def step():
        return update(opt, mse(net(x), y) * reference().weight)

    return step, at(6, lambda: setattr(config, "weight", 3.0)), weights(net)


@program
def weak_reference_that_dies(c: Any) -> Any:
    class Config:
        weight = 3.0

    net, x, y, opt = problem()
    holder = [Config()]
    reference = weakref.ref(holder[0])

    @c
    def step():
        config = reference()
        return update(opt, mse(net(x), y) * (1.0 if config is None else config.weight))

    return step, at(6, holder.clear), weights(net)


@program(compiles=True)
def trainer_with_a_step_counter(c: Any) -> Any:
    class Trainer:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()
            self.step, self.epoch, self.history = 0, 0, []

        def train(self):
            loss = mse(self.net(self.x), self.y)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
            return loss

    trainer = Trainer()
    step = c(trainer.train)

    def between(i: int) -> tuple[Any, ...]:
        trainer.step += 1
        trainer.history.append(i)
        trainer.epoch = i // 3
        return ()

    return step, between, weights(trainer.net)


@program(compiles=True)
def names_of_methods_as_counters(c: Any) -> Any:
    net, x, y, opt = problem()
    log = {"backward": 0, "step": 0, "mean": 0, "opt": opt, "net": net}

    @c
    def step():
        return update(log["opt"], mse(log["net"](x), y))

    def between(i: int) -> tuple[Any, ...]:
        log["backward"] += 1
        log["step"] += 1
        log["mean"] += 1
        return ()

    return step, between, weights(net)


@program(compiles=True)
def history_in_the_dict_that_is_read(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"opt": opt, "weight": 1.0, "history": []}

    @c
    def step():
        return update(state["opt"], mse(net(x), y) * state["weight"])

    def between(i: int) -> tuple[Any, ...]:
        state["history"].append(i)
        state[f"seen {i}"] = i
        return ()

    return step, between, weights(net)


@program(compiles=True)
def history_of_a_thousand_entries(c: Any) -> Any:
    class Trainer:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()
            self.log = [{"loss": float(i)} for i in range(20000)]

        def train(self):
            return update(self.opt, mse(self.net(self.x), self.y))

    trainer = Trainer()
    step = c(trainer.train)
    return step, at(6, lambda: trainer.log.append({"loss": 0.0})), weights(trainer.net)
