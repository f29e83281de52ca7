"""Graphs of `Value`: the same promises for the teacher's little engine."""

from __future__ import annotations

import math
from typing import Any

from chainrule.value import Value
from styles.judge import program
from styles.shared import always, at, nothing


def numbers(*values: Any) -> Any:
    """What they hold."""
    return lambda: [(v.data, v.grad) for v in values]


@program(native=True, compiles=True)
def line_fitted_by_hand(c: Any) -> Any:
    a, b = Value(0.5), Value(0.0)
    points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]

    @c
    def step():
        loss = sum((a * x + b - y) ** 2 for x, y in points)
        a.grad = b.grad = 0.0
        loss.backward()
        a.data -= 0.05 * a.grad
        b.data -= 0.05 * b.grad
        return loss.data

    return step, at(6, lambda: points.__setitem__(0, (0.0, 4.0))), numbers(a, b)


@program(native=True)
def learning_rate_in_a_list(c: Any) -> Any:
    w, lr = Value(2.0), [0.1]

    @c
    def step():
        loss = (w - 5.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= lr[0] * w.grad
        return loss.data

    return step, at(6, lambda: lr.__setitem__(0, 0.01)), numbers(w)


@program(native=True)
def history_of_values(c: Any) -> Any:
    w, history = Value(2.0), []

    @c
    def step():
        loss = (w * w - 3.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.01 * w.grad
        history.append(loss.data)
        return loss.data

    return step, always(), lambda: [history, numbers(w)()]


@program(native=True)
def activation_of_values_switched(c: Any) -> Any:
    class Neuron:
        def __init__(self):
            self.w, self.b, self.nonlinear = [Value(0.3), Value(-0.2)], Value(0.1), True

        def __call__(self, x):
            out = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
            return out.tanh() if self.nonlinear else out

        def parameters(self):
            return [*self.w, self.b]

    neuron = Neuron()

    @c
    def step():
        loss = (neuron([1.0, -2.0]) - 0.7) ** 2
        for p in neuron.parameters():
            p.grad = 0.0
        loss.backward()
        for p in neuron.parameters():
            p.data -= 0.1 * p.grad
        return loss.data

    return step, at(6, lambda: setattr(neuron, "nonlinear", False)), numbers(*neuron.parameters())


@program(native=True)
def a_value_replaced(c: Any) -> Any:
    params = {"w": Value(2.0)}

    @c
    def step():
        w = params["w"]
        loss = (w - 1.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.1 * w.grad
        return loss.data

    return step, at(6, lambda: params.update(w=Value(-3.0))), lambda: (params["w"].data, params["w"].grad)


@program(native=True)
def numbers_given_to_values(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step(x, k):
        loss = (w * x - k) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.01 * w.grad
        return loss.data

    return step, lambda i: (1.0 + i % 3, 4), numbers(w)


@program(native=True)
def a_branch_on_a_value(c: Any) -> Any:
    w = Value(2.0)

    @c
    def step():
        loss = (w - 1.0) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= (0.4 if loss.data > 0.1 else 0.01) * w.grad
        return loss.data

    return step, always(), numbers(w)


@program(native=True)
def values_returned(c: Any) -> Any:
    a = Value(1.5)

    @c
    def forward(x):
        return a * x + a

    def step(x):
        out = forward(x)
        return out.data, math.isclose(out.data, a.data * x + a.data)

    return step, lambda i: (float(i),), nothing


@program(native=True)
def values_walked_back_outside(c: Any) -> Any:
    a, b = Value(1.5), Value(-1.0)

    @c
    def loss_of(x):
        return (a * x + b) ** 2

    def step(x):
        loss = loss_of(x)
        a.grad = b.grad = 0.0
        loss.backward()
        a.data -= 0.01 * a.grad
        b.data -= 0.01 * b.grad
        return loss.data

    return step, lambda i: (1.0 + i % 2,), numbers(a, b)
