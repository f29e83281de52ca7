"""Activations: functions of one number that bend the line between two layers.

With ``inplace=True`` the result is written over the input, where there is such an option.
"""

from __future__ import annotations

import math
from typing import Any

from chainrule import ops
from chainrule.errors import ArgumentError
from chainrule.inplace import overwritten
from chainrule.ops import erf, expm1, logsigmoid, sigmoid, tanh, where


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0).  See ``chainrule.relu``."""
    return input.relu_() if inplace else ops.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, negative_slope × x below (Maas et al. 2013)."""
    if inplace:
        return overwritten(leaky_relu, input, negative_slope)
    return where(input > 0, input, negative_slope * input)


def prelu(input: Any, weight: Any) -> Any:
    """`leaky_relu` whose slope is learned: one, or one for each channel, dimension 1 (He et al. 2015, eq. 1)."""
    if weight.ndim:
        weight = ops.reshape(weight, (-1, *(1,) * (input.ndim - 2)) if weight.shape[0] > 1 else ())
    return where(input > 0, input, weight * input)


def relu6(input: Any, inplace: bool = False) -> Any:
    """min(max(x, 0), 6)."""
    if inplace:
        return overwritten(relu6, input)
    return hardtanh(input, 0.0, 6.0)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x held between ``min_val`` and ``max_val``; flat at the bounds themselves too."""
    if inplace:
        return overwritten(hardtanh, input, min_val, max_val)
    inside = (input > min_val) & (input < max_val)
    return where(inside, input, ops.detach(ops.clamp(input, min_val, max_val)))


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha (e^x - 1) below (Clevert et al. 2016, eq. 15)."""
    if inplace:
        return overwritten(elu, input, alpha)
    return where(input > 0, input, alpha * expm1(where(input > 0, 0.0, input)))


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def selu(input: Any, inplace: bool = False) -> Any:
    """`elu`, scaled so that mean 0 and variance 1 stay through the layers (Klambauer et al. 2017, eq. 2)."""
    if inplace:
        return overwritten(selu, input)
    return SELU_SCALE * elu(input, SELU_ALPHA)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x Φ(x), Φ the normal distribution; "tanh" approximates it (Hendrycks & Gimpel 2016, eq. 1 and 2)."""
    if approximate == "none":
        return input * (0.5 * (1.0 + erf(input * math.sqrt(0.5))))
    if approximate != "tanh":
        raise ArgumentError(f"approximate={approximate!r}: choose 'none' or 'tanh'")
    return 0.5 * input * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (input + 0.044715 * input * input * input)))


def silu(input: Any, inplace: bool = False) -> Any:
    """x σ(x) (Elfwing et al. 2018)."""
    if inplace:
        return overwritten(silu, input)
    return input * sigmoid(input)


def mish(input: Any, inplace: bool = False) -> Any:
    """x tanh(log(1 + e^x)) (Misra 2020)."""
    if inplace:
        return overwritten(mish, input)
    return input * tanh(softplus(input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + e^(βx)) / β: a smooth `relu`; x itself where βx > threshold."""
    scaled = input if beta == 1.0 else beta * input
    small = where(scaled > threshold, 0.0, scaled)
    return where(scaled > threshold, input, -logsigmoid(-small) / beta)


def softsign(input: Any) -> Any:
    """x / (1 + |x|)."""
    return input / (1.0 + ops.abs(input))


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """x / 6 + 1/2, held between 0 and 1."""
    if inplace:
        return overwritten(hardsigmoid, input)
    return relu6(input + 3.0) / 6.0


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x times `hardsigmoid` of x (Howard et al. 2019)."""
    if inplace:
        return overwritten(hardswish, input)
    return input * hardsigmoid(input)


def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """Positive numbers along ``dim`` that sum to 1.  See ``chainrule.softmax``."""
    return ops.softmax(input, dim, dtype=dtype)


def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``, exact where that is 0.  See ``chainrule.log_softmax``."""
    return ops.log_softmax(input, dim, dtype=dtype)


def softmin(input: Any, dim: int, dtype: Any = None) -> Any:
    """`softmax` of -x."""
    return ops.softmax(-input, dim, dtype=dtype)
