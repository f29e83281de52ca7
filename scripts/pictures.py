"""Make the pictures of README and docs: docs/graph.png, docs/compile.png, docs/course.png and docs/ladder.png.

make ladder && python scripts/pictures.py

docs/course.png is what the test in a browser sees when a check fails: Chromium and npm's packages must be there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import chainrule
from chainrule.graph import draw
from chainrule.value import Value

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Draw the graphs, open the course, copy the ladder's picture."""
    graph()
    compiled()
    course()
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


def course() -> None:
    """A failed check in the notebook, as the test in a browser leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        test = ROOT / "tests" / "test_course_browser.py"
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", test, f"--basetemp={folder}/t"], check=True)
        (picture,) = Path(folder).rglob("failed.png")
        shutil.copy(picture, ROOT / "docs" / "course.png")


if __name__ == "__main__":
    raise SystemExit(main())
