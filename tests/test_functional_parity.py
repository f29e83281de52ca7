"""Every function of ``nn.functional`` against PyTorch's, in float64: values, gradients, second gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from parity import in_torch, parity
from samples import expanded, inf, nan, normal, positive, same

import chainrule
from chainrule.errors import ArgumentError, DtypeError, LabelError, ShapeError
from chainrule.nn import functional as F

Call = Callable[..., Any]


def f(name: str, **options: Any) -> Call:
    """``nn.functional.name`` of either library, with options."""
    return lambda t, *xs, **more: getattr(t.nn.functional, name)(*xs, **options, **more)


# ---------------------------------------------------------------------------------------- activations

KNEES = np.array([-1.0, 0.0, -0.0, 1.0, 6.0, -3.0, 3.0, 0.5, -0.5])
FAR = np.array([-800.0, -30.0, 30.0, 800.0, inf, -inf])
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "leaky_relu": ("leaky_relu", {}),
    "leaky_relu steep": ("leaky_relu", {"negative_slope": 0.3}),
    "relu6": ("relu6", {}),
    "elu": ("elu", {}),
    "elu alpha": ("elu", {"alpha": 0.5}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "gelu tanh": ("gelu", {"approximate": "tanh"}),
    "silu": ("silu", {}),
    "mish": ("mish", {}),
    "softplus": ("softplus", {}),
    "softplus beta": ("softplus", {"beta": 2.0, "threshold": 1.0}),
    "softsign": ("softsign", {}),
    "hardtanh": ("hardtanh", {}),
    "hardtanh wide": ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    "hardswish": ("hardswish", {}),
    "sigmoid": ("sigmoid", {}),
    "logsigmoid": ("logsigmoid", {}),
    "tanh": ("tanh", {}),
    "softmax": ("softmax", {"dim": -1}),
    "log_softmax": ("log_softmax", {"dim": 0}),
    "softmin": ("softmin", {"dim": 0}),
    "softmax in float64": ("softmax", {"dim": 0, "dtype": "float64"}),
}
INPUTS = {
    "matrix": normal(2, 3) * 3, "0-d": normal(), "empty": normal(0, 3), "transposed": normal(3, 2).T,
    "expanded": expanded(normal(2, 1), 2, 3),
}  # fmt: skip


@pytest.mark.parametrize("layout", INPUTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, layout: str) -> None:
    function, options = ACTIVATIONS[name]

    def call(t: Any, x: Any) -> Any:
        named = {k: getattr(t, v) if k == "dtype" else v for k, v in options.items()}
        return getattr(t.nn.functional, function)(x, **named)

    parity(call, INPUTS[layout])


POINTWISE = [name for name in ACTIVATIONS if "soft" not in name or name in ("softplus", "softsign", "softplus beta")]


@pytest.mark.parametrize("name", POINTWISE)
def test_activations_at_their_knees(name: str) -> None:
    function, options = ACTIVATIONS[name]
    parity(f(function, **options), KNEES, orders=1)


@pytest.mark.parametrize("name", POINTWISE)
def test_activations_far_out(name: str) -> None:
    function, options = ACTIVATIONS[name]
    parity(lambda t, x: f(function, **options)(t, x).detach(), FAR)
    parity(f(function, **options), FAR[:4], orders=1)


def test_hardsigmoid() -> None:
    """PyTorch's gradient takes 1 / 6 in float32, whatever it is given, and has no gradient of its own."""
    for x in (*INPUTS.values(), KNEES, FAR):
        parity(f("hardsigmoid"), x, orders=1, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("slopes", [np.array([0.25]), np.array([0.1, -0.2, 0.3])], ids=["one", "each channel"])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 2, 2), (3,)])
def test_prelu(slopes: Any, shape: tuple[int, ...]) -> None:
    if len(slopes) == 1 or len(shape) > 1:
        parity(f("prelu"), normal(*shape), slopes)


# ---------------------------------------------------------------------------------------- convolution

