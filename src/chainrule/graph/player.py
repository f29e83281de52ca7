"""`step`: a graph played forward and backward, node by node, as a page or a widget."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, ChainruleError, GradientError, shape_of
from chainrule.graph import page
from chainrule.graph.checking import check
from chainrule.graph.collapse import collapse
from chainrule.graph.face import Face, vertex_face
from chainrule.graph.frames import Frame, forward_frames, key, scalar_frames, tensor_frames
from chainrule.graph.gradients import changed
from chainrule.graph.layout import dot, place
from chainrule.graph.readers import Constant, TensorReader
from chainrule.graph.rebuild import read_number, rerun
from chainrule.graph.svg import svg
from chainrule.graph.view import Vertex, View
from chainrule.tensor import Tensor

MOST = 400  # values; a longer walk nobody follows
SCALAR_HEADS = ["to", "local slope", "upstream × local", "added (+=), and the sum now"]
TENSOR_HEADS = ["to", "rule", "sent", "added (+=), and the sum now"]


def step(x: Any, *leaves: Any, names: Any = None) -> Player:
    """Play the graph below ``x`` forward and backward: at each step the node, its slope, what is added where.

    It runs the ``_backward`` of each node as it is, and shows what it wrote beside what is right; findings of
    `check` stand where they belong.  ``save("player.html")`` writes one file that needs no network; in a notebook it
    is a widget, where a leaf's value can be changed.  For that the graph is computed again with the operators and
    methods of its class; where these are not enough, give the function that builds it: ``step(fn, *leaves)``.
    The graph itself is not changed.

    >>> from chainrule.value import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> step(a * b)
    forward   The leaves are given: a, b
    forward   v2  =  a·b  =  2·(−3)  =  −6.0
    backward  v2.grad  =  1.0: the slope of v2 with respect to itself
    backward  v2._backward(): v2.grad = 1.0
              a: ∂v2/∂a  =  b  =  −3.0;  1.0 × (−3.0)  =  −3.0;  a.grad  0.0 + (−3.0)  =  −3.0
              b: ∂v2/∂b  =  a  =  2.0;  1.0 × 2.0  =  2.0;  b.grad  0.0 + 2.0  =  2.0
    """
    build: Callable[..., Any] | None = None
    if callable(x) and not hasattr(x, "_prev") and not isinstance(x, Tensor):
        build, x = x, x(*leaves)
    elif leaves:
        raise ArgumentError("step(result, leaves...): leaves belong to a function: write step(fn, *leaves)")
    return Player(View(x, names), build, leaves)


class Player:
    """A graph, its steps, and the picture they play in."""

    def __init__(self, view: View, build: Callable[..., Any] | None = None, leaves: tuple[Any, ...] = ()) -> None:
        if len(view) > MOST:
            raise ArgumentError(
                f"step goes node by node, and this graph has {len(view):,} values: step through a smaller one "
                f"(one sample, fewer neurons; at most {MOST}), or draw(x) it, which collapses what is large"
            )
        self.view, self.build, self.leaves = view, build, leaves
        self.report = check(_playable(view))
        backward = tensor_frames if isinstance(view.reader, TensorReader) else scalar_frames
        self.frames: list[Frame] = forward_frames(view) + backward(view, self.report)

    def save(self, path: str | Path) -> Path:
        """Write the player as one .html file that needs nothing else."""
        path = Path(path)
        if path.suffix != ".html":
            raise ArgumentError(f"save({str(path)!r}): a player is a page; give it the ending .html")
        path.write_text(self.page(), encoding="utf-8")
        return path

    def page(self) -> str:
        """The player as a page."""
        return page.page("chainrule: step by step", "player.js", "player.css", {"play": self.state(), "error": ""})

    def widget(self) -> Any:
        """The player as a widget, in which the value of a leaf can be changed."""
        made = page.widget("player", {"play": self.state(), "error": ""}, self.picture())

        def edited(widget: Any, message: Any, buffers: Any) -> None:
            try:
                made.play, made.error = self.edited(message["leaf"], message["text"]).state(), ""
            except (ChainruleError, ArithmeticError, ValueError) as error:
                made.error = str(error)

        made.on_msg(edited)
        return made

    def edited(self, leaf: str, text: str) -> Player:
        """Put another value into a leaf, named as in the picture ("v0"), and compute everything again."""
        vertex = self.view[int(leaf.removeprefix("v"))]
        value = read_number(text, vertex.data)
        if self.build is None:
            again = rerun(self.view, {vertex.id: value})
            other = Player(View(again, _carried(self.view, again)))
        else:
            twins = tuple(_twin(x, value if self.view.find(x) is vertex else None) for x in self.leaves)
            other = Player(View(self.build(*twins)), self.build, twins)
        self.__dict__.update(other.__dict__)
        return self

    def state(self) -> dict[str, Any]:
        """What the page needs, in plain data."""
        leaves = [
            {"key": key(v), "name": v.name, "text": _editable(v.data)}
            for v in self.view
            if not v.op and not isinstance(v.object, Constant) and getattr(v.data, "size", 1) <= 12
        ]
        return {
            "svg": self.picture(),
            "heads": TENSOR_HEADS if isinstance(self.view.reader, TensorReader) else SCALAR_HEADS,
            "frames": [asdict(f) for f in self.frames],
            "leaves": leaves,
            "findings": [str(f) for f in self.report],
        }

    def picture(self) -> str:
        """The graph with room for every text that the steps will put into it."""
        drawn = collapse(self.view, MOST)
        faces = [self._roomy(v, vertex_face(v, "labels")) for v in self.view]
        return svg(faces, place(dot([face.box() for face in faces], drawn.arrows)))

    def _roomy(self, vertex: Vertex, face: Face) -> Face:
        """The face with its name and the longest gradient it will ever show; a constant has neither."""
        if not isinstance(vertex.object, Constant):
            face.title = vertex.name
        texts = [frame.grads[face.key][0] for frame in self.frames if face.key in frame.grads]
        face.grad = max(texts, key=len) if texts else None
        face.marks = tuple(n for n, f in enumerate(self.report, 1) if key(f.vertex) == face.key)
        return face

    def __repr__(self) -> str:
        lines = []
        for frame in self.frames:
            detail = f": {frame.detail}" if frame.detail else ""
            lines.append(f"{frame.phase:<9} {frame.title}{detail}")
            for row in frame.rows:
                told = ";  ".join(
                    filter(None, (row.local, row.product, row.added, row.wrong and f"WRONG: {row.wrong}"))
                )
                lines.append(f"{'':<9} {row.name}: {told}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), "image/svg+xml": self.picture()}
        if find_spec("anywidget"):
            shown, _ = self.widget()._repr_mimebundle_()
            return {**shown, **bundle}
        return bundle


def _playable(view: View) -> View:
    """Refuse what has no backward pass to play."""
    if not isinstance(view.reader, TensorReader):
        return view
    if view.root.data.size != 1:
        raise GradientError(
            f"step of a tensor of shape {shape_of(view.root.data.shape)}: backward starts from one number; reduce it "
            f"first, for example step(x.sum())"
        )
    if changed(view):
        raise GradientError(
            "step of a graph whose values were changed in place since it was made (by an optimizer?): "
            "step before the change, or run the forward again"
        )
    return view


def _twin(leaf: Any, value: Any) -> Any:
    """A new leaf like one of the user's, with another value if one is given."""
    if isinstance(leaf, Tensor):
        return Tensor(leaf.array.copy() if value is None else value, leaf.requires_grad)
    twin = copy.copy(leaf)
    twin.data, twin.grad = leaf.data if value is None else value, 0.0
    return twin


def _carried(old: View, root: Any) -> dict[str, Any]:
    """The names given from outside, on the vertices of the graph that was computed again."""
    new = View(root)
    return {v.label: new[v.id].object for v in old if v.label and not new[v.id].label}


def _editable(data: Any) -> str:
    return str(data.tolist()) if hasattr(data, "tolist") else repr(float(data))
