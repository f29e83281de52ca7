"""`Value` against the package micrograd: a training step of a 3-4-4-1 network on four points."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from benchmarks.measure import race, table

POINTS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
WANTED = [1.0, -1.0, -1.0, 1.0]


def stepper(model: Any, weights: list[float], single: Callable[[Any], Any]) -> Callable[[], float]:
    """One step of gradient descent on the sum of squares, from the given weights."""
    for p, w in zip(model.parameters(), weights, strict=True):
        p.data = w

    def step() -> float:
        loss = sum((single(model(x)) - y) ** 2 for x, y in zip(POINTS, WANTED, strict=True))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.01 * p.grad
        return float(loss.data)

    return step


def run() -> str:
    """Race the two; the table."""
    import micrograd.nn

    import chainrule.value

    rng = random.Random(0)
    weights = [rng.uniform(-1, 1) for _ in range(41)]
    row = race(
        "scalar 3-4-4-1, ReLU, four points",
        {
            "chainrule.value": stepper(chainrule.value.MLP(3, [4, 4, 1], "relu"), weights, lambda out: out[0]),
            "micrograd": stepper(micrograd.nn.MLP(3, [4, 4, 1]), weights, lambda out: out),
        },
    )
    return table([row], "chainrule.value", "micrograd")
