"""Loading in other processes: each worker makes whole batches, and the loader hands them out in the usual order.

    task      the numbers of a batch, for one worker; for a stream only "go on"
    answer    the batch, the end of a stream, or an error with the text of its traceback

Tasks go round from worker to worker, ``prefetch_factor`` for each at first, then one for each answer taken.  Each
worker has random numbers of its own, seeded with the seed of the pass + its number, as PyTorch's have.
"""

from __future__ import annotations

import multiprocessing
import pickle
import random
import traceback
from collections import deque
from collections.abc import Iterator
from itertools import cycle
from multiprocessing.connection import wait
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import WorkerError
from chainrule.random import manual_seed


class WorkerInfo(NamedTuple):
    """Which worker this process is: its number, how many there are, its seed, its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: list[WorkerInfo] = []


def get_worker_info() -> WorkerInfo | None:
    """Which worker this process is; None where it is none.  A stream looks here for its share.

    >>> get_worker_info() is None
    True
    """
    return _info[-1] if _info else None


END, ERROR, BATCH = "end", "error", "batch"


def work(loader: Any, info: WorkerInfo, tasks: Any, answers: Any) -> None:
    """What a worker does until it is told to stop (by the task None)."""
    _info.append(info)
    manual_seed(info.seed)
    random.seed(info.seed)
    np.random.seed(info.seed % 2**32)
    try:
        if loader.worker_init_fn is not None:
            loader.worker_init_fn(info.id)
        batches = loader.of_stream() if loader.streams else None
        while (task := tasks.get()) is not None:
            if batches is None:
                answers.send((BATCH, loader.batch(task)))
            else:
                batch = next(batches, _info)  # a batch is never that list
                answers.send((END, None) if batch is _info else (BATCH, batch))
    except Exception as error:
        answers.send((ERROR, (_sendable(error), traceback.format_exc())))


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return WorkerError(f"{type(error).__name__}: {error}")
    return error


class Pool:
    """The workers of one pass through a loader."""

    def __init__(self, loader: Any, seed: int) -> None:
        context = multiprocessing.get_context(loader.multiprocessing_context)
        n, self.timeout = loader.num_workers, loader.timeout or None
        self.tasks = [context.Queue() for _ in range(n)]
        pipes = [context.Pipe(duplex=False) for _ in range(n)]
        self.answers = [end for end, _ in pipes]
        self.processes = [
            context.Process(
                target=work,
                args=(loader, WorkerInfo(i, n, (seed + i) % 2**63, loader.dataset), self.tasks[i], pipes[i][1]),
                daemon=True,
            )
            for i in range(n)
        ]
        for process in self.processes:
            process.start()
        self.open, self.round, self.sent = set(range(n)), cycle(range(n)), deque[int]()

    @classmethod
    def batches(cls, loader: Any, seed: int, indices: Iterator[Any]) -> Iterator[Any]:
        """Every batch of a pass, in order; ``indices`` gives the task of each.  Workers live as long as this."""
        pool = cls(loader, seed)
        try:
            yield from pool.in_order(indices, loader.prefetch_factor)
        finally:
            pool.close()

    def in_order(self, indices: Iterator[Any], ahead: int) -> Iterator[Any]:
        """Send tasks, hand out answers."""
        for _ in range(ahead * len(self.processes)):
            self._send(indices)
        while self.sent:
            worker = self.sent.popleft()
            if worker not in self.open:
                continue
            kind, answer = self._answer(worker)
            if kind == END:
                self.open.discard(worker)
            self._send(indices)
            if kind == BATCH:
                yield answer

    def _send(self, indices: Iterator[Any]) -> None:
        """The next task to the next worker that is still open."""
        if self.open and (task := next(indices, None)) is not None:
            worker = next(i for i in self.round if i in self.open)
            self.tasks[worker].put(task)
            self.sent.append(worker)

    def _answer(self, worker: int) -> tuple[str, Any]:
        process, end = self.processes[worker], self.answers[worker]
        ready = wait([end, process.sentinel], self.timeout)
        try:
            if not end.poll():
                raise EOFError
            kind, answer = end.recv()
        except EOFError:
            if ready:
                process.join()
            what = f"died ({process.exitcode})" if ready else f"took longer than timeout={self.timeout}"
            raise WorkerError(
                f"worker {worker} of {len(self.processes)} {what}; look for the error with num_workers=0, "
                f"where everything runs in this process"
            ) from None
        if kind == ERROR:
            error, text = answer
            error.add_note(f"in worker {worker} of the DataLoader:\n{text}")
            raise error
        return kind, answer

    def close(self) -> None:
        """Tell the workers to stop, and end those that do not hear."""
        for process, queue in zip(self.processes, self.tasks, strict=True):
            queue.cancel_join_thread()
            process.terminate()
        for process, end in zip(self.processes, self.answers, strict=True):
            process.join()
            end.close()
