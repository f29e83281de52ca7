"""Graphs of `Value`: what a step does besides, which a recording would not do again."""

from __future__ import annotations

import collections
import io
import itertools
import logging
import math
import os
import random
import time
import types
from typing import Any

import numpy as np

import chainrule as torch
from chainrule.value import Neuron, Value
from styles.judge import program
from styles.scalars import numbers
from styles.shared import always, scratch

TOTAL = 0.0


def doing(c: Any, effect: Any, watched: Any) -> Any:
    """A Value fitted by hand; ``effect(loss)`` happens in each step, and ``watched()`` is what it is about."""
    w = Value(2.0, label="w")

    @c
    def step():
        loss = (w * 1.5 - 4.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.05 * w.grad
        effect(loss)
        return loss.data

    return step, always(), lambda: [watched(), numbers(w)()]


@program(native=True, tells="history")
def a_loss_of_values_appended(c: Any) -> Any:
    history: list[Any] = []
    return doing(c, lambda loss: history.append(loss.data), lambda: history)


@program(native=True, tells="history")
def a_record_of_values_appended(c: Any) -> Any:
    history: list[Any] = []
    return doing(
        c, lambda loss: history.append({"loss": loss.data, "twice": (loss.data, [loss.grad])}), lambda: history
    )


@program(native=True, tells="seen")
def an_item_of_a_dict_set(c: Any) -> Any:
    seen: dict[str, Any] = {}
    return doing(c, lambda loss: seen.__setitem__("loss", loss.data), lambda: seen)


@program(native=True, tells="counts")
def steps_of_values_counted_in_a_dict(c: Any) -> Any:
    counts: collections.Counter[str] = collections.Counter()
    return doing(c, lambda loss: counts.update(["step"]), lambda: counts)


@program(native=True, tells="trainer.steps")
def steps_of_values_counted_in_an_object(c: Any) -> Any:
    trainer = types.SimpleNamespace(steps=0)

    def count(loss: Any) -> None:
        trainer.steps += 1

    return doing(c, count, lambda: trainer.steps)


@program(native=True, tells="meter.last")
def a_loss_of_values_kept_in_a_slot(c: Any) -> Any:
    class Meter:
        __slots__ = ("last",)

    meter = Meter()
    meter.last = 0.0

    def keep(loss: Any) -> None:
        meter.last = loss.data

    return doing(c, keep, lambda: meter.last)


@program(native=True, tells="total")
def a_loss_of_values_added_up(c: Any) -> Any:
    total = 0.0

    def add(loss: Any) -> None:
        nonlocal total
        total = total + loss.data

    return doing(c, add, lambda: total)


@program(native=True, tells="TOTAL")
def a_loss_of_values_added_up_in_a_global(c: Any) -> Any:
    globals().update(TOTAL=0.0)

    def add(loss: Any) -> None:
        global TOTAL
        TOTAL = TOTAL + loss.data

    return doing(c, add, lambda: TOTAL)


@program(native=True, tells="window")
def a_deque_of_values(c: Any) -> Any:
    window: Any = collections.deque(maxlen=3)
    return doing(c, lambda loss: window.append(loss.data), lambda: window)


@program(native=True, tells="print")
def a_step_of_values_prints(c: Any) -> Any:
    return doing(c, lambda loss: print(end=""), lambda: None)


@program(native=True, tells="line|at ")
def a_step_of_values_writes_to_a_stream(c: Any) -> Any:
    stream = io.StringIO()
    return doing(c, lambda loss: stream.write("x"), stream.getvalue)


@program(native=True, tells="at ")
def a_step_of_values_writes_to_a_file(c: Any) -> Any:
    path = scratch() / "log"

    def write(loss: Any) -> None:
        with open(path, "a") as file:
            file.write("x")

    return doing(c, write, lambda: path.read_text())


@program(native=True, tells="logging|info")
def a_step_of_values_logs(c: Any) -> Any:
    records: list[Any] = []
    logger = logging.getLogger("styles.values")
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    return doing(c, lambda loss: logger.info("a step"), lambda: list(records))


@program(native=True, tells="random")
def values_scaled_at_random(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step():
        return (w * random.random()).data

    return step, always(), numbers(w)


@program(native=True, tells="rng|random|Generator")
def values_scaled_by_a_generator(c: Any) -> Any:
    w, rng = Value(2.0), np.random.default_rng(0)

    @c
    def step():
        return (w * float(rng.normal())).data

    return step, always(), numbers(w)


@program(native=True, tells="random")
def a_neuron_made_in_the_step(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step():
        return (Neuron(2)([w, 1.0]) * 2.0).data

    return step, always(), numbers(w)


@program(native=True, tells="time")
def values_and_the_clock(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step():
        return (w * min(time.time(), 1.0)).data

    return step, always(), numbers(w)


@program(native=True, tells="environ|getenv")
def values_and_the_environment(c: Any) -> Any:
    w = Value(2.0)
    os.environ["STYLE_SCALE"] = "1.0"

    def between(i: int) -> tuple[()]:
        os.environ["STYLE_SCALE"] = str(1.0 + i // 6)
        return ()

    @c
    def step():
        return (w * float(os.environ["STYLE_SCALE"])).data

    return step, between, numbers(w)


@program(native=True, tells="cycle")
def values_and_an_iterator(c: Any) -> Any:
    w, rates = Value(2.0), itertools.cycle([0.1, 0.01])

    @c
    def step():
        w.data -= next(rates)
        return w.data

    return step, always(), numbers(w)


@program(native=True, tells="batches|generator")
def values_and_a_generator(c: Any) -> Any:
    w = Value(2.0)
    batches = (0.5 * k for k in range(100))

    @c
    def step():
        w.data -= next(batches)
        return w.data

    return step, always(), numbers(w)


@program(native=True, tells="argument xs")
def an_argument_of_values_changed(c: Any) -> Any:
    w, rows = Value(2.0), [1.0, 2.0]

    @c
    def step(xs):
        out = w * xs[0]
        xs[0] = xs[0] + 1.0
        xs.append(3.0)
        return out.data

    return step, always(rows), lambda: [rows, numbers(w)()]


@program(native=True, tells="argument xs")
def an_argument_of_values_returned(c: Any) -> Any:
    w, rows = Value(2.0), [1.0, 2.0]

    @c
    def inner(xs):
        return w * xs[0], xs

    def step():
        out, same = inner(rows)
        return out.data, same is rows

    return step, always(), numbers(w)


@program(native=True, compiles=True)
def a_list_around_returned(c: Any) -> Any:
    w, rows = Value(2.0), [1.0, 2.0]

    @c
    def inner():
        return w * rows[0], rows

    def step():
        out, same = inner()
        return out.data, same is rows

    return step, always(), numbers(w)


@program(native=True, tells="gradients belong together")
def a_value_inside_and_the_loss_returned(c: Any) -> Any:
    w = Value(2.0)

    @c
    def inner():
        hidden = w * 3.0
        return hidden, (hidden - 1.0) ** 2

    def step():
        hidden, loss = inner()
        loss.backward()
        return hidden.grad, loss.data

    return step, always(), numbers(w)


@program(native=True, tells="label")
def a_label_set_in_the_step(c: Any) -> Any:
    w = Value(2.0)

    def between(i: int) -> tuple[()]:
        w.label = f"w{i}"
        return ()

    @c
    def step():
        w.label = "weight"
        return (w * 2.0).data

    return step, between, lambda: [w.label, numbers(w)()]


@program(native=True, compiles=True)
def momentum_of_values_made_in_the_first_step(c: Any) -> Any:
    w = Value(2.0)
    state: dict[str, Any] = {}

    @c
    def step():
        if "speed" not in state:
            state["speed"] = Value(0.0)
        loss = (w - 1.0) ** 2
        w.grad = 0.0
        loss.backward()
        state["speed"].data = 0.9 * state["speed"].data - 0.05 * w.grad
        w.data += state["speed"].data
        return loss.data

    return step, always(), lambda: [numbers(w)(), state["speed"].data if state else None]


@program(native=True, tells="tensors")
def tensors_and_values_in_one_step(c: Any) -> Any:
    w, x = Value(2.0), torch.ones(3)

    @c
    def step():
        scale = float(x.sum())
        out = (w * scale) ** 2
        w.grad = 0.0
        out.backward()
        w.data -= 0.001 * w.grad
        return out.data

    return step, always(), numbers(w)


@program(native=True, compiles=True)
def a_value_read_by_a_step_of_tensors(c: Any) -> Any:
    scale, x = Value(2.0), torch.ones(3)

    def between(i: int) -> tuple[()]:
        if i == 6:
            scale.data = 5.0
        return ()

    @c
    def step():
        return (x * scale.data).sum()

    return step, between, numbers(scale)


@program(native=True)
def numpy_functions_of_an_argument(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x, xs):
        return (w * float(np.exp(x)) + float(np.tanh(xs).sum())).data

    return step, lambda i: (0.1 * i, np.array([1.0, float(i)])), numbers(w)


@program(native=True)
def an_error_of_the_users_own_with_values(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x):
        if x > 2.0:
            raise ValueError("too large")
        return (w * x).data

    return step, lambda i: (0.5 * i,), numbers(w)


@program(native=True)
def an_error_of_math(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x):
        w.data -= 0.5
        return (w.log() * x).data, math.pi

    return step, always(1.0), numbers(w)


@program(native=True, compiles=True)
def keywords_in_another_order(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(**scales):
        out = w * 0.0
        for k, (_, x) in enumerate(scales.items()):
            out = out * 3.0 + w * x * (k + 1)
        return out.data

    def run(i):
        return step(b=1.0 * i, a=2.0) if i % 2 else step(a=2.0, b=1.0 * i)

    return run, lambda i: (i,), numbers(w)


@program(native=True, compiles=True)
def a_step_of_values_inside_another(c: Any) -> Any:
    w = Value(2.0)

    @c
    def loss_of(x):
        return (w * x - 1.0) ** 2

    @c
    def step(x):
        loss = loss_of(x)
        w.grad = 0.0
        loss.backward()
        w.data -= 0.05 * w.grad
        return loss.data

    return step, lambda i: (1.0 + i % 2,), numbers(w)


@program(native=True, compiles=True)
def a_method_of_a_trainer_of_values(c: Any) -> Any:
    class Trainer:
        def __init__(self) -> None:
            self.w, self.rate = Value(2.0), 0.1

        @c
        def step(self, x):
            loss = (self.w * x - 1.0) ** 2
            self.w.grad = 0.0
            loss.backward()
            self.w.data -= self.rate * self.w.grad
            return loss.data

    trainer = Trainer()

    def between(i: int) -> tuple[float]:
        if i == 6:
            trainer.rate = 0.01
        return (1.0,)

    return trainer.step, between, numbers(trainer.w)
