"""Eager training steps against PyTorch's eager: the same script, with ``import torch`` and with chainrule for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Row, apart, race, table

Step = Callable[[], float]


def sine(torch: Any) -> Step:
    """The cubic fitted to sin: 2,000 points, full batch, autograd on tensors, gradient descent by hand."""
    x = torch.tensor(np.linspace(-np.pi, np.pi, 2000, dtype=np.float32))
    y = torch.tensor(np.sin(np.linspace(-np.pi, np.pi, 2000, dtype=np.float32)))
    weights = [torch.tensor(v, requires_grad=True) for v in (0.1, 0.2, 0.3, 0.4)]

    def step() -> float:
        a, b, c, d = weights
        prediction = a + b * x + c * x**2 + d * x**3
        loss = ((prediction - y) ** 2).sum()
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= 1e-6 * w.grad
                w.grad = None
        return loss.item()

    return step


def small(torch: Any) -> Step:
    """A 1-4-1 network on 100 points, batches of 32 from a shuffling DataLoader, SGD: one step is one epoch."""
    torch.manual_seed(0)
    nn, data = torch.nn, importlib.import_module(torch.__name__ + ".utils.data")
    x = torch.tensor(np.linspace(-1, 1, 100, dtype=np.float32).reshape(-1, 1))
    y = torch.tensor(np.exp(np.linspace(-1, 1, 100, dtype=np.float32)).reshape(-1, 1))
    model = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loader, criterion = data.DataLoader(data.TensorDataset(x, y), batch_size=32, shuffle=True), nn.MSELoss()

    def epoch() -> float:
        for inputs, targets in loader:
            loss = criterion(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    return epoch


def classifier(inputs: int, hidden: int, adam: bool) -> Callable[[Any], Step]:
    """inputs-hidden-10, ReLU, cross-entropy, batch 32 already in memory."""

    def make(torch: Any) -> Step:
        torch.manual_seed(0)
        nn = torch.nn
        rng = np.random.default_rng(0)
        batches = [
            (torch.tensor(rng.random((32, inputs), np.float32)), torch.tensor(rng.integers(0, 10, 32)))
            for _ in range(16)
        ]
        model = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, 10))
        kind = torch.optim.Adam if adam else torch.optim.SGD
        optimizer, criterion = kind(model.parameters(), lr=1e-3 if adam else 0.01), nn.CrossEntropyLoss()
        turn = 0

        def step() -> float:
            nonlocal turn
            x, y = batches[turn % len(batches)]
            turn += 1
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    return make


WORKLOADS: dict[str, Callable[[Any], Step]] = {
    "sine cubic, 2,000 points": sine,
    "1-4-1 ReLU, 100 points, DataLoader, an epoch": small,
    "digits 64-32-10, batch 32, SGD": classifier(64, 32, adam=False),
    "digits 64-32-10, batch 32, Adam": classifier(64, 32, adam=True),
    "784-100-10, batch 32, SGD": classifier(784, 100, adam=False),
    "784-100-10, batch 32, Adam": classifier(784, 100, adam=True),
}


def one(name: str) -> Row:
    """Race one workload."""
    import torch

    import chainrule

    torch.set_num_threads(1)
    make = WORKLOADS[name]
    return race(name, {"chainrule": make(chainrule), "PyTorch": make(torch)})


def run() -> str:
    """Race every workload, each in a process of its own; the table."""
    return table([apart(one, name) for name in WORKLOADS], "chainrule", "PyTorch")
