"""Eager layers at LeNet's size against PyTorch's eager, one thread: a batch of 64, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, race, table

Step = Callable[[], float]


def layer(make: Callable[[Any], Any], *shape: int) -> Callable[[Any], Step]:
    """One layer on a batch of that shape; the gradient is that of the mean square, in the input too."""

    def workload(torch: Any) -> Step:
        torch.manual_seed(0)
        module = make(torch.nn)
        x = torch.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32), requires_grad=True)

        def step() -> float:
            for p in (x, *module.parameters()):
                p.grad = None
            loss = (module(x) ** 2).mean()
            loss.backward()
            return loss.item()

        return step

    return workload


def lenet(torch: Any) -> Step:
    """LeNet on 28 × 28 images, cross-entropy, SGD: a whole training step."""
    torch.manual_seed(0)
    nn, rng = torch.nn, np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr=0.01), nn.CrossEntropyLoss()
    x = torch.tensor(rng.random((64, 1, 28, 28), np.float32))
    y = torch.tensor(rng.integers(0, 10, 64))

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


WORKLOADS: dict[str, Callable[[Any], Step]] = {
    "Conv2d(1, 6, 5, padding=2), 28 × 28": layer(lambda nn: nn.Conv2d(1, 6, 5, padding=2), 64, 1, 28, 28),
    "Conv2d(6, 16, 5), 14 × 14": layer(lambda nn: nn.Conv2d(6, 16, 5), 64, 6, 14, 14),
    "Conv1d(4, 8, 5), 128": layer(lambda nn: nn.Conv1d(4, 8, 5), 64, 4, 128),
    "MaxPool2d(2), 6 × 28 × 28": layer(lambda nn: nn.MaxPool2d(2), 64, 6, 28, 28),
    "AvgPool2d(2), 6 × 28 × 28": layer(lambda nn: nn.AvgPool2d(2), 64, 6, 28, 28),
    "BatchNorm2d(6), 28 × 28": layer(lambda nn: nn.BatchNorm2d(6), 64, 6, 28, 28),
    "LayerNorm(784)": layer(lambda nn: nn.LayerNorm(784), 64, 784),
    "GroupNorm(2, 6), 28 × 28": layer(lambda nn: nn.GroupNorm(2, 6), 64, 6, 28, 28),
    "LeNet, a training step": lenet,
}


def run() -> str:
    """Race every workload; the table."""
    import torch

    import chainrule

    torch.set_num_threads(1)
    rows: list[Row] = []
    for name, make in WORKLOADS.items():
        rows.append(race(name, {"chainrule": make(chainrule), "PyTorch": make(torch)}))
    return table(rows, "chainrule", "PyTorch")
