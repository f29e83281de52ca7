"""Make the pictures of README and docs: docs/graph.png, docs/compile.png and docs/ladder.png.

make ladder && python scripts/pictures.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import chainrule
from chainrule.graph import draw
from chainrule.value import Value

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Draw the graphs, copy the ladder's picture."""
    graph()
    compiled()
    ladder = ROOT / "out" / "ladder" / "ladder.png"
    if not ladder.exists():
        print(f"{ladder} is not there: run make ladder first", file=sys.stderr)
        return 1
    shutil.copy(ladder, ROOT / "docs" / "ladder.png")
    return 0


def graph() -> None:
    """A small graph of numbers."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a.tanh()) ** 2
    loss.label = "loss"
    loss.backward()
    draw(loss).save(ROOT / "docs" / "graph.png")


def compiled() -> None:
    """A whole training step, as the compiler recorded it."""
    x = chainrule.linspace(-3, 3, 2000)
    w = chainrule.tensor(0.5, requires_grad=True)
    optimizer = chainrule.optim.SGD([w], lr=0.1)

    @chainrule.compile
    def step() -> chainrule.Tensor:
        optimizer.zero_grad()
        guess = chainrule.tanh(w * x)
        loss = ((guess - x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(3):
        step()
    draw(step.graph).save(ROOT / "docs" / "compile.png")


if __name__ == "__main__":
    raise SystemExit(main())
