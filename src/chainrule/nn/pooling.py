"""Pooling as modules: what each does is said at its function."""

from __future__ import annotations

from typing import Any, ClassVar

from chainrule import functional as F
from chainrule.functional.layers import sizes
from chainrule.nn.of_function import OfFunction

MAX: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "return_indices": False, "ceil_mode": False}


class Pool(OfFunction):
    """A pooling over windows of ``kernel_size``."""

    required: ClassVar[tuple[str, ...]] = ("kernel_size",)
    stride: Any

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        if self.stride is None:
            self.stride = self.kernel_size


class MaxPool1d(Pool):
    """The largest number of each window.  See ``functional.max_pool1d``."""

    function, options, unshown = staticmethod(F.max_pool1d), MAX, ("return_indices",)


class MaxPool2d(Pool):
    """The largest number of each window of an image.  See ``functional.max_pool2d``."""

    function, options, unshown = staticmethod(F.max_pool2d), MAX, ("return_indices",)


class MaxUnpool1d(Pool):
    """Numbers back where `MaxPool1d` with ``return_indices`` found them.  See ``functional.max_unpool1d``."""

    function, k = staticmethod(F.max_unpool1d), 1
    options: ClassVar[dict[str, Any]] = {"stride": None, "padding": 0}

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        for name in ("kernel_size", "stride", "padding"):
            setattr(self, name, sizes(getattr(self, name), self.k))

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(MaxUnpool1d):
    """Numbers back where `MaxPool2d` with ``return_indices`` found them.  See ``functional.max_unpool2d``."""

    function, k = staticmethod(F.max_unpool2d), 2


class AvgPool1d(Pool):
    """The mean of each window.  See ``functional.avg_pool1d``."""

    function, unshown = staticmethod(F.avg_pool1d), ("ceil_mode", "count_include_pad")
    options: ClassVar[dict[str, Any]] = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True}

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        for name in ("kernel_size", "stride", "padding"):
            setattr(self, name, sizes(getattr(self, name), 1))


class AvgPool2d(Pool):
    """The mean of each window of an image.  See ``functional.avg_pool2d``."""

    function, unshown = staticmethod(F.avg_pool2d), ("ceil_mode", "count_include_pad", "divisor_override")
    options: ClassVar[dict[str, Any]] = {
        "stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True, "divisor_override": None,
    }  # fmt: skip


class LPPool1d(OfFunction):
    """(Σ x^p)^(1/p) of each window.  See ``functional.lp_pool1d``."""

    function, required = staticmethod(F.lp_pool1d), ("norm_type", "kernel_size")
    options: ClassVar[dict[str, Any]] = {"stride": None, "ceil_mode": False}


class LPPool2d(OfFunction):
    """(Σ x^p)^(1/p) of each window of an image.  See ``functional.lp_pool2d``."""

    function, required = staticmethod(F.lp_pool2d), ("norm_type", "kernel_size")
    options: ClassVar[dict[str, Any]] = {"stride": None, "ceil_mode": False}


class AdaptiveAvgPool1d(OfFunction):
    """Means over ``output_size`` parts."""

    function, required = staticmethod(F.adaptive_avg_pool1d), ("output_size",)


class AdaptiveAvgPool2d(OfFunction):
    """Means over ``output_size`` parts of an image."""

    function, required = staticmethod(F.adaptive_avg_pool2d), ("output_size",)


class AdaptiveMaxPool1d(OfFunction):
    """The largest of each of ``output_size`` parts."""

    function, required, unshown = staticmethod(F.adaptive_max_pool1d), ("output_size",), ("return_indices",)
    options: ClassVar[dict[str, Any]] = {"return_indices": False}


class AdaptiveMaxPool2d(OfFunction):
    """The largest of each of ``output_size`` parts of an image."""

    function, required, unshown = staticmethod(F.adaptive_max_pool2d), ("output_size",), ("return_indices",)
    options: ClassVar[dict[str, Any]] = {"return_indices": False}
