"""Losses: how wrong a prediction is, as one number for a batch (``reduction="mean"`` or "sum") or one each ("none")."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import creation, ops
from chainrule.errors import ArgumentError, OperandError, ShapeError, shape_of
from chainrule.ops import logsigmoid
from chainrule.tracing import found


def reduced(loss: Any, reduction: str) -> Any:
    """One number for a batch: its mean or its sum; or, with "none", the batch as it is."""
    if reduction == "mean":
        return ops.mean(loss)
    if reduction == "sum":
        return ops.sum(loss)
    if reduction == "none":
        return loss
    raise ArgumentError(f"reduction={reduction!r}: choose 'mean', 'sum' or 'none'")


# ---------------------------------------------------------------------------------------- of numbers


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


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """error² / 2β where |error| < β, |error| - β/2 beyond (Girshick 2015)."""
    _same_shape("smooth_l1_loss", input, target)
    error = input - target
    size = ops.abs(error)
    if beta == 0.0:
        return reduced(size, reduction)
    return reduced(ops.where(size < beta, 0.5 * error * error / beta, size - 0.5 * beta), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """error² / 2 where |error| ≤ δ, δ (|error| - δ/2) beyond (Huber 1964)."""
    _same_shape("huber_loss", input, target)
    error = input - target
    size = ops.abs(error)
    return reduced(ops.where(size <= delta, 0.5 * error * error, delta * (size - 0.5 * delta)), reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log var + (input - target)² / var) / 2: the network also says how sure it is (Nix & Weigend 1994).

    ``var`` is held at ``eps`` at least, without that entering the gradient; ``full`` adds log(2π) / 2.
    """
    var = creation.full(input.shape, var, dtype=input.dtype) if isinstance(var, float) else var
    if var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = ops.unsqueeze(var, -1)
        elif var.ndim != input.ndim or sum(b for a, b in zip(input.shape, var.shape, strict=True) if a != b) != 1:
            raise ShapeError(f"gaussian_nll_loss with var of shape {shape_of(var.shape)} for {shape_of(input.shape)}")
    if found(ops.any(var < 0)):
        raise ArgumentError("gaussian_nll_loss: var holds negative numbers, and a variance is never below 0")
    safe = var + ops.detach(ops.clamp(var, min=eps) - var)
    loss = 0.5 * (ops.log(safe) + (input - target) ** 2 / safe)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


# ---------------------------------------------------------------------------------------- of yes or no


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-(y log p + (1 - y) log(1 - p)) of probabilities p; the logarithms are held at -100 at least, as in PyTorch."""
    _same_shape("binary_cross_entropy", input, target)
    if input.numel() and not found(ops.all((input >= 0) & (input <= 1))):
        raise ArgumentError(
            "binary_cross_entropy of numbers outside 0 to 1: it takes probabilities; "
            "for logits use binary_cross_entropy_with_logits"
        )
    sure = input * (1.0 - input) < 1e-12  # there the slopes of the logarithms are held too: (p - y) / 1e-12
    fixed, free = ops.detach(input), ops.where(sure, 0.5, input)
    log_p = ops.where(sure, ops.clamp(ops.log(fixed), min=-100.0), ops.log(free))
    log_q = ops.where(sure, ops.clamp(ops.log1p(-fixed), min=-100.0), ops.log1p(-free))
    loss = ops.where(sure, 1e12 * (fixed - target) * (input - fixed), 0.0) - target * log_p - (1.0 - target) * log_q
    return reduced(loss if weight is None else weight * loss, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """-(y log σ(x) + (1 - y) log(1 - σ(x))), computed as (1 - y) x - log σ(x), which never meets log 0.

    ``pos_weight`` counts the examples of yes that many times.

    >>> binary_cross_entropy_with_logits(chainrule.tensor([0.0, -100.0]), chainrule.ones(2), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    _same_shape("binary_cross_entropy_with_logits", input, target)
    times = 1.0 if pos_weight is None else 1.0 + (pos_weight - 1.0) * target
    loss = (1.0 - target) * input - (logsigmoid(input) if pos_weight is None else times * logsigmoid(input))
    return reduced(loss if weight is None else weight * loss, reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """x where the target is 1, max(0, margin - x) where it is -1."""
    near = ops.where(target == -1, 0.0, input)
    far = ops.where(target == 1, 0.0, ops.clamp(margin - input, min=0.0))
    return reduced(near + far, reduction)


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1, for rows of two tensors."""
    if input1.ndim not in (1, 2) or target.ndim != input1.ndim - 1:
        raise ShapeError(
            f"cosine_embedding_loss of {shape_of(input1.shape)} with a target of shape {shape_of(target.shape)}: rows "
            f"(n, size) with a target (n,), or one row with a number"
        )
    tiny = 1e-12
    cos = ops.sum(input1 * input2, -1) / ops.sqrt(
        (ops.sum(input1 * input1, -1) + tiny) * (ops.sum(input2 * input2, -1) + tiny)
    )
    zero = ops.detach(cos) * 0.0
    alike, unlike = 1.0 - cos, ops.clamp(cos - margin, min=0.0)
    return reduced(ops.where(target == 1, alike, zero) + ops.where(target == -1, unlike, zero), reduction)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between lines along ``dim``; their lengths count as ``eps`` at least."""
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    x1, x2 = ops.expand(x1, shape), ops.expand(x2, shape)
    lengths = [ops.clamp(ops.norm(x, 2, dim, True), min=eps) for x in (x1, x2)]
    return ops.sum((x1 / lengths[0]) * (x2 / lengths[1]), dim)


# ---------------------------------------------------------------------------------------- what is refused


def needs_tensors(name: str, **given: Any) -> None:
    """Refuse what is no tensor, by the name it goes by here."""
    for what, x in given.items():
        if not hasattr(x, "ndim"):
            raise OperandError(f"{name}: the {what} is {type(x).__name__}; write chainrule.tensor(...) around it")


def _same_shape(name: str, input: Any, target: Any) -> None:
    needs_tensors(name, prediction=input, target=target)
    if input.shape != target.shape:
        fix = ""
        if sorted(n for n in input.shape if n != 1) == sorted(n for n in target.shape if n != 1):
            fix = f"; write {name}(prediction, target.reshape(prediction.shape))"
        raise ShapeError(
            f"{name} of a prediction of shape {shape_of(input.shape)} and a target of shape {shape_of(target.shape)}: "
            f"they must be equal, or broadcasting would compare every prediction with every target{fix}"
        )