CONV1D = [
    {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    for stride, padding, dilation, groups in product((1, 2), (0, 2, "same", "valid"), (1, 2), (1, 2))
    if padding != "same" or stride == 1
]
CONV2D: list[dict[str, Any]] = [
    {}, {"stride": 2}, {"stride": (2, 1)}, {"padding": 1}, {"padding": (2, 0)}, {"padding": "same"},
    {"padding": "valid"}, {"dilation": 2}, {"dilation": (1, 2), "padding": "same"}, {"groups": 2},
    {"groups": 2, "stride": 2, "padding": 1, "dilation": (2, 1)}, {"stride": 3},
]  # fmt: skip


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("options", CONV1D, ids=str)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_conv1d(options: dict[str, Any], bias: bool) -> None:
    for kernel in (3, 2, 1):
        weight = normal(4, 4 // options["groups"], kernel)
        for x in (normal(2, 4, 7), normal(4, 7), normal(7, 4, 2).T):
            parity(f("conv1d", **options), x, weight, *([normal(4)] if bias else []), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("options", CONV2D, ids=str)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_conv2d(options: dict[str, Any], bias: bool) -> None:
    weight = normal(4, 2 // options.get("groups", 1), 3, 2)
    for x in (normal(2, 2, 6, 7), normal(2, 5, 6), normal(2, 2, 7, 6).transpose(0, 1, 3, 2), normal(0, 2, 5, 5)):
        parity(f("conv2d", **options), x, weight, *([normal(4)] if bias else []), rtol=1e-11, atol=1e-12)


# ---------------------------------------------------------------------------------------- pooling

POOL_1D, POOL_2D = normal(2, 3, 9), normal(2, 2, 7, 8)
TIES = np.array([[[[1.0, 1.0, 0.0, 2.0], [1.0, 0.5, 2.0, 2.0], [-inf, -inf, 3.0, 3.0], [-inf, -inf, 3.0, nan]]]])
WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    for kernel, stride, padding, ceil_mode in product((1, 2, 3), (None, 1, 2, 4), (0, 1), (False, True))
    if 2 * padding <= kernel
]


@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_max_pooling(options: dict[str, Any]) -> None:
    for dilation in (1, 2):
        parity(f("max_pool1d", dilation=dilation, **options), POOL_1D)
        parity(f("max_pool2d", dilation=dilation, **options), POOL_2D)
    parity(f("max_pool1d", **options), POOL_1D[0])
    # where all of a window is -inf, ours may send the gradient into the padding
    parity(f("max_pool2d", **options), TIES if not options["padding"] else np.maximum(TIES, -9.0), orders=1)
    parity(f("max_pool2d", **options), POOL_2D.transpose(0, 1, 3, 2)[1])


STEPS = np.array([[[[2.0, 2.0, 1.0, 2.0, 2.0], [2.0, 1.0, 2.0, 2.0, 0.0], [0.0, 2.0, 2.0, 1.0, 2.0]]]])


@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_max_pooling_says_where(options: dict[str, Any]) -> None:
    for dilation in (1, 2):
        more = {"dilation": dilation, "return_indices": True, **options}
        parity(f("max_pool1d", **more), POOL_1D)
        for x in (POOL_2D, -np.abs(POOL_2D), POOL_2D[1], POOL_2D.transpose(0, 1, 3, 2), STEPS, -STEPS):
            parity(f("max_pool2d", **more), x)
    lowest = np.full((1, 2, 4, 5), -inf)
    theirs = torch.nn.functional.max_pool2d(in_torch(lowest), return_indices=True, **options)
    same(F.max_pool2d(chainrule.tensor(lowest), return_indices=True, **options)[1], theirs[1])


@pytest.mark.parametrize("size", [1, 2, 3, (2, None), (1, 4)], ids=str)
def test_adaptive_max_pooling_says_where(size: Any) -> None:
    for x in (POOL_2D, POOL_2D[0], STEPS, -STEPS, np.ones((1, 1, 4, 4))):
        parity(f("adaptive_max_pool2d", output_size=size, return_indices=True), x)
    if isinstance(size, int):
        parity(f("adaptive_max_pool1d", output_size=size, return_indices=True), POOL_1D)
        parity(f("adaptive_max_pool1d", output_size=size, return_indices=True), STEPS[0])


@pytest.mark.parametrize("options", [{"kernel_size": 2}, {"kernel_size": 3, "padding": 1}], ids=str)
def test_unpooling(options: dict[str, Any]) -> None:
    def there_and_back(t: Any, x: Any, k: int, size: Any) -> Any:
        pool, unpool = f("max_pool1d", return_indices=True), f("max_unpool1d", output_size=size)
        if k == 2:
            pool, unpool = f("max_pool2d", return_indices=True), f("max_unpool2d", output_size=size)
        return unpool(t, *pool(t, x, **options), **options)

    for size in (None, (7, 8), POOL_2D.shape, (8, 8), (7, 20), (7,)):
        for x in (POOL_2D, POOL_2D[1]):
            parity(lambda t, x, size=size: there_and_back(t, x, 2, size), x)
    parity(lambda t, x: there_and_back(t, x, 1, (9,)), POOL_1D)
    for t in (chainrule, torch):
        pool, unpool = t.nn.MaxPool2d(2, return_indices=True), t.nn.MaxUnpool2d(2)
        assert unpool(*pool(t.ones(1, 1, 4, 4))).sum().item() == 4.0
        assert tuple(unpool(*pool(t.ones(1, 1, 5, 5)), output_size=(5, 5)).shape) == (1, 1, 5, 5)


@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_average_pooling(options: dict[str, Any], count_include_pad: bool) -> None:
    parity(f("avg_pool1d", count_include_pad=count_include_pad, **options), POOL_1D)
    for divisor in (None, 3):
        more = {"count_include_pad": count_include_pad, "divisor_override": divisor}
        parity(f("avg_pool2d", **more, **options), POOL_2D)
    parity(f("avg_pool2d", **options), POOL_2D[0])


UNEVEN: list[dict[str, Any]] = [
    {"kernel_size": (2, 3)}, {"kernel_size": (3, 1), "stride": (2, 1)}, {"kernel_size": 3, "padding": (1, 0)},
]  # fmt: skip


@pytest.mark.parametrize("options", UNEVEN, ids=str)
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pooling_of_two_sizes(name: str, options: dict[str, Any]) -> None:
    parity(f(name, **options), POOL_2D)


@pytest.mark.parametrize("p", [1, 2, 3.0, 1.5])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_lp_pooling(p: float, ceil_mode: bool) -> None:
    for kernel, stride in ((2, None), (3, 2)):
        options = {"norm_type": p, "kernel_size": kernel, "stride": stride, "ceil_mode": ceil_mode}
        parity(f("lp_pool1d", **options), np.abs(POOL_1D), rtol=1e-10, atol=1e-11)
        parity(f("lp_pool2d", **options), np.abs(POOL_2D), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9, 11])
def test_adaptive_pooling(size: int) -> None:
    for kind in ("avg", "max"):
        parity(f(f"adaptive_{kind}_pool1d", output_size=size), POOL_1D)
        for sizes in (size, (size, 2), (None, size)):
            parity(f(f"adaptive_{kind}_pool2d", output_size=sizes), POOL_2D)
        parity(f(f"adaptive_{kind}_pool2d", output_size=size), POOL_2D[0])
        parity(f(f"adaptive_{kind}_pool2d", output_size=size), np.ones((1, 1, 4, 4)))


# ---------------------------------------------------------------------------------------- norms


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 2)])
def test_norms(shape: tuple[int, ...]) -> None:
    x, w, b = normal(*shape), normal(3), normal(3)
    mean, var = normal(3), positive(3)
    parity(lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, training=True), x, w, b, atol=1e-11)
    parity(lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True, eps=0.1), x, atol=1e-11)

    def evaluate(t: Any, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
        return t.nn.functional.batch_norm(x, mean.detach(), var.detach(), w, b)

    parity(evaluate, x, w, b, mean, var, atol=1e-11)
    last, all_but_first = shape[-1:], shape[1:]
    for over in (last, all_but_first, list(last)):
        parity(lambda t, x, over=over: t.nn.functional.layer_norm(x, over), x, atol=1e-11)
        weights = normal(*over), normal(*over)
        parity(lambda t, x, w, b, over=over: t.nn.functional.layer_norm(x, over, w, b, 1e-3), x, *weights, atol=1e-11)
    for groups in (1, 3):
        parity(lambda t, x, w, b, n=groups: t.nn.functional.group_norm(x, n, w, b), x, w, b, atol=1e-11)
    for p, dim in ((2.0, 1), (1.0, 0), (3.0, -1)):
        parity(f("normalize", p=p, dim=dim), x, atol=1e-11)
    if len(shape) > 2:
        parity(lambda t, x, w, b: t.nn.functional.instance_norm(x, weight=w, bias=b), x, w, b, atol=1e-11)


def test_normalize_of_zeros() -> None:
    parity(f("normalize"), np.array([[0.0, 0.0], [3.0, 4.0]]), orders=1)


# ---------------------------------------------------------------------------------------- losses

REDUCTIONS = ["mean", "sum", "none"]
SCORES = {
    "(n, C)": (normal(5, 3) * 2, np.array([0, 2, 1, 1, 0])),
    "(C,)": (normal(3), np.array(2)),
    "(n, C, d)": (normal(2, 3, 4), np.arange(8).reshape(2, 4) % 3),
    "(n, C, d1, d2)": (normal(2, 3, 2, 2), np.arange(8).reshape(2, 2, 2) % 3),
    "none": (normal(0, 3), np.zeros(0, np.int64)),
}
WEIGHT = np.array([0.5, 2.0, 1.25])


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("ignore", [-100, 1, 7])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shape", SCORES)
def test_cross_entropy_of_labels(shape: str, smoothing: float, weighted: bool, ignore: int, reduction: str) -> None:
    x, labels = SCORES[shape]
    options = {"ignore_index": ignore, "reduction": reduction}

    def call(t: Any, x: Any, labels: Any, *weight: Any) -> Any:
        named = {"weight": weight[0].detach()} if weight else {}
        return t.nn.functional.cross_entropy(x, labels, label_smoothing=smoothing, **named, **options)

    def nll(t: Any, x: Any, labels: Any, *weight: Any) -> Any:
        named = {"weight": weight[0].detach()} if weight else {}
        return t.nn.functional.nll_loss(x, labels, **named, **options)

    weight = [WEIGHT] if weighted else []
    parity(call, x, labels, *weight)
    if not smoothing:
        parity(nll, x, labels, *weight)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_everything_ignored(smoothing: float, reduction: str) -> None:
    labels = np.full(2, -100)
    parity(f("cross_entropy", label_smoothing=smoothing, reduction=reduction), normal(2, 3), labels, orders=1)
    if not smoothing:
        parity(f("nll_loss", reduction=reduction), normal(2, 3), labels, orders=1)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 3, 4), (0, 3)])
