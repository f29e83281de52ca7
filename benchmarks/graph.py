"""`chainrule.graph.draw`, from the graph to the finished SVG, against its limits: 5 ms, 0.2 s and 1 s."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 7


def network(samples: int, *sizes: int) -> Any:
    """The loss of an MLP of Values over a few samples, after backward."""
    from chainrule.value import MLP, Value

    random.seed(0)
    model = MLP(sizes[0], sizes[1:])
    loss = Value(0.0)
    for _ in range(samples):
        loss = loss + (model([random.random() for _ in range(sizes[0])])[0] - 1.0) ** 2
    loss.backward()
    return loss


def seconds(draw: Callable[[], object]) -> float:
    """The median time of a few rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        draw()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def run() -> str:
    """Draw small, middle and large; the table."""
    from chainrule.graph import draw

    start = time.perf_counter()
    draw(network(1, 2, 1)).svg  # noqa: B018
    first = time.perf_counter() - start
    cases = [
        ("a neuron", network(1, 2, 1), {}, 0.005),
        ("a network, every value a box", network(1, 7, 9, 8, 1), {"limit": 1000}, 0.2),
        ("the same, collapsed", network(1, 7, 9, 8, 1), {}, 0.2),
        ("a batch through a wide network, collapsed", network(2, 10, 104, 100, 1), {}, 1.0),
    ]
    lines = ["| graph | values | boxes | median | limit |", "|---|---:|---:|---:|---:|"]
    for what, loss, options, limit in cases:
        picture = draw(loss, **options)
        taken = seconds(lambda loss=loss, options=options: draw(loss, **options).svg)  # type: ignore[misc]
        values, boxes = len(picture.view), len(picture.partition.groups)
        lines.append(f"| {what} | {values:,} | {boxes} | {taken * 1e3:.1f} ms | {limit * 1e3:.0f} ms |")
    return "\n".join([*lines, f"\nThe first picture of a process also starts Graphviz: {first:.1f} s."])
