"""`DataLoader`: a data set in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from chainrule.creation import as_tensor, from_numpy, tensor
from chainrule.data.dataset import IterableDataset, TensorDataset
from chainrule.data.samplers import BatchSampler, RandomSampler, SequentialSampler
from chainrule.data.workers import Pool
from chainrule.errors import ArgumentError, DataError, OperandError
from chainrule.ops import stack
from chainrule.random import Generator, default_generator
from chainrule.tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Examples -> a batch: tensors, arrays and numbers are stacked; tuples, lists and dicts part by part.

    >>> default_collate([(1, 2.0), (3, 4.0)])
    [tensor([1, 3]), tensor([2., 4.], dtype=float64)]
    """
    if not batch:
        raise DataError("a batch of no examples: there is nothing to stack; look at the batch_sampler")
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch)
    if isinstance(first, np.ndarray):
        return stack([from_numpy(x) for x in batch])
    if isinstance(first, bool | int | np.generic):
        return tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(np.asarray(batch, np.float64))
    if isinstance(first, dict):
        return {key: default_collate([example[key] for example in batch]) for key in first}
    if isinstance(first, tuple | list):
        if len({len(example) for example in batch}) > 1:
            raise DataError("the examples of a batch differ in their number of parts, so they cannot be stacked")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts  # a named tuple keeps its names
    if isinstance(first, str | bytes):
        return batch
    raise OperandError(
        f"examples of type {type(first).__name__} cannot be made a batch: let __getitem__ return tensors, arrays, "
        f"numbers, or tuples of them, or give DataLoader(collate_fn=...)"
    )


def default_convert(data: Any) -> Any:
    """One example as it comes out without a batch: arrays become tensors, tuples lists; the rest stays."""
    if isinstance(data, np.ndarray | np.generic):
        return as_tensor(data)
    if isinstance(data, dict):
        return {key: default_convert(part) for key, part in data.items()}
    if isinstance(data, tuple | list):
        parts = [default_convert(part) for part in data]
        return type(data)(*parts) if hasattr(data, "_fields") else parts
    return data


class DataLoader:
    """Go through a data set in batches.

    batch_size     examples a batch (None: one example at a time, not stacked)
    shuffle        a new random order for each pass; ``generator`` or ``manual_seed`` fixes it, as in PyTorch
    drop_last      leave out a short last batch
    sampler        the order, instead of ``shuffle``
    batch_sampler  the batches themselves: any iterable of lists of numbers, instead of all of these
    collate_fn     how a list of examples becomes a batch (with batch_size=None: what is done to each example)
    num_workers    that many processes load batches ahead (``prefetch_factor`` each); ``worker_init_fn(number)`` is
                   called in each.  It pays where an example takes long to make: see docs/log.md

    pin_memory and persistent_workers are taken and change nothing: memory is ordinary memory, and workers start anew
    for each pass.
    An IterableDataset is gone through in its own order until it ends.
    Raises DataError for an empty data set, ArgumentError for options that exclude one another.

    >>> data = chainrule.utils.data.TensorDataset(chainrule.arange(5))
    >>> [x.tolist() for (x,) in chainrule.utils.data.DataLoader(data, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool = False, sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Any] | None = None, num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
        timeout: float = 0, worker_init_fn: Callable[[int], Any] | None = None, multiprocessing_context: Any = None,
        generator: Generator | None = None, *, prefetch_factor: int | None = None, persistent_workers: bool = False,
        pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        self.streams = isinstance(dataset, IterableDataset)
        if self.streams and (shuffle or sampler is not None or batch_sampler is not None):
            raise ArgumentError(
                f"{type(dataset).__name__} is an IterableDataset, which has an order of its own: leave out shuffle, "
                f"sampler and batch_sampler, and shuffle in its __iter__"
            )
        if not self.streams and len(dataset) == 0:
            raise DataError("DataLoader of a data set with no examples: there is nothing to go through")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ArgumentError("batch_sampler says everything: leave out batch_size, shuffle, sampler and drop_last")
        if sampler is not None and shuffle:
            raise ArgumentError("sampler gives the order: leave out shuffle")
        if batch_size is None and drop_last:
            raise ArgumentError("batch_size=None makes no batches, so none can be short: leave out drop_last")
        if num_workers < 0 or (not num_workers and (prefetch_factor is not None or timeout or persistent_workers)):
            raise ArgumentError(
                f"num_workers={num_workers}: it is 0 or more, and prefetch_factor, timeout and persistent_workers are "
                f"for workers: they need at least 1"
            )
        self.num_workers, self.prefetch_factor = num_workers, 2 if prefetch_factor is None else prefetch_factor
        self.worker_init_fn, self.timeout = worker_init_fn, timeout
        self.multiprocessing_context, self.persistent_workers = multiprocessing_context, persistent_workers
        self.pin_memory = pin_memory
        self.dataset, self.drop_last, self.generator = dataset, drop_last, generator
        if self.streams:
            sampler = dataset  # a stream is sampled by going through it: what comes are the examples themselves
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        self.batch_size = None if batch_sampler is not None else batch_size
        self.batch_sampler = batch_sampler
        if batch_sampler is None and batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.collate_fn = collate_fn
        self._in_one_go = collate_fn is None and type(dataset) is TensorDataset  # a subclass may change the examples

    def __iter__(self) -> Iterator[Any]:
        # PyTorch draws a seed for its workers at the start of each pass; draw it too, to stay in step with it
        seed = (self.generator or default_generator).seed_for_another()
        if self.num_workers:
            tasks = repeat(()) if self.streams else iter(self._indices())
            return Pool.batches(self, seed, tasks)
        if self.streams:
            return self.of_stream()
        return (self.batch(indices) for indices in self._indices())

    def _indices(self) -> Any:
        """The numbers of each batch; single numbers without batches."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def batch(self, indices: Any) -> Any:
        """The batch of these numbers; the example of a single one."""
        if self.batch_sampler is None:
            return (self.collate_fn or default_convert)(self.dataset[indices])
        if self._in_one_go and len(indices):
            return list(self.dataset.batch(indices))
        return (self.collate_fn or default_collate)([self.dataset[i] for i in indices])

    def of_stream(self) -> Iterator[Any]:
        """The batches of a stream."""
        collate = self.collate_fn or (default_convert if self.batch_sampler is None else default_collate)
        return (collate(examples) for examples in self._indices())

    def __len__(self) -> int:
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
