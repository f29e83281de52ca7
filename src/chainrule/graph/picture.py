"""`draw`: a graph as a picture that shows itself in a notebook, prints as text, and saves to a file."""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, require
from chainrule.graph import page, tree
from chainrule.graph.collapse import Group, Partition, collapse
from chainrule.graph.face import LEVELS, Face, group_face, tinted
from chainrule.graph.gradients import stored_or_computed
from chainrule.graph.layout import dot, place
from chainrule.graph.svg import svg
from chainrule.graph.theme import LIGHT, Theme
from chainrule.graph.view import View

LIMIT = 150  # boxes; more cannot be read


def draw(
    x: Any,
    *,
    level: str | None = None,
    names: Any = None,
    limit: int = LIMIT,
    direction: str = "LR",
    findings: Any = (),
    grads: dict[int, Any] | None = None,
) -> Picture:
    """The graph below ``x``: a `Value`, a `Tensor`, a list of them, or anything with ``data`` and ``_prev``.

    ``level`` is how much each box tells: "data" (operation and number), "labels" (the names too), "grads" (the
    gradients too, coloured: blue up, orange down, the stronger the larger); by default as much as there is.
    ``names`` names values from outside, ``{"w": w}`` or a module.  A graph of more than ``limit`` values is
    collapsed into neurons, layers or parts (see ``collapse``), which open on a click in a notebook and in a
    saved page.
    ``findings``, from `check`, are marked where they are; ``grads``, by id, stand in for the gradients that are
    stored.  The graph itself is not changed.

    >>> from chainrule.value import Value
    >>> a = Value(2.0, label="a")
    >>> draw((a * 3 + 1).tanh())
    tanh = 1.0
    └─ + = 7.0
       ├─ * = 6.0
       │  ├─ a = 2.0
       │  └─ 3
       └─ 1
    """
    if level is not None and level not in LEVELS:
        raise ArgumentError(f"level={level!r}: choose 'data', 'labels' or 'grads', or leave it out")
    if direction not in ("LR", "TB"):
        raise ArgumentError(f"direction={direction!r}: choose 'LR' (left to right) or 'TB' (top to bottom)")
    view = x if isinstance(x, View) else View(x, names)
    return Picture(view, level, limit, direction, list(findings), grads)


