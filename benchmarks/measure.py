"""How everything here is timed.

Each workload in a fresh process (what ran before leaves the heap in a state that can cost a third of a step),
pinned to one core, every library told to use one thread.  The contestants take turns in short
rounds, so that a drift of the machine meets all of them; the figure is the median of the rounds, and what
counts is the ratio of medians.  Before timing, each contestant's result is compared with the first's.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class Row:
    """One workload: median microseconds a step of each contestant."""

    workload: str
    microseconds: dict[str, float]
    agrees: str

    def ratio(self, ours: str, peer: str) -> float:
        """How many times as fast ours is as the peer."""
        return self.microseconds[peer] / self.microseconds[ours]


def alone() -> None:
    """Pin this process to one core, before NumPy or torch start their threads."""
    os.environ.update(THREADS)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def apart(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of ``function(*args, **kwargs)``, run in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *args, **kwargs).result()


def race(workload: str, contestants: dict[str, Callable[[], float]], rounds: int = 15, seconds: float = 0.1) -> Row:
    """Time the contestants in turns.  Each is a function that does one step and returns its loss."""
    results = {name: [step() for _ in range(20)] for name, step in contestants.items()}  # warm up, and compare
    reference = next(iter(results.values()))
    worst = max(
        abs(a - b) / max(abs(b), 1e-12) for losses in results.values() for a, b in zip(losses, reference, strict=True)
    )
    if not worst < 1e-3:
        raise SystemExit(f"{workload}: the contestants do not do the same work (losses differ by {worst:.1e})")
    counts = {name: max(1, int(seconds / _seconds(step, 20))) for name, step in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    gc.freeze()  # what the libraries themselves hold is no reason to stop for the garbage collector
    for _ in range(rounds):
        for name, step in contestants.items():
            times[name].append(_seconds(step, counts[name]))
    medians = {name: statistics.median(taken) * 1e6 for name, taken in times.items()}
    return Row(workload, medians, f"losses agree to {worst:.0e}")


def _seconds(step: Callable[[], float], n: int) -> float:
    start = time.perf_counter()
    for _ in range(n):
        step()
    return (time.perf_counter() - start) / n


def table(rows: list[Row], ours: str, peer: str) -> str:
    """The rows as a Markdown table."""
    lines = [f"| workload | {ours} | {peer} | {peer} / {ours} | |", "|---|---:|---:|---:|---|"]
    for row in rows:
        mine, theirs = row.microseconds[ours], row.microseconds[peer]
        lines.append(
            f"| {row.workload} | {mine:.0f} µs | {theirs:.0f} µs | {row.ratio(ours, peer):.2f} | {row.agrees} |"
        )
    return "\n".join(lines)
