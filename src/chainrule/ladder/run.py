"""Train rungs, and hold each of them against ``hand``.

Two runs are compared by their *relative difference*, the largest of

    |l − l_hand| / |l_hand|                the loss, at every single step
    max |W − W_hand| / max |W_hand|        each parameter array, after the last of them

over the steps the rung ran: ``hand`` is run for as many.  For sine, (a, b, c, d) is one array.  For digits in
float32 the first epoch is compared; `tasks.digits` says why.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.errors import MissingPackage, require
from chainrule.ladder.rungs import TORCH, built, lines, load, source
from chainrule.ladder.tasks import Task, accuracy
from chainrule.value import Value

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""The largest relative difference from ``hand`` that counts as the same numbers."""


@dataclass(frozen=True)
class Run:
    """What happened: loss and seconds of every step, both (steps,), and all parameters, flat.

    ``checkpoint`` holds the parameters after the last step that is compared with ``hand``.
    """

    losses: Array
    seconds: Array
    weights: Array
    checkpoint: Array


NOT_RUN = Run(*[np.empty(0)] * 4)


@dataclass(frozen=True)
class Row:
    """One line of the table: a rung, its cost, and how far it strayed from ``hand``.

    ``status`` is "ok", "differs" or "skipped"; ``reason`` says why, when it is not "ok".  ``apart`` holds the
    relative difference of the loss at every step; the first ``compared`` of them count.  ``hand`` is the run
    it was held against.
    """

    task: str
    rung: str
    lines: int
    built: int
    tolerance: float
    status: str
    reason: str = ""
    difference: float = float("nan")
    compared: int = 0
    accuracy: float | None = None
    run: Run = NOT_RUN
    hand: Run = NOT_RUN
    apart: Array = field(default_factory=lambda: np.empty(0))

    @property
    def steps(self) -> int:
        """How many steps were run."""
        return len(self.run.losses)

    @property
    def us_per_step(self) -> float:
        """Microseconds a step took: the median."""
        return float(np.median(self.run.seconds)) * 1e6 if self.steps else float("nan")

    @property
    def us_in_all(self) -> float:
        """Microseconds that all steps took together."""
        return float(np.sum(self.run.seconds)) * 1e6 if self.steps else float("nan")

    @property
    def final_loss(self) -> float:
        """The loss of the last step, before its update."""
        return float(self.run.losses[-1]) if self.steps else float("nan")


def climb(task: Task, rungs: Sequence[str], limit: int | None = None) -> Iterator[Row]:
    """Train each rung for its steps (at most ``limit``) and yield its row.

    ``hand`` is trained silently for as many steps as each rung needs, whether it is among ``rungs`` or not.
    """
    by_hand: dict[int, Run] = {}
    for rung in rungs:
        steps = task.steps(rung, limit)
        try:
            run = walk(task, rung, steps)
        except MissingPackage as error:
            yield _row(task, rung, status="skipped", reason=str(error))
            continue
        if rung == "hand":
            by_hand[steps] = run
        if steps not in by_hand:
            by_hand[steps] = walk(task, "hand", steps, show=False)
        yield hold_against(task, rung, run, by_hand[steps])


def walk(task: Task, rung: str, steps: int, show: bool = True) -> Run:
    """Train one rung, timing every step; a progress bar appears once it has taken a second."""
    tqdm = require("tqdm", "tqdm", "the progress bar").tqdm
    start = tuple(w.copy() for w in task.start) if isinstance(task.start, tuple) else task.start.copy()
    train = load(task.name, rung)(task.x, task.y, start, task.lr, task.batches[:steps])
    losses, seconds = np.empty(steps), np.empty(steps)
    name = f"{task.name} · {rung}"
    look = {"delay": 1, "leave": False, "unit": "step", "file": sys.stderr, "disable": not show}
    with undisturbed(rung), tqdm(range(steps), name, **look) as bar:
        for step in bar:
            began = perf_counter()
            loss, weights = next(train)
            seconds[step] = perf_counter() - began
            losses[step] = loss
            if step + 1 == min(steps, task.together):
                checkpoint = flat(weights)
    return Run(losses, seconds, flat(weights), checkpoint)


@contextmanager
def undisturbed(rung: str) -> Iterator[None]:
    """Nothing but the rung's own work while it is timed.

    As in ``timeit``, Python's search for dead cycles rests: no rung makes any, and among millions of Values
    it would take four fifths of the time.  And PyTorch computes in one thread, like all the others: steps
    this small are no faster in two, and a hundred times slower whenever the two have to share a processor.
    """
    torch = require("torch", TORCH, "the rung torch") if rung == "torch" else None
    threads = torch.get_num_threads() if torch else 1
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(threads)
        if collecting:
            gc.enable()


def hold_against(task: Task, rung: str, run: Run, hand: Run) -> Row:
    """The row of a rung, given its run and that of ``hand`` over the same steps."""
    apart = np.array([relative(*pair) for pair in zip(run.losses, hand.losses, strict=True)])
    arrays = zip(task.blocks(run.checkpoint), task.blocks(hand.checkpoint), strict=True)
    compared = min(len(apart), task.together)
    difference = float(np.max([*apart[:compared], *(relative(*pair) for pair in arrays)]))
    tolerance = TOLERANCE[task.x.dtype.name]
    same = difference <= tolerance  # False for nan, as it must be
    return _row(
        task,
        rung,
        status="ok" if same else "differs",
        reason="" if same else f"{difference:.1e} away from hand, and at most {tolerance:g} is the same",
        difference=difference,
        compared=compared,
        accuracy=accuracy(task, run.weights),
        run=run,
        hand=hand,
        apart=apart,
    )


def relative(a: Array, b: Array) -> float:
    """max |a − b| / max |b|; where b is all zeros, 0 if a is too, else inf.

    >>> relative(np.array([1.0, 4.1]), np.array([1.0, 4.0]))  # doctest: +ELLIPSIS
    0.0249...
    """
    gap, size = float(np.max(np.abs(a - b))), float(np.max(np.abs(b)))
    if size == 0:
        return 0.0 if gap == 0 else float("inf")
    return gap / size


def flat(weights: Any) -> Array:
    """Whatever a rung yields as its weights (arrays, tensors, Values, numbers, lists of them), as one float64 array.

    >>> flat([Value(1.0), [2.0, np.array([[3.0, 4.0]])]]).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    if isinstance(weights, (list, tuple)):
        return np.concatenate([flat(w) for w in weights])
    if isinstance(weights, Value):
        weights = weights.data
    elif hasattr(weights, "detach"):
        weights = weights.detach().numpy()
    return np.array(weights, dtype="float64").ravel()


def _row(task: Task, rung: str, **facts: Any) -> Row:
    """A row with what is known before the rung runs, and ``facts``."""
    tolerance = TOLERANCE[task.x.dtype.name]
    return Row(task.name, rung, lines(source(task.name, rung)), lines(built(rung)), tolerance, **facts)
