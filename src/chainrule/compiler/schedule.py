"""Which loops there are, and what runs in which: fusion.

Two rules decide it all.

Classes.  Every dimension of size above 1 has an axis.  Where a work reads a value at just its own place along an
axis, the two axes are joined into one class: they can run in one loop.  A join that would give one work the same
class twice (a matrix plus its own transpose) is left out: that value is read back from memory.

Places.  Each work, in the order of the graph, goes into the earliest loop over the class of its first axis in which
everything it depends on is ready: made in an earlier loop, or in this loop at the same place.  Then the same inside
that loop, for its next axis.  So a backward pass runs in the loop of the forward pass it belongs to, several sums
over one axis share a loop, and an update runs in the loop that makes its gradient.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chainrule.compiler.entries import Entry
from chainrule.compiler.refs import Affine
from chainrule.compiler.works import UNROLL, Axis, Operand, Work

BUDGET = 200  # as long as no more lines than this come of it, in the whole step


@dataclass(eq=False)
class Loop:
    """A loop over a class of axes, and what runs in it, in order."""

    cls: Axis
    items: list[Any] = field(default_factory=list)  # loops and works
    unrolled: bool = False

    @property
    def size(self) -> int:
        """How many times it runs."""
        return self.cls.size


@dataclass
class Dependency:
    """What must be ready before a work may run, and the classes along which 'at the same place' is enough."""

    work: Work
    same: frozenset[Axis]


class Schedule:
    """The loops of all works: ``items``, and ``path``, the loops around each work."""

    def __init__(self, works: list[Work], fuse: bool = True) -> None:
        self.items: list[Any] = []
        self.path: dict[Work, list[Loop]] = {}
        self.fuse = fuse
        for work in works:
            for axis in (*work.axes, *(a for a in work.out if a is not None)):
                axis.cls().members.add(work.number)
        if fuse:
            for work in works:
                self._join(work)
        self._readers: dict[Entry, list[tuple[Work, Operand]]] = {}
        checks: list[Work] = []
        for work in works:
            needs = list(self._dependencies(work))
            if work.writes:
                needs += [Dependency(check, frozenset()) for check in checks]
                needs += self._before(work)
            self._place(work, needs)
            if work.kind in ("check", "call"):  # NumPy may refuse, too
                checks.append(work)
            for operand in work.reads() if work.kind != "alias" else ():
                if isinstance(operand.source, Entry):
                    self._readers.setdefault(operand.source, []).append((work, operand))
                elif isinstance(operand.source, Work) and operand.source.kind == "alias":
                    leaf = root(operand.source)
                    if isinstance(leaf, Entry):
                        self._readers.setdefault(leaf, []).append((work, Operand(leaf)))
        self.budget = BUDGET
        self._unroll(self.items, None)

    # ------------------------------------------------------------------------------------ classes

    def _join(self, work: Work) -> None:
        for operand in work.reads():
            if not isinstance(operand.source, Work) or operand.source.kind in ("alias", "call"):
                continue
            for i, axis in zip(operand.index, operand.source.out, strict=False):
                mine = i.plain() if isinstance(i, Affine) else None
                if axis is not None and mine is not None and mine.size == axis.size:
                    join(mine, axis)

    def _same(self, operand: Operand, out: Iterable[Axis | None]) -> frozenset[Axis]:
        """The classes along which ``operand`` reads at just the place where its source was written."""
        same = set()
        for i, axis in zip(operand.index, out, strict=False):
            mine = i.plain() if isinstance(i, Affine) else None
            if axis is not None and mine is not None and mine.cls() is axis.cls():
                same.add(mine.cls())
        return frozenset(same)

    # ------------------------------------------------------------------------------------ places

    def _dependencies(self, work: Work) -> Iterable[Dependency]:
        for operand in work.reads():
            source = operand.source
            if isinstance(source, Work):
                if source.kind == "alias":
                    base = root(source)
                    if isinstance(base, Work):
                        yield Dependency(base, frozenset())
                else:
                    masked = frozenset() if operand.masks else self._same(operand, source.out)
                    yield Dependency(source, masked)

    def _before(self, store: Work) -> list[Dependency]:
        """Whoever still reads the buffer must have done so."""
        found = []
        for reader, operand in self._readers.get(store.meta.get("buffer"), ()):  # type: ignore[arg-type]
            same: frozenset[Axis] = frozenset()
            if "gemm" not in (reader.kind, store.kind) and not operand.masks:
                same = self._same(operand, store.out)
            found.append(Dependency(reader, same))
        return found

    def _place(self, work: Work, needs: list[Dependency]) -> None:
        if work.kind == "alias":
            return
        items = self.items
        path: list[Loop] = []
        left = [axis.cls() for axis in work.axes]
        while left:
            at = {id(item): k for k, item in enumerate(items)}
            where = []
            for need in needs:
                inner = self.path[need.work]
                item = inner[len(path)] if len(inner) > len(path) else need.work
                where.append((at[id(item)], need))
            loop = self._ready(items, left, where, ordered=work.how.startswith("arg"))
            if loop is None:
                loop, needs = Loop(left[0]), []
                items.append(loop)
            else:
                needs = [need for k, need in where if k == at[id(loop)]]
            left.remove(loop.cls)
            path.append(loop)
            items = loop.items
        if work.kind == "map" and not work.axes and not needs and work.operands:
            items.insert(0, work)  # it waits for nothing: let nothing wait for it
        else:
            items.append(work)
        self.path[work] = path

    def _ready(self, items: list[Any], left: list[Axis], where: list[tuple[int, Dependency]], ordered: bool) -> Any:
        """The earliest loop over the first class left in which all is ready; or one over another class, if it is the
        loop of what the work waits for last."""
        if not self.fuse:
            return None
        last = max((k for k, _ in where), default=0)
        for cls in left[:1] if ordered else left:
            for k in range(last, len(items)):
                item = items[k]
                ready = isinstance(item, Loop) and item.cls is cls
                if ready and all(j < k or cls in need.same for j, need in where):
                    if cls is left[0] or k == last:
                        return item
                    break
        return None

    # ------------------------------------------------------------------------------------ unrolling

    def _unroll(self, items: list[Any], parent: Loop | None) -> None:
        """Write out short innermost loops that hand values to one another, while the budget lasts."""
        loops = [item for item in items if isinstance(item, Loop)]
        for loop in loops:
            self._unroll(loop.items, loop)
        if parent is None or not self.fuse:
            return
        for cls in dict.fromkeys(loop.cls for loop in loops):
            kin = [loop for loop in loops if loop.cls is cls]
            lines = cls.size * sum(map(_lines, kin))
            inner = any(isinstance(item, Loop) and not item.unrolled for loop in kin for item in loop.items)
            if cls.size <= UNROLL and not inner and len(kin) > 1 and lines <= self.budget:
                self.budget -= lines
                for loop in kin:
                    loop.unrolled = True


def _lines(loop: Loop) -> int:
    """How many lines come of one pass of a loop."""
    return sum(item.size * _lines(item) if isinstance(item, Loop) else 1 for item in loop.items)


def root(work: Any) -> Any:
    """What an alias is an alias of."""
    while isinstance(work, Work) and work.kind == "alias":
        work = work.operands[0].source
    return work


def works_in(loop: Loop) -> Iterable[Work]:
    """All works in a loop, at any depth."""
    for item in loop.items:
        if isinstance(item, Loop):
            yield from works_in(item)
        else:
            yield item


def join(a: Axis, b: Axis) -> None:
    """Make two axes one class, unless some work would then have it twice."""
    x, y = a.cls(), b.cls()
    if x is y or x.members & y.members:
        return
    y.joined = x
    x.members |= y.members
