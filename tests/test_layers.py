"""Modules with torch's own parameters: the same outputs, gradients, second gradients, running numbers and reprs."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from parity import agree, flat, in_torch, leaves_of
from samples import normal, positive, same

import chainrule
from chainrule import nn
from chainrule.errors import ArgumentError, OperandError, ShapeError
from chainrule.tensor import Tensor

Make = Callable[[Any], Any]
IMAGES, ROWS, LINES = normal(4, 4, 6, 6), normal(6, 4), normal(3, 4, 7)

LAYERS: dict[str, tuple[Make, Any]] = {
    "Conv1d": (lambda t: t.nn.Conv1d(4, 6, 3), LINES),
    "Conv1d unbatched": (lambda t: t.nn.Conv1d(4, 6, 3, padding=1), LINES[0]),
    "Conv1d options": (lambda t: t.nn.Conv1d(4, 6, 2, stride=2, padding=1, dilation=2, groups=2, bias=False), LINES),
    "Conv1d same": (lambda t: t.nn.Conv1d(4, 2, 3, padding="same"), LINES),
    "Conv2d": (lambda t: t.nn.Conv2d(4, 6, 3), IMAGES),
    "Conv2d options": (lambda t: t.nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, False), IMAGES),
    "Conv2d valid": (lambda t: t.nn.Conv2d(4, 2, 3, padding="valid"), IMAGES),
    "Conv2d reflect": (lambda t: t.nn.Conv2d(4, 2, 3, padding=2, padding_mode="reflect"), IMAGES),
    "Conv2d replicate": (lambda t: t.nn.Conv2d(4, 2, 3, padding=(1, 2), padding_mode="replicate"), IMAGES),
    "Conv2d circular": (lambda t: t.nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"), IMAGES),
    "Conv2d circular same": (lambda t: t.nn.Conv2d(4, 2, 3, padding="same", padding_mode="circular"), IMAGES),
    "MaxPool1d": (lambda t: t.nn.MaxPool1d(2), LINES),
    "MaxPool2d": (lambda t: t.nn.MaxPool2d(3, stride=2, padding=1), IMAGES),
    "MaxPool1d where": (lambda t: t.nn.MaxPool1d(3, 2, return_indices=True), LINES),
    "MaxPool2d where": (lambda t: t.nn.MaxPool2d(2, padding=1, return_indices=True), IMAGES),
    "MaxPool2d ceil": (lambda t: t.nn.MaxPool2d(4, ceil_mode=True, dilation=1), IMAGES),
    "AvgPool1d": (lambda t: t.nn.AvgPool1d(3, 1, 1), LINES),
    "AvgPool2d": (lambda t: t.nn.AvgPool2d(2, padding=1, count_include_pad=False), IMAGES),
    "AvgPool2d divisor": (lambda t: t.nn.AvgPool2d((2, 3), divisor_override=5), IMAGES),
    "LPPool1d": (lambda t: t.nn.LPPool1d(2, 2), LINES),
    "LPPool2d": (lambda t: t.nn.LPPool2d(2, 2, stride=1), IMAGES),
    "AdaptiveAvgPool1d": (lambda t: t.nn.AdaptiveAvgPool1d(3), LINES),
    "AdaptiveAvgPool2d": (lambda t: t.nn.AdaptiveAvgPool2d((2, 4)), IMAGES),
    "AdaptiveMaxPool1d": (lambda t: t.nn.AdaptiveMaxPool1d(2), LINES),
    "AdaptiveMaxPool2d": (lambda t: t.nn.AdaptiveMaxPool2d(4), IMAGES),
    "AdaptiveMaxPool1d where": (lambda t: t.nn.AdaptiveMaxPool1d(3, return_indices=True), LINES),
    "AdaptiveMaxPool2d where": (lambda t: t.nn.AdaptiveMaxPool2d((3, 4), return_indices=True), IMAGES),
    "BatchNorm1d": (lambda t: t.nn.BatchNorm1d(4), ROWS),
    "BatchNorm1d of lines": (lambda t: t.nn.BatchNorm1d(4, eps=1e-2), LINES),
    "BatchNorm1d plain": (lambda t: t.nn.BatchNorm1d(4, affine=False), ROWS),
    "BatchNorm2d": (lambda t: t.nn.BatchNorm2d(4), IMAGES),
    "BatchNorm2d average": (lambda t: t.nn.BatchNorm2d(4, momentum=None), IMAGES),
    "BatchNorm2d untracked": (lambda t: t.nn.BatchNorm2d(4, track_running_stats=False), IMAGES),
    "LayerNorm": (lambda t: t.nn.LayerNorm(4), ROWS),
    "LayerNorm of images": (lambda t: t.nn.LayerNorm((6, 6), eps=1e-3), IMAGES),
    "LayerNorm plain": (lambda t: t.nn.LayerNorm(4, elementwise_affine=False), ROWS),
    "LayerNorm without bias": (lambda t: t.nn.LayerNorm(4, bias=False), ROWS),
    "GroupNorm": (lambda t: t.nn.GroupNorm(2, 4), IMAGES),
    "GroupNorm plain": (lambda t: t.nn.GroupNorm(4, 4, affine=False), ROWS),
    "Embedding": (lambda t: t.nn.Embedding(5, 3), np.array([[1, 4], [0, 1]])),
    "Embedding padded": (lambda t: t.nn.Embedding(5, 3, padding_idx=-1), np.array([4, 1, 1])),
    "PReLU": (lambda t: t.nn.PReLU(), ROWS),
    "PReLU of channels": (lambda t: t.nn.PReLU(4, init=0.1), IMAGES),
    "Flatten": (lambda t: t.nn.Flatten(), IMAGES),
    "Unflatten": (lambda t: t.nn.Unflatten(1, (2, 2)), ROWS),
    "Identity": (lambda t: t.nn.Identity(1, a=2), ROWS),
    "Dropout asleep": (lambda t: t.nn.Dropout(0.3).eval(), ROWS),
    "Dropout2d asleep": (lambda t: t.nn.Dropout2d(0.3).eval(), IMAGES),
    "Softmax": (lambda t: t.nn.Softmax(dim=1), ROWS),
    "LogSoftmax": (lambda t: t.nn.LogSoftmax(dim=1), ROWS),
    "Softmin": (lambda t: t.nn.Softmin(dim=0), ROWS),
    "LeNet": (
        lambda t: t.nn.Sequential(
            t.nn.Conv2d(4, 6, 3, padding=1), t.nn.BatchNorm2d(6), t.nn.ReLU(), t.nn.MaxPool2d(2),
            t.nn.Conv2d(6, 8, 2), t.nn.Tanh(), t.nn.AvgPool2d(2), t.nn.Flatten(), t.nn.Linear(8, 3),
        ),
        IMAGES,
    ),
} | {
    name: (lambda t, name=name, options=options: getattr(t.nn, name)(**options), ROWS)
    for name, options in {
        "ReLU": {}, "LeakyReLU": {"negative_slope": 0.2}, "ReLU6": {}, "ELU": {"alpha": 0.7}, "SELU": {}, "GELU": {},
        "SiLU": {}, "Mish": {}, "Softplus": {"beta": 2}, "Softsign": {}, "Hardtanh": {"min_val": -0.5},
        "Hardswish": {}, "Sigmoid": {}, "LogSigmoid": {}, "Tanh": {},
    }.items()
}  # fmt: skip


def twins(make: Make) -> tuple[Any, Any]:
    """The module here and in torch, in float64, with torch's parameters (none of them 0 or 1)."""
    theirs = make(torch).double()
    with torch.no_grad():
        for p in theirs.parameters():
            if p.ndim == 1:
                p.copy_(torch.tensor(normal(*p.shape)))
    mine = make(chainrule).double()
    mine.load_state_dict(theirs.state_dict())
    return mine, theirs


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_torchs(name: str) -> None:
    make, array = LAYERS[name]
    mine, theirs = twins(make)
    (x,), xs = leaves_of([array], Tensor)
    (y,), ys = leaves_of([array], in_torch)
    agree(
        flat(mine(x)), flat(theirs(y)), [*xs, *mine.parameters()], [*ys, *theirs.parameters()], rtol=1e-10, atol=1e-11
    )
    for a, b in zip(mine.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert a[0] == b[0]
        same(a[1], b[1])


@pytest.mark.parametrize("name", LAYERS)
def test_reprs_are_torchs(name: str) -> None:
    make, _ = LAYERS[name]
    assert repr(make(chainrule)) == repr(make(torch))


@pytest.mark.parametrize("name", LAYERS)
def test_first_weights_are_torchs(name: str) -> None:
    make, _ = LAYERS[name]
    chainrule.manual_seed(5)
    torch.manual_seed(5)
    mine, theirs = make(chainrule), make(torch)
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6, atol=1e-7)
        assert a.requires_grad == b.requires_grad


