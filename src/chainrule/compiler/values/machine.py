"""The machine: one small native loop that runs any graph of `Value`, given as flat arrays.

v, g      the numbers, and their gradients, by slot
run       neighbouring instructions of one operation, none of which needs another: (code, start, stop, slopes in x,
          slopes in y). Instruction i takes its operands from slots ``left[i]`` and ``right[i]`` and leaves its result
          in slot ``first + i``; slopes that are computed go to slots from those given on
sum       where a gradient comes from: a start (a slot of v), and terms ``begin[t]`` to ``begin[t + 1]``: each is a
          slope (a slot of v) times a gradient (a slot of g), in the order in which `Value` adds them
segment   what a step does, in order: (kind, start, stop): `FORWARD` over runs; `SINGLE` over sums of one term that
          start with 0, `SUMS` over any sums
carry     the slots in which the next step finds what this one left

The machine is written down here, except for the rules, which come from `value.py` (see ``rules``). It is compiled once
for all graphs, and kept on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from chainrule.compiler.values.rules import helpers, rules

FORWARD, SINGLE, SUMS = range(3)

# what numbers can do beyond the operations of Value: symbol -> expression of x and y
NUMBER_OPS = {"<": "x < y", "<=": "x <= y", "==": "x == y", "!=": "x != y", "abs": "abs(x)"}
LOAD = "grad"  # the gradient in slot `left`, as a number

HEAD = '''"""Made by chainrule.compiler.values.machine from the rules in value.py."""

import math

import numba

native = numba.njit(error_model="numpy", nogil=True)  # exactly Python's arithmetic'''

MACHINE = '''
def _forward(c, start, stop, in_x, in_y, left, right, v, g, first):
    """Run instructions of one operation."""
{forward}


def run(runs, left, right, v, g, first, target, begin, begin_at, slope_at, from_at, segments, carry_to, carry_from,
        held, feed_to, feed, out_from, out, progress):
    """As many steps as ``feed`` has rows; ``progress[0]`` is the number of the step under way."""
    for step in range(feed.shape[0]):
        progress[0] = step
        for k in range(feed_to.size):
            v[feed_to[k]] = feed[step, k]
        for part in range(segments.shape[0]):
            kind, start, stop = segments[part]
            if kind == {FORWARD}:
                for k in range(start, stop):
                    c, lo, hi, in_x, in_y = runs[k]
                    _forward(c, lo, hi, in_x, in_y, left, right, v, g, first)
            elif kind == {SINGLE}:
                shift = begin[start] - start
                for t in range(start, stop):
                    g[target[t]] = 0.0 + v[slope_at[t + shift]] * g[from_at[t + shift]]
            else:
                for t in range(start, stop):
                    total = v[begin_at[t]]
                    for e in range(begin[t], begin[t + 1]):
                        total += v[slope_at[e]] * g[from_at[e]]
                    g[target[t]] = total
        for k in range(out_from.size):
            out[step, k] = v[out_from[k]]
        for k in range(carry_to.size):
            held[k] = v[carry_from[k]]
        for k in range(carry_to.size):
            v[carry_to[k]] = held[k]
    progress[0] = feed.shape[0]
'''


@cache
def codes() -> dict[str, int]:
    """The code of every operation, by symbol."""
    return {symbol: i for i, symbol in enumerate([*rules(), *NUMBER_OPS, LOAD])}


@cache
def source() -> str:
    """The machine in Python, complete with the rules."""
    texts = [*helpers(), *(rule.source for rule in rules().values()), *_machine().split("\n\n\n")]
    return "\n\n\n".join([HEAD, *(f"@native\n{text.strip()}" for text in texts)]) + "\n"


def _machine() -> str:
    """`MACHINE` with a loop for every operation."""
    loops = []
    for symbol, rule in rules().items():
        lines = [f"r, p, q = {rule.name}(v[left[i]], v[right[i]])", "v[first + i] = r"]
        lines += [
            f"v[{to} + i - start] = {slope}"
            for to, slope, known in zip(("in_x", "in_y"), "pq", rule.slopes, strict=False)
            if known is None
        ]
        loops.append((symbol, lines))
    for symbol, expression in NUMBER_OPS.items():
        loops.append((symbol, ["x, y = v[left[i]], v[right[i]]", f"v[first + i] = 1.0 * ({expression})"]))
    loops.append((LOAD, ["v[first + i] = g[left[i]]"]))
    text = []
    for k, (symbol, lines) in enumerate(loops):
        text.append(f"    {'el' if k else ''}if c == {codes()[symbol]}:  # {symbol}")
        text.append("        for i in range(start, stop):")
        text += [f"            {line}" for line in lines]
    return MACHINE.format(forward="\n".join(text), FORWARD=FORWARD, SINGLE=SINGLE)


@cache
def machine() -> Callable[..., Any]:
    """The native function ``run``."""
    from chainrule.compiler.cache import load

    return load(source()).run
