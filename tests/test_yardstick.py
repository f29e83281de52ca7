"""PyTorch's own database of operators and samples, which others wrote, run on every name chainrule has too.

What chainrule refuses on purpose is listed with the reason; a reason that refuses nothing any more is stale.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from parity import agree, flat

pytest.importorskip("expecttest")  # torch.testing._internal needs it
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it misses hypothesis, which it does not need here
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_optimizers import optim_db

import chainrule
from chainrule.errors import ChainruleError
from chainrule.nn import functional as F
from chainrule.tensor import Tensor

MOST = 12  # samples of an operator
DTYPES = {getattr(torch, n): getattr(chainrule, n) for n in ["float32", "float64", "int64", "int32", "uint8", "bool"]}

REORDERED: dict[str, Callable[..., Any]] = {  # PyTorch's samples put the differentiable input first
    "einsum": lambda xs, equation: chainrule.einsum(equation, *xs),
    "where": lambda x, condition, y: chainrule.where(condition, x, y),
    "nn.functional.embedding": lambda weight, index, **more: F.embedding(index, weight, **more),
}
UNTRIED = {
    "chance": "bernoulli multinomial normal rand_like randint randint_like randn randn_like nn.functional.dropout "
    "nn.functional.dropout2d",  # test_random and test_functional_parity compare draws after the same seed
    "whatever the memory held": "empty empty_like",
    "in place, on a leaf": "zero_",
}
SKIPPED = {name: reason for reason, names in UNTRIED.items() for name in names.split()}
REFUSED = {
    "clamp": "bounds are numbers; for tensors, maximum and minimum",
    "div": "rounding_mode: write floor_divide or trunc(x / y)",
    "gather": "an index with other dimensions than the input",
    "index_select": "of a number",
    "norm": "the nuclear norm",
    "repeat_interleave": "output_size",
    "take_along_dim": "places counted from the end",
    "cat": "an empty vector among matrices",
    "nn.functional.avg_pool2d": "an empty tuple for a stride",
    "nn.functional.batch_norm": "an input without channels",
    "nn.functional.instance_norm": "running numbers",
    "nn.functional.multi_margin_loss": "of a number",
    "nn.functional.pad": "negative widths in modes other than 'constant'",
}


def ours(name: str) -> Any:
    """The function of that name here, or None."""
    if name.startswith("nn.functional."):
        found = getattr(F, name.removeprefix("nn.functional."), None) if name[14:] in F.__all__ else None
    else:
        found = getattr(chainrule, name) if name in chainrule.__all__ else getattr(Tensor, name, None)
    return REORDERED.get(name) or (found if callable(found) else None)


OPERATORS = [op for op in op_db if torch.float64 in op.dtypes and ours(op.name) and not op.name.startswith("__")]
TRIED = [op for op in OPERATORS if op.name not in SKIPPED]


def here(given: Any) -> tuple[Any, list[Any], list[Any]]:
    """PyTorch's arguments as ours, with the leaves among ours and theirs."""
    leaves: list[Any] = []
    theirs: list[Any] = []
    known: dict[int, Tensor] = {}  # one tensor may be given twice

    def change(x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            if id(x) in known:
                return known[id(x)]
            mine = known[id(x)] = Tensor(x.numpy(force=True).copy(), requires_grad=x.requires_grad)
            if x.requires_grad:
                leaves.append(mine)
                theirs.append(x)
            return mine
        if isinstance(x, torch.Size):
            return tuple(x)
        if isinstance(x, list | tuple):
            return type(x)(change(part) for part in x)
        if isinstance(x, dict):
            return {key: change(part) for key, part in x.items()}
        return DTYPES.get(x, x) if isinstance(x, torch.dtype) else x

    return change(given), leaves, theirs


def outcomes(op: Any) -> tuple[int, list[str]]:
    """How many samples came out as PyTorch's, and what was said to the others."""
    torch.manual_seed(0)
    same, refused = 0, []
    for sample in islice(op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd), MOST):
        (args, kwargs), leaves, theirs = here(((sample.input, *sample.args), sample.kwargs))
        expected = flat(op(sample.input, *sample.args, **sample.kwargs))
        try:
            got = flat(ours(op.name)(*args, **kwargs))
        except ChainruleError as error:
            refused.append(str(error))
            continue
        except TypeError as error:
            if "keyword argument" not in str(error):
                raise
            refused.append(str(error))
            continue
        orders = 0 if op.name == "norm" and 0 in args[1:] else 1  # of order 0: ours has no gradient, PyTorch's is 0
        if not orders:
            got, expected, leaves, theirs = [x.detach() for x in got], [x.detach() for x in expected], [], []
        agree(got, expected, leaves, theirs, orders=orders, rtol=1e-7, atol=1e-8)
        same += 1
    return same, refused