RUNNING = [name for name in LAYERS if name.startswith("BatchNorm")]


@pytest.mark.parametrize("name", RUNNING)
def test_running_numbers_after_several_steps(name: str) -> None:
    make, array = LAYERS[name]
    mine, theirs = twins(make)
    for step in range(4):
        batch = array[: 2 + step] * (1 + step) + step
        same(mine(chainrule.tensor(batch)), theirs(torch.tensor(batch)), rtol=1e-10, atol=1e-11)
    for a, b in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True):
        same(a, b)
    mine.eval(), theirs.eval()
    (x,), (y,) = leaves_of([array], Tensor)[1], leaves_of([array], in_torch)[1]
    agree([mine(x)], [theirs(y)], [x, *mine.parameters()], [y, *theirs.parameters()], rtol=1e-10, atol=1e-11)
    for a, b in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True):
        same(a, b)


def test_dropout_drops_in_training_only() -> None:
    for layer, x in ((nn.Dropout(0.4), chainrule.ones(500)), (nn.Dropout2d(0.4), chainrule.ones(20, 25, 2, 2))):
        dropped = (layer(x) == 0).float().mean().item()
        assert 0.3 < dropped < 0.5
        assert layer.eval()(x) is x
        assert "p=0.4, inplace=False" in repr(layer)


