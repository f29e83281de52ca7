"""From a schedule to source: Python, to be compiled (`native.translating`) and to be read by people.

Which values need arrays is found by writing the source twice: the first time notes who could not get by with a
variable (`places`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.compiler.entries import Entry
from chainrule.compiler.expressions import TYPES, literal
from chainrule.compiler.places import LETTERS, Segment
from chainrule.compiler.schedule import Loop, Schedule, works_in
from chainrule.compiler.sums import Sums
from chainrule.compiler.wording import Words, headline
from chainrule.compiler.works import Operand, Work
from chainrule.compiler.writing import expression
from chainrule.errors import shape_of


class Emitter(Sums):
    """Writes a schedule.  ``segments`` is the result."""

    def __init__(self, schedule: Schedule, words: Words, options: dict[Entry, int]) -> None:
        super().__init__(schedule, words)
        self.options = options
        self._write()
        while True:  # an array may be needed to fill another one
            before = {work: len(paths) for work, paths in self.readers.items()}
            self._write()
            if before == {work: len(paths) for work, paths in self.readers.items()}:
                break

    def _write(self) -> None:
        self.restart()
        self.said: set[str] = set()
        for item in self.schedule.items:
            if isinstance(item, Work) and item.kind == "call":
                self._call(item)
                continue
            self._headline(item)
            self.segments[-1].starts.append(len(self.segments[-1].lines))
            self._items([item])

    # ------------------------------------------------------------------------------------ lines

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
