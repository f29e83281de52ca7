"""The native stream of random numbers is the one of `chainrule.random`: same words, same shuffles, one state."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import twister
from chainrule.compiler.native.shuffling import (
    _remainder,
    fresh_orders,
    fresh_scratch,
    own_orders,
    reciprocals,
    shuffle,
)
from chainrule.compiler.native.twister import state_of
from chainrule.creation import arange
from chainrule.data import DataLoader, TensorDataset
from chainrule.random import Generator, default_generator, manual_seed

SIZES = [1, 2, 3, 100, 625, 1300]


def pair(seed: int) -> tuple[Generator, Any, Generator]:
    """Two generators at one seed: the first with its state, for native code."""
    ours, theirs = Generator().manual_seed(seed), Generator().manual_seed(seed)
    return ours, state_of(ours), theirs


def order_of(n: int, state: Any) -> Any:
    order = np.empty(n, np.int64)
    shuffle(state, order, np.empty(n, np.uint32), reciprocals(n))
    return order


@pytest.mark.parametrize("n", SIZES)
def test_shuffles_and_what_python_draws_between(n: int) -> None:
    ours, state, theirs = pair(n)
    for _ in range(8):
        assert (order_of(n, state) == theirs.permutation(n)).all()
        assert (ours.uniform((5,)) == theirs.uniform((5,))).all()  # one stream, whoever draws from it


def test_remainders_are_exact() -> None:
    """Every quotient a product with 1 / d could get wrong by one: words next to multiples of d."""
    remainder = njit(lambda word, d, inverse: _remainder(word, d, inverse))
    for d in [*range(1, 70), 1000, 65537, 2**24 + 1, 2**28 - 1]:
        near = np.array([k * d + e for k in (1, 2, 2**32 // d - 1, 2**32 // d) for e in (-1, 0, 1)])
        for word in near[(near >= 0) & (near < 2**32)]:
            assert remainder(float(word), float(d), 1.0 / d) == word % d


def test_words_uniform_numbers_and_skipping() -> None:
    _, state, theirs = pair(3)
    words = np.empty(1501, np.uint32)
    twister.draw_words(state, words)
    assert (words == theirs.words(1501)).all()
    assert [int(twister.next32(state)) for _ in range(3)] == theirs.words(3).tolist()
    assert [int(twister.next64(state)) for _ in range(3)] == theirs.long_words(3).tolist()
    for beyond in (None, 0, 1, 623, 624, 2000, -1, 2, -2):  # how far over the end of the 624 words
        count = 3 if beyond is None else 624 + beyond - int(state[624])
        twister.skip(state, count)
        theirs.words(count)
        assert int(twister.next32(state)) == int(theirs.words(1)[0])
    for dtype, draw in (("f4", twister.uniform_f32), ("f8", twister.uniform_f64)):
        numbers = np.empty(1000, dtype)
        draw(state, numbers)
        assert (numbers == theirs.uniform((1000,), np.dtype(dtype))).all()


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**63 + 5])
def test_seeding(seed: int) -> None:
    ours, state, theirs = pair(9)
    twister.seed(state, np.uint64(seed))
    theirs.manual_seed(seed)
    assert (ours.words(1000) == theirs.words(1000)).all()


@pytest.mark.parametrize(("n", "passes"), [(1, 33), (2, 1), (3, 33), (100, 33), (625, 1), (1300, 2)])
def test_fresh_orders_are_those_of_a_loader(n: int, passes: int) -> None:
    loader = DataLoader(TensorDataset(arange(n)), batch_size=n, shuffle=True)
    manual_seed(n)
    expected = [next(iter(loader))[0].numpy() for _ in range(passes)]
    after = default_generator.words(3)
    manual_seed(n)
    orders = np.empty((passes, n), np.int64)
    fresh_orders(state_of(default_generator), orders, *fresh_scratch(n))
    assert (orders == np.array(expected)).all()
    assert (default_generator.words(3) == after).all()


def test_a_loader_with_a_generator() -> None:
    """A pass draws 2 words for workers, n - 1 for the order and, at its end, n - 1 that no one needs."""
    _ours, state, theirs = pair(4)
    own, orders = state.copy(), np.empty((3, 100), np.int64)
    own_orders(own, orders, reciprocals(100))
    loader = DataLoader(TensorDataset(arange(100)), batch_size=100, shuffle=True, generator=theirs)
    for i in range(3):
        (expected,) = [x.numpy() for (x,) in loader]
        twister.skip(state, 2)
        assert (order_of(100, state) == expected).all()
        twister.skip(state, 99)
        assert (orders[i] == expected).all()
    assert int(twister.next32(own)) == int(theirs.words(1)[0])


def test_a_state_keeps_its_stream() -> None:
    bits = Generator()._bits._bit_generator
    before = sys.getrefcount(bits)
    state = twister._memory(bits)
    view = state[:10]
    del state
    assert sys.getrefcount(bits) > before
    del view
    assert sys.getrefcount(bits) == before


def test_a_numpy_with_another_layout_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    twister._check_layout.cache_clear()
    monkeypatch.setattr(twister, "_memory", lambda bits: np.zeros(625, np.uint32))
    with pytest.raises(RuntimeError, match="keeps the state of MT19937 in a way chainrule does not know"):
        state_of(default_generator)
    twister._check_layout.cache_clear()
