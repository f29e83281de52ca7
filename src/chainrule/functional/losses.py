"""Losses: how wrong a prediction is, as one number for a batch (``reduction="mean"`` or "sum") or one each ("none")."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import creation, ops
from chainrule.errors import ArgumentError, DtypeError, LabelError, OperandError, ShapeError, shape_of
from chainrule.ops import logsigmoid
from chainrule.tensor import Tensor


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
        elif var.shape != (*input.shape[:-1], 1):
            raise ShapeError(f"gaussian_nll_loss with var of shape {shape_of(var.shape)} for {shape_of(input.shape)}")
    if bool(ops.any(var < 0)):
        raise ArgumentError("gaussian_nll_loss: var holds negative numbers, and a variance is never below 0")
    safe = var + ops.detach(ops.clamp(var, min=eps) - var)
    loss = 0.5 * (ops.log(safe) + (input - target) ** 2 / safe)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


# ---------------------------------------------------------------------------------------- of yes or no


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """-(y log p + (1 - y) log(1 - p)) of probabilities p; the logarithms are held at -100 at least, as in PyTorch."""
    _same_shape("binary_cross_entropy", input, target)
    if input.numel() and not bool(ops.all((input >= 0) & (input <= 1))):
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


# ---------------------------------------------------------------------------------------- of classes


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """-input[i, target[i]]: the negative log-probability of the right class.

    input (n, classes, ...) or (classes,), log-probabilities; target (n, ...) or (), class numbers from 0.
    ``weight`` counts each class that many times; targets of ``ignore_index`` do not count.
    """
    rows, target, ignored = _rows("nll_loss", input, target, ignore_index)
    return _nll(rows, target, _counts(rows, target, weight, ignored), reduction)


def _counts(rows: Any, target: Any, weight: Any, ignored: Any) -> Any:
    """How many times each example counts; None where all count once."""
    if weight is None and ignored is None:
        return None
    counts = ops.getitem(weight, target) if weight is not None else creation.ones(target.shape, dtype=rows.dtype)
    return counts if ignored is None else ops.where(ignored, 0.0, counts)


def _nll(rows: Any, target: Any, counts: Any, reduction: str) -> Any:
    """`nll_loss` with the classes last."""
    picked = ops.pick(rows, target)
    if counts is None:
        return -reduced(picked, reduction)
    loss = -ops.where(counts == 0, 0.0, picked) * counts
    return ops.sum(loss) / ops.sum(counts) if reduction == "mean" else reduced(loss, reduction)


def cross_entropy(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """-log softmax(input)[target]: how surprised the network is by the right class.

    input (n, classes, ...) or (classes,), any numbers ("logits": do not apply softmax first); target class
    numbers from 0, of shape (n, ...) or (), or probabilities of the shape of input.  ``label_smoothing`` ε
    gives every class a share ε / classes of the target.  Raises LabelError for a class that does not exist,
    ShapeError, DtypeError.

    >>> cross_entropy(chainrule.tensor([[0.0, 0.0]]), chainrule.tensor([1]))
    tensor(0.6931)
    """
    _tensors("cross_entropy", scores=input, labels=target)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ArgumentError(f"label_smoothing={label_smoothing}: it lies between 0 and 1")
    if target.shape == input.shape and input.ndim > 0 and target.dtype.kind == "f":
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    rows, target, ignored = _rows("cross_entropy", input, target, ignore_index)
    log_p = ops.log_softmax(rows, -1)
    counts = _counts(rows, target, weight, ignored)
    loss = _nll(log_p, target, counts, reduction)
    if not label_smoothing:
        return loss
    even = -ops.sum(log_p if weight is None else log_p * weight, -1) / rows.shape[-1]
    even = even if ignored is None else ops.where(ignored, 0.0, even)
    if reduction == "mean" and counts is not None:
        even = ops.sum(even) / ops.sum(counts)
    else:
        even = reduced(even, reduction)
    return (1.0 - label_smoothing) * loss + label_smoothing * even


def _soft_cross_entropy(input: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """Cross-entropy with a target of probabilities; "mean" is over the examples."""
    rows, target = _classes_last(input), _classes_last(target)
    n = rows.shape[-1]
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / n
    log_p = ops.log_softmax(rows, -1)
    loss = -ops.sum((log_p if weight is None else log_p * weight) * target, -1)
    return reduced(loss, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """target (log target - input): ``input`` holds log-probabilities; "batchmean" divides by the first size.

    "mean" divides by all elements, as in PyTorch; the divergence itself is "batchmean" (or "sum").
    """
    if log_target:
        loss = ops.exp(target) * (target - input)
    else:
        loss = ops.where(target > 0, target * ops.log(ops.where(target > 0, target, 1.0)), 0.0) - target * input
    if reduction == "batchmean":
        return ops.sum(loss) / (input.shape[0] if input.ndim else 1)
    return reduced(loss, reduction)


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Σ over the wrong classes j of max(0, margin - x[y] + x[j])^p, over the number of classes."""
    if p not in (1, 2):
        raise ArgumentError(f"multi_margin_loss with p={p}: choose 1 or 2")
    single = input.ndim == 1
    rows = ops.unsqueeze(input, 0) if single else input
    target = ops.reshape(target, (-1,))
    _labels("multi_margin_loss", rows, target)
    n = rows.shape[-1]
    over = ops.clamp(margin - ops.unsqueeze(ops.pick(rows, target), -1) + rows, min=0.0)
    over = over if p == 1 else over * over
    over = over if weight is None else over * ops.unsqueeze(ops.getitem(weight, target), -1)
    wrong = ops.unsqueeze(target, -1) != creation.arange(n)
    loss = ops.sum(ops.where(wrong, over, 0.0), -1) / n
    return reduced(ops.squeeze(loss, 0) if single else loss, reduction)


