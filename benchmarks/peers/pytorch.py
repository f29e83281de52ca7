"""PyTorch: eager, and ``torch.compile`` of the whole step (forward, backward and update in one graph)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers.workloads import Contestant, Workload

Step = Callable[[Any, Any], Any]


def contestants(w: Workload, shuffle: bool) -> dict[str, Contestant | str]:
    """Eager with a DataLoader where the order is random, over batches in memory where it is not; compiled the same."""
    import torch

    found: dict[str, Contestant | str] = {"torch eager": eager(w, shuffle, torch.float32)}
    if shutil.which("g++") is None:
        found["torch.compile"] = "not run: torch.compile needs g++"
    elif w.kind == "tiny":
        found["torch.compile"] = "not run: the DataLoader, not the step, takes the time"
    else:
        found["torch.compile"] = compiled(w)
    return found


def eager(w: Workload, shuffle: bool, dtype: Any) -> Contestant:
    """The plain script."""
    import torch

    params = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in w.first_weights()]
    if w.kind == "cubic":
        return _cubic(w, params, dtype)
    model, criterion = network(w, params)
    kind = torch.optim.Adam if w.adam else torch.optim.SGD
    optimizer = kind(model.parameters(), lr=w.rate)
    batches = _batches(w, shuffle, dtype)

    def advance(epochs: int) -> float:
        for _ in range(epochs):
            for x, y in batches:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
        return loss.item()

    return Contestant(advance, lambda: [p.detach().numpy() for p in model.parameters()])


def loss_under(w: Workload, weights: list[Any]) -> float:
    """The loss over all data with these weights, in float64."""
    import torch

    model, criterion = network(w, [torch.tensor(np.asarray(v), dtype=torch.float64) for v in weights])
    x, y = w.data()
    with torch.no_grad():
        return criterion(model(torch.tensor(x, dtype=torch.float64)), torch.tensor(y)).item()


def network(w: Workload, params: list[Any]) -> tuple[Any, Any]:
    """The module with these parameters, and its loss."""
    from torch import nn

    if w.kind == "lenet":
        model = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
    else:
        n, m, k = w.sizes
        model = nn.Sequential(nn.Linear(n, m), nn.ReLU(), nn.Linear(m, k))
    model.to(params[0].dtype)
    for p, v in zip(model.parameters(), params, strict=True):
        p.data.copy_(v.data)
    return model, nn.MSELoss() if w.kind == "tiny" else nn.CrossEntropyLoss()


def _batches(w: Workload, shuffle: bool, dtype: Any) -> Any:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    def tensor(a: Any) -> Any:
        return torch.tensor(a) if a.dtype == np.int64 else torch.tensor(a, dtype=dtype)

    if shuffle:
        x, y = w.data()
        return DataLoader(TensorDataset(tensor(x), tensor(y)), batch_size=w.batch, shuffle=True)
    return [(tensor(x), tensor(y)) for x, y in w.batches()]


def _cubic(w: Workload, params: list[Any], dtype: Any) -> Contestant:
    import torch

    x, y = (torch.tensor(v, dtype=dtype) for v in w.data())

    def advance(epochs: int) -> float:
        a, b, c, d = params
        for _ in range(epochs):
            loss = ((a + b * x + c * x**2 + d * x**3 - y) ** 2).sum()
            loss.backward()
            with torch.no_grad():
                for p in params:
                    p -= w.rate * p.grad
                    p.grad = None
        return loss.item()

    return Contestant(advance, lambda: [p.detach().numpy() for p in params])


def compiled(w: Workload) -> Contestant:
    """The whole step as a function of the weights, in one graph."""
    import torch

    params = [torch.tensor(v) for v in w.first_weights()]
    names: list[str] = []
    if w.kind != "cubic":
        model, criterion = network(w, params)
        params, names = [p.detach() for p in model.parameters()], [n for n, _ in model.named_parameters()]
    m, v = ([torch.zeros_like(p) for p in params] for _ in range(2))
    count = torch.zeros(())

    def loss_of(values: list[Any], x: Any, y: Any) -> Any:
        if w.kind == "cubic":
            a, b, c, d = values
            return ((a + b * x + c * x**2 + d * x**3 - y) ** 2).sum()
        return criterion(torch.func.functional_call(model, dict(zip(names, values, strict=True)), (x,)), y)

    def step(x: Any, y: Any) -> Any:
        grads, loss = torch.func.grad_and_value(loss_of)(params, x, y)
        if not w.adam:
            for p, g in zip(params, grads, strict=True):
                p.sub_(w.rate * g)
            return loss
        count.add_(1)
        for p, g, mean, square in zip(params, grads, m, v, strict=True):
            mean.mul_(0.9).add_(0.1 * g)
            square.mul_(0.999).add_(0.001 * g * g)
            p.sub_(w.rate * (mean / (1 - 0.9**count)) / ((square / (1 - 0.999**count)).sqrt() + 1e-8))
        return loss

    fast = torch.compile(step, fullgraph=True, dynamic=False)
    batches = [(torch.tensor(x), torch.tensor(y)) for x, y in w.batches()]

    def advance(epochs: int) -> float:
        for _ in range(epochs):
            for x, y in batches:
                loss = fast(x, y)
        return loss.item()

    return Contestant(advance, lambda: [p.numpy() for p in params])
