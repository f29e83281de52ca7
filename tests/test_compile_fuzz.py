"""Random programs, compiled, do what they do as written; and every pass leaves the numbers as they were.

A thousand programs run the generated source as plain Python (`plainly`), which tries recording, passes, lowering,
scheduling and writing; some dozens go through Numba as well.  Breaking any of these is seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from plainly import plainly
from programs import Program, program

pytest.importorskip("numba")

import chainrule
from chainrule.compiler import lower, passes, schedule, sharing, splitting
from chainrule.compiler.entries import Entry, Graph, checked
from chainrule.compiler.trace.scalars import ARITHMETIC, QUESTIONS
from chainrule.ops import BOOK

BLOCK = 50
RUNAWAY = 1e6
CLOSE = {np.float64: 1e-9, np.float32: 1e-4}
seen: set[str] = set()


@pytest.fixture(autouse=True)
def small_arrays_share_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MANY", 1)


def dtype_of(seed: int) -> Any:
    return np.float32 if seed % 2 else np.float64


def written(seed: int) -> Program:
    """Programs of 4 to 21 instructions; one of five with matrices beyond what is multiplied out in loops."""
    return program(seed, dtype_of(seed), length=4 + seed % 18, big=seed % 5 == 0)


def compiled(made: Program) -> tuple[list[Any], Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", chainrule.compiler.CompileWarning)
        found, step = made.trained(chainrule.compile)
    assert step.last is not None, "nothing was compiled"
    return found, step


def nudged(made: Program) -> list[Any]:
    """The arrays of a program, as written, whose parameters begin one rounding away."""
    rng = np.random.default_rng(0)
    return made.trained(lambda step: step, near=lambda p: np.nextafter(p, p + rng.choice([-1, 1], p.shape)))[0]


def alike(found: list[Any], wanted: list[Any], close: float, made: Program | None = None) -> None:
    """The same arrays, but for rounding; up to where a program runs away and rounding decides everything.

    How far a rounding goes depends on the program: one whose steps leap makes it ten times as large in each.  What is
    not ``close`` may be off by as much as a hundred roundings come to, where one is measured: that of the parameters.
    """
    assert len(found) == len(wanted)
    for k, (x, y) in enumerate(zip(found, wanted, strict=True)):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        if y.dtype.kind == "f" and not (np.abs(y) < RUNAWAY).all():
            return
        size = max(1.0, float(np.abs(y).max(initial=0))) if y.dtype.kind == "f" else 0.0
        room = close * size
        if made and y.dtype.kind == "f" and not np.allclose(x, y, rtol=close, atol=room):
            room = max(room, 100 * float(np.abs(nudged(made)[k] - y).max()))
        np.testing.assert_allclose(x, y, rtol=close, atol=room, err_msg=f"array {k} of {len(wanted)}")


def values_of(graph: Graph) -> dict[Entry, Any]:
    """What each entry comes to by the operations of the book, from the numbers it was recorded with."""
    values: dict[Entry, Any] = {}
    with np.errstate(all="ignore"):
        for entry in graph.entries:
            given = [values[x] if isinstance(x, Entry) else x for x in entry.inputs]
            if entry.is_leaf:
                value = entry.source if entry.op == "constant" else entry.data
            elif entry.op == "number":
                value = given[0]
            elif entry.op == "full":
                value = np.full(entry.meta["shape"], given[0], entry.dtype)
            elif entry.weak:
                value = float((ARITHMETIC.get(entry.op) or QUESTIONS[entry.op])(*given))
            else:
                value = np.asarray(BOOK[entry.op].run(*given, **entry.meta))
                assert (value.shape, value.dtype) == (entry.shape, entry.dtype), entry
            values[entry] = value
    return values


def run(graph: Graph) -> dict[str, list[Any]]:
    """What a graph comes to."""
    values = values_of(graph)
    named = [("stores", [v for _, v in graph.stores]), ("options", [v for _, v in graph.options])]
    return {name: [np.asarray(values[x]) for x in found] for name, found in [*named, ("outputs", graph.outputs)]}


def passes_keep_the_numbers(step: Any, close: float) -> None:
    before = run(checked(step.last.recorded))
    for done in step.passes:
        after = run(checked(done.graph))
        for name, wanted in before.items():
            alike(after[name], wanted, close)


def tried(seed: int) -> None:
    """One program: as written, compiled, and after each pass.  An error carries the program."""
    made = written(seed)
    try:
        wanted, _ = made.trained(lambda step: step)
        with plainly():
            found, step = compiled(made)
        seen.update(entry.op for entry in step.last.recorded.entries)
        alike(found, wanted, CLOSE[dtype_of(seed)], made)
        passes_keep_the_numbers(step, CLOSE[dtype_of(seed)])
    except Exception as error:
        error.add_note(str(made))
        raise


@pytest.mark.parametrize("block", range(1000 // BLOCK))
def test_compiled_as_plain_python(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        tried(seed)


@pytest.mark.parametrize("seed", range(5000, 5040))
def test_compiled_by_numba(seed: int) -> None:
    made = written(seed)
    try:
        wanted, _ = made.trained(lambda step: step)
        found, _ = compiled(made)
        alike(found, wanted, CLOSE[dtype_of(seed)], made)
    except Exception as error:
        error.add_note(str(made))
        raise


def test_every_operation_is_met() -> None:
    """300 programs meet the whole book (all but `detach`, which the recording sees through)."""
    seen.clear()
    for seed in range(6000, 6300):
        made = written(seed)
        with plainly():
            _, step = made.trained(chainrule.compile, calls=3)
        seen.update(entry.op for entry in step.last.recorded.entries)
        if set(BOOK) - seen <= {"detach"}:
            return
    raise AssertionError(f"never met: {sorted(set(BOOK) - seen)}")


# ---------------------------------------------------------------------------------------- it can fail


def _shared_too_much() -> Any:
    """`share` that forgets to look at the named arguments."""
    known: dict[Any, Entry] = {}

    def rewrite(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
        entry = splitting.unchanged(entry, inputs)
        if entry.is_leaf:
            return entry
        given = tuple(x if isinstance(x, Entry) else repr(x) for x in inputs)
        return known.setdefault((entry.op, given, entry.dtype, entry.shape, entry.weak), entry)

    return rewrite


def _idle_division(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    """`fold` that takes a division by 2 for one by 1."""
    found = _idle(entry, inputs)
    return inputs[0] if found is None and entry.op == "div" and passes._number(inputs[1]) == 2.0 else found


def _mean_of_one_less(shape: Any, dim: Any) -> int:
    return max(_count(shape, dim) - 1, 1)


def _nothing_waits(self: Any, work: Any) -> Iterator[Any]:
    """A schedule that forgets what a work reads from memory."""
    return (need for need in _dependencies(self, work) if need.work.kind != "reduce")


def _no_readers(self: Any, store: Any) -> list[Any]:
    """A schedule in which a buffer is written while others still read it."""
    return []


def _aligned_left(ref: Any, shape: Any) -> Any:
    """Broadcasting from the left."""
    from chainrule.compiler.refs import Affine, along

    return ref.put(shape, {d: along(d) if n > 1 else Affine() for d, n in enumerate(ref.shape)})


_idle, _count = passes._idle, splitting.count
_dependencies = schedule.Schedule._dependencies
BROKEN: dict[str, Callable[[], Any]] = {
    "share": lambda: mock.patch.object(
        passes, "PASSES", tuple((name, _shared_too_much if name == "share" else p) for name, p in passes.PASSES)
    ),
    "fold": lambda: mock.patch.object(passes, "_idle", _idle_division),
    "split": lambda: mock.patch.object(splitting, "count", _mean_of_one_less),
    "dependencies": lambda: mock.patch.object(schedule.Schedule, "_dependencies", _nothing_waits),
    "readers": lambda: mock.patch.object(schedule.Schedule, "_before", _no_readers),
    "broadcasting": lambda: mock.patch("chainrule.compiler.refs.expanded", _aligned_left),
    "sums": lambda: mock.patch.dict(lower.REDUCTIONS, {"sum": "max"}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(what: str) -> None:
    """Whichever part is wrong, some of 60 programs say so, and say which (none does when nothing is)."""

    def search() -> None:
        for seed in range(60):
            tried(seed)

    with BROKEN[what](), pytest.raises(Exception, match=r"seed \d+"):
        search()
