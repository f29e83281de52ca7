"""Filling a tensor with random numbers in place: after the same ``manual_seed``, PyTorch's.

All take ``generator``, a stream of their own; without it the default stream is used.  U is a number spread evenly
over [0, 1), drawn with 53 bits unless said otherwise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import random
from chainrule.errors import ArgumentError
from chainrule.inplace import InPlace
from chainrule.ops.base import Array
from chainrule.ops.dtypes import float64
from chainrule.random import Generator


class Drawing(InPlace):
    """The methods of `Tensor` that draw its numbers anew."""

    __slots__ = ()

    def uniform_(self, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **given: Any) -> Any:
        """Numbers spread evenly over [from, to).

        >>> _ = chainrule.manual_seed(42)
        >>> chainrule.empty(2).uniform_(-1, 1)
        tensor([0.7645, 0.8300])
        """
        low = given.pop("from", from_)  # PyTorch's name for it, which is no name in Python
        if given or not low <= to:
            raise ArgumentError(
                f"uniform_ from {low} to {to}{' and ' + str(given) if given else ''}: write uniform_(a, b)"
            )
        dtype = random.floating(self.dtype, "uniform_")
        start, end = np.array([low, to], dtype)
        numbers = random.stream(generator).uniform(self.shape, dtype).astype(np.float64)
        return self._draw(numbers * float(end - start) + float(start), "uniform_")  # rounded once, as PyTorch

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Normal numbers of the given mean and standard deviation."""
        dtype = random.floating(self.dtype, "normal_")
        if not std >= 0:
            raise ArgumentError(f"normal_ with std={std}: a standard deviation is 0 or more")
        return self._draw(random.stream(generator).normal(self.shape, dtype) * std + mean, "normal_")

    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """1 with probability ``p``, else 0; ``p`` is a number, or a tensor of them."""
        chances = p.array if isinstance(p, InPlace) else np.asarray(p, np.float64)
        if not ((chances >= 0) & (chances <= 1)).all():
            raise ArgumentError("bernoulli_ with p outside 0 to 1: it takes probabilities")
        dtype = random.floating(chances.dtype, "bernoulli_")
        return self._draw(random.stream(generator).uniform(self.shape, dtype) < chances, "bernoulli_")

    def random_(self, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Any:
        """Whole numbers: in [0, from), in [from, to), or without both as large as the dtype holds exactly."""
        draws = random.stream(generator)
        if from_ is None:
            return self._draw(draws.whole(self.shape, self.array.dtype), "random_")
        low, high = (0, from_) if to is None else (from_, to)
        return self._draw(draws.integers(low, high, self.shape), "random_")

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Numbers with density λ e^(-λ x): -log(1 - U) / λ."""
        if not lambd > 0:
            raise ArgumentError(f"exponential_ with lambd={lambd}: a rate is above 0")
        return self._draw(-np.log1p(-self._even("exponential_", generator)) / lambd, "exponential_")

    def geometric_(self, p: float, *, generator: Generator | None = None) -> Any:
        """How many tries until one succeeds that does with probability ``p``: log U / log(1 - p), rounded up."""
        if not 0 < p < 1:
            raise ArgumentError(f"geometric_ with p={p}: the probability lies between 0 and 1")
        even = random.stream(generator).uniform(self.shape, float64)
        return self._draw(np.ceil(np.log(even) / math.log1p(-p)), "geometric_")

    def log_normal_(self, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Any:
        """Numbers whose logarithm is normal with the given mean and standard deviation."""
        random.floating(self.dtype, "log_normal_")
        if not std > 0:
            raise ArgumentError(f"log_normal_ with std={std}: it must be above 0")
        return self._draw(np.exp(random.stream(generator).normals(self.shape) * std + mean), "log_normal_")

    def cauchy_(self, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Any:
        """Numbers of the Cauchy distribution: median + σ tan(π (U - 1/2))."""
        if not sigma > 0:
            raise ArgumentError(f"cauchy_ with sigma={sigma}: it must be above 0")
        return self._draw(median + sigma * np.tan(np.pi * (self._even("cauchy_", generator) - 0.5)), "cauchy_")

    def _even(self, name: str, generator: Generator | None) -> Array:
        random.floating(self.dtype, name)
        return random.stream(generator).uniform(self.shape, float64)

    def _draw(self, numbers: Array, name: str) -> Any:
        return self._overwrite(self.around(np.asarray(numbers).astype(self.dtype)), name)
