"""Normalisation: numbers brought to mean 0 and variance 1, over the batch, the features or groups of them."""

from __future__ import annotations

from typing import Any

from chainrule import ops
from chainrule.errors import ArgumentError, ShapeError, shape_of
from chainrule.grad_mode import no_grad


def _standard(x: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any, Any]:
    """(x - mean) / √(var + eps) along ``dims``, with the mean and the variance (over n) themselves."""
    mean = ops.mean(x, dims, True)
    off = x - mean
    var = ops.mean(off * off, dims, True)
    return off / ops.sqrt(var + eps), mean, var


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
    if training or running_mean is None:
        n = input.numel() // max(input.shape[1], 1)
        if training and n <= 1:
            raise ShapeError(f"batch_norm in training of shape {shape_of(input.shape)}: one number has no variance")
        out, mean, var = _standard(input, dims, eps)
        if running_mean is not None and training:
            with no_grad():
                running_mean += momentum * (ops.reshape(mean, (-1,)) - running_mean)
                running_var += momentum * (ops.reshape(var, (-1,)) * (n / (n - 1)) - running_var)
    else:
        out = (input - ops.reshape(running_mean, wide)) / ops.sqrt(ops.reshape(running_var, wide) + eps)
    return _scaled(out, weight, bias, wide)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Each example standardised over its last dimensions, ``normalized_shape`` (Ba et al. 2016)."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or input.shape[-len(shape) :] != shape:
        raise ShapeError(f"layer_norm over {shape} of shape {shape_of(input.shape)}: its last sizes must be these")
    out, _, _ = _standard(input, tuple(range(input.ndim - len(shape), input.ndim)), eps)
    return _scaled(out, weight, bias, shape)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """The channels in groups; each example's group standardised over channels and places (Wu & He 2018)."""
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise ArgumentError(
            f"group_norm of shape {shape_of(input.shape)} in {num_groups} groups: channels do not divide"
        )
    apart = ops.reshape(input, (input.shape[0], num_groups, -1 if input.numel() else 0))
    out = ops.reshape(_standard(apart, (2,), eps)[0], input.shape)
    return _scaled(out, weight, bias, (1, -1, *(1,) * (input.ndim - 2)))


def instance_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """`group_norm` with every channel a group of its own (Ulyanov et al. 2016); running numbers are not kept."""
    if running_mean is not None or running_var is not None or not use_input_stats:
        raise ArgumentError("instance_norm keeps no running mean and variance here: leave them out")
    return group_norm(input, input.shape[1], weight, bias, eps)


def _scaled(x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
    x = x if weight is None else x * ops.reshape(weight, shape)
    return x if bias is None else x + ops.reshape(bias, shape)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """Every line along ``dim`` divided by its p-norm."""
    return input / ops.clamp(ops.norm(input, p, dim, True), min=eps)