# ---------------------------------------------------------------------------------------- what is refused


def _tensors(name: str, **given: Any) -> None:
    for what, x in given.items():
        if not hasattr(x, "ndim"):
            raise OperandError(f"{name}: the {what} is {type(x).__name__}; write chainrule.tensor(...) around it")


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


def _classes_last(x: Any) -> Any:
    """(n, classes, ...) -> (n, ..., classes)."""
    return ops.movedim(x, 1, -1) if x.ndim > 2 else x


def _rows(name: str, input: Any, target: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """Scores with the classes last; the labels, looked over; and where they are ignored (None: nowhere)."""
    _tensors(name, scores=input, labels=target)
    rows = _classes_last(input)
    if not _labels(name, rows, target, ignore_index):
        return rows, target, None
    ignored = target == ignore_index
    return rows, ops.where(ignored, 0, target), ignored


def _labels(name: str, rows: Any, target: Any, ignore_index: int | None = None) -> bool:
    """Check that ``target`` names one class for each row; whether any of them may be ``ignore_index``."""
    if not rows.ndim or target.shape != rows.shape[:-1]:
        given = rows.shape if rows.ndim < 3 else (rows.shape[0], rows.shape[-1], *rows.shape[1:-1])
        raise ShapeError(
            f"{name} of scores of shape {shape_of(given)} and labels of shape {shape_of(target.shape)}: "
            f"scores are (n, classes) and labels (n,), one class number for each row"
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(f"{name} with labels of dtype {target.dtype}: labels are class numbers; write target.long()")
    labels = target.array if isinstance(target, Tensor) else target
    classes = rows.shape[-1]
    unsigned = labels.view(labels.dtype.str.replace("i", "u"))  # where -1 is huge too
    if not labels.size or unsigned.max() < classes:
        return ignore_index is not None and 0 <= ignore_index < classes
    wrong = ((labels < 0) | (labels >= classes)) & (labels != ignore_index)
    if wrong.any():
        place = int(np.flatnonzero(wrong.ravel())[0])
        raise LabelError(
            f"{name} with label {labels.flat[place]} (at place {place}): with {classes} classes, labels run from 0 "
            f"to {classes - 1}"
        )
    return True
