"""A step counts: meters, counters, dicts, deques."""

from __future__ import annotations

import collections
from typing import Any

from styles.judge import program
from styles.shared import always, mse, problem, update

SEEN: list[Any] = []


class Meter:
    """The running average of every second PyTorch script."""

    def __init__(self):
        self.total, self.count, self.best = 0.0, 0, float("inf")

    def add(self, value, n=1):
        self.total += value * n
        self.count += n

    @property
    def average(self):
        return self.total / max(1, self.count)


@program(tells="item")
def a_meter_fed_with_item(c: Any) -> Any:
    net, x, y, opt = problem()
    meter = Meter()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        meter.add(loss.item(), len(x))
        return loss

    return step, always(), lambda: [meter.average, meter.count]


@program(tells="meter|total|count|Meter")
def a_meter_fed_with_tensors(c: Any) -> Any:
    net, x, y, opt = problem()
    meter = Meter()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        meter.add(loss.detach(), len(x))
        return loss

    return step, always(), lambda: [meter.average, meter.count]


@program(tells="meter|total|count|Meter|add")
def a_meter_that_only_counts(c: Any) -> Any:
    net, x, y, opt = problem()
    meter = Meter()

    @c
    def step():
        meter.add(1.0)
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [meter.total, meter.count]


@program
def best_loss_kept(c: Any) -> Any:
    net, x, y, opt = problem()
    meter = Meter()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        if loss < meter.best:
            meter.best = loss.detach()
        return loss

    return step, always(), lambda: meter.best


@program
def counts_in_a_counter(c: Any) -> Any:
    net, x, y, opt = problem()
    tally: collections.Counter[str] = collections.Counter()

    @c
    def step():
        tally["steps"] += 1
        tally.update(rows=len(x))
        return update(opt, mse(net(x), y))

    return step, always(), lambda: dict(tally)


@program
def defaultdict_of_lists_grows(c: Any) -> Any:
    net, x, y, opt = problem()
    logs: Any = collections.defaultdict(list)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        logs["loss"].append(loss.detach())
        return loss

    return step, always(), lambda: dict(logs)


@program
def defaultdict_made_by_reading(c: Any) -> Any:
    net, x, y, opt = problem()
    weight: Any = collections.defaultdict(lambda: 1.0)

    def step(name):
        return update(opt, mse(net(x), y) * weight[name])

    return c(step), lambda i: (("a", "b", "c")[i // 4],), lambda: dict(weight)


@program
def deque_of_recent_losses(c: Any) -> Any:
    net, x, y, opt = problem()
    recent: collections.deque[Any] = collections.deque(maxlen=4)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        recent.append(loss.detach())
        return loss

    return step, always(), lambda: recent


@program
def set_of_shapes_met(c: Any) -> Any:
    net, x, y, opt = problem()
    met: set[Any] = set()

    @c
    def step(n):
        met.add(n)
        return update(opt, mse(net(x[:n]), y[:n]))

    return step, lambda i: (8 if i < 5 else 3 + i % 3,), lambda: met


@program
def module_level_list(c: Any) -> Any:
    SEEN.clear()
    net, x, y, opt = problem()

    @c
    def step():
        SEEN.extend([1, 2])
        return update(opt, mse(net(x), y))

    return step, always(), lambda: list(SEEN)
