"""First weights.  A sum of n inputs grows with n, so weights start smaller the more there are of them.

Each writes over its tensor and returns it.

    fan_in    how many inputs an output sees: weight.shape[1], times the size of the kernel
    fan_out   how many outputs an input reaches: weight.shape[0], times the size of the kernel

Sources: Glorot & Bengio 2010, eq. 16 ("xavier"); He et al. 2015, eq. 10 and 14 ("kaiming").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import random
from chainrule.creation import empty, empty_like, ones_like
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.grad_mode import no_grad
from chainrule.ops import where
from chainrule.ops.dtypes import bool_
from chainrule.outside import outside as _outside
from chainrule.random import Generator
from chainrule.tensor import Tensor
from chainrule.tracing import left


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
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal numbers of the given mean and standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Normal numbers, those outside [a, b] drawn again until none is.

    Where [a, b] holds less than 0.3 of the normal distribution, an even number in [a, b] is kept instead with the
    chance e^(log density there - log of the highest density in [a, b]).

    >>> weight = trunc_normal_(chainrule.empty(100), std=2.0, a=-1.0, b=1.0)
    >>> bool((weight.abs() <= 1.0).all())
    True
    """
    low, high = ((1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0 for x in (a, b))
    with no_grad():
        fill = _redrawn if high - low > 0.3 else _accepted
        return tensor.copy_(fill(tensor, mean, std, a, b, generator))


def _redrawn(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Any:
    least, most = np.array([a, b], tensor.dtype)
    numbers = tensor.normal_(mean, std, generator=generator).array
    while (outside := (numbers < least) | (numbers > most)).any():
        again = empty_like(tensor).normal_(mean, std, generator=generator).array
        numbers = np.where(outside, again, numbers)
    return Tensor(numbers)


def _accepted(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Any:
    highest = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    numbers, pending = tensor, ones_like(tensor, dtype=bool_)
    while pending.any():
        drawn = empty_like(tensor).uniform_(a, b, generator=generator)
        numbers = where(pending, drawn, numbers)
        density = ((drawn - mean) / std).pow(2) * -0.5 - highest
        pending = pending & (empty_like(tensor).uniform_(generator=generator).log() > density)
    return numbers


def constant_(tensor: Tensor, val: float) -> Tensor:
    """``val`` everywhere."""
    return _write(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return _write(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return _write(tensor, 1)


def eye_(tensor: Tensor) -> Tensor:
    """The identity: a linear layer hands on what it is given, as much of it as fits.  Raises ShapeError."""
    _matrix(tensor, "eye_")
    return _write(tensor, np.eye(*tensor.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The identity of a convolution (out, in, *kernel): 1 in the middle of the kernel from a channel to itself.

    With ``groups``, each group of outputs does so.  Raises ShapeError.
    """
    if not 3 <= tensor.ndim <= 5 or tensor.shape[0] % groups:
        raise ShapeError(
            f"dirac_ of a tensor of shape {shape_of(tensor.shape)} in {groups} groups: it is for the weight "
            f"(out, in, *kernel) of a convolution, whose outputs the groups divide evenly"
        )
    each = tensor.shape[0] // groups
    channel = np.arange(min(each, tensor.shape[1]))
    numbers = np.zeros(tensor.shape)
    middle = tuple(size // 2 for size in tensor.shape[2:])
    for start in range(0, tensor.shape[0], each):
        numbers[(start + channel, channel, *middle)] = 1.0
    return _write(tensor, numbers)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """``gain`` times a matrix Q with Qᵀ Q = 1 (or Q Qᵀ, if it is wide): lengths stay.  A kernel counts as columns.

    Q comes from the factors Q R of a normal matrix, each column turned so that R's diagonal is positive, which makes
    every Q equally likely.  Sources: Saxe et al. 2013; Mezzadri 2006.  Raises ShapeError.

    >>> w = orthogonal_(chainrule.empty(2, 3))
    >>> bool(chainrule.allclose(w @ w.T, chainrule.eye(2), atol=1e-6))
    True
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_ of a tensor of shape {shape_of(tensor.shape)}: it needs 2 dimensions or more")
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    normal = empty(rows, tensor.numel() // rows, dtype=tensor.dtype).normal_(generator=generator).array
    wide = normal.shape[0] < normal.shape[1]
    q, r = np.linalg.qr(normal.T if wide else normal)
    q *= np.sign(np.diag(r))
    return _write(tensor, gain * (q.T if wide else q).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Normal numbers, but in each column the share ``sparsity`` of them, rounded up, set to 0 at random places.

    The places come from the default stream, as PyTorch's do.  Source: Martens 2010.  Raises ShapeError.
    """
    _matrix(tensor, "sparse_")
    numbers = normal_(tensor, 0.0, std, generator).array.copy()
    rows, columns = tensor.shape
    for column in range(columns):
        numbers[random.default_generator.permutation(rows)[: math.ceil(sparsity * rows)], column] = 0.0
    return _write(tensor, numbers)


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


def _matrix(tensor: Tensor, name: str) -> None:
    if tensor.ndim != 2:
        raise ShapeError(f"{name} of a tensor of shape {shape_of(tensor.shape)}: it is for a matrix")


def _write(tensor: Tensor, numbers: Any) -> Tensor:
    """Write over the tensor's own memory, as no part of the graph."""
    left(tensor, "an initialisation")
    tensor.array[...] = np.asarray(numbers, tensor.dtype)
    tensor.version[0] += 1
    return tensor


def __getattr__(name: str) -> object:
    raise _outside("chainrule.nn.init", name, globals())
