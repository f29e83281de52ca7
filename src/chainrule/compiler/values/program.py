"""`Program`: a recorded step as flat arrays, which the machine runs.

slots     first the constants, the arguments and what the leaves hold; then one for each instruction; then computed
          slopes and the gradients of constants that the step asks for. A slot is a place both in ``v`` and in ``g``
target    where a Value's gradient is collected: the slot of the instruction that made it; for a leaf that of its data
level     instructions of one level do not need each other, so they are sorted by operation, and the machine decides
          what to do once for hundreds of them
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from chainrule.compiler.values.machine import FORWARD, LOAD, SINGLE, SUMS, codes, machine
from chainrule.compiler.values.rules import rules
from chainrule.compiler.values.tape import LIVE, Tape, Track
from chainrule.value import Value

Array = Any
INPUTS = ("constant", "argument", "data", "start")
NOWHERE = -1  # the target of a gradient that nobody asks for
NONE = np.zeros(0, np.int32)


class Program:
    """The arrays, and the numbers they work on. ``wanted`` are the nodes whose numbers each step gives out.

    takes_grads   the step goes on with gradients that it finds in the leaves
    """

    def __init__(self, tape: Tape, wanted: Sequence[int]) -> None:
        for track in tape.leaves:
            if track.grad == LIVE:  # what its gradient is at the end of the step
                track.grad = tape.load(track)
        one = tape.constant(1.0)
        self.leaves = [track.value for track in tape.leaves]
        self.took: dict[str, float] = {}  # seconds for each stage
        with self._timed("sort"):
            self._order(tape)
            self.zero, self.one = int(self.slot[tape.zero]), int(self.slot[one])
            self._operands(tape)
        with self._timed("slopes"):
            self._slopes(tape)
        with self._timed("sums"):
            self._segments(tape)
        self.v, self.g = np.zeros(self.slots), np.zeros(self.slots)
        for key, node in tape.constants.items():
            self.v[self.slot[node]] = float(key)
        self.feed_to = self._at([i for i, symbol in enumerate(tape.symbols) if symbol == "argument"])
        first = [track.first for track in tape.leaves]
        self.data_at, self.grad_at = self._at(first), self._at([i + 1 for i in first])
        carry = [(t.first, t.data) for t in tape.leaves] + [(t.first + 1, t.grad) for t in tape.leaves]
        carry = [(to, of) for to, of in carry if to != of]
        self.carry_to, self.carry_from = self._at([to for to, _ in carry]), self._at([of for _, of in carry])
        self.sets_data = np.flatnonzero([t.data != t.first for t in tape.leaves])
        self.sets_grad = np.flatnonzero([t.grad != t.first + 1 for t in tape.leaves])
        self.out_from = self._at(wanted)
        read = [self.left, self.right, self.carry_from, self.out_from, self.sums[2]]
        self.takes_grads = bool(np.isin(self.grad_at, np.concatenate(read)).any())
        self._derived: dict[int, tuple[list[int], tuple[tuple[Array, ...], Array]]] = {}

    def __len__(self) -> int:
        return self.left.size

    # ------------------------------------------------------------------------------------ building

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.took[name] = time.perf_counter() - start

    def _at(self, nodes: Sequence[int]) -> Array:
        return self.slot[np.array(nodes, np.int64)] if len(nodes) else NONE

    def _order(self, tape: Tape) -> None:
        """Which slot each node has: inputs, then instructions by part of the step, level and operation."""
        n = len(tape.symbols)
        code = np.array([codes().get(symbol, -1) for symbol in tape.symbols])
        parts = np.searchsorted([event.after for event in tape.backwards], np.arange(n), "right")
        self.height = self._heights(tape, code, parts)
        inputs = np.flatnonzero(code < 0)
        run = np.flatnonzero(code >= 0)
        run = run[np.lexsort((run, code[run], self.height[run]))]
        self.first, self.nodes = inputs.size, run
        self.slot = np.empty(n, np.int32)
        self.slot[inputs] = np.arange(inputs.size)
        self.slot[run] = np.arange(inputs.size, n)
        self.slots = n
        self.code, self.part = code[run], parts[run]

    def _heights(self, tape: Tape, code: Array, parts: Array) -> Array:
        """The level of each node, over the whole step: as late as its users allow, which keeps it in the cache."""
        inputs, part, early = (code < 0).tolist(), parts.tolist(), [0] * len(code)
        for i, (a, b) in enumerate(zip(tape.left, tape.right, strict=True)):
            if not inputs[i]:
                early[i] = 1 + max(early[a], early[b])
        depth = max(early, default=0) + 1
        late = [depth - 1] * len(code)
        for i in range(len(code) - 1, -1, -1):
            if not inputs[i]:
                for x in (tape.left[i], tape.right[i]):
                    if part[x] == part[i]:
                        late[x] = min(late[x], late[i] - 1)
        return np.array(late) + parts * depth

    def _operands(self, tape: Tape) -> None:
        """Slots of the operands, and of their gradients."""
        own = dict.fromkeys(track for track in tape.loaded if track.made_by is None and track.leaf is None)
        place = {track: self.slots + k for k, track in enumerate(own)}
        self.slots += len(own)
        slot = self.slot.tolist()

        def target(track: Track | None) -> int:
            if track is None:
                return NOWHERE
            node = track.made_by if track.made_by is not None else track.first
            return place.get(track, NOWHERE) if node < 0 else slot[node]

        self.target = target
        self.left, self.right = (self.slot[np.array(x)[self.nodes]] for x in (tape.left, tape.right))
        ends = zip(tape.to_left, tape.to_right, strict=True)
        to = np.array([(target(left), target(right)) for left, right in ends], np.int32)  # (nodes, 2)
        self.to = to[self.nodes]  # (instructions, 2)
        loads = self.code == codes()[LOAD]
        self.left = np.where(loads, self.to[:, 0], self.left).astype(np.int32)

    def _slopes(self, tape: Tape) -> None:
        """Runs of one operation, and the slots of all slopes."""
        operands = np.stack([self.left, self.right], axis=1)
        self.slope = np.full((len(self), 2), self.zero, np.int32)
        edges = np.flatnonzero(np.diff(self.code) | np.diff(self.height[self.nodes])) + 1
        names, rows = list(codes()), []
        for start, stop in zip([0, *edges], [*edges, len(self)], strict=True):
            if start == stop:
                continue
            computed = [0, 0]
            rule = rules().get(names[self.code[start]])
            slopes = rule.slopes if rule else ()
            for k, slope in enumerate(slopes):
                if isinstance(slope, str):
                    self.slope[start:stop, k] = operands[start:stop, "xy".index(slope)]
                elif slope is not None:
                    self.slope[start:stop, k] = self.slot[tape.constant(slope)]
                else:
                    computed[k] = self.slots
                    self.slope[start:stop, k] = np.arange(self.slots, self.slots + stop - start)
                    self.slots += stop - start
            self.to[start:stop, len(slopes) :] = NOWHERE
            rows.append((self.code[start], start, stop, *computed))
        self.runs = np.array(rows, np.int64).reshape(-1, 5)

    def _segments(self, tape: Tape) -> None:
        """What a step does, in order."""
        rows: list[tuple[int, int, int]] = []
        sums: list[tuple[Array, ...]] = []
        part_of_run = self.part[self.runs[:, 1]]
        count = 0
        for part in range(len(tape.backwards) + 1):
            where = np.flatnonzero(part_of_run == part)
            if where.size:
                rows.append((FORWARD, int(where[0]), int(where[-1]) + 1))
            if part < len(tape.backwards):
                event = tape.backwards[part]
                starts = {self.target(track): int(self.slot[node]) for track, node in event.seeds}
                table, kinds = self._sums(self._at(event.order) - self.first, starts, int(self.slot[event.order[-1]]))
                rows += [(kind, start + count, stop + count) for kind, start, stop in kinds]
                sums.append(table)
                count += table[0].size
        self.segments = np.array(rows, np.int64).reshape(-1, 3)
        self.sums = _joined(sums)

    def _sums(self, order: Array, starts: dict[int, int], root: int) -> tuple[tuple[Array, ...], list[Any]]:
        """Where each gradient comes from when these instructions, the last first, send theirs on."""
        order = order[::-1]
        to, slope = self.to[order].reshape(-1), self.slope[order].reshape(-1)
        of = np.repeat(order + self.first, 2)
        kept = to != NOWHERE
        to, slope, of = to[kept], slope[kept], of[kept]
        height = np.full(self.slots, -1)
        height[self.first : self.first + len(self)] = self.height[self.nodes]
        terms = np.bincount(to, minlength=self.slots)
        alone = (terms[to] == 1) & (to >= self.first) & (to < self.first + len(self))
        sorting = np.lexsort((np.arange(to.size), to, alone, -height[to]))
        to, slope, of, alone = to[sorting], slope[sorting], of[sorting], alone[sorting]
        heads = np.flatnonzero(np.diff(to, prepend=-1))
        target = np.concatenate([[root], to[heads]])
        begin = np.concatenate([[0], heads])  # the root has no terms: it starts with 1
        at = np.array([self.one, *(starts.get(t, self.zero) for t in to[heads].tolist())])
        single = np.concatenate([[False], alone[heads]])
        edges = np.flatnonzero(np.diff(single)) + 1
        kinds = [
            (SINGLE if single[start] else SUMS, int(start), int(stop))
            for start, stop in zip([0, *edges], [*edges, target.size], strict=True)
        ]
        return (target, begin, at, slope, of), kinds

    # ------------------------------------------------------------------------------------ running

    def read_leaves(self, leaves: Sequence[Value]) -> list[Any]:
        """Take over what the leaves hold; their data."""
        data = [leaf.data for leaf in leaves]
        self.v[self.data_at] = np.asarray(array("d", data))
        if self.takes_grads:
            self.v[self.grad_at] = np.asarray(array("d", [leaf.grad for leaf in leaves]))
        return data

    def write_leaves(self, leaves: Sequence[Value]) -> None:
        """Leave in the leaves what the steps made of them."""
        if len(self.sets_data) == len(self.sets_grad) == len(leaves):
            pairs = zip(leaves, self.v[self.data_at].tolist(), self.v[self.grad_at].tolist(), strict=True)
            for leaf, data, grad in pairs:
                leaf.data, leaf.grad = data, grad
            return
        for k, x in zip(self.sets_data.tolist(), self.v[self.data_at[self.sets_data]].tolist(), strict=True):
            leaves[k].data = x
        for k, x in zip(self.sets_grad.tolist(), self.v[self.grad_at[self.sets_grad]].tolist(), strict=True):
            leaves[k].grad = x

    def run(self, feed: Array) -> tuple[Array, int]:
        """A step for each row of ``feed``: what each gave out, and how many were done (the next one is in trouble)."""
        out = np.empty((len(feed), self.out_from.size))
        progress = np.zeros(1, np.int64)
        with suppress(ArithmeticError):  # the caller sees that steps are missing, and lets Value say what is wrong
            machine()(
                self.runs, self.left, self.right, self.v, self.g, self.first, *self.sums, self.segments, self.carry_to,
                self.carry_from, np.empty(self.carry_to.size), self.feed_to, feed, self.out_from, out, progress,
            )  # fmt: skip
        return out, int(progress[0])

    def entry(self, numbers: list[float]) -> Array:
        """What a step with these arguments begins with, to be given to `slopes` later."""
        entry = self.v[: self.first].copy()
        entry[self.feed_to] = numbers
        return entry

    def slopes(self, node: int, entry: Array) -> dict[int, float]:
        """The derivative of a node in each leaf below it (by number), for a step that began with ``entry``."""
        if node not in self._derived:
            order, below = self._below(node)
            table, kinds = self._sums(order, {}, int(self.slot[node]))
            shifted = [(kind, start + self.sums[0].size, stop + self.sums[0].size) for kind, start, stop in kinds]
            segments = np.concatenate([self.segments, shifted])
            self._derived[node] = (below, (_joined([_apart(self.sums), table]), segments))
        below, tables = self._derived[node]
        g = self.replayed(entry, *tables)[1]
        return {k: float(g[self.data_at[k]]) for k in below}

    def replayed(self, entry: Array, sums: tuple[Array, ...], segments: Array) -> tuple[Array, Array]:
        """The numbers and gradients of a step that began with ``entry``; nothing is changed by it."""
        v, g = self.v.copy(), np.zeros_like(self.g)
        v[: self.first] = entry
        nothing = np.zeros((1, 0))
        machine()(
            self.runs, self.left, self.right, v, g, self.first, *sums, segments, NONE, NONE, np.zeros(0), NONE, nothing,
            NONE, nothing, np.zeros(1, np.int64),
        )  # fmt: skip
        return v, g

    def _below(self, node: int) -> tuple[Array, list[int]]:
        """The instructions a node is made by, in the order of `topological_order`, and the leaves they start from."""
        to, end = self.to.tolist(), self.first + len(self)
        order: list[int] = []
        seen = {NOWHERE}
        stack = [(int(self.slot[node]), False)]
        while stack:
            slot, operands_done = stack.pop()
            if operands_done:
                order.append(slot - self.first)
            elif slot not in seen:
                seen.add(slot)
                if self.first <= slot < end:
                    stack += [(slot, True), *((x, False) for x in reversed(to[slot - self.first]))]
        return np.array(order), [k for k, slot in enumerate(self.data_at.tolist()) if slot in seen]


def _joined(tables: list[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Tables of sums one after the other: target, begin (with an end), start, slope, from."""
    parts: list[list[Array]] = [[], [], [], [], []]
    terms = 0
    for target, begin, at, slope, of in tables:
        for part, more in zip(parts, (target, begin + terms, at, slope, of), strict=True):
            part.append(more)
        terms += slope.size
    parts[1].append(np.array([terms]))
    return tuple(np.concatenate([*part, NONE]).astype(np.int32) for part in parts)


def _apart(joined: tuple[Array, ...]) -> tuple[Array, ...]:
    """The opposite of `_joined` for one table: without the end."""
    target, begin, *others = joined
    return (target, begin[:-1], *others)
