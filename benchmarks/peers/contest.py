"""A race: everyone's weights are compared after the same steps, then they take turns, and the medians count."""

from __future__ import annotations

import gc
import importlib
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.peers.workloads import WORKLOADS, Contestant, Workload

OURS = "chainrule native"
MODULES = ("pytorch", "jax_steps", "sklearn_mlp", "by_hand", "ours")


@dataclass
class Result:
    """Of one workload: microseconds a step, how far the weights were apart, and who did not run, with the reason."""

    key: str
    microseconds: dict[str, float] = field(default_factory=dict)
    apart: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)  # seconds until the first epoch was done
    absent: dict[str, str] = field(default_factory=dict)


def make(w: Workload, shuffle: bool) -> tuple[dict[str, Contestant], dict[str, str]]:
    """Everyone who can run, and why the others cannot."""
    there: dict[str, Contestant] = {}
    absent: dict[str, str] = {}
    for name in MODULES:
        try:
            found = importlib.import_module(f"benchmarks.peers.{name}").contestants(w, shuffle)
        except ImportError as error:
            absent[name] = f"not run: {error}"
            continue
        for who, one in found.items():
            (absent if isinstance(one, str) else there)[who] = one  # type: ignore[index]
    return there, absent


def contest(key: str, rounds: int = 7, seconds: float = 0.12, threads: int = 1, busy: bool = False) -> Result:
    """Race everyone at one workload. To be called in a fresh process.

    ``busy`` counts the time of this process alone, for a machine on which others work too.
    """
    import torch

    torch.set_num_threads(threads)
    w = next(w for w in WORKLOADS if w.key == key)
    everyone, absent = make(w, shuffle=False)
    result = Result(key, absent=absent)
    _compare(w, everyone, result)
    if w.shuffle:
        everyone, _ = make(w, shuffle=True)
        for one in everyone.values():
            one.advance(6)
    for who in list(everyone):
        if why := everyone[who].failing():
            result.absent[who] = f"not run: {why}"
            del everyone[who]
    counts = {}
    for who, one in everyone.items():
        one.advance(2)
        counts[who] = 1
        while (taken := _seconds(one, counts[who], busy)) < seconds / 4:
            counts[who] *= 4
        counts[who] = max(1, round(counts[who] * seconds / taken))
    times: dict[str, list[float]] = {who: [] for who in everyone}
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for who, one in everyone.items():
            if threads > 1:
                time.sleep(0.1)  # the threads of the one before look for work for a while: let them fall asleep
            times[who].append(_seconds(one, counts[who], busy) / counts[who])
    result.microseconds = {who: statistics.median(taken) * 1e6 / w.steps for who, taken in times.items()}
    return result


def _compare(w: Workload, everyone: dict[str, Contestant], result: Result) -> None:
    """A few epochs each, in order, against PyTorch in float64."""
    import torch

    from benchmarks.peers.pytorch import eager, loss_under

    truth = eager(w, False, torch.float64)
    truth.advance(w.compared)
    expected = truth.weights()
    for who, one in everyone.items():
        start = time.perf_counter()
        one.advance(1)
        result.first[who] = time.perf_counter() - start
        one.advance(w.compared - 1)
        if one.own_formula:
            far, allowed = abs(loss_under(w, one.weights()) / loss_under(w, expected) - 1), 0.02
        else:
            far = max(_far(a, b) for a, b in zip(one.weights(), expected, strict=True))
            allowed, result.apart[who] = w.allowed, far
        if not far < allowed:
            raise SystemExit(f"{w.title}: {who} does not do the same work (weights differ by {far:.1e})")


def _far(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a, np.float64) - b).max() / np.abs(b).max())


def _seconds(one: Contestant, epochs: int, busy: bool) -> float:
    clock = time.process_time if busy else time.perf_counter
    start = clock()
    one.advance(epochs)
    return clock() - start


def verdict(theirs: float | None, ours: float | None, target: float) -> str:
    """Ratio, target, and whether it is reached, as cells of a table."""
    if theirs is None or ours is None:
        return f"– | ≥ {target:.3g} | not run"
    return f"{theirs / ours:.3g} | ≥ {target:.3g} | {'PASS' if theirs / ours >= target else 'short'}"
