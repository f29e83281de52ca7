"""Normalisation layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import functional as F
from chainrule.creation import tensor
from chainrule.errors import ShapeError, shape_of
from chainrule.nn.module import Module, Parameter
from chainrule.ops.dtypes import as_dtype, get_default_dtype
from chainrule.tensor import Tensor


class Norm(Module):
    """Scale ``weight`` and shift ``bias`` of one shape, starting at 1 and 0; absent if not ``affine``."""

    def __init__(self, shape: Any, eps: float, affine: bool, bias: bool, dtype: Any) -> None:
        super().__init__()
        dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
        self.eps = eps
        self.register_parameter("weight", Parameter(np.ones(shape, dtype)) if affine else None)
        self.register_parameter("bias", Parameter(np.zeros(shape, dtype)) if affine and bias else None)


class BatchNorm(Norm):
    """Each channel standardised over the batch; in evaluation with the running mean and variance.

    Source: Ioffe & Szegedy 2015.  ``momentum=None`` averages over all batches seen.
    """

    dims: tuple[int, ...] = ()

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, affine, bias, dtype)
        self.num_features, self.momentum, self.affine = num_features, momentum, affine
        self.track_running_stats = track_running_stats
        like = get_default_dtype() if dtype is None else as_dtype(dtype)
        track = track_running_stats
        self.register_buffer("running_mean", Tensor(np.zeros(num_features, like)) if track else None)
        self.register_buffer("running_var", Tensor(np.ones(num_features, like)) if track else None)
        self.register_buffer("num_batches_tracked", tensor(0) if track else None)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in self.dims:
            raise ShapeError(f"{type(self).__name__} of shape {shape_of(input.shape)}: it takes {self.dims} dimensions")
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked += 1
            if momentum is None:
                momentum = 1.0 / self.num_batches_tracked.item()
        return F.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or self.running_mean is None, momentum or 0.0, self.eps,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(BatchNorm):
    """`BatchNorm` of (n, features) or (n, channels, length)."""

    dims = (2, 3)


class BatchNorm2d(BatchNorm):
    """`BatchNorm` of images (n, channels, H, W)."""

    dims = (4,)


class LayerNorm(Norm):
    """Each example standardised over its last dimensions.  See ``functional.layer_norm``."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        super().__init__(shape, eps, elementwise_affine, bias, dtype)
        self.normalized_shape, self.elementwise_affine = shape, elementwise_affine

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        shape, affine, bias = self.normalized_shape, self.elementwise_affine, self.bias is not None
        return f"{shape}, eps={self.eps}, elementwise_affine={affine}, bias={bias}"


class GroupNorm(Norm):
    """Each example standardised over groups of its channels.  See ``functional.group_norm``."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_channels, eps, affine, bias, dtype)
        self.num_groups, self.num_channels, self.affine = num_groups, num_channels, affine

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        affine, bias = self.affine, self.bias is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={affine}, bias={bias}"