LOSSES: dict[str, tuple[Make, tuple[Any, ...]]] = {
    "MSELoss": (lambda t: t.nn.MSELoss(), (ROWS, ROWS[::-1].copy())),
    "SmoothL1Loss": (lambda t: t.nn.SmoothL1Loss(beta=0.5), (ROWS, ROWS[::-1].copy())),
    "HuberLoss": (lambda t: t.nn.HuberLoss(reduction="sum", delta=0.3), (ROWS, ROWS[::-1].copy())),
    "L1Loss": (lambda t: t.nn.L1Loss(reduction="none"), (ROWS, ROWS[::-1].copy())),
    "BCELoss": (lambda t: t.nn.BCELoss(), (1 / (1 + np.exp(-ROWS)), (ROWS > 0).astype(float))),
    "BCEWithLogitsLoss": (
        lambda t: t.nn.BCEWithLogitsLoss(pos_weight=t.tensor([1.0, 2.0, 3.0, 4.0], dtype=t.float64)),
        (ROWS, (ROWS > 0).astype(float)),
    ),
    "HingeEmbeddingLoss": (lambda t: t.nn.HingeEmbeddingLoss(margin=0.4), (ROWS, np.where(ROWS > 0, 1, -1))),
    "CosineEmbeddingLoss": (
        lambda t: t.nn.CosineEmbeddingLoss(0.2), (ROWS, ROWS[::-1].copy(), np.array([1, -1, 1, -1, 1, -1])),
    ),
    "MultiMarginLoss": (
        lambda t: t.nn.MultiMarginLoss(p=2, margin=0.5, reduction="none"), (ROWS, np.array([0, 1, 2, 3, 0, 1])),
    ),
    "NLLLoss": (lambda t: t.nn.NLLLoss(ignore_index=1), (ROWS, np.array([0, 1, 2, 3, 0, 1]))),
    "CrossEntropyLoss": (
        lambda t: t.nn.CrossEntropyLoss(
            weight=t.tensor([1.0, 2.0, 0.5, 0.1], dtype=t.float64), ignore_index=3, label_smoothing=0.1
        ),
        (ROWS, np.array([0, 1, 2, 3, 0, 1])),
    ),
    "KLDivLoss": (lambda t: t.nn.KLDivLoss(reduction="batchmean", log_target=True), (ROWS, ROWS[::-1].copy())),
    "GaussianNLLLoss": (lambda t: t.nn.GaussianNLLLoss(full=True), (ROWS, ROWS[::-1].copy(), positive(6, 4))),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_torchs(name: str) -> None:
    make, arrays = LOSSES[name]
    given, leaves = leaves_of(list(arrays), Tensor)
    theirs, torch_leaves = leaves_of(list(arrays), in_torch)
    orders = 1 if name == "MultiMarginLoss" else 2
    agree([make(chainrule)(*given)], [make(torch)(*theirs)], leaves, torch_leaves, orders, rtol=1e-11, atol=1e-12)
    assert repr(make(chainrule)) == repr(make(torch))
    assert list(make(chainrule).state_dict()) == list(make(torch).state_dict())


def test_every_module_is_tried_here_or_in_test_nn() -> None:
    base = {"Module", "Parameter", "Linear", "Sequential", "ModuleList", "ModuleDict", "ParameterList"}
    modules = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)}
    tried = {name.split()[0] for name in [*LAYERS, *LOSSES]} | {
        "Dropout",
        "Dropout2d",
        "Hardsigmoid",
        "MaxUnpool1d",
        "MaxUnpool2d",
    }
    assert modules - base <= tried


