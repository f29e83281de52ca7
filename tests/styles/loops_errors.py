"""Errors inside a step: caught, raised now and then, raised always."""

from __future__ import annotations

import contextlib
from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, at, mse, problem, update, weights


@program
def try_and_except_a_missing_key(c: Any) -> Any:
    net, x, y, opt = problem()
    config: dict[str, float] = {}

    @c
    def step():
        try:
            weight = config["weight"]
        except KeyError:
            weight = 1.0
        return update(opt, mse(net(x), y) * weight)

    return step, at(6, lambda: config.update(weight=3.0)), weights(net)


@program
def suppressed_errors(c: Any) -> Any:
    net, x, y, opt = problem()
    limits = [8]

    @c
    def step():
        loss = mse(net(x), y)
        with contextlib.suppress(IndexError):
            loss = loss + x[limits[0]].sum()
        return update(opt, loss)

    return step, at(6, lambda: limits.__setitem__(0, 0)), weights(net)


@program
def raises_now_and_then(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"bad": False}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        if state["bad"]:
            raise ValueError(f"bad after {len(x)} rows")
        return loss

    def between(i: int) -> tuple[Any, ...]:
        state["bad"] = i in (1, 3, 7)
        return ()

    return step, between, weights(net)


@program
def raises_in_the_middle(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"bad": False}

    @c
    def step():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        if state["bad"]:
            raise RuntimeError("before the update")
        opt.step()
        return loss

    def between(i: int) -> tuple[Any, ...]:
        state["bad"] = i in (2, 5, 6)
        return ()

    return step, between, weights(net)


@program
def always_raises(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def step():
        net(x)
        raise NotImplementedError("later")

    return step, always(), weights(net)


@program
def keyboard_interrupt_now_and_then(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"stop": False}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        if state["stop"]:
            raise KeyboardInterrupt
        return loss

    def between(i: int) -> tuple[Any, ...]:
        state["stop"] = i in (2, 6)
        return ()

    return step, between, weights(net)


@program
def system_exit_in_a_callback(c: Any) -> Any:
    net, x, y, opt = problem()
    callbacks: list[Any] = []

    def leave():
        raise SystemExit(3)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        for callback in callbacks:
            callback()
        return loss

    return step, at(6, lambda: callbacks.append(leave)), weights(net)


@program
def an_error_of_the_users_own(c: Any) -> Any:
    class Stop(Exception):
        def __init__(self, when):
            super().__init__(f"stopped at {when}")

    net, x, y, opt = problem()

    @c
    def step(i):
        if i == 7:
            raise Stop(i)
        return update(opt, mse(net(x), y))

    return step, lambda i: (i if i == 7 else 0,), weights(net)


@program
def shape_error_then_fine(c: Any) -> Any:
    net, x, y, opt = problem()
    data = {"x": x}

    @c
    def step():
        return update(opt, mse(net(data["x"]), y))

    def between(i: int) -> tuple[Any, ...]:
        data["x"] = torch.ones(8, 5) if i in (1, 5) else x
        return ()

    return step, between, weights(net)
