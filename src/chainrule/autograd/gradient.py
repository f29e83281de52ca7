"""Gradients as results, instead of in ``.grad``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.creation import zeros_like
from chainrule.differentiable import slopes, walk_back
from chainrule.errors import ArgumentError, GradientError
from chainrule.tensor import Tensor


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    *,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The slopes of ``outputs`` (their sum, weighed by ``grad_outputs``) with respect to each of ``inputs``.

    Touches no ``.grad``.  Raises GradientError for an input that the outputs do not depend on, unless
    ``allow_unused``, which gives None there, or ``materialize_grads``, which gives zeros.

    >>> x = chainrule.tensor(3.0, requires_grad=True)
    >>> chainrule.autograd.grad(x**3, x)
    (tensor(27.),)
    """
    results, wanted = _several(outputs), _several(inputs)
    for i, x in enumerate(wanted):
        if x.node is None:
            raise GradientError(
                f"grad with respect to input {i}, which has requires_grad=False: set it before it is used"
            )
    nodes = [x.node for x in wanted]
    found = slopes(results, _weights(results, grad_outputs), retain_graph, create_graph, frozenset(nodes))  # type: ignore[arg-type]
    gradients = [found.get(node) for node in nodes]  # type: ignore[arg-type]
    if materialize_grads:
        return tuple(zeros_like(x) if g is None else g for g, x in zip(gradients, wanted, strict=True))
    if not allow_unused and any(g is None for g in gradients):
        i = next(i for i, g in enumerate(gradients) if g is None)
        raise GradientError(
            f"grad with respect to input {i}: the outputs do not depend on it; "
            f"write allow_unused=True to get None instead"
        )
    return tuple(gradients)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """``backward()`` from several tensors at once, into ``.grad`` of the leaves (or of ``inputs``)."""
    results = _several(tensors)
    walk_back(results, _weights(results, grad_tensors), retain_graph, create_graph, inputs)


def _several(tensors: Tensor | Sequence[Tensor]) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _weights(results: list[Tensor], given: Any) -> list[Any]:
    """One gradient (or None) for each result."""
    weights = [None] * len(results) if given is None else [given] if isinstance(given, Tensor) else list(given)
    if len(weights) != len(results):
        raise ArgumentError(f"{len(weights)} gradients for {len(results)} outputs: give one for each, or None")
    return weights
