"""The lines of a reduction: its start before a loop, what is added in it, its end behind it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from chainrule.compiler.expressions import START, TYPES, WHOLE, literal
from chainrule.compiler.places import LETTERS, Places
from chainrule.compiler.works import Axis, Work
from chainrule.compiler.writing import expression


class Sums(Places):
    """Writes reductions."""

    def _named(self, work: Work) -> str:
        """A variable for the value here; one for each lane of loops that are written out."""
        lanes = [self.env[a.cls()] for a in work.out if a is not None and self.env.get(a.cls(), "").isdigit()]
        return "_".join([self.words.variable(work), *lanes])

    def _lanes(self, work: Work) -> list[dict[Axis, str]] | None:
        """The ways to fix the kept axes that run inside the reduction; None if they need an array."""
        if work.target is not None and len(self._kept(work)) < len([a for a in work.out if a is not None]):
            return None
        inner = [axis.cls() for axis in self._kept(work) if axis.cls() not in self.env]
        loops = {loop.cls: loop for loop in self.schedule.path[work]}
        if not all(loops[cls].unrolled for cls in inner):
            return None
        return [dict(zip(inner, map(str, at), strict=True)) for at in product(*(range(cls.size) for cls in inner))]

    def _start(self, work: Work) -> None:
        lanes = self._lanes(work)
        start = self._zero(work)
        if lanes is None:
            self.readers.setdefault(work, [])
            self._fill(work, start)
            return
        for at in lanes:
            self.env.update(at)
            name = self._named(work)
            self.scopes[-1][self._key(work, self._here(work))] = name
            self._line(f"{name} = {start}")
            if work.how.startswith("arg"):
                self._line(f"{name}_best = {literal(_least(work), work.operands[0].source.dtype)}")
            for cls in at:
                del self.env[cls]

    def _zero(self, work: Work) -> str:
        start = START.get(work.how, 0)
        if isinstance(start, str):
            info = work.dtype.kind != "f" and np.iinfo(work.dtype)
            number = float(start) if not info else info.min if start == "-inf" else info.max
            return literal(number, work.dtype)
        return literal(start, work.dtype)

    def _fill(self, work: Work, start: str) -> None:
        array, index = self._array(work), self._here(work)
        places, added = [], 0
        for d in self._stored(work):
            axis = work.out[d]
            assert axis is not None
            if axis.cls() in self.env:
                places.append(self.place(index[d]))
                continue
            letter = LETTERS[self.depth - 1]
            self._line(f"for {letter} in range({axis.size}):")
            self.depth, added = self.depth + 1, added + 1
            places.append(letter)
        self._line(f"{array.name}[{', '.join(places) or '0'}] = {start}")
        self.depth -= added

    def _add(self, work: Work) -> None:
        value = expression(self, work)
        index = work.target or self._here(work)
        key = self._key(work, index) if self._lanes(work) is not None else None
        name = next((scope[key] for scope in reversed(self.scopes) if key in scope), None)
        name = self._element(work, index) if name is None else name
        if work.how.startswith("arg"):
            sign = ">" if work.how == "argmax" else "<"
            x, best = f"{name}_here", f"{name}_best"
            self._line(f"{x} = {value}")
            self._line(f"if {x} {sign} {best} or ({x} != {x} and {best} == {best}):")
            self._line(f"    {best} = {x}")
            self._line(f"    {name} = {self.place(work.meta['along'])}")
            return
        if work.dtype.kind == "f":
            self._line(f"{name} = {work.how}_r({name}, {value})")
        else:
            text = WHOLE[work.how].format(name, value)
            narrow = work.dtype.kind != "b" and work.dtype != np.int64
            self._line(f"{name} = {TYPES[work.dtype.name]}({text})" if narrow else f"{name} = {text}")

    def _finish(self, work: Work) -> None:
        """What was summed up in variables goes to the array, if someone reads it there."""
        lanes = self._lanes(work)
        if lanes is None or work not in self.readers:
            return
        for at in lanes:
            self.env.update(at)
            index = self._here(work)
            self._line(f"{self._element(work, index)} = {self.scopes[-1][self._key(work, index)]}")
            for cls in at:
                del self.env[cls]


def _least(work: Work) -> Any:
    dtype = work.operands[0].source.dtype
    if dtype.kind == "f":
        return -np.inf if work.how == "argmax" else np.inf
    if dtype.kind == "b":
        return work.how != "argmax"
    info = np.iinfo(dtype)
    return info.min if work.how == "argmax" else info.max