@pytest.mark.parametrize("op", TRIED, ids=lambda op: op.formatted_name)
@pytest.mark.filterwarnings("ignore:::torch", "ignore::UserWarning")
def test_operators(op: Any) -> None:
    same, refused = outcomes(op)
    assert same or refused
    assert not refused or op.name in REFUSED, refused[0]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_refused_is_refused(name: str) -> None:
    assert any(outcomes(op)[1] for op in TRIED if op.name == name), "stale: take it off the list"


def test_the_yardstick_is_long() -> None:
    assert len({op.name for op in TRIED}) > 190
    assert not set(SKIPPED) - {op.name for op in op_db}


# ---------------------------------------------------------------------------------------- in place

IN_PLACE = [op for op in OPERATORS if op.inplace_variant is not None and op.name not in SKIPPED]
NO_GRADIENT_THERE = {"acosh", "asinh", "atanh"}  # "the derivative for 'inplace version of asinh' is not implemented"


def form(op: Any) -> Callable[..., Any]:
    """The same in-place form here: a method such as add_, or a function with inplace=True."""
    if op.name.startswith("nn.functional."):
        return lambda x, *args, **more: ours(op.name)(x, *args, **more, inplace=True)
    name = op.inplace_variant.__name__
    assert hasattr(Tensor, name), f"PyTorch has {name}"
    return getattr(Tensor, name)


def in_place(op: Any) -> tuple[int, list[str]]:
    """How many samples came out as PyTorch's when changed in place: numbers, dtype, gradient, and what is refused."""
    torch.manual_seed(0)
    same, refused = 0, []
    for sample in islice(op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd), MOST):
        if sample.broadcasts_input or not isinstance(sample.input, torch.Tensor):
            continue
        (args, kwargs), leaves, theirs = here(((sample.input, *sample.args), sample.kwargs))
        try:
            expected = op.inplace_variant(sample.input.clone(), *sample.args, **sample.kwargs)
        except RuntimeError:
            with pytest.raises(ChainruleError):
                form(op)(args[0].clone(), *args[1:], **kwargs)
            continue
        changed = args[0].clone()
        try:
            got = form(op)(changed, *args[1:], **kwargs)
        except (ChainruleError, TypeError) as error:
            if not isinstance(error, ChainruleError) and "keyword argument" not in str(error):
                raise
            refused.append(str(error))
            continue
        assert got is changed
        differentiable = expected.requires_grad and op.name not in NO_GRADIENT_THERE
        if not differentiable:
            got, expected, leaves, theirs = got.detach(), expected.detach(), [], []
        agree([got], [expected], leaves, theirs, orders=int(differentiable), rtol=1e-7, atol=1e-8)
        same += 1
    return same, refused


@pytest.mark.parametrize("op", IN_PLACE, ids=lambda op: op.formatted_name)
@pytest.mark.filterwarnings("ignore:::torch", "ignore::UserWarning")
def test_in_place(op: Any) -> None:
    same, refused = in_place(op)
    assert same or refused
    assert not refused or op.name in REFUSED, refused[0]


def test_many_are_changed_in_place() -> None:
    assert len(IN_PLACE) > 70


OPTIMIZERS = [info for info in optim_db if hasattr(chainrule.optim, info.optim_cls.__name__)]
NOT_HERE = {"foreach", "fused", "capturable", "differentiable"}  # ways PyTorch computes the same


def of(lib: Any, value: Any) -> Any:
    """A learning rate that is a tensor as one of that library."""
    return Tensor(value.numpy()) if lib is chainrule and isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("info", OPTIMIZERS, ids=lambda info: info.optim_cls.__name__)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_optimizers(info: Any) -> None:
    tried = 0
    for given in info.optim_inputs_func(device="cpu"):
        options = {k: v for k, v in given.kwargs.items() if k not in NOT_HERE}
        if any(isinstance(v, torch.Tensor) for v in flat([v for k, v in options.items() if k != "lr"])):
            continue  # betas that are tensors
        walked = []
        for lib in (chainrule, torch):
            p = lib.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=lib.float64, requires_grad=True)
            optimizer = getattr(lib.optim, info.optim_cls.__name__)([p], **{k: of(lib, v) for k, v in options.items()})
            for _ in range(20):
                optimizer.zero_grad()
                ((p - 1.0) ** 4).sum().backward()
                optimizer.step()
            walked.append(p.detach().numpy().copy())
        assert abs(walked[0] - walked[1]).max() < 1e-6, given.desc
        tried += 1
    assert tried > 2


def test_there_are_optimizers() -> None:
    assert len(OPTIMIZERS) >= 10
