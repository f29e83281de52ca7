"""Make the pictures of the README: docs/ladder.png and docs/graph.png.

make ladder && python scripts/pictures.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from chainrule.graph import draw
from chainrule.value import Value

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Copy the ladder's picture, draw the graph's."""
    ladder = ROOT / "out" / "ladder" / "ladder.png"
    if not ladder.exists():
        print(f"{ladder} is not there: run make ladder first", file=sys.stderr)
        return 1
    shutil.copy(ladder, ROOT / "docs" / "ladder.png")
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a.tanh()) ** 2
    loss.label = "loss"
    loss.backward()
    draw(loss).save(ROOT / "docs" / "graph.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
