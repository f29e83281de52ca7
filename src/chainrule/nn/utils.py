"""Helpers around parameters: keeping gradients small, parameters as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import DivergedError, ShapeError
from chainrule.grad_mode import no_grad
from chainrule.outside import outside as _outside
from chainrule.tensor import Tensor


def _gradients(parameters: Any) -> list[Any]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Shrink all gradients together so that their norm, as one vector, is ``max_norm`` at most; the norm before.

    With ``error_if_nonfinite`` a norm that is nan or infinite is a DivergedError.
    Source: Pascanu et al. 2013, algorithm 1.
    """
    gradients = _gradients(parameters)
    if not gradients:
        return Tensor(np.zeros((), np.float32))
    with no_grad():
        total = ops.norm(ops.stack([ops.norm(g, norm_type) for g in gradients]), norm_type)
        if error_if_nonfinite and not math.isfinite(total.item()):
            raise DivergedError(
                f"clip_grad_norm_: the norm of the gradients is {total.item()}, and nothing can be clipped to "
                f"{max_norm}; look for where it began with chainrule.autograd.detect_anomaly()"
            )
        factor = ops.clamp(max_norm / (total + 1e-6), max=1.0)
        for g in gradients:
            g *= factor
    return total


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Hold every number of every gradient between -clip_value and clip_value."""
    with no_grad():
        for g in _gradients(parameters):
            g.clamp_(min=-clip_value, max=clip_value)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All parameters as one vector, in their order."""
    return ops.cat([ops.reshape(p, (-1,)) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write a vector from `parameters_to_vector` back over the parameters."""
    given = list(parameters)
    n = sum(p.numel() for p in given)
    if vec.numel() != n:
        raise ShapeError(f"a vector of {vec.numel()} numbers for parameters of {n} in all: they must be as many")
    start = 0
    with no_grad():
        for p in given:
            p.copy_(ops.reshape(vec[start : start + p.numel()], p.shape))
            start += p.numel()


def __getattr__(name: str) -> object:
    raise _outside("chainrule.nn.utils", name, globals())
