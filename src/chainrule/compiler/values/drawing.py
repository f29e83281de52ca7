"""A recorded step of Values to look at: its graph as `chainrule.graph` reads it, and what was made of it, in stages.

The graph is made of Values again, one for each number of the step, with the numbers of the run that was recorded.
``p.data -= lr * p.grad`` stands in it like any other operation; a gradient that is read is a leaf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.passes import Pass
from chainrule.compiler.values.machine import FORWARD, LOAD, SINGLE, codes
from chainrule.compiler.values.program import NOWHERE, Program
from chainrule.compiler.values.rules import FIXED, rules
from chainrule.value import Value


@dataclass(repr=False)
class Stage(Pass):
    """A step on the way from a recording to what the machine runs; ``told`` says what came of it."""

    graph: Any  # the `Program`
    told: str = ""

    def __repr__(self) -> str:
        return f"{self.name:6} {len(self.graph):4} operations ({self.told}), {self.seconds * 1e3:.1f} ms"


def stages(program: Program) -> list[Stage]:
    """What was done to a recording, in order, and how long it took."""
    levels, runs = len(np.unique(program.height[program.nodes])), len(program.runs)
    constants, uses = _constants(program)
    through = program.slope[program.to != NOWHERE]  # the slopes that gradients go through
    known = int((through < program.first + len(program)).sum())
    kinds, start, stop = program.segments.T
    single, sums = (int((stop - start)[asked].sum()) for asked in (kinds == SINGLE, kinds != FORWARD))
    return [
        Stage("sort", program, uses - constants, program.took["sort"],
              f"{levels} levels, {runs} runs of one operation; {constants} constants, used {uses}×"),
        Stage("slopes", program, known, program.took["slopes"],
              f"{known} of {through.size} slopes are numbers that are there already"),
        Stage("sums", program, 0, program.took["sums"],
              f"{sums} gradients to collect, {single} of them one product"),
    ]  # fmt: skip


def _constants(program: Program) -> tuple[int, int]:
    """How many fixed numbers there are, and how often they are operands."""
    fixed = np.zeros(program.slots, bool)
    fixed[: program.first] = True
    for at in (program.feed_to, program.data_at, program.grad_at):
        fixed[at] = False
    left, right = program.left, program.right
    return int(fixed.sum()), int(fixed[left].sum() + fixed[right[right != left]].sum())  # of one operand both are it


def roots(
    program: Program, entry: Any, shown: Sequence[tuple[int, str]], leaves: Sequence[str], arguments: Sequence[str]
) -> list[Value]:
    """What the step is for, as graphs: what it returns, and what it leaves in the leaves.

    entry       what the step began with; ``shown``: the nodes it returns, and their names
    leaves      the names of the leaves; ``arguments``: of the numbers it was given
    """
    values = _values(program, entry)
    for k, name in enumerate(leaves):
        values[program.data_at[k]].label = name
        values[program.grad_at[k]].label = f"{name}.grad before" if name else ""
    for slot, name in zip(program.feed_to, arguments, strict=True):
        values[slot].label = name
    names = {int(slot): name for slot, name in zip(program.data_at, leaves, strict=True)}
    for i in (program.code == codes()[LOAD]).nonzero()[0]:
        of = names.get(int(program.left[i]), "")
        values[program.first + i].label = f"{of}.grad" if of else "a gradient"
    found = [values[program.slot[node]] for node, _ in shown]
    for value, (_, name) in zip(found, shown, strict=True):
        value.label = value.label or name
    left_in = dict(zip(program.carry_to.tolist(), program.carry_from.tolist(), strict=True))
    for k in program.sets_data.tolist():
        after = values[left_in[int(program.data_at[k])]]
        after.label = after.label or (f"{leaves[k]} after" if leaves[k] else "")
        found.append(after)
    return list(dict.fromkeys(found))


def _values(program: Program, entry: Any) -> list[Value]:
    """A Value for each slot, from the constants to the last instruction."""
    v, g = (x.tolist() for x in program.replayed(entry, program.sums, program.segments))
    names, book = list(codes()), rules()
    values = [Value(x) for x in v[: program.first]]
    rows = zip(
        program.code.tolist(), program.left.tolist(), program.right.tolist(), program.slope.tolist(), strict=True
    )
    for i, (code, left, right, slopes) in enumerate(rows):
        name, now = names[code], v[program.first + i]
        if name == LOAD:
            values.append(Value(now))
            continue
        two = len(book[name].slopes) == 2 if name in book else name != "abs"
        inputs = (values[left], values[right]) if two else (values[left],)
        known = tuple(v[slope] for slope in slopes[: len(inputs)])
        values.append(Value(now, inputs, known, f"**{v[right]:g}" if name == FIXED else name))
    for slot, value in enumerate(values):
        value.grad = g[slot]
    return values
