"""What a box shows: an operation at its left, a name and a value, and below them a gradient.

    ┌───┬───────────┐     ┌───┬─────────────────┐
    │ × │ e = −6.0  │     │ @ │ h = (4, 2)      │     a tensor: its shape,
    │   │ grad 1.0  │     │   │ −0.21 … 0.93    │     and the smallest and the largest number
    └───┴───────────┘     │   │ grad −0.1 … 0.4 │
                          └───┴─────────────────┘

A gradient is coloured by its sign and by its size next to the largest one of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from chainrule.graph.collapse import Group
from chainrule.graph.layout import Box
from chainrule.graph.numbers import gradient, headline, is_large, lean, number, size, spread
from chainrule.graph.view import Vertex, View

CHARACTER, LINE, PAD = 7.23, 17.0, 8.0  # points, of a monospaced font of 12
PRETTY = {"*": "×", "-": "−"}
LEVELS = ("data", "labels", "grads")


@dataclass
class Face:
    """One box, ready to be laid out and drawn."""

    key: str
    op: str
    title: str
    value: str
    more: str = ""  # a second line, paler
    grad: str | None = None
    slope: float = 0.0  # the gradient as one number, for the colour
    tint: float = 0.0  # -1 … 1
    kind: str = "result"  # result, leaf, data (no gradient wanted), port (outside) or group
    hint: str = ""
    marks: tuple[int, ...] = ()

    @property
    def panel(self) -> float:
        """Width of the part with the operation."""
        return len(self.op) * CHARACTER + 12.0 if self.op else 0.0

    @property
    def line(self) -> str:
        """The first line: name and value."""
        return f"{self.title} = {self.value}" if self.title and self.value else self.title or self.value

    @property
    def width(self) -> float:
        longest = max(len(self.line), len(self.more), len(self.grad) + 5 if self.grad is not None else 0)
        return self.panel + longest * CHARACTER + 2 * PAD

    @property
    def height(self) -> float:
        return LINE * (1 + bool(self.more) + (self.grad is not None)) + 10.0

    def box(self) -> Box:
        """What the layout needs to know."""
        lines = [f"{self.op}  {self.line}".strip(), self.more, "" if self.grad is None else f"grad {self.grad}"]
        return Box(self.key, self.width, self.height, "\n".join(filter(None, lines)))


def vertex_face(vertex: Vertex, level: str, grad: Any = None) -> Face:
    """The box of one vertex."""
    data = vertex.data
    title = vertex.label if level != "data" else ""
    face = Face(f"v{vertex.id}", PRETTY.get(vertex.op, vertex.op), title, headline(data), kind=kind_of(vertex))
    face.more = spread(data) if is_large(data) else ""
    face.hint = f"{vertex.name}{f', made by {vertex.op}' if vertex.op else ''}\n{data!r}"[:400]
    if level == "grads" and grad is not None:
        face.grad = gradient(grad)
        face.slope = math.copysign(size(grad), lean(grad))
    return face


def group_face(view: View, group: Group, level: str, grads: dict[int, Any] | None) -> Face:
    """The box of several vertices: their heads (a single one with its value), and how many there are."""
    heads = [view[i] for i in group.heads or group.members[-1:]]
    if len(group.members) == 1:
        return vertex_face(heads[0], level, (grads or {}).get(heads[0].id))
    ops = list(dict.fromkeys(PRETTY.get(v.op, v.op) for v in heads if v.op))
    face = Face(group.key, ops[0] if len(ops) == 1 else "", "", "", f"{len(group.members):,} values", kind="group")
    face.hint = f"{len(group.members):,} values: click to open"
    if len(heads) == 1:
        face.title, face.value = heads[0].label if level != "data" else "", headline(heads[0].data)
    else:
        face.title = f"× {len(heads):,}" if face.op else f"{len(heads):,} {'results' if ops else 'leaves'}"
    if view.names and (module := _module(view, group)):
        face.title = module if len(heads) == 1 else f"{module}: {face.title}"
    shown = [grads[v.id] for v in heads if grads and v.id in grads] if level == "grads" else []
    if len(shown) == 1:
        face.grad, face.slope = gradient(shown[0]), math.copysign(size(shown[0]), lean(shown[0]))
    elif shown:
        sizes = [size(g) for g in shown]
        face.grad = f"{number(float(np.sqrt(np.mean(np.square(sizes)))))} typical"
    return face


def _module(view: View, group: Group) -> str:
    """The module whose parameters are in a box: what their dotted names have in common ("encoder.0")."""
    paths = [view[i].label.split(".")[:-1] for i in group.members if not view[i].children and "." in view[i].label]
    same = takewhile(lambda words: len(set(words)) == 1, zip(*paths, strict=False))
    return ".".join(words[0] for words in same)


def tinted(faces: Iterable[Face]) -> list[Face]:
    """The faces, each gradient coloured by its sign and by its size next to the largest."""
    shown = list(faces)
    largest = max((abs(face.slope) for face in shown if math.isfinite(face.slope)), default=0.0)
    for face in shown:
        if largest and math.isfinite(face.slope):
            face.tint = math.copysign(math.sqrt(abs(face.slope) / largest), face.slope)
    return shown


def kind_of(vertex: Vertex) -> str:
    """A result, a leaf, or data: a leaf that wants no gradient."""
    if vertex.children or vertex.op:
        return "result"
    return "leaf" if vertex.reader.wants_grad(vertex.object) else "data"
