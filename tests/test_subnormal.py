"""Long runs do not slow down: late in training, when all is known by heart, no number becomes subnormal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from plainly import plainly
from test_compile_fuzz import values_of

import chainrule
from chainrule import nn, optim
from chainrule.nn import functional as F
from chainrule.ops.dtypes import NEGLIGIBLE
from chainrule.tensor import Tensor

N, CLASSES, LR = 128, 5, 1e-3
DTYPES = (np.dtype("float32"), np.dtype("float64"))
LOSSES: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "classes": lambda scores, labels: F.cross_entropy(scores, chainrule.tensor(labels)),
    "shares": lambda scores, labels: F.cross_entropy(scores, shares(scores, labels)),
    "yes or no": lambda scores, labels: F.binary_cross_entropy_with_logits(scores, shares(scores, labels)),
}


def shares(scores: Tensor, labels: Any) -> Tensor:
    """1 for the class of each row, else 0."""
    return chainrule.tensor(np.eye(CLASSES)[labels].astype(scores.dtype))


def late(dtype: Any) -> tuple[nn.Module, Tensor, Any]:
    """A network that has long known its examples: their scores are hundreds apart; and the classes of the examples."""
    chainrule.manual_seed(2)
    model = nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, CLASSES)).to(dtype)
    x = chainrule.rand(N, 16).to(dtype)
    scores = model(x).array
    model[2].weight.array[...] *= -np.log(np.finfo(dtype).tiny) / np.ptp(scores, 1).mean() * 3.0
    return model, x, model(x).array.argmax(1)


def subnormal(array: Any) -> int:
    """How many numbers are subnormal."""
    array = np.asarray(array)
    small = (array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny) if array.dtype.kind == "f" else array[:0]
    return int(np.count_nonzero(small))


def training(dtype: Any, loss: str, kind: Any = optim.SGD) -> Any:
    """A step of training in the late state, what it moves, and its optimizer."""
    model, x, labels = late(dtype)
    optimizer = kind(model.parameters(), lr=LR)

    def step() -> Tensor:
        optimizer.zero_grad()
        value = LOSSES[loss](model(x), labels)
        value.backward()
        optimizer.step()
        return value

    return step, list(model.parameters()), optimizer


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_state_is_late(dtype: Any) -> None:
    model, x, _ = late(dtype)
    scores = model(x)
    assert subnormal(F.softmax(scores, dim=1).array)
    assert subnormal(chainrule.sigmoid(-abs(scores)).array)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_hold_no_subnormal_number(loss: str, dtype: Any) -> None:
    model, x, labels = late(dtype)
    scores = model(x)
    scores.retain_grad()
    LOSSES[loss](scores, labels).backward()
    for grad in (scores.grad, *(p.grad for p in model.parameters())):
        assert not subnormal(grad.array)
    assert np.count_nonzero(scores.grad.array)  # it is late, not over


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_no_value_of_a_recorded_step_is_subnormal(loss: str, dtype: Any) -> None:
    step, _, _ = training(dtype, loss)
    compiled = chainrule.compile(step)
    with plainly():
        for _ in range(4):
            compiled()
    held = {"exp": "maximum", "sigmoid": "maximum"}  # inside one loop these follow one another at once
    for entry, value in values_of(compiled.last.simple).items():
        assert entry.op not in held or entry.inputs[0].op == held[entry.op]
        assert not subnormal(value), entry


def compiled_is_eager(loss: str, kind: Any, dtype: Any) -> None:
    found = []
    for wrap in (lambda step: step, chainrule.compile):
        step, left, optimizer = training(dtype, loss, kind)
        run = wrap(step)
        losses = [run().item() for _ in range(8)]
        found.append([np.array(losses), *(p.array.copy() for p in left)])
    for eager, compiled in zip(*found, strict=True):
        # in float32, steps of Adam along a gradient that is nearly 0 go where rounding points
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-7 if kind is optim.SGD else 0.1 * LR)
    kept = [x for p in left for x in optimizer.state[p].values() if isinstance(x, np.ndarray)]
    assert kept or kind is optim.SGD
    assert not any(map(subnormal, kept))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam])
@pytest.mark.parametrize("loss", LOSSES)
def test_compiled_is_eager_there(loss: str, kind: Any, dtype: Any) -> None:
    with plainly():
        compiled_is_eager(loss, kind, dtype)


@pytest.mark.parametrize("loss", ["classes", "yes or no"])
def test_compiled_is_eager_there_native(loss: str) -> None:
    compiled_is_eager(loss, optim.Adam, np.float32)


MEANS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda params: optim.SGD(params, lr=LR, momentum=0.9),
    "RMSprop": lambda params: optim.RMSprop(params, centered=True, momentum=0.9),
    **{name: getattr(optim, name) for name in ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adadelta", "Adagrad")},
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("wrap", [lambda step: step, chainrule.compile], ids=["eager", "compiled"])
def test_the_running_means_of_a_dead_unit_end_at_0(name: str, dtype: Any, wrap: Any) -> None:
    """A mean that shrinks by rounded steps never leaves the subnormal numbers by itself."""
    w = chainrule.ones(4).to(dtype).requires_grad_()
    scale = chainrule.ones(4).to(dtype)
    optimizer = MEANS[name]([w])

    def step(scale: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = (w * scale).sum()
        loss.backward()
        optimizer.step()
        return loss

    with plainly():
        run = wrap(step)
        for _ in range(4):
            run(scale)
        kept = [x for x in optimizer.state[w].values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
        for mean in kept:
            mean *= 3e-38 / mean.max() if dtype == np.float32 else 3e-308 / mean.max()
        for _ in range(400):  # 0.99 each time, or less
            run(0.0 * scale)
    assert not any(map(subnormal, kept))


def test_pytorch_differs_by_what_is_negligible_alone() -> None:
    torch = pytest.importorskip("torch")
    model, x, labels = late(np.float32)
    ours = model(x).detach().requires_grad_()
    theirs = torch.tensor(ours.array, requires_grad=True)
    F.cross_entropy(ours, chainrule.tensor(labels)).backward()
    torch.nn.functional.cross_entropy(theirs, torch.tensor(labels)).backward()
    wrong = np.arange(CLASSES) != labels[:, None]  # the others are sums with -1, which round
    found, wanted = ours.grad.array[wrong], theirs.grad.numpy()[wrong]
    far = np.abs(found - wanted)
    assert (far <= 1e-5 * np.abs(wanted) + NEGLIGIBLE[np.dtype("float32")]).all()
    assert subnormal(wanted)
