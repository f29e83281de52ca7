"""Compiled training code does what it does as written, however it is written: see `styles`.

It runs natively and is the same, or it runs as written and says why, once, with the place.  Nothing else will do.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

pytest.importorskip("numba")

from styles import PROGRAMS
from styles.judge import FINE, Program, Verdict, judged, names_a_place, ran, written
from styles.seen import difference

ALL = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)


@functools.cache
def verdict(name: str) -> Verdict:
    """The verdict on a program, worked out once."""
    return judged(PROGRAMS[name])


@ALL
def test_compiled_is_as_written(program: Program) -> None:
    found = verdict(program.name)
    assert found.word in FINE, str(found)
    if program.compiles:
        assert found.word == "same natively", str(found)


@ALL
def test_what_it_says(program: Program) -> None:
    """One warning for each step that runs eagerly, and it names the place."""
    found = verdict(program.name)
    assert len(found.fallbacks) <= found.world.compiled, found.fallbacks
    for text in found.fallbacks:
        assert names_a_place(text, program), text
    if found.fallbacks:
        assert program.told(found.world.warned), found.world.warned


@ALL
def test_strictly_the_same_or_refused(program: Program) -> None:
    found = judged(program, strict=True)
    assert found.word in (*FINE, "refused"), str(found)
    assert not found.fallbacks
    if program.compiles:
        assert found.word == "same natively", str(found)


@ALL
def test_a_program_does_the_same_in_each_world(program: Program) -> None:
    first, second = written(program.name), ran(program)
    assert len(first.calls) == program.calls
    assert difference(first.calls, second.calls) is None


def test_a_compiler_that_freezes_is_found_out() -> None:
    """It gives what the third call gave, for ever: all programs but a few see it."""

    def frozen(function: Any, **options: Any) -> Any:
        results: list[Any] = []

        def call(*args: Any, **kwargs: Any) -> Any:
            if len(results) < 3:
                results.append(function(*args, **kwargs))
            return results[-1]

        return call

    missed = [name for name, p in PROGRAMS.items() if judged(p, frozen).word not in ("DIFFERENT", "raises")]
    assert len(missed) < 0.1 * len(PROGRAMS), missed
