"""Making tensors from chance: after the same ``manual_seed``, PyTorch's numbers.

All take ``generator``, a stream of their own; without it the default stream is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import random
from chainrule.creation import as_tensor, floating_dtype, made, made_shape
from chainrule.errors import ArgumentError
from chainrule.ops.dtypes import as_dtype
from chainrule.random import Generator, default_generator
from chainrule.tensor import Tensor


def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Numbers spread evenly over [0, 1): after the same ``manual_seed``, PyTorch's.

    >>> _ = chainrule.manual_seed(42)
    >>> chainrule.rand(2)
    tensor([0.8823, 0.9150])
    """
    wanted = random.floating(floating_dtype(dtype), "rand")
    return made((generator or default_generator).uniform(made_shape(size), wanted), requires_grad, device)


def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Normal numbers, mean 0 and variance 1: after the same ``manual_seed``, PyTorch's."""
    wanted = random.floating(floating_dtype(dtype), "randn")
    return made((generator or default_generator).normal(made_shape(size), wanted), requires_grad, device)


def randint(
    low: int = 0, high: Any = None, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Whole numbers in [low, high), or in [0, low) where only one is given: ``randint(10, (3,))``."""
    if size is None:
        high, size = None, high
    if high is None:
        low, high = 0, low
    array = (generator or default_generator).integers(low, high, made_shape((size,)))
    return made(array.astype(np.int64 if dtype is None else as_dtype(dtype), copy=False), requires_grad, device)


def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """0 … n-1 in random order: after the same ``manual_seed``, PyTorch's."""
    array = (generator or default_generator).permutation(n)
    return made(array.astype(np.int64 if dtype is None else as_dtype(dtype), copy=False), False, device)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal numbers of the given mean and standard deviation, one or both of which may be tensors."""
    if size is None:
        parts = [as_tensor(x) for x in (mean, std)]
        like = parts[0] if isinstance(mean, Tensor) else parts[1]
        if not (isinstance(mean, Tensor) or isinstance(std, Tensor)):
            raise ArgumentError("normal of two numbers: give the size too, as in normal(0.0, 1.0, (3,))")
        shape, dtype = np.broadcast_shapes(parts[0].shape, parts[1].shape), like.dtype if dtype is None else dtype
        mean, std = (x.array.astype(as_dtype(dtype)) for x in parts)
    else:
        shape = made_shape((size,))
    wanted = random.floating(floating_dtype(dtype), "normal")
    if not (np.asarray(std) >= 0).all():
        raise ArgumentError("normal with a negative standard deviation: it must be 0 or more")
    numbers = (generator or default_generator).normal(shape, wanted)
    return made((numbers * std + mean).astype(wanted), requires_grad, device)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probabilities in ``input``, else 0.

    >>> chainrule.bernoulli(chainrule.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    p = as_tensor(input).array
    wanted = random.floating(p.dtype, "bernoulli")
    if not ((p >= 0) & (p <= 1)).all():
        raise ArgumentError("bernoulli of numbers outside 0 to 1: it takes probabilities")
    return Tensor(((generator or default_generator).uniform(p.shape, wanted) < p).astype(wanted))


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Places drawn with the weights in ``input``, (n,) or rows of them (m, n): after the same seed, PyTorch's.

    One draw, or several without replacement: the largest of weight / Exp(1) (Gumbel's trick).  With
    replacement: where a uniform number falls in the summed weights.
    """
    weights = as_tensor(input).array
    stream = generator or default_generator
    wanted = random.floating(weights.dtype, "multinomial")
    if weights.ndim not in (1, 2) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ArgumentError("multinomial takes one row of weights or several, none below 0, nan or infinite")
    if (weights.sum(-1) <= 0).any():
        raise ArgumentError("multinomial: the weights of a row add up to 0, so nothing can be drawn")
    if num_samples < 1 or (not replacement and num_samples > weights.shape[-1]):
        raise ArgumentError(
            f"multinomial of {num_samples} from {weights.shape[-1]}: "
            f"at least 1, and without replacement no more than there are"
        )
    if not replacement or num_samples == 1:
        race = weights / stream.exponential(weights.shape, wanted)
        return Tensor(np.argsort(-race, axis=-1, kind="stable")[..., :num_samples].astype(np.int64))
    rows = np.atleast_2d(weights)
    shares = np.cumsum(rows, axis=1) / rows.sum(axis=1, keepdims=True)
    draws = [np.searchsorted(row, stream.uniform((num_samples,), np.dtype("float64"))) for row in shares]
    return Tensor(np.minimum(draws, rows.shape[1] - 1).astype(np.int64).reshape((*weights.shape[:-1], num_samples)))


def rand_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers spread evenly over [0, 1), in the shape and dtype of ``input``."""
    return rand(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal numbers, mean 0 and variance 1, in the shape and dtype of ``input``."""
    return randn(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)
