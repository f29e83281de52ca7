"""Activations as modules: what each does is said at its function."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import functional as F
from chainrule.nn.module import Module, Parameter
from chainrule.nn.of_function import OfFunction
from chainrule.ops.dtypes import as_dtype, get_default_dtype
from chainrule.tensor import Tensor


class ReLU(OfFunction):
    """max(x, 0), place by place."""

    function, options = staticmethod(F.relu), {"inplace": False}

    def forward(self, *inputs: Any) -> Any:
        return F.relu(inputs[0], self.inplace)


class LeakyReLU(OfFunction):
    """See ``functional.leaky_relu``."""

    function, options = staticmethod(F.leaky_relu), {"negative_slope": 0.01, "inplace": False}


class ReLU6(OfFunction):
    """See ``functional.relu6``."""

    function, options = staticmethod(F.relu6), {"inplace": False}


class ELU(OfFunction):
    """See ``functional.elu``."""

    function, options = staticmethod(F.elu), {"alpha": 1.0, "inplace": False}


class SELU(OfFunction):
    """See ``functional.selu``."""

    function, options = staticmethod(F.selu), {"inplace": False}


class GELU(OfFunction):
    """See ``functional.gelu``."""

    function, options = staticmethod(F.gelu), {"approximate": "none"}


class SiLU(OfFunction):
    """See ``functional.silu``."""

    function, options = staticmethod(F.silu), {"inplace": False}


class Mish(OfFunction):
    """See ``functional.mish``."""

    function, options = staticmethod(F.mish), {"inplace": False}


class Softplus(OfFunction):
    """See ``functional.softplus``."""

    function, options = staticmethod(F.softplus), {"beta": 1.0, "threshold": 20.0}


class Softsign(OfFunction):
    """See ``functional.softsign``."""

    function = staticmethod(F.softsign)


class Hardtanh(OfFunction):
    """See ``functional.hardtanh``."""

    function, options = staticmethod(F.hardtanh), {"min_val": -1.0, "max_val": 1.0, "inplace": False}


class Hardsigmoid(OfFunction):
    """See ``functional.hardsigmoid``."""

    function, options = staticmethod(F.hardsigmoid), {"inplace": False}


class Hardswish(OfFunction):
    """See ``functional.hardswish``."""

    function, options = staticmethod(F.hardswish), {"inplace": False}


class Sigmoid(OfFunction):
    """1 / (1 + e^-x), place by place."""

    function = staticmethod(F.sigmoid)


class LogSigmoid(OfFunction):
    """log σ(x), place by place."""

    function = staticmethod(F.logsigmoid)


class Tanh(OfFunction):
    """tanh x, place by place."""

    function = staticmethod(F.tanh)


class Softmax(OfFunction):
    """Positive numbers along ``dim`` that sum to 1."""

    function, options = staticmethod(F.softmax), {"dim": -1}


class LogSoftmax(OfFunction):
    """The logarithm of softmax along ``dim``, exact where that is 0."""

    function, options = staticmethod(F.log_softmax), {"dim": -1}


class Softmin(OfFunction):
    """Softmax of -x along ``dim``."""

    function, options = staticmethod(F.softmin), {"dim": -1}


class PReLU(Module):
    """LeakyReLU whose slope is a parameter: one, or one for each channel.  See ``functional.prelu``."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Parameter(
            np.full(num_parameters, init, get_default_dtype() if dtype is None else as_dtype(dtype))
        )

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"
