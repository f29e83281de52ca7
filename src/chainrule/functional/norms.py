"""Normalisation: numbers brought to mean 0 and variance 1, over the batch, the features or groups of them."""

from __future__ import annotations

import math
from typing import Any

from chainrule import ops
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.grad_mode import no_grad


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
    weight, bias = _shaped(weight, bias, wide)
    if not training and running_mean is not None:
        scale = weight / ops.sqrt(ops.reshape(running_var, wide) + eps)
        return (input - ops.reshape(running_mean, wide)) * scale + bias
    n = input.numel() // max(input.shape[1], 1)
    if training and n <= 1:
        raise ShapeError(f"batch_norm in training of shape {shape_of(input.shape)}: one number has no variance")
    if training and running_mean is not None:
        with no_grad():
            mean = ops.mean(input, dims)
            var = ops.sum_squares(input - ops.reshape(mean, wide), dims) / (n - 1)
            running_mean += momentum * (mean - running_mean)
            running_var += momentum * (var - running_var)
    return ops.standardize(input, weight, bias, dims, eps)


def _shaped(weight: Any, bias: Any, shape: tuple[int, ...]) -> list[Any]:
    """Scale and shift in a shape that broadcasts against the input; 1 and 0 where there are none."""
    given = ((weight, 1.0), (bias, 0.0))
    return [plain if x is None else x if x.shape == shape else ops.reshape(x, shape) for x, plain in given]


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Each example standardised over its last dimensions, ``normalized_shape`` (Ba et al. 2016)."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm over {shape} of shape {shape_of(input.shape)}: its last sizes must be these")
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    return ops.standardize(input, *_shaped(weight, bias, shape), dims, eps)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """The channels in groups; each example's group standardised over channels and places (Wu & He 2018)."""
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise ArgumentError(
            f"group_norm of shape {shape_of(input.shape)} in {num_groups} groups: channels do not divide"
        )
    n, channels = input.shape[:2]
    apart = ops.reshape(input, (n, num_groups, channels // num_groups, math.prod(input.shape[2:])))
    wide = (num_groups, channels // num_groups, 1)
    return ops.reshape(ops.standardize(apart, *_shaped(weight, bias, wide), (2, 3), eps), input.shape)


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