# ---------------------------------------------------------------------------------------- containers, helpers


def test_containers_hold_what_torchs_hold() -> None:
    for t in (chainrule, torch):
        layers = t.nn.ModuleList([t.nn.Linear(2, 2), t.nn.ReLU()])
        layers.append(t.nn.Linear(2, 1)).extend([t.nn.Tanh()])
        layers.insert(1, t.nn.Identity())
        assert [type(m).__name__ for m in layers] == ["Linear", "Identity", "ReLU", "Linear", "Tanh"]
        assert list(layers.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]
        layers[1] = t.nn.ELU()
        assert [type(m).__name__ for m in layers[1:3]] == ["ELU", "ReLU"]
        assert type(layers[1:3]).__name__ == "ModuleList"
        named = t.nn.ModuleDict({"a": t.nn.Linear(1, 1)})
        named.update({"b": t.nn.ReLU()})
        named["c"] = t.nn.Tanh()
        del named["b"]
        assert (list(named), "a" in named, len(named), list(named.keys())) == (["a", "c"], True, 2, ["a", "c"])
        assert [name for name, _ in named.items()] == ["a", "c"]
        held = t.nn.ParameterList([t.zeros(2), t.nn.Parameter(t.ones(1))])
        held.append(t.ones(3))
        assert [tuple(p.shape) for p in held] == [(2,), (1,), (3,)]
        assert list(held.state_dict()) == ["0", "1", "2"]
        assert held[-1].requires_grad


def test_parameters_as_a_vector() -> None:
    vectors = []
    for t in (chainrule, torch):
        model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.Linear(3, 1))
        for i, p in enumerate(model.parameters()):
            p.data = (t.arange(p.numel()) + 10.5 * i).reshape(p.shape)
        vector = t.nn.utils.parameters_to_vector(model.parameters())
        t.nn.utils.vector_to_parameters(vector.detach() * 2, model.parameters())
        vectors.append((vector.tolist(), t.nn.utils.parameters_to_vector(model.parameters()).tolist()))
    assert vectors[0] == vectors[1]
    with pytest.raises(ShapeError, match="a vector of 2 numbers for parameters of 3 in all"):
        nn.utils.vector_to_parameters(chainrule.ones(2), nn.Linear(2, 1).parameters())


