"""`watch`: when something breaks, the graph up to where it broke.

    with chainrule.graph.watch():
        loss = model(x) ...

A shape error in the block gets the picture of what led to the failing operation: as text in the traceback, and as
``error.graph``.  The first nan or inf, forward or in a gradient, stops the block and shows where it was made.
What is found and how it is said is `chainrule.autograd.detect_anomaly`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType, FrameType, TracebackType
from typing import Any

import numpy as np

from chainrule.autograd.anomaly import HOME, detect_anomaly, made_up
from chainrule.backprop import Node, lookouts
from chainrule.errors import ChainruleError, ShapeError, shape_of
from chainrule.graph.findings import Finding
from chainrule.graph.picture import Picture, draw
from chainrule.graph.tree import text
from chainrule.graph.view import View
from chainrule.ops.base import Op
from chainrule.tensor import Tensor, apply

APPLY, PULL, CALL = apply.__code__, Node.pull.__code__, Op.__call__.__code__
LINES = 30


class watch(detect_anomaly):
    """A block in which an error shows its graph, and the first nan (and, unless ``inf=False``, inf) is an error.

    It is `chainrule.autograd.detect_anomaly` with the picture.  It looks at every operation and slows them down: for
    finding a fault, not for training.

    >>> x = chainrule.tensor([1.0, -1.0], requires_grad=True)
    >>> with watch():  # doctest: +ELLIPSIS
    ...     loss = x.log().sum()
    Traceback (most recent call last):
        ...
    chainrule.errors.AnomalyError: log of (2,) gave 1 nan, 0 inf of 2, at <doctest ...>:2: loss = x.log().sum()
    the graph up to there:
    log = [0.0, nan]   ← log of (2,) gave 1 nan, 0 inf of 2, at <doctest ...>:2: loss = x.log().sum()
    └─ x = [1.0, −1.0]
    """

    picture = ""  # the error gets the picture itself

    def __init__(self, nan: bool = True, inf: bool = True) -> None:
        self.nan, self.inf = nan, inf

    def __enter__(self) -> watch:
        lookouts.append(self)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        lookouts.remove(self)
        if isinstance(error, ChainruleError) and not hasattr(error, "graph"):
            _show(error, _frames(trace), getattr(error, "node", None))


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
            out = known.get("out")
            return made_up(known["op"], known["inputs"], known["meta"], _Nothing() if out is None else np.asarray(out))
        if frame.f_code is CALL:
            return made_up(known["self"], known["args"], known["kwargs"], _Nothing())
    for frame in reversed(frames):
        tensors = [x for x in frame.f_locals.values() if isinstance(x, Tensor)]
        if tensors:
            return list({id(x): x for x in tensors}.values())
    return None


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
    return code.co_filename.startswith(HOME)