class Picture:
    """A drawn graph.  ``svg`` and ``dot`` are its texts; ``save`` writes a file."""

    def __init__(
        self,
        view: View,
        level: str | None,
        limit: int,
        direction: str,
        findings: list[Any],
        grads: dict[int, Any] | None,
    ) -> None:
        self.view, self.limit, self.direction, self.findings = view, limit, direction, findings
        wanted = grads is None and level in (None, "grads")
        self.grads, self.remark = stored_or_computed(view) if wanted else (grads, "")
        self.level = level or ("grads" if self.grads else "labels")

    @cached_property
    def partition(self) -> Partition:
        """Which values are drawn as one box."""
        return collapse(self.view, self.limit)

    @cached_property
    def dot(self) -> str:
        """The picture as DOT text, for any Graphviz."""
        return self._dot(self._faces(self.partition), self.partition.arrows)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, in the colours of the reader's screen."""
        return self.painted(None)

    def painted(self, theme: Theme | None) -> str:
        """The picture as SVG in the colours of one theme."""
        return svg(self._faces(self.partition), place(self.dot), self._notes(), theme)

    def inside(self, key: str, among: Partition | None = None) -> tuple[str, Partition]:
        """The picture of what is in one box, with the boxes around it that it is joined to, and its boxes."""
        outer = among or self.partition
        group = next((g for g in outer.groups if g.key == key), None)
        if group is None or len(group.members) == 1:
            raise ArgumentError(f"there is no box {key!r} to open; boxes are {[g.key for g in outer.groups][:8]}")
        inner = collapse(self.view, self.limit, group.members)
        ports, arrows = _ports(self.view, outer, group, inner)
        shown = self._faces(inner) + [self._port(g) for g in ports]
        return svg(shown, place(self._dot(shown, inner.arrows + arrows))), inner

    def save(self, path: str | Path) -> Path:
        """Write the picture, as the ending of ``path`` says: .svg, .png, .html or .dot."""
        path = Path(path)
        writers = {".svg": self._svg_bytes, ".png": self.png, ".html": self._html_bytes, ".dot": self._dot_bytes}
        if path.suffix not in writers:
            raise ArgumentError(f"save({str(path)!r}): the ending must be one of {', '.join(writers)}")
        path.write_bytes(writers[path.suffix]())
        return path

    def png(self, zoom: float = 2.0, theme: Theme = LIGHT) -> bytes:
        """The picture as PNG, in the font that matplotlib carries (so that it looks the same everywhere)."""
        resvg = require("resvg_py", "resvg-py", "saving a graph as PNG")
        matplotlib = require("matplotlib", "matplotlib", "saving a graph as PNG (it carries the font)")
        font = str(Path(matplotlib.get_data_path(), "fonts", "ttf"))
        family = "DejaVu Sans Mono"
        image = resvg.svg_to_bytes(
            self.painted(theme), zoom=zoom, font_dirs=[font], font_family=family, skip_system_fonts=True
        )
        return bytes(image)

    def widget(self) -> Any:
        """The picture as a widget whose boxes open on a click."""
        return page.picture_widget(self)

    def __repr__(self) -> str:
        marks = {f.vertex.id: "; ".join(map(str, self._of(f.vertex.id))) for f in self.findings}
        return tree.text(self.view, marks=marks)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), "image/svg+xml": self.svg}
        if self.partition.level != "nodes" and find_spec("anywidget"):
            shown, _ = self.widget()._repr_mimebundle_()
            return {**shown, **bundle}
        return bundle

    def _of(self, id: int) -> list[Any]:
        return [f for f in self.findings if f.vertex.id == id]

    def _faces(self, partition: Partition) -> list[Face]:
        shown = tinted(group_face(self.view, g, self.level, self.grads) for g in partition.groups)
        for group, face in zip(partition.groups, shown, strict=True):
            members = set(group.members)
            face.marks = tuple(n for n, f in enumerate(self.findings, 1) if f.vertex.id in members)
        return shown

    def _port(self, group: Group) -> Face:
        face = group_face(self.view, group, "labels", None)
        face.kind, face.key = "data port", f"p{group.key}"
        return face

    def _dot(self, shown: list[Face], arrows: list[tuple[str, str]]) -> str:
        return dot([face.box() for face in shown], arrows, self.direction)

    def _notes(self) -> list[str]:
        found = [f"{n}  {finding}" for n, finding in enumerate(self.findings, 1)]
        return found + ([self.remark] if self.remark else [])

    def _svg_bytes(self) -> bytes:
        return self.svg.encode()

    def _dot_bytes(self) -> bytes:
        return self.dot.encode()

    def _html_bytes(self) -> bytes:
        return page.picture_page(self).encode()


def _ports(view: View, outer: Partition, group: Group, inner: Partition) -> tuple[list[Group], list[tuple[str, str]]]:
    """The boxes around ``group`` that it is joined to, and the arrows from and to what is inside."""
    box = {i: g.key for g in inner.groups for i in g.members}
    around = {i: g for g in outer.groups if g is not group for i in g.members}
    arrows: dict[tuple[str, str], None] = {}
    joined: dict[str, Group] = {}
    for i in group.members:
        for child in view[i].children:
            if child.id in around:
                joined[around[child.id].key] = around[child.id]
                arrows[f"p{around[child.id].key}", box[i]] = None
        for user in view.users[i]:
            if user in around:
                joined[around[user].key] = around[user]
                arrows[box[i], f"p{around[user].key}"] = None
    return list(joined.values()), list(arrows)
