"""PyTorch's own database of modules, which others wrote, run on every module chainrule has too.

Each is built in both libraries with the same options, given PyTorch's parameters, and called on the same inputs, in
training and in evaluation: outputs, buffers, and the gradients in inputs and parameters must be equal.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from parity import agree, flat
from samples import same

pytest.importorskip("expecttest")  # torch.testing._internal needs it
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it misses hypothesis, which it does not need here
    from torch.testing._internal.common_modules import module_db

from test_yardstick import here

import chainrule
from chainrule.errors import ChainruleError
from chainrule.tensor import Tensor

MODULES = [info for info in module_db if info.module_cls.__name__ in chainrule.nn.__all__]
MODULES = [info for info in MODULES if info.module_cls.__module__.startswith("torch.nn.modules")]
REFUSED = {
    "BatchNorm1d": "an empty batch in training, whose mean and variance would be nan",
    "BatchNorm2d": "an empty batch in training, whose mean and variance would be nan",
}
NOT_THERE = {  # made of functions that are tried by themselves, or of nothing: containers
    "Dropout", "Dropout2d", "Flatten", "Hardsigmoid", "Identity", "MaxUnpool1d", "MaxUnpool2d", "Module", "ModuleDict",
    "ModuleList", "Parameter", "ParameterList", "Sequential", "Unflatten",
}  # fmt: skip


def built(info: Any, given: Any) -> tuple[Any, Any]:
    """The module in PyTorch and here, with the same parameters and buffers."""
    torch.manual_seed(0)
    args, kwargs = given.constructor_input.args, given.constructor_input.kwargs
    theirs = info.module_cls(*args, **kwargs).double()
    (args, kwargs), _, _ = here((tuple(args), dict(kwargs)))
    ours = getattr(chainrule.nn, info.module_cls.__name__)(*args, **kwargs).double()
    ours.load_state_dict({name: Tensor(x.numpy().copy()) for name, x in theirs.state_dict().items()})
    return theirs, ours


def compare(info: Any, given: Any, training: bool) -> None:
    theirs, ours = built(info, given)
    theirs.train(training)
    ours.train(training)
    (args, kwargs), leaves, their_leaves = here((tuple(given.forward_input.args), dict(given.forward_input.kwargs)))
    torch.manual_seed(5)
    chainrule.manual_seed(5)
    expected = flat(theirs(*given.forward_input.args, **given.forward_input.kwargs))
    got = flat(ours(*args, **kwargs))
    names = [name for name, _ in theirs.named_parameters()]
    assert names == [name for name, _ in ours.named_parameters()]
    leaves += list(ours.parameters())
    their_leaves += list(theirs.parameters())
    agree(got, expected, leaves, their_leaves, orders=1, rtol=1e-7, atol=1e-8)
    for mine, other in zip(ours.buffers(), theirs.buffers(), strict=True):
        same(mine, other, 1e-9, 1e-10)
    assert repr(ours) == repr(theirs) or type(ours).__name__ in SHOWN_OTHERWISE


SHOWN_OTHERWISE: dict[str, str] = {}


def outcomes(info: Any, training: bool) -> tuple[int, list[str]]:
    """How many inputs came out as PyTorch's, and what was said to the others."""
    as_theirs, refused = 0, []
    torch.manual_seed(1)
    inputs = info.module_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=True, training=training)
    for given in inputs:
        if given.forward_input is None:
            continue
        try:
            compare(info, given, training)
        except ChainruleError as error:
            refused.append(f"{given.desc}: {error}")
            continue
        as_theirs += 1
    return as_theirs, refused


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("info", MODULES, ids=lambda info: info.module_cls.__name__)
@pytest.mark.filterwarnings("ignore:::torch", "ignore::UserWarning")
def test_modules(info: Any, training: bool) -> None:
    as_theirs, refused = outcomes(info, training)
    name = info.module_cls.__name__
    assert as_theirs or name in REFUSED
    assert not refused or name in REFUSED, refused


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused(name: str) -> None:
    (info,) = (info for info in MODULES if info.module_cls.__name__ == name)
    assert outcomes(info, True)[1], "stale: take it off the list"


def test_the_yardstick_is_long() -> None:
    tried = {info.module_cls.__name__ for info in MODULES}
    classes = {name for name in chainrule.nn.__all__ if isinstance(getattr(chainrule.nn, name), type)}
    assert classes - tried == NOT_THERE
    assert len(tried) >= 48
