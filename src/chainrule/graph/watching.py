"""`watch`: when something breaks, the graph up to where it broke.

    with chainrule.graph.watch():
        loss = model(x) ...

A shape error in the block gets the picture of what led to the failing operation: as text in the traceback, and as
``error.graph``.  The first nan or inf, forward or in a gradient, stops the block and shows where it was made.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType, TracebackType
from typing import Any

import numpy as np

from chainrule.backprop import Node
from chainrule.errors import ChainruleError, DivergedError, ShapeError, shape_of
from chainrule.graph.findings import Finding
from chainrule.graph.numbers import spread
from chainrule.graph.picture import Picture, draw
from chainrule.graph.tree import text
from chainrule.graph.view import View
from chainrule.ops.base import Op
from chainrule.tensor import Tensor, apply

APPLY, PULL, CALL = apply.__code__, Node.pull.__code__, Op.__call__.__code__
LINES = 30


class watch:
    """A block in which an error shows its graph, and the first nan (and, unless ``inf=False``, inf) is an error.

    It looks at every operation and slows them down several times: for finding a fault, not for training.

    >>> x = chainrule.tensor([1.0, -1.0], requires_grad=True)
    >>> with watch():
    ...     loss = x.log().sum()
    Traceback (most recent call last):
        ...
    chainrule.errors.DivergedError: log of (2,) gave 1 nan, 0 inf of 2
    the graph up to there:
    log = [0.0, nan]   ← log of (2,) gave 1 nan, 0 inf of 2
    └─ x = [1.0, −1.0]
    """

    def __init__(self, nan: bool = True, inf: bool = True) -> None:
        self.nan, self.inf = nan, inf
        self._at: Node | None = None

    def __enter__(self) -> watch:
        self._before = sys.getprofile()
        if self.nan or self.inf:
            sys.setprofile(self._look)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.setprofile(self._before)
        if isinstance(error, ChainruleError) and not hasattr(error, "graph"):
            _show(error, _frames(trace), self._at)

    def _look(self, frame: FrameType, event: str, result: Any) -> None:
        """Called by Python at every call and return: look at what operations and gradient rules return."""
        if event != "return" or result is None:
            return
        if frame.f_code is APPLY and self._bad(result.array):
            known = frame.f_locals
            self._at = _node(known["op"], known["inputs"], known["meta"], result.array)
            raise DivergedError(_told(self._at, result.array))
        if frame.f_code is PULL:
            for sent in result:
                array = getattr(sent, "array", sent)
                if self._bad(array):
                    self._at = node = frame.f_locals["self"]
                    raise DivergedError(f"the gradient that {node.op.name} sends on has {spread(np.atleast_1d(array))}")

    def _bad(self, array: Any) -> bool:
        if not isinstance(array, np.ndarray | np.floating) or array.dtype.kind != "f":
            return False
        return bool((self.nan and np.isnan(array).any()) or (self.inf and np.isinf(array).any()))


def _told(node: Node, out: Any) -> str:
    op, raw = node.op, node.raw
    assert op is not None  # a leaf is not computed
    shapes = " and ".join(shape_of(x.shape) if isinstance(x, np.ndarray) else repr(x) for x in raw)
    already = any(isinstance(x, np.ndarray) and x.dtype.kind == "f" and not np.isfinite(x).all() for x in raw)
    before = "; what it was given held some already" if already else ""
    return f"{op.name} of {shapes} gave {spread(np.atleast_1d(out))}{before}"


def _show(error: ChainruleError, frames: list[FrameType], at: Node | None) -> None:
    """Put the graph up to the failing operation on the error, as a picture and as a note."""
    failed = _failed(frames) if at is None else at
    if failed is None:
        return
    view = View(failed, _names(frames))
    marks = _marks(view, error)
    picture: Picture = draw(view, findings=marks)
    error.graph = picture  # type: ignore[attr-defined]
    lines = text(view, LINES, {f.vertex.id: str(f) for f in marks})
    error.add_note(f"the graph up to there:\n{lines}")


def _marks(view: View, error: ChainruleError) -> list[Finding]:
    """The error at the operation that failed; where shapes do not fit, each shape at the value that has it."""
    marks = [Finding(view.roots[0], None, None, None, str(error))] if view.roots[0].op else []
    if isinstance(error, ShapeError):
        given = view.roots[0].children if marks else view.roots
        marks += [Finding(v, None, None, None, f"{v.name} has the shape {shape_of(v.data.shape)}") for v in given]
    return marks


def _frames(trace: TracebackType | None) -> list[FrameType]:
    """The frames of an error, innermost last."""
    frames = []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames


class _Nothing:
    """Stands where a result would be."""

    def __repr__(self) -> str:
        return "no result"


def _failed(frames: list[FrameType]) -> Any:
    """The node that failed, made up of what it was given; or the tensors at hand where it failed."""
    for frame in reversed(frames):
        known = frame.f_locals
        if frame.f_code is PULL:
            return known["self"]
        if frame.f_code is APPLY:
            return _node(known["op"], known["inputs"], known["meta"], known.get("out"))
        if frame.f_code is CALL:
            return _node(known["self"], known["args"], known["kwargs"], None)
    for frame in reversed(frames):
        tensors = [x for x in frame.f_locals.values() if isinstance(x, Tensor)]
        if tensors:
            return list({id(x): x for x in tensors}.values())
    return None


def _node(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any], out: Any) -> Node:
    """A node for an operation that has not become one."""
    parents = [x.node if isinstance(x, Tensor) else None for x in inputs]
    raw = [x.array if isinstance(x, Tensor) else x for x in inputs]
    return Node(op, inputs, raw, parents, _Nothing() if out is None else np.asarray(out), meta, [])


def _names(frames: list[FrameType]) -> dict[str, Any]:
    """What tensors are called where it failed: variables, parameters of modules; the user's names before ours."""
    names: dict[int, tuple[str, Any]] = {}
    inner_first = frames[::-1]
    users = [frame for frame in inner_first if not _ours(frame.f_code)]
    for frame in users + [frame for frame in inner_first if _ours(frame.f_code)]:
        for name, x in frame.f_locals.items():
            if isinstance(x, Tensor):
                names.setdefault(id(x if x.node is None else x.node), (name, x))
            elif hasattr(x, "named_parameters") and not isinstance(x, type):
                for key, p in x.named_parameters():
                    names.setdefault(id(p.node or p), (f"{name}.{key}", p))
    return _unlike(names.values())


def _unlike(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Names as a dict; where two tensors have one name, the first keeps it."""
    named: dict[str, Any] = {}
    for name, x in pairs:
        named.setdefault(name, x)
    return named


def _ours(code: CodeType) -> bool:
    return code.co_filename.startswith(__file__.rsplit("graph", 1)[0])
