"""The pass `split`: what is several operations in one becomes these, so that what they share can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.entries import FEW, Entry, forgotten, remembered
from chainrule.ops.base import BOOK, Op
from chainrule.ops.dtypes import NEGLIGIBLE
from chainrule.ops.reduction import count

Rewrite = Callable[[Entry, tuple[Any, ...]], Any]


def unchanged(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    """The entry itself, or one like it where its inputs changed."""
    return entry if inputs == entry.inputs else entry.like(inputs)


def made(op: str, like: Entry, *inputs: Any, **meta: Any) -> Entry:
    """A new entry, for a part of what ``like`` did."""
    return Entry(op, inputs, meta, _numbers(BOOK[op], like, inputs, meta), where=like.where, of=like.of)


def _numbers(op: Op, like: Entry, inputs: tuple[Any, ...], meta: dict[str, Any]) -> Any:
    """The numbers of a part; where those it is made from were many and not kept, its shape alone is worked out."""
    given = [x for x in inputs if isinstance(x, Entry)]
    if any(math.prod(x.shape) > FEW for x in given) and all(x.dtype == like.dtype for x in given):
        return forgotten(like.dtype, op.infer(*(x.shape if isinstance(x, Entry) else () for x in inputs), **meta))
    with np.errstate(all="ignore"):
        return remembered(op.run(*(x.data if isinstance(x, Entry) else x for x in inputs), **meta))


def _split_softmax(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    (x,), dim = inputs, _dims(entry)
    if not x.data.size:
        return unchanged(entry, inputs)
    e = made("exp", entry, made("sub", entry, x, made("amax", entry, x, dim=dim, keepdim=True)))
    return made("div", entry, e, made("sum", entry, e, dim=dim, keepdim=True))


def _split_log_softmax(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    (x,), dim = inputs, _dims(entry)
    if not x.data.size:
        return unchanged(entry, inputs)
    off = made("sub", entry, x, made("amax", entry, x, dim=dim, keepdim=True))
    total = made("sum", entry, _held("exp", entry, off), dim=dim, keepdim=True)  # 1 or more: small ones add nothing
    return made("sub", entry, off, made("log", entry, total))


def _held(op: str, like: Entry, x: Entry) -> Entry:
    """e^x or σ(x), held just below what is negligible: no subnormal numbers, which are slow already to make."""
    return made(op, like, made("maximum", like, x, math.log(NEGLIGIBLE[x.dtype]) - 1.0))


def _split_flush(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    (x,), small = inputs, NEGLIGIBLE[entry.dtype]
    if x.op in ("exp", "sigmoid"):
        x = _softmax_again(x) or _held(x.op, x, x.inputs[0])
    size = made("abs", entry, x)
    counts = Entry("gt", (size, small), {}, remembered(size.data > small), where=entry.where, of=entry.of)
    return made("mul", entry, x, made("cast", entry, counts, dtype=entry.dtype))


def _softmax_again(entry: Entry) -> Entry | None:
    """e^(off - log Σ e^off) is e^off / Σ e^off, which are there; None for any other entry."""
    x = entry.inputs[0]
    total = x.inputs[1].inputs[0] if x.op == "sub" and getattr(x.inputs[1], "op", "") == "log" else None
    parts = total.inputs[0] if isinstance(total, Entry) and total.op == "sum" else None
    if entry.op != "exp" or not isinstance(parts, Entry) or parts.op != "exp":
        return None
    held = parts.inputs[0]
    if held.op != "maximum" or held.inputs[0] is not x.inputs[0]:
        return None
    return Entry("div", (parts, total), {}, entry.data, where=entry.where, of=entry.of)


def _dims(entry: Entry) -> Any:
    dim = entry.meta["dim"]
    return (dim,) if isinstance(dim, int) else None


def _split_mean(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    (x,), dim = inputs, entry.meta["dim"]
    total = made("sum", entry, x, dim=dim, keepdim=entry.meta["keepdim"])
    n = count(x.shape, dim)
    return made("div", entry, total, float(n))


def _split_linear(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    x, weight, bias = inputs
    if x.data.ndim == 1:
        x = made("reshape", entry, x, shape=(1, *x.shape))
    product = _times(entry, x, made("permute", entry, weight, dims=(1, 0)))
    answer = made("add", entry, product, bias)
    return answer if answer.shape == entry.shape else made("reshape", entry, answer, shape=entry.shape)


def _times(like: Entry, x: Entry, y: Entry) -> Entry:
    data = forgotten(x.dtype, (*x.shape[:-1], y.shape[-1]))
    return Entry("matmul", (x, y), {}, data, where=like.where, of=like.of)


def _split_pow(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    x, y = inputs
    if not isinstance(x, Entry) or entry.weak or entry.dtype.kind != "f" or x.weak:
        return unchanged(entry, inputs)
    if y == 2:
        return made("mul", entry, x, x)
    if y == 3:
        return made("mul", entry, made("mul", entry, x, x), x)
    return unchanged(entry, inputs)


def _split_div(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    """Divided by an option of the optimizer (1 - beta^t): multiplied by its inverse, worked out once for all places."""
    x, y = inputs
    if not (isinstance(x, Entry) and isinstance(y, Entry) and y.weak) or x.weak or entry.dtype.kind != "f":
        return unchanged(entry, inputs)
    inverse = Entry("div", (1.0, y), {}, 1 / y.data if y.data else math.inf, weak=True, where=entry.where)
    return Entry("mul", (x, inverse), {}, entry.data, where=entry.where, of=entry.of)


def _split_standardize(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    x, weight, bias = inputs
    dim, n = entry.meta["dim"], float(count(x.shape, entry.meta["dim"]))
    off = made("sub", entry, x, made("div", entry, made("sum", entry, x, dim=dim, keepdim=True), n))
    squares = made("sum", entry, made("mul", entry, off, off), dim=dim, keepdim=True)
    deviation = made("sqrt", entry, made("add", entry, made("div", entry, squares, n), entry.meta["eps"]))
    scale = made("mul", entry, made("div", entry, 1.0, deviation), weight)
    return made("add", entry, made("mul", entry, off, scale), bias)


def _split_sum_squares(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
    (x,) = inputs
    return made("sum", entry, made("mul", entry, x, x), **entry.meta)


SPLIT: dict[str, Callable[[Entry, tuple[Any, ...]], Any]] = {
    "softmax": _split_softmax,
    "log_softmax": _split_log_softmax,
    "flush": _split_flush,
    "mean": _split_mean,
    "linear": _split_linear,
    "pow": _split_pow,
    "div": _split_div,
    "standardize": _split_standardize,
    "sum_squares": _split_sum_squares,
}


def split() -> Rewrite:
    """Several operations in one -> these."""

    def rewrite(entry: Entry, inputs: tuple[Any, ...]) -> Any:
        rule = SPLIT.get(entry.op)
        if rule is None:
            return unchanged(entry, inputs)
        parts = rule(entry, inputs)
        if parts is not entry and isinstance(parts, Entry) and not parts.label and parts not in inputs:
            parts.label = entry.label
        return parts

    return rewrite
