"""Two runs that are not like the others: 50,000 epochs of w2 in earnest, and w5 with both cores free."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from benchmarks.measure import apart
from benchmarks.peers.contest import OURS, contest, make, verdict
from benchmarks.peers.workloads import SCAN, TORCH, WORKLOADS

EPOCHS = 50_000


def real_epochs(who: str) -> float | None:
    """Seconds for all epochs of w2, shuffled, by one contestant; None if it cannot run."""
    w = next(w for w in WORKLOADS if w.key == "w2")
    one = make(w, shuffle=True)[0].get(who)
    if one is None:
        return None
    one.advance(10)
    start = time.perf_counter()
    one.advance(EPOCHS)
    return time.perf_counter() - start


def torch_epochs(epochs: int = 1000) -> float:
    """Seconds PyTorch would need for all epochs, from a part of them."""
    import torch

    from benchmarks.peers.pytorch import eager

    torch.set_num_threads(1)
    w = next(w for w in WORKLOADS if w.key == "w2")
    one = eager(w, True, torch.float32)
    one.advance(20)
    start = time.perf_counter()
    one.advance(epochs)
    return (time.perf_counter() - start) / epochs * EPOCHS


def many_epochs() -> str:
    """The table of w2 in earnest."""
    seconds = {TORCH: apart(torch_epochs), SCAN: apart(real_epochs, SCAN), OURS: apart(real_epochs, OURS)}
    lines = [
        f"w2 for {EPOCHS:,} epochs, DataLoader and all (PyTorch's from 1,000 of them, the others run them all):", "",
        "| | seconds | ratio | target | |", "|---|---:|---:|---:|---|",
    ]  # fmt: skip
    for who, target in ((TORCH, 1000.0), (SCAN, 25.0)):
        lines.append(f"| {who} | {_seconds(seconds[who])} | {verdict(seconds[who], seconds[OURS], target)} |")
    lines.append(f"| {OURS} | {_seconds(seconds[OURS])} | | | |")
    return "\n".join(lines)


def _seconds(x: float | None) -> str:
    return "–" if x is None else f"{x:.3g}"


def both_cores() -> str:
    """w5 in a process that is not pinned, every library with the threads it wants."""
    if not hasattr(os, "sched_setaffinity"):
        return ""
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.together"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"w5 with both cores failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    cells = " | ".join(f"{who}: {us:.0f}" for who, us in found.items())
    return (
        f"w5 with {os.cpu_count()} cores free, µs a step: {cells.replace(' | ', ', ')}.\n\n"
        f"| than | ratio | target | |\n|---|---:|---:|---|\n"
        f"| {SCAN}, both cores | {verdict(found.get(SCAN), found.get(OURS), 0.95)} |"
    )


if __name__ == "__main__":
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    print(json.dumps(contest("w5", threads=os.cpu_count() or 1).microseconds))
