"""What compiling costs: time to record and compile, memory, and whether long runs stay as fast as they begin."""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.measure import apart
from benchmarks.peers.workloads import WORKLOADS, Workload

LONG = 100_000  # steps
CALLS = 5  # one as written, two recorded, the first native one, one more


def _workload(key: str) -> Workload:
    return next(w for w in WORKLOADS if w.key == key)


def arrays(key: str, folder: str) -> tuple[float, float]:
    """Megabytes a step needs at its peak besides data, parameters and what the optimizer keeps: compiled, and eager.

    Compiled: the arrays it keeps for itself, and what is allocated while it runs.
    """
    os.environ["CHAINRULE_CACHE_DIR"] = folder
    import chainrule
    from benchmarks.peers.ours import step_of

    w = _workload(key)
    step, _ = step_of(w)
    batch: tuple[Any, ...] = () if w.kind == "cubic" else tuple(chainrule.tensor(v) for v in w.batches()[0])
    compiled = chainrule.compile(step)
    for _ in range(CALLS):
        compiled(*batch)
    memory = compiled.last.memory
    given = {id(leaf.source) for leaf in compiled.last.plan.leaves}
    kept = sum(array.nbytes for array in memory.arrays if id(array) not in given) / 2**20
    return kept + _grown(lambda: compiled(*batch)), _grown(lambda: step(*batch))


def _grown(run: Callable[[], Any]) -> float:
    """Megabytes allocated at most while it runs."""
    run()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        run()
        return (tracemalloc.get_traced_memory()[1] - before) / 2**20
    finally:
        tracemalloc.stop()


def memory(key: str, compiled: bool, folder: str) -> float:
    """Megabytes by which the peak of the process grows over 5 epochs, eager or compiled.

    Recording is in it, and what the compiled step keeps; compiling as well, unless an earlier process did that and left
    the machine code in ``folder``.  Numba itself is not: it is loaded before.
    """
    os.environ["CHAINRULE_CACHE_DIR"] = folder
    import chainrule
    from benchmarks.peers.ours import trained

    warm = chainrule.compile(lambda x: (x * 2).sum())  # loads Numba, and whatever the compiler itself needs
    for _ in range(4):
        warm(chainrule.ones(3))
    one = trained(_workload(key), False, compiled)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    one.advance(5)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def latency(key: str, folder: str) -> tuple[float, float]:
    """Milliseconds to record (which runs the step as written) and optimise; seconds until all is native.

    The seconds are those by which the first calls took longer than as many eager ones; loading Numba is in them.
    """
    os.environ["CHAINRULE_CACHE_DIR"] = folder
    import chainrule
    from benchmarks.peers.ours import step_of

    w = _workload(key)
    step, _ = step_of(w)
    batch: tuple[Any, ...] = () if w.kind == "cubic" else tuple(chainrule.tensor(v) for v in w.batches()[0])
    start = time.perf_counter()
    step(*batch)
    eager = time.perf_counter() - start
    compiled = chainrule.compile(step)
    start = time.perf_counter()
    for _ in range(CALLS):
        compiled(*batch)
    took = time.perf_counter() - start
    if compiled.last is None:
        raise SystemExit(f"{w.title}: not compiled after {CALLS} calls: {compiled.reason}")
    return (compiled.last.recording + compiled.last.planning) * 1e3, took - CALLS * eager


def long_run() -> tuple[float, float]:
    """Microseconds a step in the first and in the last tenth of many Adam steps of w3, until all is known by heart.

    Medians of ten pieces each.
    """
    from benchmarks.peers.ours import natively

    w = replace(_workload("w3a"), clean=True)
    one = natively(w, False)
    one.advance(2)
    piece = LONG // 100 // w.steps
    times = []
    for _ in range(100):
        start = time.process_time()
        one.advance(piece)
        times.append((time.process_time() - start) / piece / w.steps * 1e6)
    return statistics.median(times[:10]), statistics.median(times[-10:])


def costs() -> str:
    """Three tables."""
    lines = [
        "What compiling costs:",
        "",
        "| | record and optimise, ≤ 50 ms | cold, ≤ 2 s | second process, ≤ 0.6 s | a step's arrays, ≤ eager's | "
        "eager's | the process grows, recording in | eager's | compiling in |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for w in WORKLOADS:
        with tempfile.TemporaryDirectory() as folder:
            first = apart(latency, w.key, folder)
            again = []
            for _ in range(2):
                with tempfile.TemporaryDirectory() as empty:
                    again.append(apart(latency, w.key, empty))
            record, cold = (statistics.median(column) for column in zip(first, *again, strict=True))
            warm = apart(latency, w.key, folder)[1]
            ours, theirs = apart(arrays, w.key, folder)
            compiled, eager = (apart(memory, w.key, which, folder) for which in (True, False))
        with tempfile.TemporaryDirectory() as empty:
            compiling = apart(memory, w.key, True, empty)
        lines.append(
            f"| {w.title} | {_judged(record, 50)} ms | {_judged(cold, 2)} s | {_judged(warm, 0.6)} s | "
            f"{_judged(ours, theirs)} MB | {theirs:.2g} MB | "
            f"{compiled:.2g} MB | {eager:.2g} MB | {compiling:.2g} MB |"
        )
    first, last = apart(long_run)
    lines += ["", f"{LONG:,} Adam steps of w3: {first:.3g} µs a step in the first tenth, {last:.3g} in the last: "
                  f"{'PASS' if last < 1.1 * first else 'short'}."]  # fmt: skip
    return "\n".join(lines)


def _judged(x: float, most: float) -> str:
    return f"{x:.2g}{'' if x <= most else ' (short)'}"
