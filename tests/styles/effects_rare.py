"""Warnings, clocks, names, hooks of the interpreter, and what grows inside."""

from __future__ import annotations

import contextlib
import cProfile
import datetime
import gc
import io
import os
import sys
import uuid
import warnings
from typing import Any

import chainrule as torch
from chainrule import nn
from styles.judge import AFTERWARDS, program
from styles.shared import always, does, mse, problem, update, weights


@program
def warning_inside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        warnings.warn("slow path", UserWarning, stacklevel=2)
        return update(opt, mse(net(x), y))

    def step():
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            loss = train()
        for other in told:
            if other.category is not UserWarning:
                warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
        return loss, sum(other.category is UserWarning for other in told)

    return step, always(), weights(net)


@program
def stdout_replaced_midway(c: Any) -> Any:
    net, x, y, opt = problem()
    first, second = io.StringIO(), io.StringIO()
    config = {"verbose": False}

    @c
    def train():
        if config["verbose"]:
            print("step")
        return update(opt, mse(net(x), y))

    def step(i):
        with contextlib.redirect_stdout(second if i > 8 else first):
            return train()

    def between(i: int) -> tuple[Any, ...]:
        config["verbose"] = i >= 6
        return (i,)

    return step, between, lambda: [first.getvalue(), second.getvalue()]


@program
def verbose_every_tenth_step(c: Any) -> Any:
    net, x, y, opt = problem()
    paper, counter = io.StringIO(), {"i": 0}

    @c
    def step():
        if counter["i"] % 10 == 0:
            print("ten", file=paper)
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        counter["i"] = i
        return ()

    return step, between, lambda: [paper.getvalue(), dict(net.state_dict())]


@program
def unique_names(c: Any) -> Any:
    names: set[str] = set()
    return does(c, lambda: names.add(uuid.uuid4().hex), lambda: len(names))


@program
def bytes_from_the_system(c: Any) -> Any:
    kept: list[bytes] = []
    return does(c, lambda: kept.append(os.urandom(8)), lambda: len(set(kept)))


@program
def today(c: Any) -> Any:
    kept: list[Any] = []
    return does(c, lambda: kept.append(datetime.datetime.now()), lambda: len(kept))


@program
def file_system_asked(c: Any) -> Any:
    kept: list[int] = []
    return does(c, lambda: kept.append(os.stat(".").st_mode & 0), lambda: kept)


@program(compiles=True)
def clock_outside(c: Any) -> Any:
    import time

    net, x, y, opt = problem()

    @c
    def train():
        return update(opt, mse(net(x), y))

    def step():
        start = time.perf_counter()
        loss = train()
        return loss, time.perf_counter() >= start

    return step, always(), weights(net)


@program
def buffer_registered_inside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        net.register_buffer("seen", x.mean(0))
        return update(opt, mse(net(x), y))

    return step, always(), weights(net)


@program
def layer_grown_inside(c: Any) -> Any:
    net, x = nn.Sequential(), torch.arange(3.0)

    @c
    def step():
        net.append(nn.Identity())
        return net(x) * len(net)

    return step, always(), lambda: len(net)


@program
def optimizer_state_written_by_hand(c: Any) -> Any:
    net, x, y, opt = problem()
    opt.state["counts"] = {"n": 0}

    @c
    def step():
        opt.state["counts"]["n"] += 1
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [opt.state["counts"], dict(net.state_dict())]


@program(compiles=True)
def garbage_with_finalizers(c: Any) -> Any:
    class Node:
        def __init__(self):
            self.me = self

        def __del__(self):
            self.me = None

    net, x, y, opt = problem()
    threshold = gc.get_threshold()
    AFTERWARDS.append(lambda: gc.set_threshold(*threshold))

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        gc.set_threshold(20)
        for _ in range(100):
            Node()
        return ()

    return step, between, weights(net)


@program(compiles=True)
def profiled_for_a_while(c: Any) -> Any:
    net, x, y, opt = problem()
    profile = cProfile.Profile()

    @c
    def train():
        return update(opt, mse(net(x), y))

    def step(i):
        return profile.runcall(train) if i < 5 else train()

    return step, lambda i: (i,), weights(net)


@program(compiles=True)
def hooks_of_the_interpreter_are_left_alone(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        return update(opt, mse(net(x), y))

    def step():
        before = sys.getprofile(), sys.gettrace()
        loss = train()
        return loss, before[0] is sys.getprofile(), before[1] is sys.gettrace()

    return step, always(), weights(net)
