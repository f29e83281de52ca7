"""From a graph to a plan: lowered, scheduled, written, and with memory for everything.

plan     what is run: segments of native code, with calls of NumPy between them; the source; where its arrays are
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from chainrule.compiler.emit import Emitter
from chainrule.compiler.entries import Entry, Graph
from chainrule.compiler.expressions import LIBRARY, TYPES
from chainrule.compiler.lower import Lowering
from chainrule.compiler.places import Array, Segment
from chainrule.compiler.products import accumulated
from chainrule.compiler.schedule import Schedule
from chainrule.compiler.sharing import share
from chainrule.compiler.wording import Words

HEAD = '''"""A training step, written by chainrule.compile."""
import numpy as np
from chainrule.compiler.native.mathematics import (
    {functions},
    add_r, max_r, min_r, mul_r,
)
from chainrule.compiler.native.compiling import native
from chainrule.compiler.native.memory import apart, bool_at, f32_at, f64_at, i32_at, i64_at, u8_at
from chainrule.compiler.native.products import product_add_f32, product_add_f64, product_f32, product_f64
from chainrule.compiler.native.vectors import widest

f32, f64, i32, i64, u8, bool_ = np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_
'''


@dataclass
class Plan:
    """A step ready to be compiled.

    source     the module: for each segment k a function ``segment_k(table, scalars)``, 0 where all went well
    leaves     the leaves that are arrays, in the order of their places in ``table``
    temporary  (work, result or shared memory, shape, dtype) of what the step keeps for itself; they follow the leaves
    options    the leaves that are numbers, in the order of their places in ``scalars``
    segments   what is run
    results    for each output of the step, its place in ``table``
    draws      the random numbers of the step, in order; those that are leaves are its last ones
    """

    source: str
    leaves: list[Entry]
    temporary: list[Array]
    options: list[Entry]
    segments: list[Segment]
    results: list[int]
    slots: dict[Any, int]
    schedule: Schedule
    prefix: str
    places: dict[Entry, int]
    words: Words
    draws: list[Any]

    @functools.cached_property
    def largest(self) -> int:
        """How many operations its largest product of matrices takes."""
        products = [work.meta for work in self.schedule.path if work.kind == "gemm"]
        return max((2 * meta["m"] * meta["n"] * meta["k"] for meta in products), default=0)


def planned(graph: Graph, fuse: bool = True, prefix: str = "_", options: list[Entry] | None = None) -> Plan:
    """The plan of a (simplified) graph.

    ``prefix`` begins the names of its functions; ``options`` are those of another plan, whose scalars it shares.
    """
    lowering = Lowering(graph)
    schedule = Schedule(accumulated(lowering.works) if fuse else lowering.works, fuse)
    shared = {_where(option): i for i, option in enumerate(options or [])}
    mine = [entry for entry in graph.entries if entry.op == "option"]
    mine += [option for option, _ in graph.options if option not in mine]
    places = {option: shared.setdefault(_where(option), len(shared)) for option in mine}
    ordered = sorted(mine, key=places.__getitem__)
    words = Words()
    emitter = Emitter(schedule, words, places)
    share(emitter.segments, words)
    arrays: dict[Any, Array] = {}
    for segment in emitter.segments:
        arrays |= {source: array for source, array in segment.arrays.items() if array not in segment.views}
    leaves = [source for source in arrays if isinstance(source, Entry)]
    turns = {id(draw): i for i, draw in enumerate(graph.draws)}
    leaves.sort(key=lambda leaf: turns.get(id(leaf.source), -1) if leaf.op == "draw" else -1)  # draws as they were made
    temporary = [array for source, array in arrays.items() if not isinstance(source, Entry)]
    slots = {source: i for i, source in enumerate([*leaves, *(array.source for array in temporary)])}
    plan = Plan(
        "", leaves, temporary, ordered, emitter.segments, [], slots, schedule, prefix, places, words, graph.draws
    )
    plan.results = [slots[work] for work in lowering.results]
    plan.source = source_of(plan)
    return plan


def _where(option: Entry) -> Any:
    owner, key, path = option.source[0]
    return id(owner), key, path


# ---------------------------------------------------------------------------------------- source


def source_of(plan: Plan) -> str:
    """The module of a plan: its segments; and, if there is one alone, ``repeat``, many steps in a row."""
    functions = ", ".join(f"{name}_{t}" for name in LIBRARY for t in ("f32", "f64"))
    parts = [HEAD.format(functions=functions)]
    for k, segment in enumerate(plan.segments):
        if segment.lines:
            parts += [loops(plan, k), FRONT.format(k=k, made=made(plan, k), call=call(plan, k))]
    if len(plan.segments) == 1 and plan.segments[0].lines:
        names = [_array_name(plan, slot) for slot in plan.results]
        kept = "\n".join(f"        results[step, {i}] = {name}[0]" for i, name in enumerate(names))
        parts.append(REPEAT.format(made=made(plan, 0), call=call(plan, 0), kept=kept))
    return "\n\n".join(parts)


FRONT = """@native
def segment_{k}(table, scalars):
{made}
    return {call}
"""

REPEAT = """@native
def repeat(table, scalars, results):
{made}
    for step in range(len(results)):
        if {call}:
            return step
{kept}
    return len(results)
"""


def loops(plan: Plan, k: int) -> str:
    """The function with the loops of segment ``k``."""
    body, words = "\n".join(plan.segments[k].lines), plan.segments[k].words
    load = [
        f"    {plan.words.name(option)} = scalars[{plan.places[option]}]"
        for option in plan.options
        if ("array", option) in plan.words.names and plan.words.name(option) in words
    ]
    names = ", ".join([*(array.name for array, _ in given(plan, k)), "scalars"])
    head = f"@apart\ndef {plan.prefix}loops_{k}({names}):\n    widest()  # vectors as wide as there are"
    return "\n".join([head, *load, body, "    return 0\n"])


def made(plan: Plan, k: int, table: str = "table", prefix: str = "") -> str:
    """The lines that make the arrays of segment ``k`` from their addresses."""
    return "\n".join(
        f"    {prefix}{array.name} = {maker(array.dtype)}({table}[{slot}], {shape_text(array.shape)})"
        for array, slot in given(plan, k)
    )


def call(plan: Plan, k: int, prefix: str = "") -> str:
    """The call of the loops of segment ``k``."""
    return f"{plan.prefix}loops_{k}({', '.join([*(prefix + array.name for array, _ in given(plan, k)), 'scalars'])})"


def given(plan: Plan, k: int) -> list[tuple[Array, int]]:
    """The arrays a segment is given, with their places in the table."""
    segment = plan.segments[k]
    named = [a for a in segment.arrays.values() if a.name in segment.words and a not in segment.views]
    return [(a, plan.slots[a.source]) for a in named]


def maker(dtype: Any) -> str:
    """The function that makes an array of a dtype from its address."""
    return f"{TYPES[dtype.name].rstrip('_')}_at"


def _array_name(plan: Plan, slot: int) -> str:
    return next(array.name for array, at in given(plan, 0) if at == slot)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as it is written."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
