"""A step reads and writes files, takes from iterators, calls callbacks."""

from __future__ import annotations

import contextlib
import io
import itertools
from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import always, at, mse, problem, scratch, update, weights


@program(tells="open|write|file")
def a_line_into_a_file(c: Any) -> Any:
    net, x, y, opt = problem()
    log = scratch() / "log.txt"

    @c
    def step():
        with open(log, "a") as file:
            file.write("step\n")
        return update(opt, mse(net(x), y))

    return step, always(), log.read_text


@program(tells="read|open|factor|file")
def a_factor_out_of_a_file(c: Any) -> Any:
    net, x, y, opt = problem()
    factor = scratch() / "factor.txt"
    factor.write_text("1.0")

    @c
    def step():
        return update(opt, mse(net(x), y) * float(factor.read_text()))

    return step, at(6, lambda: factor.write_text("3.0")), weights(net)


@program
def an_open_file_read_line_by_line(c: Any) -> Any:
    net, x, y, opt = problem()
    lines = io.StringIO("\n".join(["1.0"] * 5 + ["2.0"] * 10))

    @c
    def step():
        return update(opt, mse(net(x), y) * float(next(lines)))

    return step, always(), weights(net)


@program(tells="cycle|next|iterator|batches")
def batches_out_of_a_cycle(c: Any) -> Any:
    net, x, y, opt = problem()
    batches = itertools.cycle([(x[:4], y[:4]), (x[4:], y[4:])])

    @c
    def step():
        inputs, targets = next(batches)
        return update(opt, mse(net(inputs), targets))

    return step, always(), weights(net)


@program
def batches_out_of_a_generator(c: Any) -> Any:
    net, x, y, opt = problem()

    def endless():
        k = 0
        while True:
            yield x[k % 2 :: 2], y[k % 2 :: 2], 1.0 if k < 6 else 3.0
            k += 1

    batches = endless()

    @c
    def step():
        inputs, targets, weight = next(batches)
        return update(opt, mse(net(inputs), targets) * weight)

    return step, always(), weights(net)


@program
def callbacks_are_called(c: Any) -> Any:
    net, x, y, opt = problem()
    events: list[str] = []
    callbacks = [lambda: events.append("end")]

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        for callback in callbacks:
            callback()
        return loss

    return step, at(6, lambda: callbacks.append(lambda: events.append("more"))), lambda: events


@program
def callbacks_join_an_empty_list(c: Any) -> Any:
    net, x, y, opt = problem()
    events: list[int] = []
    callbacks: list[Any] = []

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        for callback in callbacks:
            callback()
        return loss

    return step, at(6, lambda: callbacks.append(lambda: events.append(1))), lambda: events


@program
def early_stopping_inside(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"best": None, "bad": 0}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        state["bad"] = state["bad"] + 1
        return loss

    return step, at(7, lambda: state.update(bad=0)), lambda: state


@program
def numpy_array_added_to(c: Any) -> Any:
    net, x, y, opt = problem()
    total = np.zeros(2, np.float32)

    @c
    def step():
        np.add(total, 1, out=total)
        return update(opt, mse(net(x), y))

    return step, always(), lambda: total


@program
def numpy_memory_of_a_tensor_written(c: Any) -> Any:
    data = np.ones(3, np.float32)
    w = torch.from_numpy(data)

    @c
    def step():
        w.mul_(0.9)
        return w.sum()

    return step, at(6, lambda: data.__setitem__(0, 100.0)), lambda: data


@program
def progress_bar_is_moved(c: Any) -> Any:
    class Bar:
        def __init__(self):
            self.n, self.text = 0, ""

        def update(self, n=1):
            self.n += n

        def set_postfix(self, **values):
            self.text = ", ".join(values)

    net, x, y, opt = problem()
    bar = Bar()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        bar.update()
        bar.set_postfix(loss=loss)
        return loss

    return step, always(), lambda: [bar.n, bar.text]


@program
def seeds_itself(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        torch.manual_seed(7)
        return update(opt, mse(net(x + 0.1 * torch.randn(8, 3)), y))

    return step, always(), lambda: [torch.initial_seed(), dict(net.state_dict())]


@program
def context_manager_that_counts(c: Any) -> Any:
    net, x, y, opt = problem()
    entered: list[str] = []

    @contextlib.contextmanager
    def stage(name):
        entered.append(name)
        yield

    @c
    def step():
        with stage("forward"):
            loss = mse(net(x), y)
        with stage("backward"):
            return update(opt, loss)

    return step, always(), lambda: entered


@program
def finally_counts(c: Any) -> Any:
    net, x, y, opt = problem()
    done = [0]

    @c
    def step():
        try:
            return update(opt, mse(net(x), y))
        finally:
            done[0] += 1

    return step, always(), lambda: done


@program
def saves_the_best_weights(c: Any) -> Any:
    net, x, y, opt = problem()
    best: dict[str, Any] = {}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        best.update({name: p.detach().clone() for name, p in net.named_parameters()})
        return loss

    return step, always(), lambda: best
