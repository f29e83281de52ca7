"""``nn.functional``: layers, activations and losses are PyTorch's, at orders 0, 1 and 2; mistakes are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from samples import same

import chainrule
from chainrule.autograd import gradcheck, gradgradcheck
from chainrule.errors import ArgumentError, DtypeError, LabelError, ShapeError
from chainrule.nn import functional as F

T = torch.nn.functional
LABELS = np.array([2, 0, 1, 2])


def normal(*shape: int, seed: int = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


Call = Callable[[Any, Any, Any], Any]  # (functional, library, x) -> result


def linear(x: Any = None, weight: Any = None, bias: Any = None) -> Call:
    """A linear layer in which what is None is the input under test; a bias of () is none at all."""

    def call(f: Any, lib: Any, given: Any) -> Any:
        return f.linear(*(given if a is None else lib.tensor(a) for a in (x, weight, bias) if a is None or a.size))

    return call


W, B, NO_BIAS = normal(2, 3), normal(2), np.zeros(0)
FORMS: dict[str, tuple[Any, Call]] = {
    "linear": (normal(4, 3), linear(weight=W, bias=B)),
    "linear, no bias": (normal(4, 3), linear(weight=W, bias=NO_BIAS)),
    "linear of a vector": (normal(3), linear(weight=W, bias=B)),
    "linear of stacks": (normal(2, 4, 3), linear(weight=W, bias=B)),
    "linear in its weight": (W, linear(normal(4, 3), bias=B)),
    "linear in its bias": (B, linear(normal(4, 3), weight=W)),
    "relu": (normal(2, 3), lambda f, lib, x: f.relu(x)),
    "relu at 0": (np.zeros(3), lambda f, lib, x: f.relu(x)),
    "sigmoid": (normal(2, 3), lambda f, lib, x: f.sigmoid(x)),
    "tanh": (normal(2, 3), lambda f, lib, x: f.tanh(x)),
    "logsigmoid": (normal(2, 3) * 30, lambda f, lib, x: f.logsigmoid(x)),
    "softmax": (normal(2, 3), lambda f, lib, x: f.softmax(x, dim=1)),
    "softmax over rows": (normal(2, 3), lambda f, lib, x: f.softmax(x, 0)),
    "softmax, 3-d": (normal(2, 3, 4), lambda f, lib, x: f.softmax(x, dim=-2)),
    "softmax in another dtype": (normal(2, 3), lambda f, lib, x: f.softmax(x, 1, dtype=lib.float32)),
    "log_softmax": (normal(2, 3) * 100, lambda f, lib, x: f.log_softmax(x, dim=-1)),
    "log_softmax in another dtype": (normal(2, 3), lambda f, lib, x: f.log_softmax(x, 1, dtype=lib.float32)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_layers_and_activations_are_pytorchs(form: str) -> None:
    data, call = FORMS[form]
    compare(call, data)


def compare(call: Call, data: Any) -> None:
    """Value, gradient and gradient of the gradient here and in PyTorch."""
    results = []
    for lib, f in ((chainrule, F), (torch, T)):
        x = lib.tensor(data, requires_grad=True)
        out = call(f, lib, x)
        weigh = lib.tensor(normal(*out.shape, seed=5)).to(out.dtype)
        (first,) = lib.autograd.grad((out * weigh).sum(), x, create_graph=True)
        if first.requires_grad:
            (second,) = lib.autograd.grad((first**2).sum(), x, allow_unused=True)
        else:
            second = None
        results.append((out, first, lib.zeros_like(x) if second is None else second))
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs, *((1e-10, 1e-12) if results[0][0].dtype == np.float64 else (1e-5, 1e-6)))


# ---------------------------------------------------------------------------------------- losses

TARGETS = (normal(4, 3, seed=1) > 0).astype(float)
LOSSES: dict[str, tuple[str, Any, Any]] = {  # the function, its input, its target
    "mse": ("mse_loss", normal(4, 3), normal(4, 3, seed=1)),
    "mse, 0-d": ("mse_loss", normal(), np.array(0.5)),
    "l1": ("l1_loss", normal(4, 3), normal(4, 3, seed=1)),
    "l1 at 0": ("l1_loss", np.ones(3), np.ones(3)),
    "bce": ("binary_cross_entropy_with_logits", normal(4, 3), TARGETS),
    "bce far out": ("binary_cross_entropy_with_logits", np.array([900.0, -900.0, 0.0]), np.array([0.0, 1.0, 0.5])),
    "nll": ("nll_loss", normal(4, 3), LABELS),
    "nll of one": ("nll_loss", normal(3), np.array(1)),
    "cross entropy": ("cross_entropy", normal(4, 3), LABELS),
    "cross entropy of one": ("cross_entropy", normal(3), np.array(1)),
    "cross entropy far out": ("cross_entropy", normal(4, 3) * 1e3, LABELS),
    "cross entropy, ties": ("cross_entropy", np.zeros((4, 3)), LABELS),
    "cross entropy, one class": ("cross_entropy", normal(4, 1), LABELS * 0),
    "cross entropy, no rows": ("cross_entropy", normal(0, 3), LABELS[:0]),
}


def loss_of(loss: str, reduction: str) -> Call:
    name, _, target = LOSSES[loss]
    return lambda f, lib, x: getattr(f, name)(x, lib.tensor(target), reduction=reduction)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_pytorchs(loss: str, reduction: str) -> None:
    compare(loss_of(loss, reduction), LOSSES[loss][1])


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_loss_has_a_gradient_in_its_target_too(reduction: str) -> None:
    for name in ("mse_loss", "l1_loss", "binary_cross_entropy_with_logits"):
        compare(
            lambda f, lib, x, name=name: getattr(f, name)(lib.tensor(TARGETS), x, reduction=reduction), normal(4, 3)
        )


@pytest.mark.parametrize("loss", [name for name in LOSSES if "at 0" not in name and "far out" not in name])
def test_losses_pass_gradcheck(loss: str) -> None:
    x = chainrule.tensor(LOSSES[loss][1], requires_grad=True)
    assert gradcheck(lambda x: loss_of(loss, "sum")(F, chainrule, x), x)
    assert gradgradcheck(lambda x: loss_of(loss, "none")(F, chainrule, x), x)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_labels_of_any_whole_number_dtype(dtype: str) -> None:
    x = chainrule.tensor(normal(4, 3))
    expected = F.cross_entropy(x, chainrule.tensor(LABELS))
    assert F.cross_entropy(x, chainrule.tensor(LABELS.astype(dtype))).equal(expected)
    every_other = chainrule.tensor(np.repeat(LABELS.astype(dtype), 2))[::2]
    assert F.cross_entropy(x, every_other).equal(expected), "labels that are not contiguous"


def test_float32_losses_stay_float32() -> None:
    x = chainrule.tensor(normal(4, 3).astype(np.float32), requires_grad=True)
    for loss in (
        F.cross_entropy(x, chainrule.tensor(LABELS)),
        F.mse_loss(x, x * 0),
        F.binary_cross_entropy_with_logits(x, x * 0),
    ):
        assert loss.dtype == np.float32
        x.grad = None
        loss.backward()
        assert x.grad.dtype == np.float32


def test_overwriting_labels_before_backward_is_refused() -> None:
    x, labels = chainrule.tensor(normal(4, 3), requires_grad=True), chainrule.tensor(LABELS)
    loss = F.cross_entropy(x, labels)
    labels.zero_()
    with pytest.raises(chainrule.errors.GradientError, match="changed in place"):
        loss.backward()


def test_overwriting_the_input_of_windows_before_backward_is_refused() -> None:
    """They are a view of it, and the gradient of what they are multiplied with reads them."""
    x, weight = chainrule.ones(1, 1, 4), chainrule.ones(2, requires_grad=True)
    out = (chainrule.ops.windows(x, (2,), (1,), (1,)) * weight).sum()
    x.zero_()
    with pytest.raises(chainrule.errors.GradientError, match="changed in place"):
        out.backward()


def test_overwriting_the_input_of_a_convolution_changes_nothing() -> None:
    """It works on a copy, which is in another order."""
    x, weight = chainrule.ones(1, 1, 4), chainrule.ones(1, 1, 2, requires_grad=True)
    out = F.conv1d(x, weight).sum()
    x.zero_()
    out.backward()
    assert weight.grad.tolist() == [[[3.0, 3.0]]]


ONES = chainrule.ones


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (
            lambda: F.mse_loss(ONES(4, 1), ONES(4)),
            ShapeError,
            r"mse_loss of a prediction of shape \(4, 1\) and a target of shape \(4,\): they must be equal, .*"
            r"write mse_loss\(prediction, target\.reshape\(prediction\.shape\)\)",
        ),
        (lambda: F.l1_loss(ONES(2, 3), ONES(2, 4)), ShapeError, r"l1_loss of a prediction of shape \(2, 3\).*\(2, 4\)"),
        (lambda: F.binary_cross_entropy_with_logits(ONES(4, 1), ONES(4)), ShapeError, r"target\.reshape"),
        (lambda: F.mse_loss(ONES(2), ONES(2), "average"), ArgumentError, r"reduction='average': choose 'mean', 'sum'"),
        (
            lambda: F.cross_entropy(ONES(2, 3), chainrule.tensor([0, 3])),
            LabelError,
            r"cross_entropy with label 3 \(at place 1\): with 3 classes, labels run from 0 to 2",
        ),
        (lambda: F.cross_entropy(ONES(2, 3), chainrule.tensor([-1, 0])), LabelError, r"label -1 \(at place 0\)"),
        (lambda: F.nll_loss(ONES(2, 3), chainrule.tensor([0, 7])), LabelError, r"nll_loss with label 7"),
        (
            lambda: F.cross_entropy(ONES(2, 3), chainrule.tensor([0, 1, 2])),
            ShapeError,
            r"cross_entropy of scores of shape \(2, 3\) and labels of shape \(3,\): scores are \(n, classes\)",
        ),
        (lambda: F.cross_entropy(ONES(2, 3), chainrule.tensor([[0], [1]])), ShapeError, r"labels of shape \(2, 1\)"),
        (lambda: F.cross_entropy(ONES(2, 3, 4), chainrule.tensor([0, 1])), ShapeError, r"scores of shape \(2, 3, 4\)"),
        (
            lambda: F.cross_entropy(ONES(2, 3), ONES(2)),
            DtypeError,
            r"labels of dtype float32: .*target\.long",
        ),
        (
            lambda: F.cross_entropy(ONES(2, 3).long(), chainrule.tensor([0, 1])),
            DtypeError,
            r"log_softmax of dtype int64",
        ),
        (lambda: F.softmax(ONES(2, 3), dim=2), LabelError, r"softmax: dim=2 does not exist"),
        (lambda: F.linear(ONES(2, 3), ONES(4, 5)), ShapeError, r"\(2, 3\) .*\(5, 4\)|weight of shape \(4, 5\)"),
        (
            lambda: F.linear(ONES(2, 3), ONES(4, 5), ONES(4)),
            ShapeError,
            r"linear of an input of shape \(2, 3\) with a w",
        ),
        (lambda: F.linear(ONES(2, 3), ONES(4, 3), ONES(3)), ShapeError, r"linear with a bias of shape \(3,\): it must"),
        (
            lambda: F.linear(ONES(2, 3), ONES(4, 3).double(), ONES(4)),
            DtypeError,
            r"linear of dtypes float32 and float64",
        ),
    ],
    ids=lambda value: "",
)
def test_misuse_is_refused_in_the_users_words(use: Callable[[], Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        use()
    assert "\n" not in str(caught.value)


def test_raw_arrays_go_straight_through() -> None:
    """What the rungs below Tensor use: the same functions on NumPy arrays."""
    x, w, b = normal(4, 3), normal(2, 3), normal(2)
    np.testing.assert_allclose(F.linear(x, w, b), x @ w.T + b)
    np.testing.assert_allclose(F.linear(x, w), x @ w.T)
    np.testing.assert_allclose(F.softmax(x, 1).sum(1), np.ones(4))
    ours = F.cross_entropy(chainrule.tensor(x), chainrule.tensor(LABELS))
    np.testing.assert_allclose(F.cross_entropy(x, LABELS), ours.item())
    np.testing.assert_allclose(F.mse_loss(x, x + 2), 4.0)
