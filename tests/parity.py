"""A call made in chainrule and in PyTorch: the same numbers, dtypes, gradients, and gradients of gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from samples import as_numpy, over, same

import chainrule
from chainrule.errors import ChainruleError
from chainrule.tensor import Tensor

Call = Callable[..., Any]


def flat(results: Any) -> list[Any]:
    """Every result of a call, in order, out of whatever tuples it came in."""
    if isinstance(results, tuple | list):
        return [x for part in results for x in flat(part)]
    return [results]


def leaves_of(given: Any, make: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
    """The arguments with tensors for arrays, and those among them that want a gradient."""
    leaves: list[Any] = []

    def change(a: Any) -> Any:
        x = make(a)
        if a.dtype.kind == "f":
            leaves.append(x.requires_grad_())
        return x

    return over(change, given), leaves


def weighed(results: list[Any], make: Callable[[Any], Any], seed: int) -> Any:
    """One number of all the results that have a gradient: their sum, each weighed with a number of its own."""
    rng = np.random.default_rng(seed)
    total = None
    for x in results:
        if getattr(x, "requires_grad", False):
            part = (x * make(np.asarray(rng.normal(size=tuple(x.shape)), as_numpy(x.detach()).dtype))).sum()
            total = part if total is None else total + part
    return total


def slopes(lib: Any, total: Any, leaves: list[Any], again: bool) -> list[Any]:
    """The gradient of ``total`` in each leaf, zeros where there is none."""
    if total is None or not total.requires_grad:
        return [lib.zeros_like(x) for x in leaves]
    found = lib.autograd.grad(total, leaves, create_graph=again, allow_unused=True)
    return [lib.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]


def in_torch(a: Any) -> Any:
    return torch.tensor(np.ascontiguousarray(a).reshape(a.shape))


def parity(call: Call, *given: Any, orders: int = 2, rtol: float = 1e-12, atol: float = 1e-13) -> None:
    """``call(lib, *tensors)`` in both libraries; where PyTorch refuses, so must we."""
    theirs_in, theirs_leaves = leaves_of(list(given), in_torch)
    ours_in, ours_leaves = leaves_of(list(given), Tensor)
    try:
        theirs = flat(call(torch, *theirs_in))
    except (RuntimeError, IndexError, ValueError, TypeError):
        with pytest.raises(ChainruleError) as caught:
            call(chainrule, *ours_in)
        assert "\n" not in str(caught.value)
        return
    ours = flat(call(chainrule, *ours_in))
    agree(ours, theirs, ours_leaves, theirs_leaves, orders, rtol, atol)


def agree(
    ours: list[Any], theirs: list[Any], ours_leaves: list[Any], theirs_leaves: list[Any],
    orders: int = 2, rtol: float = 1e-12, atol: float = 1e-13,
) -> None:  # fmt: skip
    """The same results, and the same gradients of all of them in all the leaves."""
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        same(a, b, rtol, atol)
        assert getattr(a, "requires_grad", False) == getattr(b, "requires_grad", False)
    for order in range(orders):
        total_a, total_b = weighed(ours, Tensor, order), weighed(theirs, in_torch, order)
        again = order + 1 < orders
        ours = slopes(chainrule, total_a, ours_leaves, again)
        theirs = slopes(torch, total_b, theirs_leaves, again)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b, 100 * rtol, 100 * atol)
