"""A second thread for large products.

A product that takes longer than a hundred microseconds or so is done in strips, and who is free takes the next one: the
thread that runs the step, and, while there is a `team`, one more.  So nothing waits for a thread that has no processor
but for the strip it has taken; where that took long (another program runs on the second core), the next products are
done alone, more of them each time.

    JOB     the address of the function that does strips until none is left; 0 where there is none
    FRAME   the address of what it works on
    NEXT    the strip that is taken next
    BUSY    whether the second thread is at it: before it looks for the job again and until it is done
    LATE    how often, of late, the first thread had to wait long for that
    ALONE   how many products are to be done alone now

The second thread says that it is busy and looks again; the first takes the job away and waits until it is not busy.
Both in one order that all see (sequentially consistent), so it never works on a job that is over (the entry protocol of
Dijkstra, Cooperating Sequential Processes, 1965).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LARGE = 20_000_000
PATIENCE = 1_000  # turns of waiting, some tenths of a millisecond, that are long
PAUSE, LONGEST = 32, 6  # products done alone after a long wait: 64, 128, … up to 32 · 2^6
WORD, SEQUENTIAL = ir.IntType(64), "seq_cst"
JOB, FRAME, NEXT, BUSY, STOP, ALIVE, LATE, ALONE = (8 * i for i in range(8))  # each on a line of the cache of its own
STATE = np.zeros(64, np.int64)
binding.add_symbol("chainrule_team", STATE.ctypes.data)
_ONE = threading.Lock()


# ---------------------------------------------------------------------------------------- in Python


def cores() -> int:
    """How many processors this process may use; 1 where BLAS is told to use one thread."""
    if "1" in (os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS")):
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def team(largest: int) -> Iterator[None]:
    """While it lasts, a second thread helps with large products, if there is a processor for it.

    ``largest`` is how many operations the largest product takes that may be met.
    """
    if largest < LARGE or cores() < 2 or not _ONE.acquire(blocking=False):
        yield
        return
    try:
        from chainrule.compiler.cache import keep

        STATE[[STOP, ALIVE, JOB]] = 0
        second = threading.Thread(target=keep(_serve), args=(STATE,), daemon=True)
        second.start()
        while second.is_alive() and not STATE[ALIVE]:
            time.sleep(0)
        try:
            yield
        finally:
            STATE[ALIVE] = 0
            STATE[STOP] = 1
            second.join()
    finally:
        _ONE.release()


# ---------------------------------------------------------------------------------------- in native code


class Shared:
    """The words that both threads see, where ``builder`` stands."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder
        kind = ir.ArrayType(WORD, len(STATE))
        module = builder.module
        known = module.globals.get("chainrule_team")
        self.state = known or ir.GlobalVariable(module, kind, "chainrule_team")

    def place(self, word: int) -> ir.Value:
        return self.builder.gep(self.state, [ir.IntType(32)(0), ir.IntType(32)(word)], inbounds=True)

    def read(self, word: int) -> ir.Value:
        return self.builder.load_atomic(self.place(word), SEQUENTIAL, 8)

    def write(self, word: int, value: ir.Value | int) -> None:
        value = WORD(value) if isinstance(value, int) else value
        self.builder.store_atomic(value, self.place(word), SEQUENTIAL, 8)

    def taken(self) -> ir.Value:
        """The number of a strip, which is now taken."""
        return self.builder.atomic_rmw("add", self.place(NEXT), WORD(1), SEQUENTIAL)

    def is_set(self, word: int) -> ir.Value:
        return self.builder.icmp_unsigned("!=", self.read(word), WORD(0))

    def rest(self) -> None:
        """Let another thread have this processor, if one wants it: it may be the one that is waited for."""
        kind = ir.FunctionType(ir.IntType(32), [])
        name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
        self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [])

    def turns(self, going_on: Callable[[], ir.Value], body: Callable[[], None]) -> None:
        """A loop while a condition holds."""
        ask, turn, after = (self.builder.append_basic_block() for _ in range(3))
        self.builder.branch(ask)
        self.builder.position_at_end(ask)
        self.builder.cbranch(going_on(), turn, after)
        self.builder.position_at_end(turn)
        body()
        self.builder.branch(ask)
        self.builder.position_at_end(after)


def together(builder: ir.IRBuilder, job: ir.Function, frame: ir.Value) -> None:
    """Do a job: with the second thread, if there is one."""
    shared = Shared(builder)
    shared.write(NEXT, 0)
    alone = shared.read(ALONE)
    ready = builder.icmp_unsigned("==", alone, WORD(0))
    shared.write(ALONE, builder.select(ready, alone, builder.sub(alone, WORD(1))))
    helped = builder.and_(ready, shared.is_set(ALIVE))
    with builder.if_then(helped):
        shared.write(FRAME, builder.ptrtoint(frame, WORD))
        shared.write(JOB, builder.ptrtoint(job, WORD))
    builder.call(job, [frame])
    with builder.if_then(helped):
        shared.write(JOB, 0)
        waited = cgutils.alloca_once_value(builder, WORD(0))

        def wait() -> None:
            builder.store(builder.add(builder.load(waited), WORD(1)), waited)
            shared.rest()

        shared.turns(lambda: shared.is_set(BUSY), wait)
        late, before = builder.icmp_unsigned(">", builder.load(waited), WORD(PATIENCE)), shared.read(LATE)
        more = builder.select(builder.icmp_unsigned("<", before, WORD(LONGEST)), builder.add(before, WORD(1)), before)
        fewer = builder.select(builder.icmp_unsigned(">", before, WORD(0)), builder.sub(before, WORD(1)), before)
        now = builder.select(late, more, fewer)
        shared.write(LATE, now)
        shared.write(ALONE, builder.select(late, builder.shl(WORD(PAUSE), now), WORD(0)))


@intrinsic
def _served(typing_context: Any, state: Any) -> Any:
    """The work of the second thread, until it is told to stop."""

    def write(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        shared = Shared(builder)
        bytes_ = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [bytes_])

        def turn() -> None:
            with builder.if_else(shared.is_set(JOB)) as (there, none):
                with there:
                    shared.write(BUSY, 1)
                    job = shared.read(JOB)
                    with builder.if_then(builder.icmp_unsigned("!=", job, WORD(0))):
                        frame = builder.inttoptr(shared.read(FRAME), bytes_)
                        builder.call(builder.inttoptr(job, kind.as_pointer()), [frame])
                    shared.write(BUSY, 0)
                with none:
                    shared.rest()

        shared.write(ALIVE, 1)
        shared.turns(lambda: builder.not_(shared.is_set(STOP)), turn)
        return context.get_dummy_value()

    return types.void(state), write


@njit(nogil=True)
def _serve(state: Any) -> None:
    _served(state)
