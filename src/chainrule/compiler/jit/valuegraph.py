"""`Graph`: a recorded step of Values that is run natively, for arguments of one layout."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.jit.guards import Guard
from chainrule.compiler.jit.many import Kinds, checker
from chainrule.compiler.jit.specialization import NotCompiled
from chainrule.compiler.values.answer import Answer, maker
from chainrule.compiler.values.drawing import Stage, roots, stages
from chainrule.compiler.values.form import Arguments
from chainrule.compiler.values.machine import source
from chainrule.compiler.values.program import Program
from chainrule.compiler.values.tape import EXACT, Tape
from chainrule.value import Value

PAUSE = 0.1  # seconds: how long native steps run until Ctrl-C is looked for


class Graph:
    """Offers what a `Variant` does.

    layout   of the arguments; ``around``: the Values that any recording of the step found around it, by id
    bound    for each leaf: which argument it is, None for one from around
    entry    what the recorded run began with
    labels   the names of the leaves; ``arguments``: of the numbers it was given
    whole    leaves that are left with whole numbers
    """

    reason = None
    order: list[int] | None = None

    def __init__(
        self, function: Any, given: Arguments, layout: Any, around: Container[int], guard: Guard, tape: Tape,
        program: Program, answer: Answer, entry: Any,
    ) -> None:  # fmt: skip
        self.layout, self.around, self.guard = layout, around, guard
        self.program, self.answer, self.entry = program, answer, entry
        leaves = program.leaves
        self.fixed = given.fixed  # known by their ids
        self.bound = [given.place_of(leaf) for leaf in leaves]
        self.arguments, values = given.names(function)
        self.labels = [
            leaf.label or (values[k] if k is not None else "") for leaf, k in zip(leaves, self.bound, strict=True)
        ]
        self.kinds = Kinds(
            [leaf for leaf, k in zip(leaves, self.bound, strict=True) if k is None], "",
            [type(track.start[0]) for track, k in zip(tape.leaves, self.bound, strict=True) if k is None], "",
        )  # fmt: skip
        self.guard.add(self.kinds)
        self.types = [type(track.start[0]) for track in tape.leaves]
        whole = [k for k in program.sets_data.tolist() if type(leaves[k].data) is int]
        self.whole = [(k, int(program.data_at[k])) for k in whole]
        self.unchanged, self.stale = checker(self.guard.places), False
        self.given = given

    # ------------------------------------------------------------------------------------ running

    def fits(self) -> bool:
        """Whether all that the recording relies on is as it was."""
        if self.stale:
            self.stale = False
            return False
        return self.unchanged()

    def takes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether such arguments are of this layout."""
        given = self.given = Arguments(args, kwargs)
        key, mixed = self.layout
        return bool(given.key == key and (not given.values or given.mixed(self.around) == mixed))

    def entangled(self, given: Arguments) -> str | None:
        """Nothing speaks against arguments of this layout."""

    def run(self, given: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
        """What a call gives; or that it must run as written: a logarithm of 0, an overflow."""
        given = given if type(given) is Arguments else self.given
        if given.args is not args or given.kwargs is not kwargs:  # another thread's
            given = Arguments(args, kwargs)
        leaves = self._leaves(given)
        try:
            found = self._found(given, leaves)
        except Exception as error:
            raise NotCompiled(f"running it natively failed with {type(error).__name__}: {error}") from error
        if found is None:
            return False, None
        self._leave(leaves)
        return True, found[0]

    def _found(self, given: Arguments, leaves: list[Value]) -> tuple[Any] | None:
        """The result, while nothing is left in the Values yet; None if the call must run as written."""
        program = self.program
        if list(map(type, program.read_leaves(leaves))) != self.types:
            self.stale = True
            return None
        entry = program.entry(given.numbers)
        out, done = program.run(given.row())
        if not done or (self.whole and any(abs(program.v[at]) > EXACT for _, at in self.whole)):
            return None
        try:
            return (self.answer.of(out[0].tolist(), leaves, program, entry),)
        except OverflowError:
            return None

    def _leaves(self, given: Arguments) -> list[Any]:
        if not given.values:
            return self.program.leaves
        pairs = zip(self.program.leaves, self.bound, strict=True)
        return [leaf if k is None else given.values[k] for leaf, k in pairs]

    def _leave(self, leaves: Sequence[Value]) -> None:
        self.program.write_leaves(leaves)
        for k, _ in self.whole:
            leaves[k].data = maker(int)(leaves[k].data)

    def over(self, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """As many of the calls as have this layout, natively from one to the next, with numbers for Values."""
        results: list[Any] = []
        chunk, program = 1, self.program
        if self.given.values or not self.kinds.holds():
            return results
        program.read_leaves(program.leaves)
        try:
            while len(results) < len(calls):
                rows = []
                for call in calls[len(results) : len(results) + chunk]:
                    given = Arguments(call, {})
                    if given.key != self.layout[0]:
                        break
                    rows.append(given.numbers)
                if not rows:
                    break
                start = time.perf_counter()
                out, done = program.run(np.array(rows, np.float64).reshape(len(rows), -1))
                results += [self.answer.numbers(row) for row in out[:done].tolist()]
                if done < len(rows):
                    break
                took = max(time.perf_counter() - start, 1e-6) / len(rows)
                chunk = max(1, min(2 * chunk, int(PAUSE / took)))
        finally:
            self._leave(program.leaves)
        return results

    def repeat(self, n: int) -> list[Any]:
        """``n`` calls without arguments."""
        return self.over([()] * n) if self.takes((), {}) else []

    # ------------------------------------------------------------------------------------ to look at

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return f"{len(self.program):,} operations on {len(self.program.leaves):,} leaves"

    @property
    def source(self) -> str:
        """The native loop, as Python: one for all graphs."""
        return source()

    @property
    def passes(self) -> list[Stage]:
        """What was made of the recording, stage by stage, and how long it took."""
        return stages(self.program)

    def drawn(self) -> list[Value]:
        """The recorded step: what it returns, and what it leaves in Values."""
        return roots(self.program, self.entry, self.answer.shown, self.labels, self.arguments)


def plainly(x: Any) -> Any:
    """A result with numbers for Values."""
    if isinstance(x, list | tuple):
        return type(x)([plainly(item) for item in x])
    if isinstance(x, dict):
        return {key: plainly(item) for key, item in x.items()}
    return x.data if isinstance(x, Value) else x
