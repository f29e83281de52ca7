"""`detect_anomaly`: in which operation, on which line of yours, the first NaN or Inf was born.

    born    a NaN where the result has one; an Inf where the result has one and nothing it was made of had
    where   the innermost line outside chainrule at the moment an operation ran, kept on its node of the graph

Forward the line is the one that is running; backward it is the one that ran the operation whose gradient rule
gave the NaN, long ago.  That is why the mode must be on in the forward pass already.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from chainrule.backprop import Node, lookouts
from chainrule.errors import AnomalyError, shape_of
from chainrule.ops.base import Op
from chainrule.tensor import Tensor

HOME = str(Path(__file__).parent.parent) + os.sep


class detect_anomaly:
    """A block in which the first NaN or Inf is an error that names the operation, the shapes and your line.

    It looks at every result and every gradient, and slows them down; outside the block it costs nothing.  With
    ``check_nan=False`` it looks at no numbers, but an error in a gradient rule still names the line of the forward
    pass.  Raises AnomalyError; its ``node`` is the place in the graph.

    >>> x = chainrule.tensor([1.0, -1.0], requires_grad=True)
    >>> with chainrule.autograd.detect_anomaly():  # doctest: +ELLIPSIS
    ...     loss = x.log().sum()
    Traceback (most recent call last):
        ...
    chainrule.errors.AnomalyError: log of (2,) gave 1 nan, 0 inf of 2, at <doctest ...>:2: loss = x.log().sum()
    chainrule.graph.draw(error.node) shows the graph up to there; graph.watch() does both at once
    """

    picture = "chainrule.graph.draw(error.node) shows the graph up to there; graph.watch() does both at once"

    def __init__(self, check_nan: bool = True) -> None:
        self.nan = self.inf = check_nan

    def __enter__(self) -> Any:
        self._before = _put([self])
        return self

    def __exit__(self, *error: Any) -> None:
        _put(self._before)

    def applied(self, op: Op, inputs: tuple[Any, ...], meta: dict[str, Any], result: Tensor) -> None:
        """Look at the result of an operation; keep the line that asked for it."""
        place = here()
        if result.node is not None:
            result.node.where = place
        if self._bad(result, inputs):
            node = made_up(op, inputs, meta, result.array)
            raise self._anomaly(f"{told(node)}, at {line(place)}", node)

    def pulled(self, node: Node, g: Any, sends: list[Any]) -> None:
        """Look at the gradients an operation sends on."""
        for sent in sends:
            if self._bad(sent, (g,)):
                given = "; the gradient it was given held some already" if held((g,)) else ""
                what = f"the gradient that {named(node)} sends on has {counted(sent)}{given}"
                raise self._anomaly(f"{what}; {_ran(node)}", node)

    def failed(self, node: Node, error: Exception) -> None:
        """Say where the operation ran whose gradient rule raised an error."""
        error.add_note(f"this is the gradient of {named(node)}; {_ran(node)}")

    def _anomaly(self, message: str, node: Node) -> AnomalyError:
        error = AnomalyError(message)
        error.node = node
        if self.picture:
            error.add_note(self.picture)
        return error

    def _bad(self, out: Any, given: Iterable[Any]) -> bool:
        array = numbers_of(out)
        if array is None or np.isfinite(array).all():
            return False
        return bool((self.nan and np.isnan(array).any()) or (self.inf and np.isinf(array).any() and not held(given)))


class set_detect_anomaly(detect_anomaly):
    """Turn `detect_anomaly` on or off from here on; as a ``with`` block, until its end."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(check_nan)
        self._before = _put([self] if mode else [])

    def __enter__(self) -> Any:
        return self


def _put(mode: list[Any]) -> list[Any]:
    """Make this the mode, as there is one for all; the mode before.  Other lookouts stay."""
    before = [x for x in lookouts if type(x) in MODES]
    lookouts[:] = [x for x in lookouts if type(x) not in MODES] + mode
    return before


MODES = (detect_anomaly, set_detect_anomaly)


def here() -> tuple[str, int] | None:
    """The file and the number of the innermost line that runs outside chainrule; None if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(HOME):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def line(place: tuple[str, int] | None) -> str:
    """A place in a source as people read it: the file, the number of the line, the line."""
    if place is None:
        return "a line that is not known"
    text = linecache.getline(*place).strip()
    return f"{place[0]}:{place[1]}{': ' + text if text else ''}"


def _ran(node: Node) -> str:
    if not hasattr(node, "where"):
        return f"to learn on which line {op_of(node).name} ran, turn the mode on before the forward pass"
    return f"{op_of(node).name} ran at {line(node.where)}"


def told(node: Node) -> str:
    """In words: the operation, the shapes it was given, what is not finite in its result."""
    before = "; what it was given held some already" if held(node.raw) else ""
    return f"{named(node)} gave {counted(node.out)}{before}"


def named(node: Node) -> str:
    """An operation and the shapes it was given: "add of (2, 3) and (3,)"."""
    shapes = " and ".join(shape_of(x.shape) if isinstance(x, np.ndarray) else repr(x) for x in node.raw)
    return f"{op_of(node).name} of {shapes}"


def op_of(node: Node) -> Op:
    """The operation of a node that has one."""
    assert node.op is not None  # leaves are neither computed nor pulled
    return node.op


def counted(x: Any) -> str:
    """How many of the numbers are not finite."""
    array = np.asarray(numbers_of(x))
    return f"{np.isnan(array).sum()} nan, {np.isinf(array).sum()} inf of {array.size}"


def held(given: Iterable[Any]) -> bool:
    """Whether something that was given is not finite."""
    return any(array is not None and not np.isfinite(array).all() for array in map(numbers_of, given))


def numbers_of(x: Any) -> Any:
    """The floating numbers in it, as an array; None if it has none."""
    array = x.array if isinstance(x, Tensor) else x
    return (
        array if isinstance(array, np.ndarray | np.floating | float) and np.asarray(array).dtype.kind == "f" else None
    )


def made_up(op: Op, inputs: tuple[Any, ...], meta: dict[str, Any], out: Any) -> Node:
    """A node for an operation, whether or not it became one."""
    parents = [x.node if isinstance(x, Tensor) else None for x in inputs]
    raw = [x.array if isinstance(x, Tensor) else x for x in inputs]
    return Node(op, inputs, raw, parents, out, meta, [])
