"""Random programs in which Python state around the tensors changes between the calls do what they do as written.

See `mixed`; ``python -m mixed 5000`` tries more of them, and shrinks those that differ.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("numba")

from mixed import Found, judged, program
from test_compile_guards import unlooked

from chainrule.compiler.jit import places, states
from chainrule.compiler.jit.environment import Environment

BLOCK, SEEDS = 15, 150
FINE = ("same natively", "as written")


@functools.cache
def found(seed: int) -> Found:
    """The verdict on the program of a seed, worked out once."""
    return judged(program(seed))


def hardly_runs(verdict: Found) -> bool:
    """Whether so many calls raise, as written, that nothing can have been compiled."""
    return sum(not (isinstance(result, tuple) and result[:1] == ("raised",)) for result, _ in verdict.world.calls) < 6


@pytest.mark.parametrize("block", range(SEEDS // BLOCK))
def test_compiled_is_as_written(block: int) -> None:
    different = []
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        verdict = found(seed)
        if verdict.word not in FINE and not (verdict.word == "same, silently" and hardly_runs(verdict)):
            different.append(f"seed {seed}: {verdict}\n{program(seed)}")
    assert not different, "\n\n".join(different)


def test_many_of_them_run_natively() -> None:
    words = [found(seed).word for seed in range(SEEDS)]
    assert words.count("same natively") >= 0.4 * SEEDS, {word: words.count(word) for word in words}


def test_a_seed_decides_everything() -> None:
    assert [str(program(seed)) for seed in range(50)] == [str(program(seed)) for seed in range(50)]


BROKEN: dict[str, Any] = {
    "items": functools.partial(unlooked, places.Item),
    "variables": functools.partial(unlooked, places.Variable),
    "tensors": functools.partial(unlooked, states.TensorState),
    "effects": lambda: mock.patch.object(Environment, "affected", return_value=None),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(what: str) -> None:
    """Whichever check is taken away, some program that is the same with it is different without."""
    fine = [seed for seed in range(SEEDS) if found(seed).word in FINE]
    with contextlib.ExitStack() as stack:
        stack.enter_context(BROKEN[what]())
        words = (judged(program(seed)).word for seed in fine)
        assert any(word in ("DIFFERENT", "raises") for word in words)
