"""PyTorch's random numbers in native loops: MT19937 (Matsumoto & Nishimura 1998), word for word as `chainrule.random`.

A state is uint32[625]: 624 words and how many of them are used up.  `state_of(generator)` is the memory in which a
Generator's own NumPy stream keeps just that: what native code draws, Python does not draw again; nothing is copied.

    refresh   replaces all 624 words by the next ones
    temper    mixes the bits of a word that is given out
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
from numba import njit

from chainrule.compiler.native.emitting import Bits, words
from chainrule.compiler.native.memory import PLAIN

WORDS, AHEAD = 624, 397
SEEDING = 1812433253


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
def next_word(this: Bits, after: Bits, ahead: Bits) -> Bits:
    """One word of the next 624, from three of the last."""
    y = this & 0x80000000 | after & 0x7FFFFFFF
    return ahead ^ y >> 1 ^ -(y & 1) & 0x9908B0DF


@words
def temper(y: Bits) -> Bits:
    """A word as it is given out: its bits mixed."""
    y = y ^ y >> 11
    y = y ^ y << 7 & 0x9D2C5680
    y = y ^ y << 15 & 0xEFC60000
    return y ^ y >> 18


@words
def _seeded(word: Bits, place: Bits) -> Bits:
    """The word at ``place`` of a new state, from the word before."""
    return (word ^ word >> 30) * SEEDING + place


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
        state[i] = next_word(state[i], state[i + 1], state[i + AHEAD])
    for i in range(first, WORDS - 1):
        state[i] = next_word(state[i], state[i + 1], state[i - first])
    state[WORDS - 1] = next_word(state[WORDS - 1], state[0], state[AHEAD - 1])
    state[WORDS] = 0


@njit(**PLAIN)
def next32(state: Any) -> Any:
    """The next word."""
    if state[WORDS] >= WORDS:
        refresh(state)
    place = state[WORDS]
    state[WORDS] = place + 1
    return temper(state[place])


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
            out[done + i] = temper(state[place + i])
        state[WORDS] = place + run
        done += run


@njit(**PLAIN)
def uniform_f32(state: Any, out: Any) -> None:
    """Fill a float32 array (of one dimension) with numbers in [0, 1): 24 bits of a word."""
    done = 0
    while done < len(out):
        run, place = _at_hand(state, len(out) - done), np.int64(state[WORDS])
        for i in range(run):
            word = temper(state[place + i]) & 0xFFFFFF
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
