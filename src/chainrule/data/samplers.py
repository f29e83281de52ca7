"""Samplers: in which order a loader goes through its examples; after the same seed, PyTorch's order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from chainrule.creation import as_tensor
from chainrule.errors import ArgumentError, shape_of
from chainrule.ops.base import Array
from chainrule.ops.dtypes import float64
from chainrule.random import Generator, default_generator


class Sampler:
    """Base of samplers: write ``__iter__``, the numbers of the examples in order, and ``__len__`` where it is known."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls  # Sampler[int], as PyTorch's are written

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: write def __iter__(self): ...")


class SequentialSampler(Sampler):
    """0, 1, 2, …"""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Every number once, in a new random order each time; after the same seed, PyTorch's order.

    With ``replacement`` each number is drawn from all, so one may come twice; ``num_samples`` is how many are drawn
    (default: as many as there are).
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:  # fmt: skip
        if num_samples is not None:
            _positive(num_samples)
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    def __iter__(self) -> Iterator[int]:
        n, draws = len(self.data_source), len(self)
        stream = self.generator or Generator().manual_seed(default_generator.seed_for_another())
        if self.replacement:  # in blocks, as PyTorch draws them
            for start in range(0, draws, 32):
                yield from stream.integers(0, n, (min(32, draws - start),)).tolist()
            return
        for _ in range(draws // n):
            yield from stream.permutation(n).tolist()
        yield from stream.permutation(n).tolist()[: draws % n]  # drawn even for none: so does PyTorch

    def __len__(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples


class SubsetRandomSampler(Sampler):
    """The given numbers, in a new random order each time; after the same seed, PyTorch's order.

    >>> sorted(SubsetRandomSampler([3, 5, 8]))
    [3, 5, 8]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for i in (self.generator or default_generator).permutation(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """``num_samples`` numbers, number i with a chance in proportion to ``weights[i]``; PyTorch's after the same seed.

    What it is for: classes of very different size; give each example 1 / (size of its class).
    Raises ArgumentError for weights below 0, not finite or all 0, and, without ``replacement``, for more numbers than
    have a weight.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], num_samples=3))
    [1, 1, 1]
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        self.weights = as_tensor(weights, dtype=float64)
        _positive(num_samples)
        _check_weights(self.weights.array, num_samples, replacement)
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        stream, weights = self.generator or default_generator, self.weights.array
        if self.replacement and self.num_samples > 1:
            shares = np.cumsum(weights) / weights.cumsum()[-1]
            yield from np.searchsorted(shares, stream.uniform((self.num_samples,), float64)).tolist()
        else:  # who waits least: waiting times with these rates, shortest first
            waits = -np.log1p(-stream.uniform((len(weights),), float64))
            yield from np.argsort(-weights / waits, kind="stable")[: self.num_samples].tolist()

    def __len__(self) -> int:
        return self.num_samples


def _positive(num_samples: Any) -> None:
    if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples < 1:
        raise ArgumentError(f"num_samples={num_samples}: it must be a whole number from 1 on")


def _check_weights(weights: Array, num_samples: int, replacement: bool) -> None:
    if weights.ndim != 1:
        raise ArgumentError(f"weights of shape {shape_of(weights.shape)}: give one number for each example")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ArgumentError("weights: they must be finite, from 0 on, and not all 0")
    if not replacement and num_samples > (drawable := np.count_nonzero(weights)):
        raise ArgumentError(
            f"num_samples={num_samples} without replacement: {drawable} numbers have a weight above 0; "
            f"draw fewer, or with replacement=True"
        )


class BatchSampler(Sampler):
    """The numbers of a sampler, ``batch_size`` at a time; a short last batch is kept unless ``drop_last``."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool = False) -> None:
        if not isinstance(batch_size, int) or batch_size < 1:
            raise ArgumentError(f"batch_size={batch_size}: it must be a whole number from 1 on")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        order = iter(self.sampler)
        while batch := list(islice(order, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
