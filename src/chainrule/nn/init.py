"""First weights.  A sum of n inputs grows with n, so weights start smaller the more there are of them.

    fan_in    how many inputs an output sees: weight.shape[1], times the size of the kernel
    fan_out   how many outputs an input reaches: weight.shape[0], times the size of the kernel

Sources: Glorot & Bengio 2010, eq. 16 ("xavier"); He et al. 2015, eq. 10 and 14 ("kaiming").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import random
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.random import Generator
from chainrule.tensor import Tensor


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much weights are enlarged to make up for what the non-linearity takes away.

    >>> calculate_gain("relu") == math.sqrt(2)
    True
    """
    if nonlinearity in ("linear", "sigmoid", "conv1d", "conv2d"):
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ArgumentError(
        f"nonlinearity={nonlinearity!r}: choose linear, sigmoid, tanh, relu, leaky_relu, selu, conv1d or conv2d"
    )


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, *kernel).

    >>> fans(chainrule.zeros(32, 64))
    (64, 32)
    """
    if tensor.ndim < 2:
        raise ShapeError(
            f"fan-in and fan-out of a tensor of shape {shape_of(tensor.shape)}: a weight has at least the dimensions "
            f"(out, in); start a bias with zeros_ or uniform_"
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Numbers spread evenly over [a, b)."""
    dtype = random.floating(tensor.dtype, "uniform_")
    numbers = (generator or random.default_generator).uniform(tensor.shape, dtype)
    start, end = np.array([a, b], dtype)
    return _write(tensor, numbers.astype(np.float64) * float(end - start) + float(start))  # rounded once, as PyTorch


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal numbers of the given mean and standard deviation."""
    dtype = random.floating(tensor.dtype, "normal_")
    numbers = (generator or random.default_generator).normal(tensor.shape, dtype)
    return _write(tensor, numbers * std + mean)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """``val`` everywhere."""
    return _write(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return _write(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return _write(tensor, 1)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Even over ±gain √(6 / (fan_in + fan_out)): for tanh and sigmoid."""
    bound = gain * math.sqrt(6.0 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain √(2 / (fan_in + fan_out))."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Even over ±gain √(3 / fan): for ReLU and its like."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal with standard deviation gain / √fan."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"mode={mode!r}: choose 'fan_in' or 'fan_out'")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def _write(tensor: Tensor, numbers: Any) -> Tensor:
    """Write over the tensor's own memory, as no part of the graph."""
    tensor.array[...] = np.asarray(numbers, tensor.dtype)
    tensor.version[0] += 1
    return tensor
