"""What a step is made of once it is to become loops.

axis      one dimension to loop over; axes that must run together are joined into one *class*
operand   a number that a work reads, and where: a source, and a place in it for every pass of the work's loops
work      one thing to do for all places of its axes:

    map      an expression of its operands
    reduce   add (or multiply, or take the larger) into places that depend on some of the axes only
    gemm     a product of matrices, or one added to a buffer
    store    write a value into a buffer
    check    stop the step if a condition does not hold
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.compiler.entries import Entry
from chainrule.compiler.refs import Affine, Indirect

UNROLL = 16  # inner loops up to this long may be written out


class Axis:
    """A dimension to loop over."""

    __slots__ = ("joined", "members", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.joined: Axis | None = None
        self.members: set[int] = set()  # the works that have an axis of this class

    def cls(self) -> Axis:
        """The axis that stands for the whole class."""
        if self.joined is None:
            return self
        while self.joined.joined is not None:  # the way there is short from now on
            self.joined = self.joined.joined
        return self.joined


@dataclass(eq=False)
class Operand:
    """A number read: ``source[index]``, or ``fill`` outside the masks.  ``source`` is a work, a leaf or a number."""

    source: Any
    index: tuple[Any, ...] = ()
    masks: tuple[tuple[Affine, int], ...] = ()
    fill: Any = 0

    def places(self) -> list[Operand]:
        """The operands that say where."""
        return [i.ref for i in self.index if isinstance(i, Indirect)]  # type: ignore[misc]


@dataclass(eq=False)
class Work:
    """One thing to do.  ``out`` has the axis of each dimension of the result (None: of size 1)."""

    kind: str
    entry: Entry
    axes: list[Axis]
    operands: list[Operand]
    out: list[Axis | None]
    how: str = ""  # the expression or the reduction
    target: tuple[Any, ...] | None = None  # where a reduction adds, if not at ``out`` itself
    meta: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    by_columns: bool = False  # two dimensions, stored the other way round than its loops run (`products.matmul`)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of number it makes."""
        return self.entry.dtype

    @property
    def writes(self) -> bool:
        """Whether it changes what is not its own: only after all checks."""
        return self.kind == "store" or "buffer" in self.meta

    def layout(self) -> list[int]:
        """The dimensions of its result of size above 1, in the order in which they lie in memory."""
        return self.order()[::-1] if self.by_columns else self.order()

    def order(self) -> list[int]:
        """The dimensions of its result of size above 1, in the order of its loops."""
        dims = [d for d, axis in enumerate(self.out) if axis is not None]
        if self.kind not in ("map", "reduce") or self.target is not None:
            return dims
        return sorted(dims, key=lambda d: self.axes.index(self.out[d]))  # type: ignore[arg-type]

    def in_order(self) -> bool:
        """Whether its result lies in memory as its shape says."""
        layout = self.layout()
        return layout == sorted(layout)

    def reads(self) -> list[Operand]:
        """All its operands, and those that say where to read and write."""
        found, todo = [], list(self.operands)
        todo += [i.ref for i in self.target or () if isinstance(i, Indirect)]  # type: ignore[misc]
        while todo:
            operand = todo.pop()
            found.append(operand)
            todo += operand.places()
        return found

    def __repr__(self) -> str:
        return f"<{self.kind} {self.how} -> {self.entry.label or self.entry.op} {[a and a.size for a in self.out]}>"
