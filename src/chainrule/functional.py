"""Functions of networks: layers, activations and losses, composed of the book's operations.

Reachable as ``chainrule.nn.functional``, with PyTorch's names and arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import ArgumentError, DtypeError, LabelError, OperandError, ShapeError, shape_of
from chainrule.ops import logsigmoid as logsigmoid
from chainrule.ops import relu as relu
from chainrule.ops import sigmoid as sigmoid
from chainrule.ops import tanh as tanh
from chainrule.tensor import Tensor


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b for x (..., in), W (out, in), b (out,); without ``bias``, x Wᵀ.

    Raises ShapeError where the sizes do not fit.

    >>> linear(chainrule.ones(1, 2), chainrule.tensor([[1.0, 2.0]]))
    tensor([[3.]])
    """
    if bias is not None:
        return ops.linear(input, weight, bias)
    try:
        return ops.matmul(input, ops.t(weight))
    except ShapeError:
        ops.linear.infer(input.shape, weight.shape, weight.shape[:1])  # says it in the words of the layer
        raise


def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """Positive numbers along ``dim`` that sum to 1.  See ``chainrule.softmax``."""
    return ops.softmax(input if dtype is None else input.to(dtype), dim)


def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``, exact where that is 0.  See ``chainrule.log_softmax``."""
    return ops.log_softmax(input if dtype is None else input.to(dtype), dim)


# ---------------------------------------------------------------------------------------- losses


def reduced(loss: Any, reduction: str) -> Any:
    """One number for a batch: its mean or its sum; or, with "none", the batch as it is."""
    if reduction == "mean":
        return ops.mean(loss)
    if reduction == "sum":
        return ops.sum(loss)
    if reduction == "none":
        return loss
    raise ArgumentError(f"reduction={reduction!r}: choose 'mean', 'sum' or 'none'")


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Squared error (input - target)²; "mean" divides by the number of all elements.

    Unlike PyTorch, which only warns, it refuses shapes that differ: (n, 1) against (n,) would broadcast to
    (n, n) and learn nothing.

    >>> mse_loss(chainrule.tensor([1.0, 2.0]), chainrule.tensor([1.0, 4.0]))
    tensor(2.)
    """
    _same_shape("mse_loss", input, target)
    return reduced((input - target) ** 2, reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute error |input - target|.  Refuses shapes that differ, as ``mse_loss`` does."""
    _same_shape("l1_loss", input, target)
    return reduced(ops.abs(input - target), reduction)


def binary_cross_entropy_with_logits(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-(y log σ(x) + (1 - y) log(1 - σ(x))), computed as (1 - y) x - log σ(x), which never meets log 0.

    >>> binary_cross_entropy_with_logits(chainrule.tensor([0.0, -100.0]), chainrule.tensor([1.0, 1.0]), "none")
    tensor([  0.6931, 100.0000])
    """
    _same_shape("binary_cross_entropy_with_logits", input, target)
    return reduced((1 - target) * input - logsigmoid(input), reduction)


def nll_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-input[i, target[i]]: the negative log-probability of the right class.

    input (n, classes) or (classes,), log-probabilities; target (n,) or (), class numbers from 0.
    """
    return -reduced(ops.pick(input, _labels("nll_loss", input, target)), reduction)


def cross_entropy(input: Any, target: Any, reduction: str = "mean") -> Any:
    """-log softmax(input)[target]: how surprised the network is by the right class.

    input (n, classes) or (classes,), any numbers ("logits": do not apply softmax first); target (n,) or (),
    class numbers from 0.  Raises LabelError for a class that does not exist, ShapeError, DtypeError.

    >>> cross_entropy(chainrule.tensor([[0.0, 0.0]]), chainrule.tensor([1]))
    tensor(0.6931)
    """
    picked = ops.pick(ops.log_softmax(input, -1), _labels("cross_entropy", input, target))
    return -reduced(picked, reduction)


def _tensors(name: str, **given: Any) -> None:
    for role, x in given.items():
        if not hasattr(x, "shape"):
            raise OperandError(f"{name}: the {role} is {type(x).__name__}; write chainrule.tensor(...) around it")


def _same_shape(name: str, input: Any, target: Any) -> None:
    _tensors(name, prediction=input, target=target)
    if input.shape != target.shape:
        fix = ""
        if sorted(n for n in input.shape if n != 1) == sorted(n for n in target.shape if n != 1):
            fix = f"; write {name}(prediction, target.reshape(prediction.shape))"
        raise ShapeError(
            f"{name} of a prediction of shape {shape_of(input.shape)} and a target of shape {shape_of(target.shape)}: "
            f"they must be equal, or broadcasting would compare every prediction with every target{fix}"
        )


def _labels(name: str, input: Any, target: Any) -> Any:
    """Check that ``target`` names one class for each row of ``input``."""
    _tensors(name, scores=input, labels=target)
    if input.ndim not in (1, 2) or target.shape != input.shape[:-1]:
        raise ShapeError(
            f"{name} of scores of shape {shape_of(input.shape)} and labels of shape {shape_of(target.shape)}: "
            f"scores are (n, classes) and labels (n,), one class number for each row"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"{name} with labels of dtype {target.dtype}: labels are class numbers; write target.long()")
    labels = target.array if isinstance(target, Tensor) else target
    classes = input.shape[-1]
    if labels.size and labels.view(labels.dtype.str.replace("i", "u")).max() >= classes:  # as unsigned, -1 is huge too
        place = int(np.flatnonzero((labels.ravel() < 0) | (labels.ravel() >= classes))[0])
        raise LabelError(
            f"{name} with label {labels.flat[place]} (at place {place}): with {classes} classes, labels run from 0 to "
            f"{classes - 1}"
        )
    return target
