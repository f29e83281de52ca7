"""Three steps whose generated source is kept in tests/snapshots, to be read when it changes.

    w1   a cubic polynomial fitted to a sine, 2,000 points at once
    w2   a network of 13 weights with a short last batch
    w3   digits: 64-32-10, batches of 32, Adam

After a change of the compiler that is meant to change what it writes: python tests/workloads.py, and read the diff.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule import nn, optim

FOLDER = Path(__file__).parent / "snapshots"


def w1() -> tuple[Any, list[Any]]:
    """The step, and the arguments of its calls."""
    x = chainrule.linspace(-np.pi, np.pi, 2000)
    y = chainrule.sin(x)
    a, b, c, d = (chainrule.tensor(v, requires_grad=True) for v in (0.1, 0.2, 0.3, 0.4))
    optimizer = optim.SGD([a, b, c, d], lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        guess = a + b * x + c * x**2 + d * x**3
        loss = ((guess - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step, []


def _network(sizes: tuple[int, ...], bend: Any, loss: Any, optimizer: Callable[[Any], Any], x: Any, y: Any) -> Any:
    chainrule.manual_seed(0)
    model = nn.Sequential(nn.Linear(sizes[0], sizes[1]), bend, nn.Linear(sizes[1], sizes[2]))
    moving = optimizer(model.parameters())

    def step(inputs: Any, targets: Any) -> Any:
        moving.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        moving.step()
        return value

    return step, [x, y]


def w2() -> tuple[Any, list[Any]]:
    x = chainrule.linspace(-1, 1, 32).reshape(32, 1)
    return _network((1, 4, 1), nn.ReLU(), nn.MSELoss(), lambda p: optim.SGD(p, lr=0.1), x, chainrule.exp(x))


def w3() -> tuple[Any, list[Any]]:
    x, y = chainrule.zeros(32, 64), chainrule.arange(32) % 10
    return _network((64, 32, 10), nn.ReLU(), nn.CrossEntropyLoss(), lambda p: optim.Adam(p, lr=1e-3), x, y)


WORKLOADS = {"w1": w1, "w2": w2, "w3": w3}


def source(name: str) -> str:
    """What the compiler writes for a workload."""
    from plainly import plainly

    step, arguments = WORKLOADS[name]()
    with plainly():
        run = chainrule.compile(step)
        for _ in range(3):
            run(*arguments)
    return str(run.source)


def main() -> int:
    """Write all snapshots."""
    for name in WORKLOADS:
        (FOLDER / f"{name}.txt").write_text(source(name))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    raise SystemExit(main())
