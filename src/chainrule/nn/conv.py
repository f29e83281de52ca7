"""Convolutions: one set of small filters, used at every place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import functional as F
from chainrule import ops
from chainrule.errors import ArgumentError
from chainrule.functional.layers import same_widths, sizes
from chainrule.nn import init
from chainrule.nn.module import Module, Parameter
from chainrule.ops.dtypes import as_dtype, get_default_dtype
from chainrule.tensor import Tensor


class Conv(Module):
    """``weight`` (out, in / groups, *kernel) and ``bias`` (out,), even over ±1/√fan_in at the start, as in PyTorch."""

    k = 0  # how many dimensions the filters have

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ArgumentError(f"{in_channels} and {out_channels} channels in {groups} groups: they do not divide")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ArgumentError(f"padding_mode={padding_mode!r}: choose 'zeros', 'reflect', 'replicate' or 'circular'")
        dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = sizes(kernel_size, self.k), sizes(stride, self.k)
        self.padding = padding if isinstance(padding, str) else sizes(padding, self.k)
        self.dilation, self.padding_mode = sizes(dilation, self.k), padding_mode
        self.weight = Parameter(np.empty((out_channels, in_channels // groups, *self.kernel_size), dtype))
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            bound = 1 / math.sqrt(init.fans(self.weight)[0])
            self.bias = Parameter(np.empty(out_channels, dtype))
            init.uniform_(self.bias, -bound, bound)
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Tensor) -> Tensor:
        padding: Any = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            if padding == "same":
                widths = same_widths(self.kernel_size, self.dilation)
            else:
                widths = [n for width in padding[::-1] for n in (width, width)]
            input, padding = ops.pad(input, widths, mode=self.padding_mode), 0
        convolve = F.conv1d if self.k == 1 else F.conv2d
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        plain = {"padding": sizes(0, self.k), "dilation": sizes(1, self.k), "groups": 1}
        text += "".join(f", {k}={getattr(self, k)}" for k, v in plain.items() if getattr(self, k) != v)
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class Conv1d(Conv):
    """Filters slid over (n, in, L).  See ``functional.conv1d``."""

    k = 1


class Conv2d(Conv):
    """Filters slid over images (n, in, H, W).  See ``functional.conv2d``.

    >>> chainrule.nn.Conv2d(1, 6, 5)(chainrule.zeros(64, 1, 28, 28)).shape
    (64, 6, 24, 24)
    """

    k = 2
