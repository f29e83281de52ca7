"""Data sets: something with a length and examples by number, or (IterableDataset) a stream of examples."""

from __future__ import annotations

import contextlib
import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from chainrule.backprop import lookouts
from chainrule.errors import ArgumentError, DataError, LabelError, OperandError
from chainrule.random import Generator, default_generator
from chainrule.tensor import Tensor, wrap


class Dataset:
    """Base of data sets: write ``__getitem__(i)``, one example, and ``__len__``."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls  # Dataset[int], as PyTorch's are written

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__: write def __getitem__(self, i): ...")

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Base of data sets that are a stream: write ``__iter__``, which goes through the examples once.

    For what comes one after the other (lines of a file, a simulation) and may have no length.

    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 2, 1])
    >>> [x.tolist() for x in chainrule.utils.data.DataLoader(Countdown(), batch_size=2)]
    [[3, 2], [1]]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: write def __iter__(self): ...")

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} is a stream without numbers: go through it with for")


class TensorDataset(Dataset):
    """Tensors whose first dimension counts the examples: example i is the i-th of each.

    Raises DataError where they differ in length.

    >>> data = chainrule.utils.data.TensorDataset(chainrule.zeros(5, 2), chainrule.arange(5))
    >>> len(data), data[3][1]
    (5, tensor(3))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise DataError("TensorDataset of no tensors: give at least the inputs")
        for i, x in enumerate(tensors):
            if not isinstance(x, Tensor):
                raise OperandError(
                    f"TensorDataset: part {i} is {type(x).__name__}; write chainrule.tensor(...) around it"
                )
            if not x.ndim:
                raise DataError(f"TensorDataset: part {i} is a 0-d tensor, which holds no examples")
        lengths = [len(x) for x in tensors]
        if len(set(lengths)) > 1:
            raise DataError(f"TensorDataset of tensors with {lengths} examples: each must have as many as the others")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def batch(self, indices: Any) -> tuple[Tensor, ...]:
        """The examples of ``indices`` as one batch, in one go."""
        places = np.asarray(indices)
        return tuple(_rows(x, places) for x in self.tensors)


def _rows(x: Tensor, places: Any) -> Tensor:
    """``x[places]``, in a tenth of its time where nobody asks how the rows were made: a loader does little else."""
    if x.node is None and not lookouts:
        with contextlib.suppress(IndexError):  # the operation says what is wrong
            return wrap(x.array[places])
    return x[places]


class Subset(Dataset):
    """Some of the examples of a data set, by number."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[[self.indices[i] for i in index] if isinstance(index, list) else self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Data sets one after the other, as one; ``a + b`` makes one too.

    Raises DataError for none, or for a stream among them; LabelError for a number outside.

    >>> both = ConcatDataset([["a", "b"], ["c"]])
    >>> len(both), both[2], both[-3]
    (3, 'c', 'a')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise DataError("ConcatDataset of no data sets: give at least one")
        for i, part in enumerate(self.datasets):
            if isinstance(part, IterableDataset):
                raise DataError(f"ConcatDataset: part {i} is an IterableDataset, a stream that has no numbers to go on")
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __getitem__(self, index: int) -> Any:
        n = len(self)
        if not -n <= index < n:
            raise LabelError(f"example {index} of {n}: the numbers go from {-n} to {n - 1}")
        index %= n
        part = bisect_right(self.cumulative_sizes, index)
        return self.datasets[part][index - (self.cumulative_sizes[part - 1] if part else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Generator | None = default_generator
) -> list[Subset]:
    """Cut a data set at random into parts without overlap; after the same seed, PyTorch's parts.

    ``lengths`` are numbers of examples that add up to the whole, or fractions that add up to 1: these are
    rounded down, and the examples left over go to the first parts, one each.  Raises DataError where they do not
    add up, ArgumentError for a length that is none; warns of a part that comes out empty.

    >>> parts = random_split(range(10), [0.75, 0.25], chainrule.Generator().manual_seed(0))
    >>> [list(part) for part in parts]
    [[4, 1, 7, 5, 3, 9, 0, 8], [6, 2]]
    """
    n = len(dataset)
    counts = _counts(list(lengths), n)
    order = (generator or default_generator).permutation(n).tolist()
    return [Subset(dataset, order[end - k : end]) for end, k in zip(accumulate(counts), counts, strict=True)]


def _counts(lengths: list[float], n: int) -> list[int]:
    """The lengths of parts of ``n`` examples, as whole numbers."""
    if any(length < 0 for length in lengths):
        raise ArgumentError(f"random_split into {lengths}: a part cannot have fewer than 0 examples")
    total = sum(lengths)
    if math.isclose(total, 1) and total <= 1:
        return _counts_of_fractions(lengths, n)
    if total != n:
        raise DataError(f"random_split of {n} examples into {lengths}, together {total:g}: write lengths that add up")
    if not all(isinstance(length, int | np.integer) for length in lengths):
        raise ArgumentError(f"random_split into {lengths}: write whole numbers, or fractions that add up to 1")
    return [int(length) for length in lengths]


def _counts_of_fractions(fractions: list[float], n: int) -> list[int]:
    counts = [math.floor(n * fraction) for fraction in fractions]
    for i in range(n - sum(counts)):
        counts[i % len(counts)] += 1
    for i, count in enumerate(counts):
        if not count:
            warnings.warn(f"random_split: part {i} has no examples ({fractions[i]:g} of {n})", stacklevel=4)
    return counts
