"""Normalisation: numbers brought to mean 0 and variance 1, over the batch, the features or groups of them."""

from __future__ import annotations

import math
from typing import Any

from chainrule import ops
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.grad_mode import no_grad


def _standard(x: Any, dims: tuple[int, ...], eps: float, weight: Any, bias: Any) -> tuple[Any, Any, Any]:
    """(x - mean) / √(var + eps) along ``dims``, scaled and shifted, with the mean and the variance (over n) themselves.

    In this order what is small (a number for each line) is computed first, and passes over all of x are few.
    """
    mean = ops.mean(x, dims, True)
    off = x + -mean
    var = ops.mean(off**2, dims, True)
    return _scaled(off, var, eps, weight, bias), mean, var


def _scaled(off: Any, var: Any, eps: float, weight: Any, bias: Any) -> Any:
    scale = 1.0 / ops.sqrt(var + eps)
    out = off * (scale if weight is None else scale * weight)
    return out if bias is None else out + bias


def batch_norm(
    input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each channel (dimension 1) standardised over the batch and the places, then scaled and shifted.

    In training the batch's own mean and variance are used, and the running ones move towards them by
    ``momentum`` (the variance over n - 1); else the running ones are used.  Source: Ioffe & Szegedy 2015.
    """
    if input.ndim < 2:
        raise ShapeError(f"batch_norm of shape {shape_of(input.shape)}: it takes (batch, channels, ...)")
    dims = (0, *range(2, input.ndim))
    wide = (1, -1, *(1,) * (input.ndim - 2))
    weight, bias = (None if x is None else ops.reshape(x, wide) for x in (weight, bias))
    if training or running_mean is None:
        n = input.numel() // max(input.shape[1], 1)
        if training and n <= 1:
            raise ShapeError(f"batch_norm in training of shape {shape_of(input.shape)}: one number has no variance")
        out, mean, var = _standard(input, dims, eps, weight, bias)
        if running_mean is not None and training:
            with no_grad():
                running_mean += momentum * (ops.reshape(mean, (-1,)) - running_mean)
                running_var += momentum * (ops.reshape(var, (-1,)) * (n / (n - 1)) - running_var)
        return out
    mean, var = ops.reshape(running_mean, wide), ops.reshape(running_var, wide)
    return _scaled(input + -mean, var, eps, weight, bias)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Each example standardised over its last dimensions, ``normalized_shape`` (Ba et al. 2016)."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm over {shape} of shape {shape_of(input.shape)}: its last sizes must be these")
    return _standard(input, tuple(range(input.ndim - len(shape), input.ndim)), eps, weight, bias)[0]


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """The channels in groups; each example's group standardised over channels and places (Wu & He 2018)."""
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise ArgumentError(
            f"group_norm of shape {shape_of(input.shape)} in {num_groups} groups: channels do not divide"
        )
    n, channels = input.shape[:2]
    apart = ops.reshape(input, (n, num_groups, channels // num_groups, math.prod(input.shape[2:])))
    wide = (num_groups, channels // num_groups, 1)
    weight, bias = (None if x is None else ops.reshape(x, wide) for x in (weight, bias))
    return ops.reshape(_standard(apart, (2, 3), eps, weight, bias)[0], input.shape)


def instance_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """`group_norm` with every channel a group of its own (Ulyanov et al. 2016); running numbers are not kept."""
    if running_mean is not None or running_var is not None or not use_input_stats:
        raise ArgumentError("instance_norm keeps no running mean and variance here: leave them out")
    return group_norm(input, input.shape[1], weight, bias, eps)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """Every line along ``dim`` divided by its p-norm."""
    return input / ops.clamp(ops.norm(input, p, dim, True), min=eps)
