"""Passes: functions graph -> graph.  Each leaves the same numbers to be computed, with less to do.

split    what is several operations in one becomes these (softmax: a maximum, an exponential, a sum, a quotient)
fold     what is known now is computed now; what changes nothing goes
share    what is computed twice is computed once
drop     what nobody wants goes (every rebuilt graph is without it)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.compiler.entries import FEW, Entry, Graph, forgotten, remembered
from chainrule.compiler.scalars import ARITHMETIC, QUESTIONS
from chainrule.ops.base import BOOK, Op
from chainrule.ops.dtypes import NEGLIGIBLE
from chainrule.ops.reduction import count


@dataclass
class Pass:
    """A pass that was made: the graph after it, how many entries it took away, and how long it took, in seconds."""

    name: str
    graph: Graph
    removed: int
    seconds: float

    def __repr__(self) -> str:
        change = f"{self.removed} fewer" if self.removed >= 0 else f"{-self.removed} more"
        return f"{self.name:6} {len(self.graph):4} values ({change}), {self.seconds * 1e3:.1f} ms"


def simplified(graph: Graph) -> tuple[Graph, list[Pass]]:
    """The graph after all passes, and what each did."""
    done = []
    for name, rewrite in PASSES:
        before, start = len(graph), time.perf_counter()
        graph = graph.rebuilt(rewrite())
        done.append(Pass(name, graph, before - len(graph), time.perf_counter() - start))
    return graph, done


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


# ---------------------------------------------------------------------------------------- split


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


# ---------------------------------------------------------------------------------------- fold


def fold() -> Rewrite:
    """Known things computed, idle things gone."""
    return _folded


def _folded(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    if entry.is_leaf:
        return _uniform(entry) if entry.op == "constant" else entry
    numbers = not any(isinstance(x, Entry) and x.op not in ("constant", "full") for x in inputs)
    if entry.weak:
        return _scalar(entry, inputs)
    if numbers and entry.data.size <= FEW and BOOK.get(entry.op):  # what it came to then, it comes to always
        return _uniform(Entry("constant", data=entry.data, source=entry.data, where=entry.where))
    idle = _idle(entry, inputs)
    return unchanged(entry, inputs) if idle is None else idle


def _uniform(entry: Entry) -> Entry:
    """A constant that is one number everywhere, as such."""
    data = entry.source
    if isinstance(data, np.ndarray) and data.size and (data == data.flat[0]).all():
        return Entry("full", (data.flat[0].item(),), {"shape": data.shape}, remembered(data), where=entry.where)
    return entry


def _scalar(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    if any(isinstance(x, Entry) for x in inputs) or entry.op == "number":
        return unchanged(entry, inputs)
    rule = ARITHMETIC.get(entry.op) or QUESTIONS[entry.op]
    return float(rule(*inputs))  # a question's answer too: 1.0 or 0.0


def _idle(entry: Entry, inputs: tuple[Any, ...]) -> Any:
    """The input the entry only repeats; None if it does something."""
    x = inputs[0]
    if not isinstance(x, Entry):
        x = None
    same = x is not None and not x.weak and x.shape == entry.shape and x.dtype == entry.dtype
    if entry.op in ("cast", "reshape", "expand") and same:
        return x
    if entry.op == "permute" and entry.meta["dims"] == tuple(range(len(entry.shape))):
        return x
    if entry.op == "neg" and x is not None and x.op == "neg":
        return x.inputs[0]
    if entry.op == "mul" and same and _number(inputs[1]) == 1.0:
        return x
    if entry.op == "mul" and _number(inputs[0]) == 1.0:
        y = inputs[1]
        return y if isinstance(y, Entry) and y.shape == entry.shape and y.dtype == entry.dtype else None
    if entry.op == "div" and same and _number(inputs[1]) == 1.0:
        return x
    if entry.op in ELEMENTWISE_TWO:  # one number everywhere is that number, if the shape comes from elsewhere
        plain = tuple(
            y.inputs[0] if isinstance(y, Entry) and y.op == "full" and y.dtype.kind == entry.dtype.kind == "f" else y
            for y in inputs
        )
        shapes = [y.shape for y in plain if isinstance(y, Entry)]
        if plain != inputs and shapes and np.broadcast_shapes(*shapes) == entry.shape:
            return entry.like(plain)
    return None


ELEMENTWISE_TWO = frozenset(("add", "sub", "mul", "div"))


def _number(x: Any) -> float:
    """The number it is everywhere; nan if it is not one."""
    if isinstance(x, Entry):
        return float(x.inputs[0]) if x.op in ("full", "number") else math.nan
    return float(x)


# ---------------------------------------------------------------------------------------- share


def share() -> Rewrite:
    """Equal operations on equal inputs -> one of them."""
    seen: dict[Any, Entry] = {}

    def rewrite(entry: Entry, inputs: tuple[Any, ...]) -> Entry:
        entry = unchanged(entry, inputs)
        if entry.is_leaf:
            return entry
        given = tuple(x if isinstance(x, Entry) else (type(x), repr(x)) for x in inputs)
        return seen.setdefault((entry.op, given, repr(entry.meta), entry.dtype, entry.shape, entry.weak), entry)

    return rewrite


PASSES: tuple[tuple[str, Callable[[], Rewrite]], ...] = (
    ("split", split),
    ("fold", fold),
    ("share", share),
    ("fold", fold),
    ("share", share),
)