def test_cross_entropy_of_probabilities(shape: Any, smoothing: float, weighted: bool, reduction: str) -> None:
    def call(t: Any, x: Any, p: Any, *weight: Any) -> Any:
        named = {"weight": weight[0].detach()} if weight else {}
        return t.nn.functional.cross_entropy(x, p, label_smoothing=smoothing, reduction=reduction, **named)

    parity(call, normal(*shape), positive(*shape), *([WEIGHT] if weighted else []))


PREDICTED, WANTED = normal(4, 3), normal(4, 3)
WANTED[0, 0], WANTED[0, 1] = PREDICTED[0, 0], PREDICTED[0, 1] + 1.0  # an error of 0, and one at a knee
SIGNS = np.where(normal(4, 3) > 0, 1, -1)
SHARES = 1 / (1 + np.exp(-PREDICTED))
LOSSES: dict[str, tuple[Any, ...]] = {
    "mse_loss": (f("mse_loss"), PREDICTED, WANTED),
    "l1_loss": (f("l1_loss"), PREDICTED, WANTED),
    "smooth_l1_loss": (f("smooth_l1_loss"), PREDICTED, WANTED),
    "smooth_l1_loss 0.5": (f("smooth_l1_loss", beta=0.5), PREDICTED, WANTED),
    "smooth_l1_loss 0": (f("smooth_l1_loss", beta=0.0), PREDICTED, WANTED),
    "huber_loss": (f("huber_loss"), PREDICTED, WANTED),
    "huber_loss 0.5": (f("huber_loss", delta=0.5), PREDICTED, WANTED),
    "bce": (f("binary_cross_entropy"), SHARES, (SIGNS > 0).astype(float)),
    "bce, soft": (f("binary_cross_entropy"), SHARES, SHARES.T.reshape(4, 3)),
    "bce at 0 and 1": (  # of the target PyTorch's gradient is infinite there; ours is that of the loss as it is held
        lambda t, x, y, **o: t.nn.functional.binary_cross_entropy(x, y.detach(), **o),
        np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0]),
    ),
    "bce weighted": (
        lambda t, x, y, w, **o: t.nn.functional.binary_cross_entropy(x, y, w.detach(), **o),
        SHARES, (SIGNS > 0).astype(float), positive(3),
    ),
    "logits": (f("binary_cross_entropy_with_logits"), PREDICTED, SHARES),
    "logits weighted": (
        lambda t, x, y, w, **o: t.nn.functional.binary_cross_entropy_with_logits(x, y, w.detach(), **o),
        PREDICTED, SHARES, positive(4, 1),
    ),
    "logits pos_weight": (
        lambda t, x, y, w, **o: t.nn.functional.binary_cross_entropy_with_logits(x, y, pos_weight=w.detach(), **o),
        PREDICTED, SHARES, positive(3),
    ),
    "kl_div": (f("kl_div"), np.log(SHARES), SHARES.T.reshape(4, 3)),
    "kl_div with a 0": (
        lambda t, x, y, **o: t.nn.functional.kl_div(x, y.detach(), **o),
        np.log(SHARES), np.where(SIGNS > 0, SHARES, 0.0),
    ),
    "kl_div of logs": (f("kl_div", log_target=True), np.log(SHARES), np.log(SHARES[::-1].copy())),
    "hinge": (f("hinge_embedding_loss"), PREDICTED, SIGNS),
    "hinge margin": (f("hinge_embedding_loss", margin=0.5), PREDICTED, SIGNS),
    "cosine": (f("cosine_embedding_loss"), PREDICTED, WANTED, np.array([1, -1, -1, 1])),
    "cosine margin": (f("cosine_embedding_loss", margin=0.3), PREDICTED, WANTED, np.array([1, -1, -1, 1])),
    "cosine of one": (f("cosine_embedding_loss"), PREDICTED[0], WANTED[0], np.array(-1)),
    "gaussian": (f("gaussian_nll_loss"), PREDICTED, WANTED, positive(4, 3)),
    "gaussian full": (f("gaussian_nll_loss", full=True), PREDICTED, WANTED, positive(4, 1)),
    "gaussian of a small variance": (f("gaussian_nll_loss", eps=0.5), PREDICTED, WANTED, positive(4)),
    "margin": (f("multi_margin_loss"), PREDICTED, np.array([0, 2, 1, 1])),
    "margin squared": (f("multi_margin_loss", p=2, margin=0.5), PREDICTED, np.array([0, 2, 1, 1])),
    "margin weighted": (
        lambda t, x, y, w, **o: t.nn.functional.multi_margin_loss(x, y, weight=w.detach(), **o),
        PREDICTED, np.array([0, 2, 1, 1]), WEIGHT,
    ),
    "margin of one": (f("multi_margin_loss"), PREDICTED[0], np.array(1)),
}  # fmt: skip
FIRST_ONLY = {  # at a knee there is no second gradient, and PyTorch has none of margins
    "huber_loss", "bce at 0 and 1", "kl_div with a 0", "margin", "margin squared", "margin weighted", "margin of one",
}  # fmt: skip


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.filterwarnings("ignore:reduction:UserWarning", "ignore:.*target size:UserWarning")
def test_losses(name: str, reduction: str) -> None:
    call, *given = LOSSES[name]
    if reduction != "batchmean" or name.startswith("kl_div"):

        def reduced(t: Any, *xs: Any) -> Any:
            return call(t, *xs, reduction=reduction)

        rtol = 1e-10 if name == "bce at 0 and 1" else 1e-11  # PyTorch's 1e-12 is of float32
        parity(reduced, *given, orders=1 if name in FIRST_ONLY else 2, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", ["cosine_similarity"])
def test_cosine_similarity(name: str) -> None:
    for dim in (1, 0, -1):
        parity(f(name, dim=dim), PREDICTED, WANTED)
    parity(f(name), PREDICTED, WANTED[:1])
    parity(f(name), np.zeros((1, 2)), np.ones((1, 2)), orders=1)


# ---------------------------------------------------------------------------------------- embedding, dropout


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
def test_embedding(padding_idx: int | None) -> None:
    for places in (np.array([1, 0, 3, 3]), np.array([[0, 1], [2, 3]]), np.array(2), np.zeros((0, 2), np.int64)):
        parity(f("embedding", padding_idx=padding_idx), places, normal(4, 2))


@pytest.mark.parametrize("shape", [(1000,), (40, 50), (8, 16, 5, 5)])
@pytest.mark.parametrize("name", ["dropout", "dropout2d"])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
def test_dropout(name: str, p: float, shape: tuple[int, ...]) -> None:
    if name == "dropout2d" and len(shape) != 4:
        return
    drop, x = getattr(F, name), chainrule.ones(shape, requires_grad=True)
    chainrule.manual_seed(3)
    out = drop(x, p)
    kept = out.detach().numpy() != 0
    np.testing.assert_allclose(out.detach().numpy()[kept], 1 / (1 - p), rtol=1e-6)
    units = kept.reshape(*shape[:2], -1)[:, :, 0] if name == "dropout2d" else kept
    assert abs(units.mean() - (1 - p)) < 4 * np.sqrt(p * (1 - p) / units.size)
    if name == "dropout2d":
        assert (kept == units.reshape(*shape[:2], 1, 1)).all()
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), out.detach().numpy())
    chainrule.manual_seed(3)
    assert drop(x, p).tolist() == out.tolist(), "the seed decides"
    assert drop(x, p).tolist() != out.tolist(), "and the next draw is another"
    assert drop(x, p, training=False) is x
    assert not drop(x, 1.0).any()


