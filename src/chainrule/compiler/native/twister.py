"""PyTorch's random numbers in native loops: MT19937 (Matsumoto & Nishimura 1998), word for word as `chainrule.random`.

A state is uint32[625]: 624 words and how many of them are used up.  `state_of(generator)` is the memory in which a
Generator's own NumPy stream keeps just that: what native code draws, Python does not draw again; nothing is copied.

    refresh   replaces all 624 words by the next ones;  temper   mixes the bits of a word that is given out
    shuffle   order[i] and order[i + word % (n - i)] change places, for i from 0 on: n - 1 words
    fresh     a new stream for each pass, seeded from another: what a DataLoader with shuffle=True does

Vector instructions do the refreshing, tempering and the remainders (a product with 1 / d and a correction: they cannot
divide whole numbers).  Seeding is a chain of 624 multiplications; `fresh_orders` runs 32 chains side by side.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chainrule.compiler.native.emitting import Bits, Number, scalar, where, words
from chainrule.compiler.native.memory import PLAIN

WORDS, AHEAD = 624, 397
SEEDING = 1812433253
LANES = 32


def state_of(generator: Any) -> Any:
    """The state of a `chainrule.Generator`, as the memory it lives in."""
    state = _memory(generator._bits._bit_generator)
    _check_layout()
    return state


def _memory(bits: Any) -> Any:
    words = (ctypes.c_uint32 * (WORDS + 1)).from_address(bits.ctypes.state_address)
    words.owner = bits  # type: ignore[attr-defined]  # it lives as long as the array that is made of it
    return np.ctypeslib.as_array(words)


@functools.cache
def _check_layout() -> None:
    """NumPy documents the address of its state, not the layout: see once that it is what we think."""
    bits = np.random.MT19937(7)
    bits.random_raw(100)
    told, seen = bits.state["state"], _memory(bits)
    if not ((told["key"] == seen[:WORDS]).all() and told["pos"] == seen[WORDS]):
        raise RuntimeError(f"NumPy {np.__version__} keeps the state of MT19937 in a way chainrule does not know")


@words
def _next_word(this: Bits, after: Bits, ahead: Bits) -> Bits:
    """One word of the next 624, from three of the last."""
    y = this & 0x80000000 | after & 0x7FFFFFFF
    return ahead ^ y >> 1 ^ -(y & 1) & 0x9908B0DF


@words
def _temper(y: Bits) -> Bits:
    y = y ^ y >> 11
    y = y ^ y << 7 & 0x9D2C5680
    y = y ^ y << 15 & 0xEFC60000
    return y ^ y >> 18


@words
def _seeded(word: Bits, place: Bits) -> Bits:
    """The word at ``place`` of a new state, from the word before."""
    return (word ^ word >> 30) * SEEDING + place


@functools.partial(scalar, kind=types.float64)
def _remainder(word: Number, d: Number, inverse: Number) -> Number:
    """word modulo d, for whole numbers below 2^32: rounding makes the quotient too small by one where it is whole,
    and never too large: it is at least 1 / d below the next one, and wrong by 2^-52 of itself.
    """
    rest = word - (word * inverse).call("llvm.floor") * d
    return where(rest < d, rest, rest - d)


@njit(**PLAIN)
def seed(state: Any, number: Any) -> None:
    """Start at the low 32 bits of ``number``, as ``manual_seed``."""
    word = np.uint32(number & 0xFFFFFFFF)
    state[0] = word
    for i in range(1, WORDS):
        word = _seeded(word, i)
        state[i] = word
    state[WORDS] = WORDS


@njit(**PLAIN)
def refresh(state: Any) -> None:
    """Replace the 624 words by the next ones."""
    first = WORDS - AHEAD
    for i in range(first):
        state[i] = _next_word(state[i], state[i + 1], state[i + AHEAD])
    for i in range(first, WORDS - 1):
        state[i] = _next_word(state[i], state[i + 1], state[i - first])
    state[WORDS - 1] = _next_word(state[WORDS - 1], state[0], state[AHEAD - 1])
    state[WORDS] = 0


@njit(**PLAIN)
def next32(state: Any) -> Any:
    """The next word."""
    if state[WORDS] >= WORDS:
        refresh(state)
    place = state[WORDS]
    state[WORDS] = place + 1
    return _temper(state[place])


@njit(**PLAIN)
def next64(state: Any) -> Any:
    """The next two words as one of 64 bits, the high half first."""
    high = np.uint64(next32(state))
    return np.uint64((high << np.uint64(32)) | np.uint64(next32(state)))


@njit(**PLAIN)
def skip(state: Any, count: int) -> None:
    """Go on as if ``count`` words had been drawn."""
    place = np.int64(state[WORDS]) + count
    while place > WORDS:
        refresh(state)
        place -= WORDS
    state[WORDS] = place


@njit(**PLAIN)
def _at_hand(state: Any, wanted: int) -> int:
    """How many of the words wanted can be given out before the next refreshing; at least one."""
    if state[WORDS] >= WORDS:
        refresh(state)
    return min(WORDS - int(state[WORDS]), wanted)


@njit(**PLAIN)
def draw_words(state: Any, out: Any) -> None:
    """The next ``len(out)`` words."""
    done = 0
    while done < len(out):
        run, place = _at_hand(state, len(out) - done), np.int64(state[WORDS])
        for i in range(run):
            out[done + i] = _temper(state[place + i])
        state[WORDS] = place + run
        done += run


@njit(**PLAIN)
def uniform_f32(state: Any, out: Any) -> None:
    """Fill a float32 array (of one dimension) with numbers in [0, 1): 24 bits of a word."""
    done = 0
    while done < len(out):
        run, place = _at_hand(state, len(out) - done), np.int64(state[WORDS])
        for i in range(run):
            word = _temper(state[place + i]) & 0xFFFFFF
            out[done + i] = np.float32(np.int32(word)) * np.float32(2.0**-24)
        state[WORDS] = place + run
        done += run


@njit(**PLAIN)
def uniform_f64(state: Any, out: Any) -> None:
    """Fill a float64 array (of one dimension) with numbers in [0, 1): 53 bits of two words, the high ones first."""
    drawn = np.empty(512, np.uint32)
    for start in range(0, len(out), 256):
        count = len(out[start : start + 256])
        draw_words(state, drawn[: 2 * count])
        for i in range(count):
            high, low = np.float64(drawn[2 * i] & 0x1FFFFF), np.float64(drawn[2 * i + 1])
            out[start + i] = (high * 2.0**32 + low) * 2.0**-53


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
            word = _next_word(keys[here, lane], keys[after, lane], keys[ahead, lane])
            keys[here, lane] = word
            drawn[i, lane] = np.int32(_remainder(np.float64(_temper(word)), d, r))


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
