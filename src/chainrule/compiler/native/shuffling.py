"""Random orders in native loops, as `Generator.permutation` and a DataLoader give them.

    shuffle   order[i] and order[i + word % (n - i)] change places, for i from 0 on: n - 1 words
    fresh     a new stream for each pass, seeded from another: what DataLoader(shuffle=True) does
    lane      one of 32 such streams, worked on side by side

Remainders are products with 1 / d and a correction: vector instructions cannot divide whole numbers.  Seeding a stream
is a chain of 624 multiplications, each of which waits for the one before; in lanes, 32 streams take as long as one.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chainrule.compiler.native.emitting import Number, scalar, where
from chainrule.compiler.native.memory import PLAIN
from chainrule.compiler.native.twister import AHEAD, SEEDING, WORDS, draw_words, next32, next_word, skip, temper

LANES = 64


@functools.partial(scalar, kind=types.float64)
def _remainder(word: Number, d: Number, inverse: Number) -> Number:
    """word modulo d, for whole numbers below 2^32: rounding makes the quotient too small by one where it is whole,
    and never too large: it is at least 1 / d below the next one, and wrong by 2^-52 of itself.
    """
    rest = word - (word * inverse).call("llvm.floor") * d
    return where(rest < d, rest, rest - d)


def reciprocals(n: int) -> Any:
    """1 / n, 1 / (n - 1), …, 1 / 2 and 1: what `shuffle` needs for n numbers, computed once."""
    return 1.0 / np.arange(n, 0, -1, dtype=np.float64)


@njit(**PLAIN)
def shuffle(state: Any, order: Any, drawn: Any, inverse: Any) -> None:
    """order = `Generator.permutation(len(order))`; scratch: ``drawn``, uint32 of that length, and `reciprocals`."""
    n = len(order)
    draw_words(state, drawn[: max(n - 1, 0)])
    for i in range(n - 1):
        drawn[i] = np.uint32(np.int32(_remainder(np.float64(drawn[i]), np.float64(n - i), inverse[i])))
    for i in range(n):
        order[i] = i
    for i in range(n - 1):
        j = i + np.int64(drawn[i])
        order[i], order[j] = order[j], order[i]


@intrinsic
def _seed_row(typing: Any, keys: Any, i: Any) -> Any:
    """Row i of ``keys`` from the row before, as one vector: what LLVM makes of a loop varied."""
    row = ir.VectorType(ir.IntType(32), LANES)

    def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        array, number = values
        first, word = ir.IntType(32)(0), builder.trunc(number, ir.IntType(32))
        place = builder.shuffle_vector(
            builder.insert_element(row(ir.Undefined), word, first), row(ir.Undefined), row([0] * LANES)
        )
        rows = builder.bitcast(context.make_array(signature.args[0])(context, builder, array).data, row.as_pointer())
        before = builder.load(builder.gep(rows, [builder.sub(number, number.type(1))]), align=4)
        mixed = builder.xor(before, builder.lshr(before, row([30] * LANES)))
        after = builder.add(builder.mul(mixed, row([SEEDING] * LANES)), place)
        builder.store(after, builder.gep(rows, [number]), align=4)
        return context.get_dummy_value()

    return types.void(keys, types.int64), write


@njit(**PLAIN)
def _seed_lanes(keys: Any, seeds: Any, rows: int) -> None:
    """The first ``rows`` words of the states of all lanes, side by side."""
    for lane in range(LANES):
        keys[0, lane] = seeds[lane]
    for i in range(1, rows):
        _seed_row(keys, i)


@njit(**PLAIN)
def _draw_lanes(keys: Any, drawn: Any, inverse: Any) -> None:
    """For each lane, with which place each place changes its number; words are refreshed as they are used."""
    n = drawn.shape[0] + 1
    for i in range(n - 1):
        here, after, ahead = i % WORDS, (i + 1) % WORDS, (i + AHEAD) % WORDS
        d, r = np.float64(n - i), inverse[i]
        for lane in range(LANES):
            word = next_word(keys[here, lane], keys[after, lane], keys[ahead, lane])
            keys[here, lane] = word
            drawn[i, lane] = np.int32(_remainder(np.float64(temper(word)), d, r))


@njit(**PLAIN)
def fresh_orders(default: Any, orders: Any, keys: Any, drawn: Any, inverse: Any) -> None:
    """One order a row: those of passes through ``DataLoader(shuffle=True)``, as many as ``orders`` has rows.

    A pass draws 4 words from ``default``: two that a DataLoader would seed workers with, and two that seed a stream of
    its own, which gives the order.  Scratch: see `fresh_scratch`.
    """
    passes, n = orders.shape
    seeds, order = np.empty(LANES, np.uint32), np.empty(n, np.int32)
    for start in range(0, passes, LANES):
        used = min(LANES, passes - start)
        for lane in range(LANES):
            if lane < used:
                skip(default, 3)
                seeds[lane] = next32(default)
            else:
                seeds[lane] = np.uint32(0)
        _seed_lanes(keys, seeds, min(WORDS, n + AHEAD))
        _draw_lanes(keys, drawn, inverse)
        for lane in range(used):
            for i in range(n):
                order[i] = i
            for i in range(n - 1):
                j = i + drawn[i, lane]
                order[i], order[j] = order[j], order[i]
            for i in range(n):
                orders[start + lane, i] = order[i]


def fresh_scratch(n: int) -> tuple[Any, Any, Any]:
    """keys, drawn and inverse for `fresh_orders` of n numbers."""
    return np.empty((WORDS, LANES), np.uint32), np.empty((max(n - 1, 0), LANES), np.int32), reciprocals(n)


@njit(**PLAIN)
def own_orders(state: Any, orders: Any, inverse: Any) -> None:
    """One order a row: those of passes through ``DataLoader(shuffle=True, generator=…)``, all from that one stream.

    A pass draws two words that a DataLoader would seed workers with, the order, and n - 1 words for a second order that
    `RandomSampler` draws, as PyTorch's does, and does not use.
    """
    passes, n = orders.shape
    drawn = np.empty(n, np.uint32)
    for i in range(passes):
        skip(state, 2)
        shuffle(state, orders[i], drawn, inverse)
        skip(state, max(n - 1, 0))
