"""What is composed of the book's operations is PyTorch's too: values, dtypes, first and second gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from parity import parity
from samples import BOOLS, BYTES, EDGES, INTEGERS, TIED, expanded, inf, layouts, nan, normal, positive

import chainrule
from chainrule import ops
from chainrule.errors import ArgumentError, LabelError, OperandError, ShapeError

Call = Callable[..., Any]
LAYOUTS = dict(layouts(normal)) | {"3-d": normal(2, 3, 4), "1-d": normal(5), "4-d": normal(2, 1, 3, 2)}
WHOLE = {"integers": INTEGERS, "bools": BOOLS, "uint8": BYTES, "tied": TIED}


def cases(table: dict[str, Any]) -> Any:
    """Run a test for each entry, under its name."""
    return pytest.mark.parametrize("case", table.values(), ids=table.keys())


# ---------------------------------------------------------------------------------------- of one tensor

SHAPING: dict[str, Call] = {
    "transpose 0 -1": lambda t, x: t.transpose(x, 0, -1),
    "transpose 1 0": lambda t, x: x.transpose(1, 0),
    "swapaxes": lambda t, x: t.swapaxes(x, -1, 0),
    "t": lambda t, x: t.t(x),
    "unsqueeze 0": lambda t, x: t.unsqueeze(x, 0),
    "unsqueeze -1": lambda t, x: x.unsqueeze(-1),
    "unsqueeze 1": lambda t, x: x.unsqueeze(1),
    "squeeze": lambda t, x: t.squeeze(x),
    "squeeze 0": lambda t, x: x.squeeze(0),
    "squeeze -1": lambda t, x: x.squeeze(-1),
    "squeeze two": lambda t, x: t.squeeze(x, (0, -1)),
    "flatten": lambda t, x: t.flatten(x),
    "flatten 1": lambda t, x: x.flatten(1),
    "flatten 0 1": lambda t, x: x.flatten(0, 1),
    "flatten -2": lambda t, x: x.flatten(start_dim=-2),
    "movedim": lambda t, x: t.movedim(x, 0, -1),
    "movedim two": lambda t, x: t.movedim(x, (0, 1), (-1, 0)),
    "unflatten": lambda t, x: x.unflatten(-1, (1, -1)),
    "view": lambda t, x: x.contiguous().view(-1),
    "reshape": lambda t, x: t.reshape(x, (1, -1)),
    "narrow": lambda t, x: t.narrow(x, 0, 0, 1),
    "narrow from the end": lambda t, x: x.narrow(-1, -2, 2),
    "split": lambda t, x: t.split(x, 2),
    "split -1": lambda t, x: x.split(1, dim=-1),
    "split in sizes": lambda t, x: x.split([1, 1, 1], -1),
    "chunk": lambda t, x: t.chunk(x, 2),
    "chunk -1": lambda t, x: x.chunk(2, -1),
    "chunk many": lambda t, x: x.chunk(7, -1),
    "unbind": lambda t, x: t.unbind(x),
    "unbind -1": lambda t, x: x.unbind(-1),
    "vstack": lambda t, x: t.vstack([x, x]),
    "hstack": lambda t, x: t.hstack([x, x]),
    "stack": lambda t, x: t.stack([x, x]),
    "stack -1": lambda t, x: t.stack([x, x * 2], dim=-1),
    "roll": lambda t, x: t.roll(x, 1),
    "roll 0": lambda t, x: x.roll(-1, 0),
    "roll more than there are": lambda t, x: x.roll(7, -1),
    "roll two": lambda t, x: t.roll(x, (1, -1), (0, 1)),
    "repeat": lambda t, x: x.repeat(2, 1, 2),
    "repeat none": lambda t, x: x.repeat(1, 0),
    "tile": lambda t, x: t.tile(x, (2,)),
    "tile two": lambda t, x: x.tile(2, 3),
    "repeat_interleave": lambda t, x: t.repeat_interleave(x, 2),
    "repeat_interleave -1": lambda t, x: x.repeat_interleave(3, -1),
    "fliplr": lambda t, x: t.fliplr(x),
    "flipud": lambda t, x: t.flipud(x),
    "tril": lambda t, x: t.tril(x),
    "tril 1": lambda t, x: x.tril(1),
    "triu": lambda t, x: t.triu(x),
    "triu -1": lambda t, x: x.triu(-1),
    "diagonal": lambda t, x: t.diagonal(x),
    "diagonal 1": lambda t, x: x.diagonal(1),
    "diagonal far": lambda t, x: x.diagonal(-9),
    "diagonal of others": lambda t, x: x.diagonal(-1, 1, 0),
    "diag": lambda t, x: t.diag(x),
    "diag 1": lambda t, x: x.diag(1),
    "diag -1": lambda t, x: x.diag(-1),
    "index_select": lambda t, x: t.index_select(x, -1, t.tensor([0, 0])),
    "T": lambda t, x: x.T if x.ndim == 2 else x,
    "mT": lambda t, x: x.mT if x.ndim > 1 else x,
    "trace": lambda t, x: t.trace(x),
    "square": lambda t, x: t.square(x),
    "masked_fill": lambda t, x: x.masked_fill(x > 0, 2),
    "masked_select": lambda t, x: t.masked_select(x, x > 0),
    "logical_not": lambda t, x: t.logical_not(x),
    "isnan": lambda t, x: t.isnan(x),
    "isinf": lambda t, x: t.isinf(x),
    "isfinite": lambda t, x: t.isfinite(x),
    "count_nonzero": lambda t, x: t.count_nonzero(x),
    "count_nonzero 0": lambda t, x: x.count_nonzero(0),
    "all": lambda t, x: t.all(x),
    "all 0": lambda t, x: x.all(0),
    "any": lambda t, x: x.any(),
    "any -1 kept": lambda t, x: t.any(x, -1, True),
    "all two": lambda t, x: t.all(x, dim=(0, 1)),
    "sort": lambda t, x: t.sort(x, stable=True, dim=-1),
    "sort 0 falling": lambda t, x: t.sort(x, stable=True, dim=0, descending=True),
    "topk": lambda t, x: t.topk(x, 1),
    "topk 0 smallest": lambda t, x: x.topk(2, 0, largest=False),
    "max": lambda t, x: t.max(x),
    "max 0": lambda t, x: x.max(0),
    "max -1 kept": lambda t, x: t.max(x, -1, keepdim=True),
    "min": lambda t, x: x.min(),
    "min 1": lambda t, x: t.min(x, dim=1),
}
OURS = {  # PyTorch answers all and any of uint8 in uint8, and has no trace and topk of bools
    ("all", "uint8"), ("all 0", "uint8"), ("any", "uint8"), ("any -1 kept", "uint8"), ("all two", "uint8"),
    ("trace", "bools"), ("topk", "bools"), ("topk 0 smallest", "bools"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "layout"), [pair for pair in product(SHAPING, LAYOUTS | WHOLE) if pair not in OURS])
def test_of_one_tensor(name: str, layout: str) -> None:
    parity(SHAPING[name], (LAYOUTS | WHOLE)[layout])


STATISTICS: dict[str, Call] = {
    "var": lambda t, x: t.var(x),
    "var 0": lambda t, x: x.var(0),
    "var -1 kept": lambda t, x: t.var(x, -1, keepdim=True),
    "var over n": lambda t, x: x.var(correction=0),
    "var over n, biased": lambda t, x: x.var(unbiased=False),
    "var two dims": lambda t, x: t.var(x, (0, -1)),
    "var, correction 2": lambda t, x: t.var(x, 0, correction=2).detach(),
    "var, correction 9": lambda t, x: t.var(x, 0, correction=9).detach(),
    "std": lambda t, x: t.std(x),
    "std 0": lambda t, x: x.std(dim=0),
    "std biased": lambda t, x: x.std(unbiased=False),
    "norm": lambda t, x: t.norm(x),
    "norm 0": lambda t, x: x.norm(dim=0),
    "norm 1": lambda t, x: t.norm(x, 1),
    "norm inf": lambda t, x: t.norm(x, inf),
    "norm -inf": lambda t, x: t.norm(x, -inf, dim=0),
    "norm 3 kept": lambda t, x: t.norm(x, 3, dim=-1, keepdim=True),
    "norm 0.5": lambda t, x: t.norm(x, 0.5),
    "norm fro": lambda t, x: t.norm(x, "fro"),
    "norm of order 0": lambda t, x: t.norm(x, 0, dim=0).detach(),
    "norm -1": lambda t, x: t.norm(x, -1) if x.numel() else x,
    "logsumexp": lambda t, x: t.logsumexp(x, 0),
    "logsumexp -1 kept": lambda t, x: x.logsumexp(-1, True),
    "logsumexp two": lambda t, x: t.logsumexp(x, (0, 1)),
    "rsqrt": lambda t, x: t.rsqrt(x),
    "reciprocal": lambda t, x: t.reciprocal(x),
}


@cases(STATISTICS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
def test_statistics(case: Call, layout: str) -> None:
    orders = 1 if layout == "0-d" else 2  # the spread of one number is nan, and so is all that follows from it
    parity(case, LAYOUTS[layout], orders=orders, rtol=1e-11, atol=1e-12)


EXTREMES: dict[str, tuple[Call, Any]] = {
    "logsumexp of large": (lambda t, x: t.logsumexp(x, 0), np.array([1000.0, 1001.0, -1000.0])),
    "logsumexp of -inf": (lambda t, x: t.logsumexp(x, 0), np.array([-inf, -inf])),
    "logsumexp with inf": (lambda t, x: t.logsumexp(x, 0).detach(), np.array([inf, 1.0])),
    "logsumexp of nothing": (lambda t, x: t.logsumexp(x, 1), np.zeros((2, 0))),
    "norm of zeros": (lambda t, x: t.norm(x), np.zeros(3)),
    "norm 1 of zeros": (lambda t, x: t.norm(x, 1), np.zeros(3)),
    "norm inf at ties": (lambda t, x: t.norm(x, inf), np.array([1.0, -1.0, 0.5])),
    "norm 3 with a zero": (lambda t, x: t.norm(x, 3), np.array([1.0, -2.0, 0.0])),
    "norm of huge": (lambda t, x: t.norm(x), np.array([1e100, 1e100])),
    "max at ties": (lambda t, x: t.max(x), TIED),
    "max 1 at ties": (lambda t, x: t.max(x, 1), TIED),
    "min 0 at ties": (lambda t, x: t.min(x, 0), TIED),
    "max with nan": (lambda t, x: t.max(x, 0).values.detach(), np.array([1.0, nan, 2.0])),
    "max of two": (lambda t, x: t.max(x, x.flip(0)), TIED),
    "min of two": (lambda t, x: t.min(x, x * 0), TIED),
    "sort at ties": (lambda t, x: t.sort(x, dim=1, stable=True), TIED),
    "sort falling at ties": (lambda t, x: t.sort(x, dim=1, stable=True, descending=True), TIED),
    "topk of none": (lambda t, x: t.topk(x, 0), normal(3)),
    "isclose": (lambda t, x: t.isclose(x, x + 1e-9), EDGES),
    "isclose, nan too": (lambda t, x: t.isclose(x, x + 0, equal_nan=True), EDGES),
    "isnan": (lambda t, x: t.isnan(x), EDGES),
    "isinf": (lambda t, x: t.isinf(x), EDGES),
    "isfinite": (lambda t, x: t.isfinite(x), EDGES),
    "all with nan": (lambda t, x: (t.all(x), t.any(x)), np.array([nan, 0.0])),
}


@cases(EXTREMES)
def test_where_care_is_needed(case: tuple[Call, Any]) -> None:
    parity(case[0], case[1], orders=1)


@pytest.mark.parametrize("equal_nan", [False, True])
def test_allclose_and_equal(equal_nan: bool) -> None:
    for a in (EDGES, EDGES[:7], np.zeros((0, 2))):
        for b in (a, a + 1e-9, a + 1.0, a.reshape(1, *a.shape)):
            x, y = (chainrule.tensor(a), chainrule.tensor(b)), (torch.tensor(a), torch.tensor(b))
            assert chainrule.allclose(*x, equal_nan=equal_nan) is torch.allclose(*y, equal_nan=equal_nan)
            assert chainrule.equal(*x) is torch.equal(*y)


# ---------------------------------------------------------------------------------------- of several tensors

PLACES, MASK = np.array([[0, 1, 1], [2, 0, 1]]), np.array([[True, False, True], [False, False, True]])
SEVERAL: dict[str, tuple[Any, ...]] = {
    "lerp": (lambda t, x, y: t.lerp(x, y, 0.3), normal(2, 3), normal(2, 3)),
    "lerp by a tensor": (lambda t, x, y, w: t.lerp(x, y, w), normal(2, 3), normal(3), normal(2, 1)),
    "addcmul": (lambda t, x, y, z: t.addcmul(x, y, z, value=0.5), normal(2, 3), normal(3), normal(2, 1)),
    "addcdiv": (lambda t, x, y, z: t.addcdiv(x, y, z, value=2), normal(2, 3), normal(3), positive(2, 1)),
    "logical_and": (lambda t, x, y: t.logical_and(x, y), INTEGERS, TIED),
    "logical_or": (lambda t, x, y: t.logical_or(x, y), INTEGERS, BOOLS),
    "logical_xor": (lambda t, x, y: t.logical_xor(x, y), TIED, BOOLS),
    "expand_as": (lambda t, x, y: x.expand_as(y), normal(2, 1), normal(2, 3)),
    "broadcast_to": (lambda t, x: t.broadcast_to(x, (4, 2, 3)), normal(2, 1)),
    "scatter": (lambda t, x, i, y: t.scatter(x, 0, i, y), normal(3, 3), np.array([[0, 1, 2]]), normal(1, 3)),
    "scatter a number": (lambda t, x, i: x.scatter(-1, i, 2.0), normal(2, 3), PLACES[:, :1]),
    "scatter_add": (lambda t, x, i, y: t.scatter_add(x, 1, i, y), normal(2, 3), PLACES, normal(2, 3)),
    "scatter_add, a smaller index": (
        lambda t, x, i, y: x.scatter_add(0, i, y), normal(3, 4), PLACES, normal(2, 3),
    ),
    "scatter_add 1-d": (lambda t, x, i, y: x.scatter_add(0, i, y), normal(4), np.array([1, 1, 3]), normal(3)),
    "take_along_dim": (lambda t, x, i: t.take_along_dim(x, i, 1), normal(2, 3), PLACES),
    "take_along_dim broadcasts": (lambda t, x, i: t.take_along_dim(x, i, 1), normal(1, 3), PLACES),
    "take_along_dim broadcasts the index": (lambda t, x, i: t.take_along_dim(x, i, -1), normal(4, 3), PLACES[:1]),
    "take_along_dim flat": (lambda t, x, i: t.take_along_dim(x, i), normal(2, 3), np.array([5, 0])),
    "masked_fill broadcasts": (lambda t, x, m: x.masked_fill(m, -1.0), normal(2, 3), MASK[0]),
    "masked_fill integers": (lambda t, x, m: t.masked_fill(x, m, 9), INTEGERS, MASK),
    "masked_fill -inf": (lambda t, x, m: x.masked_fill(m, -inf), normal(2, 3), MASK),
    "masked_select broadcasts": (lambda t, x, m: t.masked_select(x, m), normal(2, 3), MASK[1]),
    "index_select": (lambda t, x, i: t.index_select(x, 0, i), normal(3, 2), np.array([2, 2, 0])),
    "vstack": (lambda t, x, y: t.vstack((x, y)), normal(3), normal(2, 3)),
    "hstack": (lambda t, x, y: t.hstack((x, y)), normal(2, 1), normal(2, 3)),
    "hstack numbers": (lambda t, x, y: t.hstack([x, y]), normal(), normal(2)),
    "one_hot": (lambda t, i: t.nn.functional.one_hot(i), PLACES),
    "one_hot wide": (lambda t, i: t.nn.functional.one_hot(i, 5), PLACES),
    "one_hot 0-d": (lambda t, i: t.nn.functional.one_hot(i, 4), np.array(2)),
    "unflatten": (lambda t, x: t.unflatten(x, 1, (3, -1)), normal(2, 6, 2)),
    "mm": (lambda t, x, y: t.mm(x, y), normal(2, 3), normal(3, 4)),
    "mv": (lambda t, x, y: t.mv(x, y), normal(2, 3), normal(3)),
    "bmm": (lambda t, x, y: t.bmm(x, y), normal(4, 2, 3), normal(4, 3, 1)),
    "bmm empty": (lambda t, x, y: t.bmm(x, y), normal(0, 2, 3), normal(0, 3, 1)),
    "dot": (lambda t, x, y: t.dot(x, y), normal(3), normal(3)),
    "dot empty": (lambda t, x, y: t.dot(x, y), normal(0), normal(0)),
    "outer": (lambda t, x, y: t.outer(x, y), normal(2), normal(3)),
    "addmm": (lambda t, z, x, y: t.addmm(z, x, y), normal(4), normal(2, 3), normal(3, 4)),
    "addmm scaled": (
        lambda t, z, x, y: t.addmm(z, x, y, beta=0.5, alpha=-2), normal(2, 1), normal(2, 3), normal(3, 4),
    ),
    "mm transposed": (lambda t, x, y: t.mm(x, y), normal(3, 2).T, expanded(normal(3, 1), 3, 4)),
    "mm integers": (lambda t, x, y: t.mm(x, y), INTEGERS, INTEGERS.T.copy()),
    "matmul 1-d 3-d": (lambda t, x, y: x @ y, normal(3), normal(2, 3, 4)),
    "matmul broadcast": (lambda t, x, y: t.matmul(x, y), normal(2, 1, 3, 4), normal(5, 4, 2)),
}  # fmt: skip


@cases(SEVERAL)
def test_of_several_tensors(case: tuple[Any, ...]) -> None:
    parity(*case)


PADS = [
    (mode, pad)
    for mode, pads in {
        "constant": [(1, 2), (0, 0), (1, 0, 2, 1), (-1, 2), (-1, -1, 0, 1)],
        "reflect": [(1, 2), (2, 1, 1, 0)],
        "replicate": [(1, 2), (4, 0, 1, 3)],
        "circular": [(1, 2), (0, 1, 2, 0)],
    }.items()
    for pad in pads
]


@pytest.mark.parametrize(("mode", "pad"), PADS)
def test_pad(mode: str, pad: tuple[int, ...]) -> None:
    for value in (None, 2.5) if mode == "constant" else (None,):
        x = normal(2, 2, 3, 4) if len(pad) == 4 else normal(2, 3, 4)
        parity(lambda t, x, value=value: t.nn.functional.pad(x, pad, mode=mode, value=value), x)


# ---------------------------------------------------------------------------------------- einsum

EQUATIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "ij,kj->ki": ((2, 3), (4, 3)),
    "ij,jk": ((2, 3), (3, 4)),
    "ba": ((2, 3),),
    "ij->": ((2, 3),),
    "ij->j": ((2, 3),),
    "ij->ji": ((2, 3),),
    "ii->": ((3, 3),),
    "ii->i": ((3, 3),),
    "ii": ((3, 3),),
    "iji->j": ((2, 3, 2),),
    "iij->ij": ((2, 2, 3),),
    "i,i->": ((3,), (3,)),
    "i,j->ij": ((3,), (2,)),
    "i,j": ((3,), (2,)),
    "bij,bjk->bik": ((4, 2, 3), (4, 3, 2)),
    "bij,bjk->ik": ((4, 2, 3), (4, 3, 2)),
    "bi,oi->bo": ((2, 3), (4, 3)),
    "bi,oi,bo->b": ((2, 3), (4, 3), (2, 4)),
    "ij,jk,kl->il": ((2, 3), (3, 4), (4, 2)),
    "ij,ij,ij->ij": ((2, 3), (2, 3), (2, 3)),
    "a,b,c->cab": ((2,), (3,), (4,)),
    "bn,anm,bm->ba": ((2, 3), (4, 3, 5), (2, 5)),
    "...ij,...jk->...ik": ((5, 2, 3), (5, 3, 4)),
    "...ij,jk": ((5, 2, 3), (3, 4)),
    "...i->...": ((2, 3, 4),),
    "...": ((2, 3),),
    "i...->...i": ((2, 3, 4),),
    "...i,...i->...": ((2, 1, 3), (4, 3)),
    "...,...->...": ((2, 3), ()),
    "bhqd,bhkd->bhqk": ((2, 2, 3, 4), (2, 2, 5, 4)),
    "ij,jk->ik ": ((1, 3), (1, 4)),
    "i,i->i": ((1,), (3,)),
    "ij,ij->": ((2, 1), (2, 3)),
    "ij , jk -> ik": ((0, 3), (3, 4)),
    "ij,jk->ki": ((2, 0), (0, 4)),
    ",i->i": ((), (3,)),
    "->": ((),),
    "Ab,bA->A": ((2, 3), (3, 2)),
    "ii,ij->j": ((3, 3), (3, 2)),
    "ijk,ilm,njm,nlk->ijl": ((2, 3, 2), (2, 2, 3), (2, 3, 3), (2, 2, 2)),
    "ij,k->j": ((2, 3), (4,)),
}


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum(equation: str) -> None:
    xs = [normal(*shape) for shape in EQUATIONS[equation]]
    parity(lambda t, *xs: t.einsum(equation, *xs), *xs)
    parity(lambda t, *xs: t.einsum(equation, list(xs)), *[x.T.copy().T for x in xs])


# ---------------------------------------------------------------------------------------- refusals

x = chainrule.ones(2, 3)
BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "t of 3-d": (lambda: chainrule.ones(2, 3, 4).t(), ShapeError, r"t\(\) of shape \(2, 3, 4\).*x\.mT"),
    "transpose": (lambda: x.transpose(0, 2), LabelError, "transpose: dim=2 does not exist in a tensor with 2"),
    "unsqueeze": (lambda: x.unsqueeze(4), LabelError, "unsqueeze: dim=4 does not exist"),
    "squeeze": (lambda: x.squeeze(2), LabelError, "squeeze: dim=2 does not exist"),
    "flatten backwards": (lambda: x.flatten(1, 0), ArgumentError, "flatten from dim 1 to 0: the first comes after"),
    "stack of a tensor": (lambda: chainrule.stack(x), OperandError, r"stack takes a list of tensors.*\(2, 3\)"),
    "stack of nothing": (lambda: chainrule.stack([]), ArgumentError, "stack of no tensors"),
    "stack of shapes": (lambda: chainrule.stack([x, x[0]]), ShapeError, r"stack of shapes \(2, 3\) and \(3,\).*cat"),
    "squeeze twice": (lambda: x.squeeze((0, -2)), ArgumentError, "squeeze of .* named twice"),
    "narrow of a number": (lambda: x[0, 0].narrow(0, 0, 1), ShapeError, "narrow of a 0-d tensor: it is one number"),
    "narrow": (lambda: x.narrow(1, 2, 2), ShapeError, r"narrow of 2 places from 2 on along dim 1 of shape \(2, 3\)"),
    "split by 0": (lambda: x.split(0), ArgumentError, "split in parts of 0: a part has at least 1 place"),
    "split in sizes": (lambda: x.split([1, 1], 1), ShapeError, r"split in parts of \[1, 1\] .* add up to 2, not 3"),
    "chunk by 0": (lambda: x.chunk(0), ArgumentError, "chunk into 0 parts"),
    "repeat too few": (lambda: x.repeat(2), ShapeError, r"repeat of a tensor of shape \(2, 3\) by \(2,\)"),
    "pad odd": (lambda: ops.pad(x, (1,)), ArgumentError, r"pad=\(1,\) for a tensor with 2 dimensions"),
    "pad mode": (lambda: ops.pad(x, (1, 1), mode="mirror"), ArgumentError, "mode='mirror': choose 'constant'"),
    "pad reflect": (lambda: ops.pad(x, (3, 0), mode="reflect"), ShapeError, r"pad by \(3, 0\) .* size 3: at most 2"),
    "tril of a vector": (lambda: x[0].tril(), ShapeError, r"a triangle of a tensor of shape \(3,\)"),
    "diag of 3-d": (lambda: chainrule.diag(chainrule.ones(1, 2, 3)), ShapeError, r"diag of shape .*see diagonal"),
    "one_hot negative": (lambda: ops.one_hot(chainrule.tensor([-1])), ArgumentError, "one_hot of -1: class numbers"),
    "one_hot small": (lambda: ops.one_hot(chainrule.tensor([3]), 3), ArgumentError, "one_hot of 3 with num_classes=3"),
    "mm of vectors": (lambda: chainrule.mm(x, x[0]), ShapeError, r"mm of \(2, 3\) and \(3,\): it takes 2 and 2"),
    "mm of sizes": (lambda: chainrule.mm(x, x), ShapeError, r"matmul of \(2, 3\) and \(2, 3\).*x @ y\.mT"),
    "bmm batches": (
        lambda: chainrule.bmm(chainrule.ones(2, 1, 1), chainrule.ones(1, 1, 1)), ShapeError, "the batches differ",
    ),
    "dot": (lambda: chainrule.dot(x[0], x[0, :2]), ShapeError, r"dot of \(3,\) and \(2,\): vectors of one length"),
    "outer": (lambda: chainrule.outer(x, x), ShapeError, r"outer of \(2, 3\) and \(2, 3\): it takes two vectors"),
    "trace": (lambda: x[0].trace(), ShapeError, r"trace of shape \(3,\): it takes a matrix"),
    "matmul with a number": (lambda: x @ 2.0, OperandError, r"matmul with float: .* use \* for a number"),
    "einsum operands": (lambda: chainrule.einsum("ij,jk", x), ArgumentError, "names 2 operands and was given 1"),
    "einsum dimensions": (lambda: chainrule.einsum("ijk", x), ShapeError, r"'ijk' names 3 dimensions .* \(2, 3\)"),
    "einsum sizes": (lambda: chainrule.einsum("ij,ji", x, x), ShapeError, "the letter 'j' has sizes 3 and 2"),
    "einsum unknown": (lambda: chainrule.einsum("ij->ik", x), ArgumentError, "each letter on the right must stand"),
    "einsum twice": (lambda: chainrule.einsum("ij->ii", x), ArgumentError, "must stand once"),
    "topk": (lambda: x.topk(4), ArgumentError, "topk of 4 along dim -1: there are 3"),
    "max dim": (lambda: x.max(2), LabelError, "dim=2 does not exist"),
    "scatter past the end": (lambda: x.scatter(1, chainrule.tensor([[3]]), 1.0), LabelError, "out of bounds"),
    "index_select past the end": (lambda: x.index_select(1, chainrule.tensor([3])), LabelError, "index"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)
