"""micrograd's moons demo: a 2-16-16-1 network on 100 points, hinge loss, L2, accuracy, as it is written there."""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measure import apart
from benchmarks.peers.contest import verdict

TARGET, COMPARED = 300, 3


def make_step(model: Any, single: Callable[[Any], Any], weights: list[float]) -> Callable[[int], Any]:
    """The training step of the demo; ``k`` sets the learning rate."""
    from sklearn.datasets import make_moons

    points, sides = make_moons(n_samples=100, noise=0.1, random_state=1)
    xs, ys = points.tolist(), (sides * 2 - 1).tolist()
    for p, w in zip(model.parameters(), weights, strict=True):
        p.data = w

    def step(k: int) -> Any:
        scores = [single(model(x)) for x in xs]
        losses = [(1 + -y * score).relu() for y, score in zip(ys, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(y > 0) == (score.data > 0) for y, score in zip(ys, scores, strict=True)]
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        return total, sum(accuracy) / len(accuracy)

    return step


def race() -> dict[str, float]:
    """Milliseconds a step of micrograd, of `Value`, and compiled: called, and natively from step to step."""
    import micrograd.nn

    import chainrule
    from chainrule.value import MLP

    sys.setrecursionlimit(100_000)  # micrograd's order is recursive
    rng = random.Random(0)
    weights = [rng.uniform(-1, 1) for _ in range(337)]
    theirs = make_step(micrograd.nn.MLP(2, [16, 16, 1]), lambda out: out, weights)
    eager, called, native = (make_step(MLP(2, [16, 16, 1], "relu"), lambda out: out[0], weights) for _ in range(3))
    called, compiled = (chainrule.compile(step, strict=True) for step in (called, native))
    start = time.perf_counter()
    called(0)
    first = time.perf_counter() - start
    eager(0), theirs(0)
    for k in range(1, COMPARED):
        a, b, c = theirs(k), eager(k), called(k)
        if abs(a[0].data - c[0].data) > 1e-9 * abs(a[0].data) or b[0].data != c[0].data or a[1] != c[1]:
            raise SystemExit(f"moons: step {k} gives {c} compiled, {b} eager, {a} in micrograd")
    losses = compiled.over(range(COMPARED))
    if losses[-1] != (c[0].data, c[1]):
        raise SystemExit(f"moons: natively {losses[-1]}, called {c}")
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {}

    def clock(name: str, run: Callable[[], Any], n: int) -> None:
        start = time.perf_counter()
        run()
        times.setdefault(name, []).append((time.perf_counter() - start) / n * 1e3)

    for k in range(COMPARED, COMPARED + 7):
        clock("micrograd", lambda: theirs(k), 1)  # noqa: B023
        clock("Value", lambda: eager(k), 1)  # noqa: B023
        clock("called", lambda: [called(k) for _ in range(50)], 50)  # noqa: B023
        clock("native", lambda: compiled.over([k] * 100), 100)  # noqa: B023
    return {name: statistics.median(taken) for name, taken in times.items()} | {"first": first}


def moons() -> str:
    """The table."""
    ms = apart(race)
    return "\n".join(
        [
            "micrograd's moons demo (2-16-16-1, 100 points, hinge loss + L2, accuracy), a graph of 66,000 `Value`s, in "
            "milliseconds a step; losses equal `Value`'s to the last bit and micrograd's to 1e-9:",
            "",
            "| micrograd | Value | compiled, called | compiled, native | ratio | target | |",
            "|---:|---:|---:|---:|---:|---:|---|",
            f"| {ms['micrograd']:.0f} | {ms['Value']:.0f} | {ms['called']:.2f} | {ms['native']:.2f} | "
            f"{verdict(ms['micrograd'], ms['native'], TARGET)} |",
            "",
            f"The first call (recording, checking, loading the native loop) took {ms['first']:.1f} s.",
        ]
    )
