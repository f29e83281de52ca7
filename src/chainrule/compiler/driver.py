"""Whole epochs in native code: the loop over the batches of data in memory, written around a step.

order     which example comes where, for each epoch (a row): the sampler's own
gather    the examples of a batch copied, in that order, into the arguments of the step
short     the step for a last batch that is smaller, compiled into the same loop
totals    for each epoch (a row): the sum of what the step returned, the first of it weighted with the batch
place     the epoch and the batch to go on with; at the end, where it stopped
most      batches after which Python is let in

It gives 0 where all epochs are done, 1 where a step must run as written, 2 after ``most`` batches.
"""

from __future__ import annotations

from typing import Any

from chainrule.compiler.build import Plan, call, given, loops, made, maker, shape_text, source_of
from chainrule.compiler.expressions import TYPES

EPOCHS = """

@native
def epochs(table, short_table, scalars, sources, orders, totals, place, stream, most):
{arrays}
    left = most[0]
    for epoch in range(place[0], len(orders)):
        begin = place[1]
        place[0] = epoch
{batches}
        place[1] = 0
    return 0
"""

BATCH = """        for batch in range(max(begin, {first}), {stop}):
            place[1] = batch
            if left == 0:
                return 2
            left -= 1
            for i in range({size}):
                at = orders[epoch, {size_all} * batch + i]
{gather}
{draw}            if {call}:
                return 1
{sums}"""


def epochs_source(
    full: Plan, short: Plan | None, rows: list[Any], size: int, batches: int, rest: int, weighted: bool
) -> str:
    """The module with ``epochs``: ``batches`` of ``size`` by the plan ``full``, then one of ``rest`` by ``short``.

    rows   the arrays the arguments are gathered from, (examples, ...) each
    """
    arrays = [made(full, 0), *_flat(full, rows, size, "table", "")]
    body = [_batch(full, rows, size, size, 0, batches, "", weighted)]
    parts = [source_of(full)]
    if short is not None:
        parts.append(loops(short, 0))
        arrays += [made(short, 0, "short_table", "short_"), *_flat(short, rows, rest, "short_table", "short_")]
        body.append(_batch(short, rows, rest, size, batches, batches + 1, "short_", weighted))
    arrays += [
        f"    rows_{i} = {maker(x.dtype)}(sources[{i}], {shape_text((len(x), _width(x)))})" for i, x in enumerate(rows)
    ]
    parts.append("from chainrule.compiler.native.twister import uniform_f32, uniform_f64")
    return "\n\n".join(parts) + EPOCHS.format(arrays="\n".join(arrays), batches="\n".join(body))


def _width(x: Any) -> int:
    return int(x[:1].size)


def _flat(plan: Plan, rows: list[Any], size: int, table: str, prefix: str) -> list[str]:
    """Second names for the arguments, with one row for each example; and for what is drawn, in one dimension."""
    lines = []
    for slot, leaf in enumerate(plan.leaves):
        at = f"{maker(leaf.dtype)}({table}[{slot}], "
        if leaf.op == "argument":
            lines.append(f"    {prefix}batch_{leaf.source} = {at}{shape_text((size, _width(rows[leaf.source])))})")
        elif leaf.op == "draw":
            lines.append(f"    {prefix}drawn_{slot} = {at}({leaf.data.size},))")
    return lines


def _batch(
    plan: Plan, rows: list[Any], size: int, whole: int, first: int, stop: int, prefix: str, weighted: bool
) -> str:
    gather, draw, sums = [], [], []
    for slot, leaf in enumerate(plan.leaves):
        if leaf.op == "argument":
            i = leaf.source
            gather.append(f"                for j in range({_width(rows[i])}):")
            gather.append(f"                    {prefix}batch_{i}[i, j] = rows_{i}[at, j]")
        elif leaf.op == "draw":
            draw.append(f"            uniform_{TYPES[leaf.dtype.name]}(stream, {prefix}drawn_{slot})\n")
    names = {slot: array for array, slot in given(plan, 0)}
    for k, slot in enumerate(plan.results):
        value = f"f64({prefix}{names[slot].name}[0])"
        sums.append(f"            totals[epoch, {k}] += {value}{f' * {size}' if not k and weighted else ''}")
    return BATCH.format(
        first=first, stop=stop, size=size, size_all=whole, gather="\n".join(gather) or "                pass",
        draw="".join(draw), call=call(plan, 0, prefix), sums="\n".join(sums),
    )  # fmt: skip
