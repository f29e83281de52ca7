"""A step is steered by strings, enums, sets and defaults."""

from __future__ import annotations

import enum
import types
from typing import Any

from styles.judge import program
from styles.shared import at, mse, problem, update, weights


@program(compiles=True, tells="mode")
def string_that_chooses_the_loss(c: Any) -> Any:
    net, x, y, opt = problem()
    choice = {"loss": "l2"}

    @c
    def step():
        error = net(x) - y
        return update(opt, error.abs().mean() if choice["loss"] == "l1" else (error**2).mean())

    return step, at(5, lambda: choice.update(loss="l1")), weights(net)


@program(compiles=True)
def dictionary_dispatch(c: Any) -> Any:
    net, x, y, opt = problem()
    losses = {"l1": lambda a, b: (a - b).abs().mean(), "l2": mse}
    args = types.SimpleNamespace(loss="l2")

    @c
    def step():
        return update(opt, losses[args.loss](net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            args.loss = "l1"
        if i == 9:
            losses["l1"] = lambda a, b: 10 * mse(a, b)
        return ()

    return step, between, weights(net)


class Schedule(enum.Enum):
    """How fast."""

    SLOW = 1
    FAST = 2


@program(compiles=True)
def enum_in_a_list(c: Any) -> Any:
    net, x, y, opt = problem()
    queue = [Schedule.SLOW, Schedule.SLOW]

    @c
    def step():
        return update(opt, mse(net(x), y) * (5.0 if Schedule.FAST in queue else 1.0))

    return step, at(6, lambda: queue.__setitem__(1, Schedule.FAST)), weights(net)


@program(compiles=True)
def enum_value_used(c: Any) -> Any:
    net, x, y, opt = problem()
    mode = Schedule.SLOW

    @c
    def step():
        return update(opt, mse(net(x), y) * mode.value)

    def change():
        nonlocal mode
        mode = Schedule.FAST

    return step, at(6, change), weights(net)


class Flags(enum.IntFlag):
    """What to add to the loss."""

    NONE = 0
    L1 = 1
    L2 = 2


@program(compiles=True)
def flags_ored_together(c: Any) -> Any:
    net, x, y, opt = problem()
    flags = Flags.NONE

    @c
    def step():
        loss = mse(net(x), y)
        if flags & Flags.L1:
            loss = loss + 0.1 * net.weight.abs().sum()
        if flags & Flags.L2:
            loss = loss + 0.1 * (net.weight**2).sum()
        return update(opt, loss)

    def between(i: int) -> tuple[Any, ...]:
        nonlocal flags
        flags |= Flags.L1 if i == 4 else Flags.L2 if i == 8 else Flags.NONE
        return ()

    return step, between, weights(net)


@program(compiles=True)
def a_set_of_frozen_names(c: Any) -> Any:
    net, x, y, opt = problem()
    skip: set[str] = set()

    @c
    def step():
        loss = mse(net(x), y)
        penalty = sum((p**2).sum() for name, p in net.named_parameters() if name not in skip)
        return update(opt, loss + 0.1 * penalty)

    return step, at(6, lambda: skip.add("bias")), lambda: [dict(net.state_dict()), skip]


@program(compiles=True)
def default_argument_changed(c: Any) -> Any:
    net, x, y, opt = problem()

    def loss_of(a, b, weight=1.0):
        return mse(a, b) * weight

    @c
    def step():
        return update(opt, loss_of(net(x), y))

    return step, at(6, lambda: setattr(loss_of, "__defaults__", (4.0,))), weights(net)


@program(compiles=True)
def keyword_default_is_a_dict(c: Any) -> Any:
    net, x, y, opt = problem()
    shared = {"weight": 1.0}

    @c
    def step(*, config=shared):
        return update(opt, mse(net(x), y) * config["weight"])

    return step, at(6, lambda: shared.update(weight=3.0)), weights(net)
