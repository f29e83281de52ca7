"""Where the values of a schedule are while its source is written: in variables, or in arrays, and at which place.

A value is a local variable wherever those who read it stand in the same place of the same loops; else it has an
array, as large as the loops demand that its maker and its readers do not share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.compiler.entries import Entry
from chainrule.compiler.expressions import literal
from chainrule.compiler.refs import Affine, Indirect
from chainrule.compiler.schedule import Loop, Schedule, root
from chainrule.compiler.wording import Words
from chainrule.compiler.works import Axis, Operand, Work

LETTERS = "ijklmnopqrstuvw"


@dataclass(eq=False)
class Array:
    """An array a segment works on: its name, what it holds, its shape (0-d ones have one place) and dtype."""

    name: str
    source: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass
class Segment:
    """A stretch of the step without a call to NumPy: the lines of its function and the arrays it works on.

    starts   the number of lines before each item
    views    the arrays that it makes from others (see `sharing`); it is given the rest
    """

    lines: list[str] = field(default_factory=list)
    arrays: dict[Any, Array] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    views: frozenset[Array] = frozenset()
    call: Work | None = None  # what NumPy does after it

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its finished lines."""
        return frozenset(re.findall(r"\w+", "\n".join(self.lines)))


class Places:
    """What is known at the line that is written next.

    segments   the lines so far, and the arrays they work on
    env        for each class of axes, the variable (or, written out, the number) of the loop around
    scopes     for each loop around, the values that are variables there
    readers    who needs an array, and the loops around those who read it
    """

    def __init__(self, schedule: Schedule, words: Words) -> None:
        self.schedule, self.words = schedule, words
        self.readers: dict[Work, list[list[Loop]]] = {}
        self.homes: dict[Work, list[Loop]] = {}
        self.own_places: dict[Work, tuple[Any, ...]] = {}
        self.restart()

    def restart(self) -> None:
        """Begin with the first line again, knowing who needs an array."""
        self.segments = [Segment()]
        self.env: dict[Axis, str] = {}
        self.scopes: list[dict[Any, str]] = [{}]
        self.loops: list[Loop] = []
        self.depth = 1
        self.words.restart()

    def _line(self, text: str) -> None:
        self.segments[-1].lines.append("    " * self.depth + text)

    # ------------------------------------------------------------------------------------ where values are

    def _home(self, work: Work) -> list[Loop]:
        """The loops in which the value of ``work`` is complete."""
        if work not in self.homes:
            self.homes[work] = self._found_home(work)
        return self.homes[work]

    def _found_home(self, work: Work) -> list[Loop]:
        path = self.schedule.path[work]
        if work.kind != "reduce":
            return path
        mine = {axis.cls() for axis in self._kept(work)}
        for depth, loop in enumerate(path):
            if loop.cls not in mine:
                return path[:depth]
        return path

    @staticmethod
    def _kept(work: Work) -> list[Axis]:
        """The axes of a reduction along which it does not reduce."""
        out = [axis for axis in work.out if axis is not None]
        if work.target is None:
            return out
        straight = [i.plain() for i in work.target if isinstance(i, Affine)]
        return [axis for axis in out if axis in straight]

    def _prefix(self, work: Work) -> list[Loop]:
        """The loops a value and all who read its array share."""
        home = self._home(work)
        n = len(home)
        for path in self.readers[work]:
            same = 0
            while same < min(n, len(path)) and home[same] is path[same]:
                same += 1
            n = same
        return home[:n]

    def _stored(self, work: Work) -> list[int]:
        """The dimensions of the array of a value."""
        shared = {loop.cls for loop in self._prefix(work)}
        return [d for d in work.layout() if work.out[d].cls() not in shared]  # type: ignore[union-attr]

    def _array(self, source: Any) -> Array:
        """The array of a value or a leaf, as the segment knows it."""
        arrays = self.segments[-1].arrays
        if source not in arrays:
            if isinstance(source, Entry):
                shape, dtype = source.shape, source.dtype
            elif isinstance(source, str):
                raise KeyError(source)
            elif source.kind in ("alias", "call"):
                shape, dtype = tuple(1 if a is None else a.size for a in source.out), source.dtype
                if source.kind == "alias":
                    self._array(root(source))
            else:
                shape, dtype = tuple(source.out[d].size for d in self._stored(source)), source.dtype
            arrays[source] = Array(self.words.name(source), source, shape or (1,), dtype)
        return arrays[source]

    def place(self, i: Any) -> str:
        """A place as text; a number where it is known."""
        if isinstance(i, Indirect):
            text, _ = self.read(i.ref)  # type: ignore[arg-type]
            return f"min(max({text}, 0), {i.size - 1})"
        const, terms = i.const, []
        if not i.terms:
            return str(const)
        if (only := i.plain()) is not None:
            return self.env[only.cls()]
        for axis, coef in i.terms:
            at = self.env[axis.cls()]
            if at.isdigit():
                const += coef * int(at)
            else:
                terms.append(at if coef == 1 else f"{coef} * {at}")
        if not terms:
            return str(const)
        text = " + ".join(terms)
        return text if not const else f"{text} + {const}" if const > 0 else f"{text} - {-const}"

    def _element(self, work: Work, index: tuple[Any, ...]) -> str:
        """An element of the array of a value, at the places of all its dimensions."""
        array = self._array(work)
        places = [self.place(index[d]) for d in self._stored(work)]
        return f"{array.name}[{', '.join(places) or '0'}]"

    def _key(self, work: Work, index: tuple[Any, ...]) -> Any:
        places = [self.place(i) for i, axis in zip(index, work.out, strict=False) if axis is not None]
        return work, tuple(places)

    def _here(self, work: Work) -> tuple[Any, ...]:
        """The places of the dimensions of a value where it is made."""
        if work not in self.own_places:
            self.own_places[work] = tuple(Affine() if a is None else Affine(0, ((a, 1),)) for a in work.out)
        return self.own_places[work]

    # ------------------------------------------------------------------------------------ reading

    def read(self, operand: Operand) -> tuple[Any, Any]:
        """An operand as text, with its dtype; a number as itself, with None."""
        text, dtype = self._read(operand)
        if not operand.masks:
            return text, dtype
        return f"({text} if {self.inside(operand)} else {literal(operand.fill, dtype)})", dtype

    def inside(self, operand: Operand) -> str:
        """The condition under which an operand is not just its ``fill``."""
        asked = [f"0 <= {place} < {n}" if (place := self.place(m)) else "" for m, n in operand.masks]
        return " and ".join(asked) or "True"

    def _read(self, operand: Operand) -> tuple[Any, Any]:
        source = operand.source
        if isinstance(source, Entry):
            if source.op == "option":
                return self.words.name(source), source.dtype
            places = [self.place(i) for i in operand.index]
            return f"{self._array(source).name}[{', '.join(places) or '0'}]", source.dtype
        if not isinstance(source, Work):
            return source, None
        if source.kind in ("alias", "call"):
            self.need(source)
            places = [self.place(i) for i in operand.index]
            return f"{self._array(source).name}[{', '.join(places) or '0'}]", source.dtype
        if not any(isinstance(i, Indirect) for i in operand.index):
            key = self._key(source, operand.index)
            for scope in reversed(self.scopes):
                if key in scope:
                    return scope[key], source.dtype
        self.need(source)
        return self._element(source, operand.index), source.dtype

    def need(self, source: Any) -> None:
        """``source`` is read here and must be in an array."""
        base = root(source)
        if isinstance(base, Work) and base.kind != "call":
            path = [] if base is not source or isinstance(source, Entry) else list(self.loops)
            paths = self.readers.setdefault(base, [])
            if path not in paths:
                paths.append(path)
