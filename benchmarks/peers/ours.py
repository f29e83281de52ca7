"""chainrule: eager, a compiled step called from Python, and whole epochs natively. The one place that knows its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers.workloads import Contestant, Workload


def contestants(w: Workload, shuffle: bool) -> dict[str, Contestant | str]:
    """All three."""
    return {
        "chainrule eager": trained(w, shuffle, False),
        "chainrule step": trained(w, shuffle, True),
        "chainrule native": natively(w, shuffle),
    }


def step_of(w: Workload) -> tuple[Callable[..., Any], Callable[[], list[Any]]]:
    """The training step as a user writes it, and how to read the weights."""
    import chainrule as torch

    first = w.first_weights()
    if w.kind == "cubic":
        params = [torch.tensor(v, requires_grad=True) for v in first]
        x, y = (torch.tensor(v) for v in w.data())

        def cubic() -> Any:
            a, b, c, d = params
            loss = ((a + b * x + c * x**2 + d * x**3 - y) ** 2).sum()
            loss.backward()
            with torch.no_grad():
                for p in params:
                    p -= w.rate * p.grad
                    p.grad = None
            return loss

        return cubic, lambda: [p.array for p in params]
    model, criterion = network(w)
    kind = torch.optim.Adam if w.adam else torch.optim.SGD
    optimizer = kind(model.parameters(), lr=w.rate)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: [p.array for p in model.parameters()]


def network(w: Workload) -> tuple[Any, Any]:
    """The model with the first weights, and its loss."""
    import chainrule as torch

    nn = torch.nn
    if w.kind == "lenet":
        model = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
    else:
        n, m, k = w.sizes
        model = nn.Sequential(nn.Linear(n, m), nn.ReLU(), nn.Linear(m, k))
    for p, v in zip(model.parameters(), w.first_weights(), strict=True):
        p.array[...] = v
    return model, nn.MSELoss() if w.kind == "tiny" else nn.CrossEntropyLoss()


def trained(w: Workload, shuffle: bool, compiled: bool) -> Contestant:
    """A loop in Python over steps, compiled or not."""
    import chainrule as torch

    step, weights = step_of(w)
    if compiled:
        step = torch.compile(step)
    if w.kind == "cubic":
        batches: Any = [()]
    elif shuffle:
        batches = loader(w, shuffle)
    else:
        batches = [(torch.tensor(x), torch.tensor(y)) for x, y in w.batches()]

    def advance(epochs: int) -> float:
        for _ in range(epochs):
            for batch in batches:
                loss = step(*batch)
        return float(loss.item())

    return Contestant(advance, weights, failing=lambda: step.reason if compiled else None)


def loader(w: Workload, shuffle: bool) -> Any:
    """The data in memory, batch by batch."""
    import chainrule as torch

    dataset = torch.utils.data.TensorDataset(*(torch.tensor(v) for v in w.data()))
    return torch.utils.data.DataLoader(dataset, batch_size=w.batch, shuffle=shuffle)


def natively(w: Workload, shuffle: bool) -> Contestant:
    """Epochs without Python in between, as `train.fit` runs them."""
    import chainrule as torch
    from chainrule.compiler.epochs import Epochs

    step, weights = step_of(w)
    step = torch.compile(step)
    if w.kind == "cubic":
        return Contestant(lambda epochs: float(step.repeat(epochs)[-1]), weights, failing=lambda: step.reason)
    batches = loader(w, shuffle)
    native = Epochs(step, batches)

    def advance(epochs: int) -> float:
        loss = 0.0
        while epochs:
            if native.prepare():
                sums, stopped = native.run(epochs)
                if stopped:
                    raise RuntimeError("a step had to run as written")
                loss = float(sums[-1, 0]) / native.seen
                epochs -= len(sums)
            else:
                for x, y in batches:
                    loss = float(step(x, y).item())
                epochs -= 1
        return loss

    def failing() -> str | None:
        return step.reason or native.reason or (None if native.ready else "whole epochs did not become native")

    return Contestant(advance, weights, failing=failing)
