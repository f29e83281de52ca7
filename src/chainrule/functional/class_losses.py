"""Losses of classes: targets are class numbers, or a share for each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import creation, ops
from chainrule.errors import ArgumentError, DtypeError, LabelError, ShapeError, shape_of
from chainrule.functional.losses import needs_tensors, reduced
from chainrule.tensor import Tensor

UNSIGNED = {dtype.itemsize: dtype for dtype in map(np.dtype, ("uint8", "uint16", "uint32", "uint64"))}


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
    needs_tensors("cross_entropy", scores=input, labels=target)
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
        none = target == 0  # where the logarithm is not asked for
        loss = ops.where(none, 0.0, target * ops.log(ops.where(none, 1.0, target))) - target * input
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


# ---------------------------------------------------------------------------------------- labels looked over


def _classes_last(x: Any) -> Any:
    """(n, classes, ...) -> (n, ..., classes)."""
    return ops.movedim(x, 1, -1) if x.ndim > 2 else x


def _rows(name: str, input: Any, target: Any, ignore_index: int) -> tuple[Any, Any, Any]:
    """Scores with the classes last; the labels, looked over; and where they are ignored (None: nowhere)."""
    needs_tensors(name, scores=input, labels=target)
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
    unsigned = labels.view(UNSIGNED[labels.dtype.itemsize])  # where -1 is huge too
    if not labels.size or np.maximum.reduce(unsigned, axis=None) < classes:
        return ignore_index is not None and 0 <= ignore_index < classes
    wrong = ((labels < 0) | (labels >= classes)) & (labels != ignore_index)
    if wrong.any():
        place = int(np.flatnonzero(wrong.ravel())[0])
        raise LabelError(
            f"{name} with label {labels.flat[place]} (at place {place}): with {classes} classes, labels run from 0 "
            f"to {classes - 1}"
        )
    return True