# ---------------------------------------------------------------------------------------- refusals

ones, tensor = chainrule.ones, chainrule.tensor
BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "gelu": (lambda: F.gelu(ones(1), approximate="erf"), ArgumentError, "approximate='erf': choose 'none' or 'tanh'"),
    "conv of 2-d": (
        lambda: F.conv2d(ones(3, 3), ones(1, 1, 2, 2)), ShapeError, r"conv2d of an input of shape \(3, 3\) with a wei",
    ),
    "conv channels": (
        lambda: F.conv2d(ones(1, 3, 4, 4), ones(2, 2, 3, 3)), ShapeError, "with 3 channels, a weight .*groups=1",
    ),
    "conv groups": (lambda: F.conv1d(ones(1, 4, 4), ones(3, 2, 3), groups=2), ShapeError, "groups=2: .* divide"),
    "conv too large": (lambda: F.conv1d(ones(1, 1, 2), ones(1, 1, 3)), ShapeError, r"\(3,\).* larger than what they"),
    "conv same with stride": (
        lambda: F.conv1d(ones(1, 1, 4), ones(1, 1, 3), stride=2, padding="same"), ArgumentError, "'same' with stride",
    ),
    "conv padding": (
        lambda: F.conv1d(ones(1, 1, 4), ones(1, 1, 3), padding="full"), ArgumentError, "padding='full': .*'same'",
    ),
    "conv bias": (
        lambda: F.conv1d(ones(1, 1, 4), ones(2, 1, 3), ones(3)), ShapeError, r"conv1d .*bias of shape \(3,\).*\(2,\)",
    ),
    "conv sizes": (lambda: F.conv2d(ones(1, 1, 4, 4), ones(1, 1, 2, 2), stride=(1, 1, 1)), ArgumentError, "or 2"),
    "pool padding": (lambda: F.max_pool1d(ones(1, 1, 4), 2, padding=2), ArgumentError, "half of the size at most"),
    "pool of 2-d": (lambda: F.avg_pool2d(ones(4, 4), 2), ShapeError, r"pooling over 2 dimensions of shape \(4, 4\)"),
    "unpool": (
        lambda: F.max_unpool1d(ones(1, 1, 2), ones(1, 1, 3).long(), 2), ShapeError,
        r"max_unpool1d of shape \(1, 1, 2\) with indices of shape \(1, 1, 3\)",
    ),
    "unpool outside": (
        lambda: F.max_unpool1d(ones(1, 1, 1), ones(1, 1, 1).long() * 5, 2), LabelError, r"\(2,\): .* between 0 and 1",
    ),
    "batch_norm of one": (lambda: F.batch_norm(ones(1, 3), None, None, training=True), ShapeError, "has no variance"),
    "layer_norm": (lambda: F.layer_norm(ones(2, 3), (2,)), ShapeError, r"layer_norm over \(2,\) of shape \(2, 3\)"),
    "group_norm": (lambda: F.group_norm(ones(2, 3), 2), ArgumentError, r"group_norm of shape \(2, 3\) in 2 groups"),
    "dropout": (lambda: F.dropout(ones(1), 1.5), ArgumentError, "dropout with p=1.5: a probability lies between"),
    "bce": (lambda: F.binary_cross_entropy(ones(1) * 2, ones(1)), ArgumentError, "outside 0 to 1.*with_logits"),
    "label smoothing": (
        lambda: F.cross_entropy(ones(1, 2), tensor([0]), label_smoothing=2.0), ArgumentError, "label_smoothing=2.0",
    ),
    "gaussian": (
        lambda: F.gaussian_nll_loss(ones(2), ones(2), -ones(2)), ArgumentError, "a variance is never below 0",
    ),
    "gaussian var": (
        lambda: F.gaussian_nll_loss(ones(2, 2), ones(2, 2), ones(3)), ShapeError, r"var of shape \(3,\) for \(2, 2\)",
    ),
    "margin p": (lambda: F.multi_margin_loss(ones(1, 2), tensor([0]), p=3), ArgumentError, "p=3: choose 1 or 2"),
    "margin label": (lambda: F.multi_margin_loss(ones(1, 2), tensor([2])), LabelError, "label 2"),
    "cosine": (
        lambda: F.cosine_embedding_loss(ones(2, 3), ones(2, 3), ones(3, 1)), ShapeError, r"target of shape \(3, 1\)",
    ),
    "embedding past the end": (lambda: F.embedding(tensor([4]), ones(4, 2)), LabelError, "embedding|index"),
    "embedding of floats": (lambda: F.embedding(ones(2), ones(4, 2)), DtypeError, r"whole numbers"),
    "batchmean": (lambda: F.mse_loss(ones(1), ones(1), "batchmean"), ArgumentError, "reduction='batchmean': choose"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    call, error, text = BAD[name]
    with pytest.raises(error, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_function_is_not_missing_from_this_file() -> None:
    source = Path(__file__).read_text()
    named = {name for name in F.__all__ if f'"{name}"' in source or f".{name}(" in source}
    elsewhere = {"linear", "one_hot", "pad"}
    adaptive = {name for name in F.__all__ if name.startswith("adaptive")}
    assert named | elsewhere | adaptive >= set(F.__all__)
