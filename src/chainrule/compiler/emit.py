"""From a schedule to source: Python that Numba compiles, and people can read.

A value is a local variable wherever those who read it stand in the same place of the same loops; else it has an
array, as large as the loops demand that its maker and its readers do not share.  Which values need arrays is found by
writing the source twice: the first time notes who could not get by with a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from chainrule.compiler.entries import Entry
from chainrule.compiler.expressions import START, TYPES, WHOLE, literal
from chainrule.compiler.refs import Affine, Indirect
from chainrule.compiler.schedule import Loop, Schedule, root, works_in
from chainrule.compiler.wording import Words, headline
from chainrule.compiler.works import Axis, Operand, Work
from chainrule.compiler.writing import expression
from chainrule.errors import shape_of

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


class Emitter:
    """Writes a schedule.  ``segments`` is the result."""

    def __init__(self, schedule: Schedule, words: Words, options: dict[Entry, int]) -> None:
        self.schedule, self.words, self.options = schedule, words, options
        self.readers: dict[Work, list[list[Loop]]] = {}  # who needs an array, and the loops around those who read it
        self.homes: dict[Work, list[Loop]] = {}
        self.own_places: dict[Work, tuple[Any, ...]] = {}
        self._write()
        while True:  # an array may be needed to fill another one
            before = {work: len(paths) for work, paths in self.readers.items()}
            self._write()
            if before == {work: len(paths) for work, paths in self.readers.items()}:
                break

    def _write(self) -> None:
        self.segments = [Segment()]
        self.env: dict[Axis, str] = {}
        self.scopes: list[dict[Any, str]] = [{}]
        self.loops: list[Loop] = []
        self.depth = 1
        self.words.restart()
        self.said: set[str] = set()
        for item in self.schedule.items:
            if isinstance(item, Work) and item.kind == "call":
                self._call(item)
                continue
            self._headline(item)
            self.segments[-1].starts.append(len(self.segments[-1].lines))
            self._items([item])

    # ------------------------------------------------------------------------------------ lines

    def _line(self, text: str) -> None:
        self.segments[-1].lines.append("    " * self.depth + text)

    def _headline(self, item: Any) -> None:
        works = list(works_in(item)) if isinstance(item, Loop) else [item]
        for text in headline(works):
            if text not in self.said:
                self.said.add(text)
                self._line(f"# {text}")

    def _items(self, items: Iterable[Any]) -> None:
        for item in items:
            if isinstance(item, Work):
                self._work(item)
            else:
                self._loop(item)

    def _loop(self, loop: Loop) -> None:
        sums = [
            work for work in works_in(loop)
            if work.kind == "reduce" and self.schedule.path[work][len(self._home(work)) :][:1] == [loop]
        ]  # fmt: skip
        for work in sums:
            self._start(work)
        self.loops.append(loop)
        if loop.unrolled:
            for lane in range(loop.size):
                self.env[loop.cls] = str(lane)
                self._items(loop.items)
        else:
            letter = LETTERS[self.depth - 1]
            self.env[loop.cls] = letter
            self._line(f"for {letter} in range({loop.size}):")
            self.depth += 1
            self.scopes.append({})
            self._items(loop.items)
            self.scopes.pop()
            self.depth -= 1
        self.env.pop(loop.cls)
        self.loops.pop()
        for work in sums:
            self._finish(work)

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

    # ------------------------------------------------------------------------------------ works

    def _work(self, work: Work) -> None:
        if work.kind == "map":
            self._map(work)
        elif work.kind == "reduce":
            within = self._home(work) == self.schedule.path[work]  # nothing is reduced: numbers are put into zeros
            if within:
                self._start(work)
            self._add(work)
            if within:
                self._finish(work)
        elif work.kind == "gemm":
            self._gemm(work)
        elif work.kind == "store":
            self._store(work)
        elif work.kind == "check":
            text, _ = self.read(work.operands[0])
            self._line(f"if {text}:" if work.how else f"if not ({text}):")
            self._line("    return 1")

    def _named(self, work: Work) -> str:
        """A variable for the value here; one for each lane of loops that are written out."""
        lanes = [self.env[a.cls()] for a in work.out if a is not None and self.env.get(a.cls(), "").isdigit()]
        return "_".join([self.words.variable(work), *lanes])

    def _map(self, work: Work) -> None:
        name = self._named(work)
        self._line(f"{name} = {expression(self, work)}")
        index = self._here(work)
        self.scopes[-1][self._key(work, index)] = name
        if work in self.readers:
            self._line(f"{self._element(work, index)} = {name}  # {shape_of(work.entry.shape)}")

    def _store(self, work: Work) -> None:
        text, dtype = self.read(work.operands[0])
        if "option" in work.meta:
            self._line(f"scalars[{self.options[work.meta['option']]}] = {text}")
            return
        index = self._here(work)
        if "result" in work.meta:
            self.readers[work] = [[]]
        buffer = work.meta.get("buffer")
        if buffer is None:
            place = self._element(work, index)
        else:
            place = f"{self._array(buffer).name}[{', '.join(self.place(i) for i in index) or '0'}]"
        self._line(f"{place} = {literal(text, work.dtype) if dtype is None else text}")

    def _gemm(self, work: Work) -> None:
        m, n, k = (work.meta[x] for x in "mnk")
        factors = [(bool(operand.fill), self._matrix(operand)) for operand in work.operands[:2]]
        if work.by_columns:  # (A B)ᵀ = Bᵀ Aᵀ
            m, n = n, m
            factors = [(not flip, name) for flip, name in reversed(factors)]
        flips, names = zip(*factors, strict=True)
        given = [*flips, m, n, k]
        name = f"product_{TYPES[work.dtype.name]}"
        if "buffer" in work.meta:
            name = name.replace("_", "_add_")
            given.append(self.read(work.operands[2])[0])
            out = self._array(work.meta["buffer"]).name
        else:
            self.readers.setdefault(work, [])
            index = self._here(work)
            lead = [self.place(index[d]) for d in self._stored(work) if d < len(work.out) - 2]
            out = self._array(work).name + (f"[{', '.join(lead)}]" if lead else "")
        self._line(f"{name}({', '.join(map(str, [*given, *names, out]))})  # {m, k} @ {k, n} -> {m, n}")

    def _matrix(self, operand: Operand) -> str:
        """A factor of a product, as text."""
        self.need(operand.source)
        array = self._array(operand.source)
        lead = [self.place(operand.index[d]) for d in self._leading(operand)]
        return f"{array.name}[{', '.join(lead)}]" if lead else array.name

    def _leading(self, operand: Operand) -> Iterable[int]:
        """The dimensions in front of a matrix that its array has."""
        source = operand.source
        if isinstance(source, Entry) or source.kind in ("alias", "call"):
            return range(len(operand.index))
        return [d for d in self._stored(source) if d < len(operand.index)]

    # ------------------------------------------------------------------------------------ reductions

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

    # ------------------------------------------------------------------------------------ calls

    def _call(self, work: Work) -> None:
        """End the segment: NumPy does the rest of this work, on arrays."""
        for operand in work.operands:
            if isinstance(operand.source, Work | Entry) and not getattr(operand.source, "weak", False):
                self.need(operand.source)
                self._array(operand.source)
        self._array(work)
        self.segments[-1].call = work
        self.segments.append(Segment())
        self.scopes = [{}]


def _least(work: Work) -> Any:
    dtype = work.operands[0].source.dtype
    if dtype.kind == "f":
        return -np.inf if work.how == "argmax" else np.inf
    if dtype.kind == "b":
        return work.how != "argmax"
    info = np.iinfo(dtype)
    return info.min if work.how == "argmax" else info.max