@pytest.mark.parametrize("norm_type", [2.0, 1.0, float("inf"), 3.0])
@pytest.mark.parametrize("most", [0.1, 1e6])
def test_clipping(most: float, norm_type: float) -> None:
    results = []
    for t in (chainrule, torch):
        ps = [t.tensor(normal_, requires_grad=True) for normal_ in (ROWS, LINES)]
        sum((p**2).sum() for p in ps).backward()
        total = t.nn.utils.clip_grad_norm_(ps, most, norm_type=norm_type)
        results.append([total, *(p.grad for p in ps)])
        t.nn.utils.clip_grad_value_(ps, 0.05)
        results[-1] += [p.grad for p in ps]
    for a, b in zip(*results, strict=True):
        same(a, b)


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "conv groups": (lambda: nn.Conv2d(3, 4, 3, groups=2), ArgumentError, "3 and 4 channels in 2 groups"),
    "conv mode": (lambda: nn.Conv2d(1, 1, 3, padding_mode="mirror"), ArgumentError, "padding_mode='mirror': choose"),
    "norm dims": (lambda: nn.BatchNorm1d(3)(chainrule.ones(1, 3, 2, 2)), ShapeError, r"BatchNorm1d of shape \(1, 3"),
    "dropout": (lambda: nn.Dropout(-0.1), ArgumentError, "Dropout with p=-0.1"),
    "embedding": (lambda: nn.Embedding(3, 2, padding_idx=3), ArgumentError, "padding_idx=3 with 3 embeddings"),
    "pool": (lambda: nn.MaxPool2d(), ArgumentError, "MaxPool2d needs kernel_size"),
    "option": (lambda: nn.ELU(beta=1), ArgumentError, "ELU takes alpha, inplace, and was given"),
    "too many": (lambda: nn.Sigmoid(1), ArgumentError, "Sigmoid takes no options"),
    "module in a list": (lambda: nn.ModuleList([1]), OperandError, "ModuleList was given int at place 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------------------------------- memory

FAULTS = """
import resource, chainrule
layer, x = chainrule.nn.Conv2d(1, 6, 5, padding=2), chainrule.randn(64, 1, 28, 28).requires_grad_()
def faults():
    for _ in range(4):
        (layer(x) ** 2).mean().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
faults()
print(-faults() + faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how another C library keeps memory is its own affair")
def test_memory_that_is_let_go_is_used_again() -> None:
    """Four steps ask for 20 MB of columns, twice: ten thousand new pages, were they given back each time."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, env=bare, check=True)
    assert int(done.stdout) < 500


@pytest.mark.parametrize("given", [(4, 6, 28, 28), (3, 4)], ids=str)
def test_norms_take_the_memory_as_it_lies(given: tuple[int, ...]) -> None:
    """The same numbers in another order in memory: the same results, forward and backward, but for rounding.

    A sum of n numbers is off by at most n eps times the sum of their absolute values.  Means and variances are such
    sums, of numbers below 2.1, and what they are off by comes back less than 100 times as large in each of the n terms
    (3 h² times h at most, where |h| < 2) of a gradient.
    """
    array = normal(*given)
    layers = [nn.LayerNorm(given[1:]), nn.GroupNorm(2, given[1])] + ([nn.BatchNorm2d(6)] if len(given) == 4 else [])
    for layer in layers:
        layer.double()
        found = []
        for order in ("C", "F"):
            x = chainrule.from_numpy(np.asarray(array, order=order)).requires_grad_()
            layer.zero_grad()
            (layer(x) ** 3).sum().backward()
            found.append([x.grad, *(p.grad for p in layer.parameters())])
        for a, b in zip(*found, strict=True):
            same(a, b, rtol=0, atol=100 * array.size**2 * np.finfo(array.dtype).eps)
