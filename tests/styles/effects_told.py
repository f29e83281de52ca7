"""A step tells of itself: histories, prints, logs."""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import sys
from typing import Any

from styles.judge import program
from styles.shared import always, at, mse, problem, update

SEEN: list[Any] = []

TICKS = 0


@program(tells="history|append")
def history_of_losses(c: Any) -> Any:
    net, x, y, opt = problem()
    history: list[Any] = []

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        history.append(loss.detach())
        return loss

    return step, always(), lambda: history


@program
def dictionary_of_last_values(c: Any) -> Any:
    net, x, y, opt = problem()
    last: dict[str, Any] = {}

    @c
    def step():
        out = net(x)
        last["out"], last["loss"] = out.detach(), mse(out, y).detach()
        return update(opt, mse(out, y))

    return step, always(), lambda: last


@program(tells="count|TICKS|SEEN")
def global_counter(c: Any) -> Any:
    global TICKS
    TICKS = 0
    net, x, y, opt = problem()

    @c
    def step():
        global TICKS
        TICKS += 1
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [TICKS, dict(net.state_dict())]


@program
def nonlocal_counter_that_is_read(c: Any) -> Any:
    net, x, y, opt = problem()
    n = 0

    @c
    def step():
        nonlocal n
        n += 1
        return update(opt, mse(net(x), y) * (1.0 if n <= 6 else 0.1))

    return step, always(), lambda: [n, dict(net.state_dict())]


@program
def print_each_time(c: Any) -> Any:
    net, x, y, opt = problem()
    paper = io.StringIO()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        print("a step", file=paper)
        return loss

    return step, always(), lambda: paper.getvalue()


@program(tells="print|write|stdout")
def print_to_a_redirected_stdout(c: Any) -> Any:
    net, x, y, opt = problem()
    paper = io.StringIO()

    @c
    def train():
        print("training")
        return update(opt, mse(net(x), y))

    def step():
        with contextlib.redirect_stdout(paper):
            return train()

    return step, always(), lambda: paper.getvalue()


@program
def print_of_the_loss(c: Any) -> Any:
    net, x, y, opt = problem()
    paper = io.StringIO()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        print(f"loss {loss.item():.1f}", file=paper)
        return loss

    return step, always(), lambda: paper.getvalue()


@program
def writes_to_standard_error_now_and_then(c: Any) -> Any:
    net, x, y, opt = problem()
    calls = itertools.count(1)

    @c
    def train():
        loss = update(opt, mse(net(x), y))
        if next(calls) % 5 == 0:
            sys.stderr.write("five\n")
        return loss

    paper = io.StringIO()

    def step():
        with contextlib.redirect_stderr(paper):
            return train()

    return step, always(), lambda: paper.getvalue()


@program(tells="log|info")
def a_logger(c: Any) -> Any:
    net, x, y, opt = problem()
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    logger = logging.Logger("styles", logging.INFO)
    logger.addHandler(Kept())

    @c
    def step():
        logger.info("one step")
        return update(opt, mse(net(x), y))

    return step, always(), lambda: lines


@program
def a_logger_turned_on_later(c: Any) -> Any:
    net, x, y, opt = problem()
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    logger = logging.getLogger("styles.later")
    logger.handlers, logger.propagate = [Kept()], False
    logger.setLevel(logging.WARNING)

    @c
    def step():
        logger.debug("a step")
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: logger.setLevel(logging.DEBUG)), lambda: lines
